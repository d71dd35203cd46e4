//! The grammar of `--model Name field:type…`: what it means, and every way to get it wrong.

use scaffold::model::{Kind, NewField, NewModel, Target};
use scaffold::{Error, Result};

/// The only model that there is besides the new one.
fn find(label: &str) -> Result<Target> {
    if label != "users.User" {
        return Err(Error::new(format!("there is no model `{label}` to reference")));
    }
    Ok(Target {
        module: "users".to_owned(),
        name: "User".to_owned(),
        entity: Some("crate::modules::users::models::user".to_owned()),
        key: "id".to_owned(),
        kind: Kind::BigInteger,
        shown: Some("email".to_owned()),
        migration: Some("0002_phone".to_owned()),
    })
}

fn parse(line: &str) -> Result<NewModel> {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    NewModel::parse("shop", &words, &find)
}

/// The only field of a model that has it.
fn field(text: &str) -> NewField {
    parse(&format!("Order {text}")).expect("a field").fields.remove(0)
}

/// Code, message and hint of what is wrong.
fn error(line: &str) -> String {
    let error = parse(line).expect_err("something that is wrong");
    format!("{} {error}\nhint: {}", error.code(), error.hint().unwrap_or_default())
}

#[test]
fn a_field_says_what_it_is_in_any_order() {
    let plain = field("note:text");
    assert_eq!((plain.column.as_str(), plain.kind), ("note", Kind::Text));
    assert!(!plain.null && !plain.unique && !plain.indexed && plain.target.is_none());
    let all =
        ["note:string?:unique", "note:unique:string:null", "note:string:?:unique", "note?:string:unique"].map(field);
    assert!(all.iter().all(|field| *field == all[0] && field.null && field.unique && !field.indexed));
    assert!(field("at:datetime:index").indexed);
    assert_eq!(field("code:string(8)").kind, Kind::String(8));
}

#[test]
fn a_reference_has_the_type_of_the_key_and_an_index() {
    let author = field("author:references=users.User");
    assert_eq!(
        (author.column.as_str(), author.kind, author.null, author.indexed),
        ("author_id", Kind::BigInteger, false, true)
    );
    assert_eq!(field("author_id:references=users.User"), author);
    assert_eq!(field("author:i64:references=users.User"), author);
    let only = field("author:references=users.User?:unique");
    assert!(only.null && only.unique && !only.indexed);
    assert!(field("parent:references=shop.Order?").target.expect("itself").entity.is_none());
}

#[test]
fn names_of_models_become_tables() {
    let table = |name: &str| {
        parse(&format!("{name} title:string")).map(|model| (model.module(), model.table)).expect("a model")
    };
    assert_eq!(table("BlogPost"), ("blog_post".to_owned(), "shop_blog_post".to_owned()));
    let longest = format!("A{}", "b".repeat(49));
    assert_eq!(table(&longest).1.len(), 55);
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let types = "string, text, integer, big_integer, float, boolean, date, time, datetime, json";
    for (line, expected) in [
        ("Order", "2 the model `Order` has no fields\nhint: write `--model Post title:string body:text`".to_owned()),
        ("Order title", format!("2 the field `title` has no type\nhint: write `title:string`, or another of {types}")),
        ("Order title:strng", "2 `strng` in `title:strng` is no type of a field\nhint: did you mean `string`?".to_owned()),
        ("Order title:string:uniqe", "2 `uniqe` in `title:string:uniqe` is no type of a field\nhint: did you mean `unique`?".to_owned()),
        ("Order title:", format!("2 the field `title` has no type\nhint: write `title:string`, or another of {types}")),
        ("Order title:what", format!("2 `what` in `title:what` is no type of a field\nhint: a type is one of {types}; beside it there are `null`, `unique`, `index`, `references=…`")),
        ("Order title:string:text", "2 `title:string:text` says `text` twice, or two things of its kind\nhint: ".to_owned()),
        ("Order title:string(x)", "2 `string(x)` has no length from 1 to 10000; longer is `text`\nhint: ".to_owned()),
        ("Order id:integer", "1 a field cannot be called `id`: every model has an `id`, which the database numbers\nhint: ".to_owned()),
        ("Order a:text a:text", "1 there are two fields `a`\nhint: ".to_owned()),
        ("Order a1:text a_1:text", "1 the fields `a1` and `a_1` have one name in Rust\nhint: both are `Column::A1`".to_owned()),
        ("Order a__b:text", format!("1 'a__b' is not a valid field name. Please make sure the name is a valid identifier.\nhint: {}", scaffold::names::RULE)),
        ("Order on:boolean:unique", "1 the field `on` cannot be unique: a boolean has two values only\nhint: ".to_owned()),
        ("Order by:references=users.Usr", "1 there is no model `users.Usr` to reference\nhint: ".to_owned()),
        ("Order by:text:references=users.User", "1 the field `by` is `text`, but the key of users.User is `big_integer`\nhint: leave the type out: a reference has that of the key".to_owned()),
        ("Order up:references=shop.Order", "1 the field `up` points at its own model, so the first row could not be made\nhint: let it be empty: `up:references=shop.Order?`".to_owned()),
        ("Service a:text", "1 a model cannot be called `Service`: `service` means something else in its module\nhint: ".to_owned()),
    ] {
        assert_eq!(error(line), expected, "{line}");
    }
    for line in [
        "Order type:string",
        "Order Title:string",
        "Order self:string",
        "order title:string",
        "Self title:string",
        "Crate a:text",
    ] {
        assert!(error(line).contains("is not a valid "), "{line}: {}", error(line));
    }
}

#[test]
fn tables_keep_within_what_postgresql_keeps_of_a_name() {
    let label = "a".repeat(50);
    let parse = |name: &str| NewModel::parse(&label, &[name.to_owned(), "title:string".to_owned()], &find);
    assert_eq!(parse("Abcdefghijkl").expect("63 characters").table.len(), 63);
    let error = parse("Abcdefghijklm").expect_err("64 characters");
    assert!(error.to_string().ends_with(" would have a name of 64 characters"), "{error}");
    let reserved =
        NewModel::parse("migration", &["History".to_owned(), "a:text".to_owned()], &find).expect_err("taken");
    assert!(reserved.to_string().starts_with("the table `migration_history` of migration.History "), "{reserved}");
}

#[test]
fn a_reference_to_itself_does_not_show_a_secret() {
    let model = parse("Order token:string title:text up:references=shop.Order?").expect("a model");
    assert_eq!(model.fields[2].target.as_ref().and_then(|target| target.shown.as_deref()), Some("title"));
}

#[test]
fn the_migration_is_laid_out_as_makemigrations_does() {
    let model = parse(
        "Order code:string(8):unique note:text? at:datetime:index by:references=users.User up:references=shop.Order?",
    );
    assert_eq!(model.expect("a model").migration(), include_str!("order.toml"));
}
