//! `makemigrations --update`.

use super::{FOLDER, books, changed, project};

const UPDATED: &str =
    "Migrations for 'books':\n  src/modules/books/migrations/0001_initial_updated.toml\n    + Create model Author\n";

#[test]
fn new_operations_go_into_the_last_migration() {
    let sandbox = changed(&[books::first], &[books::with_nickname]);
    sandbox.line("makemigrations --update --dry-run").is(0, UPDATED, "");
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
    let out = format!("{UPDATED}Deleted src/modules/books/migrations/0001_initial.toml\n");
    sandbox.line("makemigrations --update").is(0, &out, "");
    assert_eq!(sandbox.names(FOLDER), ["0001_initial_updated.toml"]);
    let text = sandbox.text(&format!("{FOLDER}/0001_initial_updated.toml"));
    assert!(text.contains("nickname") && text.matches("[[operations]]").count() == 1, "{text}");
    sandbox.line("makemigrations --check --update").is(0, "No changes detected\n", "");
    sandbox.line("migrate -v0").is(0, "", "");
}

#[test]
fn an_applied_migration_and_one_that_is_not_there_cannot_be_updated() {
    let sandbox = project(&[books::first]);
    let text = "CommandError: App books has no migration, cannot update last migration.\n";
    sandbox.line("makemigrations --update").is(1, "", text);
    let sandbox = changed(&[books::first], &[books::with_nickname]);
    sandbox.line("migrate -v0").is(0, "", "");
    let text = "CommandError: Cannot update applied migration 'books.0001_initial'.\n";
    sandbox.line("makemigrations --update").is(1, "", text);
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
}
