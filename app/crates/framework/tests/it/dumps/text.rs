//! The text of dumps, and the options.

use super::{library, sqlite};
use crate::sandbox::Sandbox;

const DUMP: &str = r#"[{"model": "shelf.author", "pk": 1, "fields": {"name": "Ada", "favourite_id": 3}}, {"model": "shelf.author", "pk": 2, "fields": {"name": "Zoë \"Z\" O'Neil", "favourite_id": null}}, "#;
const BOOKS: &str = r#"{"model": "shelf.book", "pk": 1, "fields": {"title": "Notes", "author_id": 1, "sequel_id": 2}}, {"model": "shelf.book", "pk": 2, "fields": {"title": "More notes", "author_id": 1, "sequel_id": null}}, {"model": "shelf.book", "pk": 3, "fields": {"title": "日本", "author_id": 2, "sequel_id": null}}"#;
const TAGS: &str = r#", {"model": "shelf.booktag", "pk": [3, "Ada"], "fields": {}}]"#;

fn full() -> Sandbox {
    let sandbox = sqlite();
    library(&sandbox);
    sandbox
}

#[test]
fn a_dump_is_one_line_in_djangos_form_what_others_point_at_first() {
    let sandbox = full();
    sandbox.line("dumpdata").is(0, &format!("{DUMP}{BOOKS}{TAGS}\n"), "");
    sandbox.line("dumpdata shelf").is(0, &format!("{DUMP}{BOOKS}{TAGS}\n"), "");
    sandbox.line("dumpdata shelf.book -v 0").is(0, &format!("[{BOOKS}]\n"), "");
    sandbox.line("dumpdata --exclude shelf.Author -e shelf.BookTag").is(0, &format!("[{BOOKS}]\n"), "");
    sandbox.line("dumpdata --exclude shelf").is(0, "[]\n", "");
    sandbox.line("dumpdata shelf.thing").is(0, "[]\n", "");
}

#[test]
fn natural_keys_stand_for_references_and_primary_keys() {
    let sandbox = full();
    let foreign = r#"[{"model": "shelf.booktag", "pk": [3, ["Ada"]], "fields": {}}]"#;
    sandbox.line("dumpdata shelf.booktag --natural-foreign").is(0, &format!("{foreign}\n"), "");
    let both = r#"[{"model": "shelf.author", "fields": {"name": "Ada", "favourite_id": 3}}, {"model": "shelf.author", "fields": {"name": "Zoë \"Z\" O'Neil", "favourite_id": null}}, "#;
    let books = BOOKS.replace("\"author_id\": 1", "\"author_id\": [\"Ada\"]");
    let books = books.replace("\"author_id\": 2", r#""author_id": ["Zoë \"Z\" O'Neil"]"#);
    let ran = sandbox.line("dumpdata shelf.author shelf.book --natural-foreign --natural-primary");
    ran.is(0, &format!("{both}{books}]\n"), "");
}

#[test]
fn a_dump_can_be_indented_and_go_to_a_file() {
    let sandbox = full();
    let indented =
        "[\n{\n  \"model\": \"shelf.booktag\",\n  \"pk\": [\n    3,\n    \"Ada\"\n  ],\n  \"fields\": {}\n}\n]\n";
    sandbox.line("dumpdata shelf.booktag --indent 2").is(0, indented, "");
    sandbox.line("dumpdata shelf.thing --indent 2").is(0, "[\n]\n", "");
    sandbox.line("dumpdata --output dump.json").is(0, "", "");
    let path = sandbox.dir.path().join("dump.json");
    assert_eq!(std::fs::read_to_string(&path).expect("the dump"), format!("{DUMP}{BOOKS}{TAGS}\n"));
    // A dump that fails leaves what was there.
    let ran = sandbox.line("dumpdata nope -o dump.json");
    ran.is(1, "", "CommandError: No installed app with label 'nope'.\n");
    assert_eq!(std::fs::read_to_string(&path).expect("the dump"), format!("{DUMP}{BOOKS}{TAGS}\n"));
    let ran = sandbox.line("dumpdata -o no/such/folder.json");
    ran.says_on_err(1, "CommandError: cannot write");
    let beside: Vec<_> = std::fs::read_dir(sandbox.dir.path()).expect("a directory").collect();
    assert!(beside.iter().flatten().all(|entry| !entry.file_name().to_string_lossy().contains(".part")));
}

#[test]
fn unknown_models_and_missing_tables_are_named() {
    let sandbox = full();
    let hint = "hint: models there are: shelf.Author, shelf.Book, shelf.BookTag, shelf.Thing\n";
    let unknown = format!("CommandError: Unknown model: shelf.nope\n{hint}");
    sandbox.line("dumpdata shelf.nope").is(1, "", &unknown);
    sandbox.line("dumpdata --exclude shelf.nope").is(1, "", &unknown);
    sandbox.line("dumpdata --database nope").says_on_err(2, "invalid choice: 'nope'");
    sandbox.line("dumpdata --indent x").says_on_err(2, "--indent");
    let empty = Sandbox::new(&[super::shelf]);
    empty.line("dumpdata").says_on_err(1, "no such table");
}
