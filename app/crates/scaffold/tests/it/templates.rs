//! What is made from the templates.

use std::path::Path;

use scaffold::Edit;
use scaffold::model::NewModel;
use scaffold::names::ModulePath;
use scaffold::templates::{Options, Templates};

fn path(words: &str) -> ModulePath {
    let words: Vec<&str> = words.split('/').collect();
    ModulePath::parse(&words).expect("a path")
}

/// The files of a module in an empty project.
fn made(root: &Path, at: &str, options: &Options) -> Vec<(String, String)> {
    let edits = Templates::read(root).expect("templates").module(&path(at), options).expect("files");
    edits.into_iter().map(|Edit { path, after, .. }| (path.display().to_string(), after.expect("a text"))).collect()
}

fn paths(files: &[(String, String)]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn a_module_without_options_is_a_page_a_template_and_a_test() {
    let root = tempfile::tempdir().expect("a directory");
    let files = made(root.path(), "cms/adp/news_items", &Options::default());
    let folder = "app/src/modules/cms/adp/news_items";
    let expected = ["mod.rs", "tests.rs", "views.rs", "templates/cms/adp/news_items/index.html"];
    assert_eq!(paths(&files), expected.map(|file| format!("{folder}/{file}")));
    let module = "//! News items.\n\n#[cfg(test)]\nmod tests;\nmod views;\n\nuse framework::module::Module;\n\n/// The \
                  module.\npub fn module() -> Module {\n    let mut module = Module::new(\"news_items\");\n    \
                  module.routes(views::routes());\n    module\n}\n";
    assert_eq!(files[0].1, module);
    for text in ["\"/cms/adp/news_items/\"", "\"cms_adp_news_items:index\"", "NewsItemsPage", "title: \"News items\""] {
        assert!(files[2].1.contains(text), "{text}: {}", files[2].1);
    }
    assert!(files[3].1.starts_with("{% extends \"base.html\" %}\n"), "{}", files[3].1);
}

#[test]
fn a_command_has_its_file_and_a_list() {
    let root = tempfile::tempdir().expect("a directory");
    let files = made(root.path(), "news", &Options { command: Some("close_all".to_owned()), ..Options::default() });
    assert!(files[0].1.contains("\nmod commands;\n") && files[0].1.contains("    module.commands(commands::all());\n"));
    let templates = Templates::read(root.path()).expect("templates");
    let edits = templates.command(&path("news"), "close_all", None).expect("files");
    let paths = ["commands/mod.rs", "commands/close_all.rs"].map(|file| path("news").file(file));
    assert_eq!(edits.iter().map(|edit| &edit.path).collect::<Vec<_>>(), paths.iter().collect::<Vec<_>>());
    let text = edits[1].after.as_deref().expect("a text");
    assert!(text.contains("/// Close all\n#[derive(clap::Args)]\npub(super) struct Command {}\n"), "{text}");
    let model = NewModel::parse("news", &["Item".to_owned(), "title:string".to_owned()], &|_| unreachable!());
    let edits = templates.command(&path("news"), "close_all", model.as_ref().ok()).expect("files");
    let text = edits[1].after.as_deref().expect("a text");
    assert!(text.contains("let count = service::count(&ctx.db().await?).await?;\n"), "{text}");
    let error = templates.command(&path("news"), "management", None).expect_err("taken");
    assert!(error.to_string().starts_with("'management' conflicts with "), "{error}");
}

#[test]
fn a_projects_own_template_takes_the_place_of_ours() {
    let root = tempfile::tempdir().expect("a directory");
    let own = root.path().join("app/scaffold/module");
    std::fs::create_dir_all(&own).expect("a directory");
    std::fs::write(own.join("mod.rs"), "//! [[ module.title ]], ours.\nfn  a( ) { }\n").expect("a template");
    let files = made(root.path(), "news", &Options::default());
    assert_eq!(files[0].1, "//! News, ours.\nfn a() {}\n", "rendered, and formatted");
    assert!(files[2].1.contains("NewsPage"), "the others are ours");

    std::fs::write(own.join("mod.rs"), "//! [[ module.nope ]]\n").expect("a template");
    let error = Templates::read(root.path()).expect("templates").module(&path("news"), &Options::default());
    let error = error.expect_err("a name that is not there");
    assert!(error.to_string().starts_with("the template `module/mod.rs`, line 1 is wrong: "), "{error}");
    std::fs::write(own.join("mod.rs"), "//! [% if %]\n").expect("a template");
    let error = Templates::read(root.path()).map(|_| ()).expect_err("no template");
    assert!(error.to_string().starts_with("the template `module/mod.rs`, line 1 is wrong: "), "{error}");
    std::fs::write(own.join("mod.rs"), "fn {").expect("a template");
    let error = Templates::read(root.path()).expect("templates").module(&path("news"), &Options::default());
    let error = error.expect_err("no Rust").to_string();
    assert!(error.starts_with("the template of `app/src/modules/news/mod.rs` makes no Rust: error: "), "{error}");
}

#[test]
fn a_file_that_takes_the_place_of_no_template_is_an_error() {
    let root = tempfile::tempdir().expect("a directory");
    let own = root.path().join("app/scaffold");
    std::fs::create_dir_all(own.join("module")).expect("a directory");
    std::fs::write(own.join("module/.views.rs.swp"), "").expect("an editor's leftover");
    std::fs::write(own.join("README.md"), "").expect("a note");
    assert!(Templates::read(root.path()).is_ok());
    std::fs::write(own.join("views.rs"), "").expect("a template");
    let error = Templates::read(root.path()).map(|_| ()).expect_err("no such template");
    assert_eq!(error.to_string(), "`app/scaffold/views.rs` takes the place of no template");
    assert!(error.hint().is_some_and(|hint| hint.contains("module/views.rs")), "{:?}", error.hint());
}

#[test]
fn an_entity_says_all_that_its_migration_says() {
    let root = tempfile::tempdir().expect("a directory");
    let words =
        ["Page", "slug:string(80):unique", "body:text?", "rank:float", "data:json:index", "up:references=cms.Page?"];
    let unknown = |label: &str| Err(scaffold::Error::new(label));
    let model = NewModel::parse("cms", &words.map(str::to_owned), &unknown).expect("a model");
    let files = made(root.path(), "cms", &Options { model: Some(model), ..Options::default() });
    let (_, text) = files.iter().find(|(path, _)| path.ends_with("/models.rs")).expect("models");
    for part in [
        "#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]",
        "#[sea_orm(table_name = \"cms_page\")]",
        "        #[sea_orm(unique, column_type = \"String(StringLen::N(80))\")]\n        pub slug: String,\n",
        "        #[sea_orm(column_type = \"Text\")]\n        pub body: Option<String>,\n        pub rank: f64,\n",
        "        #[sea_orm(indexed, column_type = \"JsonBinary\")]\n        pub data: Json,\n",
        "        #[sea_orm(indexed)]\n        pub up_id: Option<i64>,\n",
        "            belongs_to = \"Entity\",\n            from = \"Column::UpId\",\n            to = \"Column::Id\",\n            \
         on_delete = \"SetNull\"\n        )]\n        Up,\n",
        ".with_verbose_name(\"page\", \"pages\")",
    ] {
        assert!(text.contains(part), "{part}\nis missing in\n{text}");
    }
}
