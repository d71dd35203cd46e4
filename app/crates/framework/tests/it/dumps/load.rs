//! Loading: order, natural keys, all or nothing, and what is wrong with a fixture.

use db::rows::Row;

use super::{each, insert, library, rows, sqlite};
use crate::sandbox::Sandbox;

/// A sandbox with the text as the file `f.json`.
fn with(sandbox: Sandbox, text: &str) -> Sandbox {
    sandbox.file("f.json", text)
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    rows(sandbox, "shelf.Author").iter().map(|row| row.get("name").expect("a name")).collect()
}

#[test]
fn rows_may_point_forwards_and_in_circles() {
    let text = r#"[
        {"model": "shelf.booktag", "pk": [7, ["Ada"]], "fields": {}},
        {"model": "shelf.book", "pk": 7, "fields": {"title": "a", "author_id": ["Ada"], "sequel_id": 8}},
        {"model": "SHELF.BOOK".lower, "pk": 8, "fields": {"title": "b", "author_id": 5, "sequel_id": 7}},
        {"model": "shelf.Author", "fields": {"name": "Ada", "favourite_id": 8}},
        {"model": "shelf.author", "pk": 5, "fields": {"name": "Bob"}}
    ]"#
    .replace("\"SHELF.BOOK\".lower", "\"shelf.BOOK\"");
    for sandbox in each() {
        let sandbox = with(sandbox, &text);
        sandbox.line("loaddata f.json").is(0, "Installed 5 object(s) from 1 fixture(s)\n", "");
        assert_eq!(names(&sandbox), ["Bob", "Ada"], "numbers go on after those of the fixture");
        let ada = &rows(&sandbox, "shelf.Author")[1];
        assert_eq!(ada.get::<i64>("id").ok(), Some(6));
        let books = rows(&sandbox, "shelf.Book");
        assert_eq!(books[0].get::<i64>("author_id").ok(), Some(6));
        // Again: the same rows.
        sandbox.line("loaddata f").is(0, "Installed 5 object(s) from 1 fixture(s)\n", "");
        assert_eq!((rows(&sandbox, "shelf.Book"), names(&sandbox)), (books, vec!["Bob".to_owned(), "Ada".to_owned()]));
        insert(&sandbox, "shelf.Author", [Row::new().with("name", "next")]);
        assert_eq!(rows(&sandbox, "shelf.Author")[2].get::<i64>("id").ok(), Some(7), "and the database's own too");
    }
}

#[test]
fn what_has_the_natural_key_keeps_its_number_and_others_give_way() {
    let text = r#"[
        {"model": "shelf.author", "pk": 1, "fields": {"name": "Zoë \"Z\" O'Neil"}},
        {"model": "shelf.author", "pk": 2, "fields": {"name": "new"}},
        {"model": "shelf.book", "pk": 9, "fields": {"title": "by Zoë", "author_id": 1}},
        {"model": "shelf.book", "pk": 8, "fields": {"title": "by new", "author_id": 2}}
    ]"#;
    for sandbox in each() {
        library(&sandbox);
        let sandbox = with(sandbox, text);
        sandbox.line("loaddata f.json").is(0, "Installed 4 object(s) from 1 fixture(s)\n", "");
        assert_eq!(names(&sandbox), ["Ada", "Zoë \"Z\" O'Neil", "new"]);
        let books = rows(&sandbox, "shelf.Book");
        let authors: Vec<i64> = books[3..].iter().map(|row| row.get("author_id").expect("an author")).collect();
        assert_eq!(authors, [3, 2]);
    }
}

#[test]
fn several_files_stdin_and_folders_of_modules() {
    let one = r#"[{"model": "shelf.author", "pk": 1, "fields": {"name": "one"}}]"#;
    let two = r#"[{"model": "shelf.author", "pk": 2, "fields": {"name": "two"}}]"#;
    let sandbox = sqlite().file("a.json", one).file("src/modules/shelf/fixtures/b.json", two);
    sandbox.line("loaddata a.json b").is(0, "Installed 2 object(s) from 2 fixture(s)\n", "");
    sandbox.line("loaddata a.json -v 0").is(0, "", "");
    let ran = sandbox.line("loaddata a.json nope");
    ran.is(1, "", "CommandError: No fixture named 'nope' found.\nhint: it is neither a file nor in the `fixtures` folder of a module\n");
    let stdin = sandbox.typed(&one.replace("one", "from stdin"));
    stdin.line("loaddata -").is(0, "Installed 1 object(s) from 1 fixture(s)\n", "");
    assert_eq!(names(&stdin), ["from stdin", "two"]);
    let empty = with(stdin, "[]");
    let warning = "No fixture data found for 'f.json'. (The file may be empty.)\n";
    empty.line("loaddata f.json").is(0, "Installed 0 object(s) from 1 fixture(s)\n", warning);
    empty.line("loaddata").says_on_err(2, "<FILE>...");
    let unmigrated = with(Sandbox::new(&[super::shelf]), one);
    unmigrated.line("loaddata f.json").says_on_err(1, "You have 1 unapplied migration(s).");
}

