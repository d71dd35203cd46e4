//! What every set of options makes is well-formed: quickly, without building it. That it compiles, has no warnings, and
//! does what it should, is seen to by `.ci/modules`.

use std::path::Path;

use cli::AddModule;
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use scaffold::model::{Kind, NewModel, Target};
use scaffold::names::ModulePath;
use scaffold::templates::{Options, Templates};

const KINDS: [&str; 10] = [
    "title:string",
    "note:text",
    "number:integer",
    "big:big_integer",
    "ratio:float",
    "on:boolean",
    "day:date",
    "at:time",
    "moment:datetime",
    "data:json",
];

/// All files of a module, command included.
fn made(fields: &[&str], typed: &AddModule) -> Vec<(String, String)> {
    let path = ModulePath::parse(&["shop", "orders"]).expect("a path");
    let find = |label: &str| {
        let (module, name) = label.split_once('.').expect("a label");
        Ok(Target {
            module: module.to_owned(),
            name: name.to_owned(),
            entity: Some(format!("crate::modules::{module}::models::{}", name.to_lowercase())),
            key: "id".to_owned(),
            kind: Kind::BigInteger,
            shown: Some("email".to_owned()),
            migration: Some("0001_initial".to_owned()),
        })
    };
    let words: Vec<String> = ["Order"].iter().chain(fields).map(|word| (*word).to_owned()).collect();
    let model =
        (!fields.is_empty()).then(|| NewModel::parse(&path.label(), &words, &find)).transpose().expect("a model");
    let options = Options { model, pages: typed.pages, api: typed.api, command: typed.command.clone() };
    let templates = Templates::read(Path::new("/")).expect("templates");
    let mut edits = templates.module(&path, &options).expect("files");
    if let Some(command) = &options.command {
        edits.extend(templates.command(&path, command, options.model.as_ref()).expect("files"));
    }
    edits.into_iter().map(|edit| (edit.path.display().to_string(), edit.after.expect("a text"))).collect()
}

#[test]
fn every_set_of_options_makes_files_that_can_be_read() {
    let nullable = KINDS.map(|field| format!("{field}?"));
    let nullable: Vec<&str> = nullable.iter().map(String::as_str).collect();
    let references = ["by:references=users.User", "to:references=crm.User?", "up:references=shop_orders.Order?"];
    let unique = ["code:string(3):unique", "at:time:unique", "of:references=users.User:unique"];
    let neither = AddModule { command: Some("close_all".to_owned()), ..AddModule::default() };
    let (pages, api) = (AddModule { pages: true, ..neither.clone() }, AddModule { api: true, ..neither.clone() });
    let both = AddModule { api: true, ..pages.clone() };
    let all_ways = [&neither, &pages, &api].map(|typed| (&KINDS[..], typed));
    let all_fields = [&KINDS[..], &nullable, &references, &unique, &["on:boolean"]].map(|fields| (fields, &both));
    for (fields, typed) in [(&[][..], &neither)].into_iter().chain(all_ways).chain(all_fields) {
        for (path, text) in made(fields, typed) {
            check(&path, &text);
        }
    }
}

fn check(path: &str, text: &str) {
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path} ends with one line break:\n{text}");
    assert!(!text.contains("\n\n\n") && !text.contains(" \n"), "{path} has no empty lines too many:\n{text}");
    assert!(!text.contains("[[ ") && !text.contains("[% "), "{path} is rendered:\n{text}");
    if path.ends_with(".rs") {
        assert!(text.starts_with("//! "), "{path} says what lives there:\n{text}");
        syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
    }
    if path.ends_with(".html") {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters"));
        environment.add_template(path, text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
    }
}

#[test]
fn a_field_may_be_called_like_what_is_around_it() {
    let typed = AddModule { pages: true, ..AddModule::default() };
    let files = made(&["number:integer", "form:string", "references:text", "project:date"], &typed);
    let text = |end: &str| files.iter().find(|(path, _)| path.ends_with(end)).map(|(_, text)| text.as_str());
    let (tests, forms) = (text("tests.rs").expect("tests"), text("forms.rs").expect("forms"));
    assert!(tests.contains("        number,\n"), "{tests}");
    assert!(forms.contains("let form_value = form.text(\"form\")"), "{forms}");
}

#[test]
fn two_entities_of_one_name_are_told_apart() {
    let typed = AddModule { pages: true, ..AddModule::default() };
    let files = made(&["by:references=users.User", "to:references=crm.User"], &typed);
    let (_, forms) = files.iter().find(|(path, _)| path.ends_with("forms.rs")).expect("forms");
    for part in ["models::user as crm_user;\n", "models::user as users_user;\n", "crm_user::Column::Email"] {
        assert!(forms.contains(part), "{part} is missing in\n{forms}");
    }
}