#[test]
fn errors_name_file_object_model_field_and_reason() {
    let good = r#"{"model": "shelf.author", "pk": 1, "fields": {"name": "good"}}"#;
    let thing = |fields: &str| format!("[{good}, {{\"model\": \"shelf.thing\", \"pk\": 1, \"fields\": {{{fields}}}}}]");
    let author = |object: &str| format!("[{good}, {object}]");
    let cases = [
        ("{\n  \"a\"".to_owned(), "line 2, column 5: EOF while parsing an object"),
        ("[1,\n]".to_owned(), "line 2, column 1: trailing comma"),
        ("{}".to_owned(), "expected a list of objects, got {}"),
        ("[5]".to_owned(), "object 1: expected an object, got 5"),
        (author("{\"pk\": 1}"), "object 2: `model` is missing"),
        (author("{\"model\": 5}"), "object 2: `model` is 5, expected a text"),
        (
            author("{\"model\": \"shelf.author\", \"key\": 1}"),
            "object 2: unknown key `key`, expected `model`, `pk`, `fields`",
        ),
        (
            author("{\"model\": \"shelf.nope\"}"),
            "object 2: there is no model `shelf.nope`; there are: shelf.Author, shelf.Book, shelf.BookTag, shelf.Thing",
        ),
        (
            author("{\"model\": \"shelf.author\", \"fields\": {\"nam\": 1}}"),
            "object 2, shelf.Author, field nam: model shelf.Author has no field `nam`; it has: id, name, favourite_id",
        ),
        (
            author("{\"model\": \"shelf.author\", \"fields\": {\"id\": 1}}"),
            "object 2, shelf.Author, field id: it is the primary key, which belongs into `pk`",
        ),
        (
            author("{\"model\": \"shelf.author\", \"pk\": 2}"),
            "object 2, shelf.Author, field name: it is missing, and required",
        ),
        (
            author("{\"model\": \"shelf.author\", \"fields\": []}"),
            "object 2, shelf.Author: `fields` is [], expected an object",
        ),
        (
            author("{\"model\": \"shelf.author\", \"pk\": \"x\", \"fields\": {\"name\": \"a\"}}"),
            "object 2, shelf.Author, field id: expected a whole number, got \"x\"",
        ),
        (
            author("{\"model\": \"shelf.booktag\", \"pk\": 5, \"fields\": {}}"),
            "object 2, shelf.BookTag: `pk` is 5, expected a list of book_id, author_name",
        ),
        (author("{\"model\": \"shelf.booktag\", \"fields\": {}}"), "object 2, shelf.BookTag: `pk` is missing"),
        (
            author("{\"model\": \"shelf.author\", \"pk\": 2, \"fields\": {\"name\": null}}"),
            "object 2, shelf.Author, field name: it may not be NULL",
        ),
        (
            author("{\"model\": \"shelf.book\", \"pk\": 2, \"fields\": {\"title\": \"t\", \"author_id\": 99}}"),
            "object 2, shelf.Book, field author_id: there is no shelf.Author with id 99",
        ),
        (
            author("{\"model\": \"shelf.book\", \"pk\": 2, \"fields\": {\"title\": \"t\", \"author_id\": [\"who\"]}}"),
            "object 2, shelf.Book, field author_id: there is no shelf.Author with the natural key [\"who\"]",
        ),
        (
            author(
                "{\"model\": \"shelf.book\", \"pk\": 2, \"fields\": {\"title\": \"t\", \"author_id\": [\"a\", \"b\"]}}",
            ),
            "object 2, shelf.Book, field author_id: [\"a\",\"b\"] is no natural key of shelf.Author, which consists of name",
        ),
        (
            author(
                "{\"model\": \"shelf.author\", \"pk\": 2, \"fields\": {\"name\": \"a\", \"favourite_id\": [\"t\"]}}",
            ),
            "object 2, shelf.Author, field favourite_id: got [\"t\"], but shelf.Book has no natural key",
        ),
        (thing("\"small\": 40000"), "object 2, shelf.Thing, field small: 40000 is no value for the type small_integer"),
        (thing("\"big\": 1.5"), "object 2, shelf.Thing, field big: expected a whole number, got 1.5"),
        (thing("\"flag\": 1"), "object 2, shelf.Thing, field flag: expected true or false, got 1"),
        (thing("\"long\": 5"), "object 2, shelf.Thing, field long: expected a text, got 5"),
        (thing("\"long\": \"a\\u0000b\""), "object 2, shelf.Thing, field long: a text cannot hold the character NUL"),
        (
            thing("\"short\": \"123456789012345678901\""),
            "field short: `123456789012345678901` is longer than 20 characters",
        ),
        (
            thing("\"at\": \"yesterday\""),
            "field at: expected a moment such as \"2024-05-06T07:08:09Z\", got \"yesterday\"",
        ),
        (thing("\"day\": \"2024-02-30\""), "field day: expected a date such as \"2024-05-06\", got \"2024-02-30\""),
        (thing("\"bytes\": \"%\""), "field bytes: expected bytes in base64, got \"%\""),
        (thing("\"price\": \"1.234\""), "field price: `1.234` has more than 8 digits before or 2 after the point"),
        (thing("\"uuid\": \"x\""), "field uuid: `x` is no value for the type uuid"),
    ];
    for sandbox in each() {
        let mut sandbox = sandbox;
        for (text, reason) in &cases {
            sandbox = with(sandbox, text);
            let ran = sandbox.line("loaddata f.json");
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{text}");
            assert!(ran.err.starts_with("CommandError: Problem installing fixture 'f.json': "), "{}", ran.err);
            assert!(ran.err.ends_with(&format!("{reason}\n")), "{:?} lacks {reason:?}", ran.err);
            assert_eq!(names(&sandbox), [""; 0], "nothing was loaded: {text}");
        }
        // What only the database finds, in the middle of a batch, leaves nothing either.
        let many: Vec<String> = (1..=20)
            .map(|n| format!("{{\"model\": \"shelf.author\", \"pk\": {n}, \"fields\": {{\"name\": \"n{}\"}}}}", n % 17))
            .collect();
        sandbox = with(sandbox, &format!("[{}]", many.join(",")));
        let ran = sandbox.line("loaddata f.json");
        assert!(ran.err.contains("Problem installing fixture 'f.json': object 18, shelf.Author: "), "{}", ran.err);
        assert_eq!((ran.code, names(&sandbox)), (1, Vec::new()));
    }
}
