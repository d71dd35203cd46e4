//! What is asked, and what becomes of the answers.

use super::{FOLDER, books, changed};

const ADDITION: &str = "It is impossible to add a non-nullable field 'age' to author without specifying a default. This is \
    because the database needs something to populate existing rows.\nPlease select a fix:\n 1) Provide a one-off default now \
    (will be set on all existing rows with a null value for this column)\n 2) Quit and manually define a default value in \
    models.rs.\nSelect an option: ";

const VALUE: &str = "Please enter the default value as valid TOML.\nTexts stand in quotes; an expression of the database can \
    be given too, such as { sql = \"CURRENT_TIMESTAMP\" }.\nType 'exit' to exit this prompt\n>>> ";

const ADDED: &str =
    "Migrations for 'books':\n  src/modules/books/migrations/0002_author_age.toml\n    + Add field age to author\n";

#[test]
fn without_questions_a_column_that_needs_a_value_is_refused() {
    // Case 176.
    let sandbox = changed(&[books::first], &[books::with_age]);
    let text = "CommandError: Field 'age' on model 'Author' not migrated: it is impossible to add a non-nullable field \
        without specifying a default.\n";
    sandbox.line("makemigrations --noinput").is(3, "", text);
    let text = "CommandError: cannot ask \"It is impossible to add a non-nullable field 'age' to author without specifying a \
        default. This is because the database needs something to populate existing rows.\": standard input is not a \
        terminal\n";
    sandbox.line("makemigrations").says_on_err(3, text);
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
}

#[test]
fn a_value_for_existing_rows_is_asked_for() {
    // Cases 177 and 203: wrong answers are asked again.
    let sandbox = changed(&[books::first], &[books::with_age]).typed("2\n");
    sandbox.line("makemigrations").is(3, ADDITION, "Nothing was written.\n");
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
    let again = "Please select a valid option: ".repeat(4);
    let sandbox = sandbox.typed("x\n\n0\n3\n1\n\nabc\n\"7\"\n7\n");
    let ran = sandbox.line("makemigrations");
    let begin = format!("{ADDITION}{again}{VALUE}Please enter some value, or 'exit' (without quotes) to exit.\n>>> ");
    assert!(ran.out.starts_with(&begin), "{}", ran.out);
    assert!(
        ran.out.ends_with(&format!("\"7\" does not fit a column of the type integer.\n>>> {ADDED}")),
        "{}",
        ran.out
    );
    let text = sandbox.text(&format!("{FOLDER}/0002_author_age.toml"));
    assert!(text.ends_with("field = { name = \"age\", type = \"integer\" }\nfill = 7\n"), "{text}");
}

#[test]
fn ctrl_c_and_the_end_of_the_input_cancel() {
    // Case 205.
    let sandbox = changed(&[books::first], &[books::with_age]).typed("\u{3}");
    sandbox.line("makemigrations").is(1, ADDITION, "\nCancelled.\n");
    let sandbox = sandbox.typed("1\n");
    sandbox.line("makemigrations").is(1, &format!("{ADDITION}{VALUE}"), "\nCancelled.\n");
    let sandbox = sandbox.typed("1\nexit\n");
    sandbox.line("makemigrations").is(1, &format!("{ADDITION}{VALUE}"), "Nothing was written.\n");
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
}

#[test]
fn a_column_that_stops_being_optional_offers_three_choices() {
    // Case 178.
    let question = "It is impossible to change a nullable field 'name' on author to non-nullable without providing a default. \
        This is because the database needs something to populate existing rows.\nPlease select a fix:\n 1) Provide a one-off \
        default now (will be set on all existing rows with a null value for this column)\n 2) Ignore for now. Existing rows \
        that contain NULL values will have to be handled manually, for example with a run_rust or run_sql operation.\n 3) Quit \
        and manually define a default value in models.rs.\nSelect an option: ";
    let altered = "Migrations for 'books':\n  src/modules/books/migrations/0002_alter_author_name.toml\n    ~ Alter field name on author\n";
    let file = format!("{FOLDER}/0002_alter_author_name.toml");
    let sandbox = changed(&[books::with_optional_name], &[books::first]).typed("3\n");
    sandbox.line("makemigrations").is(3, question, "Nothing was written.\n");
    let sandbox = sandbox.typed("2\n");
    sandbox.line("makemigrations").is(0, &format!("{question}{altered}"), "");
    assert!(!sandbox.text(&file).contains("fill"));
    let sandbox = changed(&[books::with_optional_name], &[books::first]).typed("1\n\"nobody\"\n");
    sandbox.line("makemigrations").is(0, &format!("{question}{VALUE}{altered}"), "");
    assert!(sandbox.text(&file).ends_with("fill = \"nobody\"\n"));
    let sandbox = changed(&[books::with_optional_name], &[books::first]);
    let note = "Field 'name' on model 'Author' given a default of NOT PROVIDED and must be corrected.\n";
    sandbox.line("makemigrations --noinput").is(0, &format!("{note}{altered}"), "");
}

#[test]
fn for_a_moment_now_is_proposed() {
    // Case 179.
    let question = "It is impossible to add the field 'joined' to author without providing a default. This is because the \
        database needs something to populate existing rows.\n 1) Provide a one-off default now which will be set on all \
        existing rows\n 2) Quit and manually define a default value in models.rs.\nSelect an option: Please enter the default \
        value as valid TOML.\nAccept the default '{ sql = \"CURRENT_TIMESTAMP\" }' by pressing 'Enter' or provide another \
        value.\nTexts stand in quotes; an expression of the database can be given too, such as { sql = \"CURRENT_TIMESTAMP\" \
        }.\nType 'exit' to exit this prompt\n[default: { sql = \"CURRENT_TIMESTAMP\" }] >>> ";
    let sandbox = changed(&[books::first], &[books::with_joined]);
    sandbox.line("makemigrations --noinput").says_on_err(3, "Field 'joined' on model 'Author' not migrated");
    let sandbox = sandbox.typed("1\n\n");
    let added = "Migrations for 'books':\n  src/modules/books/migrations/0002_author_joined.toml\n    + Add field joined to author\n";
    sandbox.line("makemigrations").is(0, &format!("{question}{added}"), "");
    let text = sandbox.text(&format!("{FOLDER}/0002_author_joined.toml"));
    assert!(text.ends_with("fill = { sql = \"CURRENT_TIMESTAMP\" }\n"), "{text}");
    assert_eq!(sandbox.line("migrate -v0").code, 0);
}

const RENAMED: &str = "Was author.name renamed to author.names (a string)? [y/N] ";

#[test]
fn a_rename_is_asked_for_and_never_guessed() {
    // Case 181.
    let sandbox = changed(&[books::first], &[books::with_names]).typed("y\n");
    let out = format!(
        "{RENAMED}Migrations for 'books':\n  src/modules/books/migrations/0002_rename_name_author_names.toml\n    \
         ~ Rename field name on author to names\n"
    );
    sandbox.line("makemigrations").is(0, &out, "");
    let sandbox = changed(&[books::first], &[books::with_names]);
    let ran = sandbox.line("makemigrations");
    ran.says_on_err(3, "cannot ask \"Was author.name renamed to author.names (a string)? [y/N]\"");
    ran.says_on_err(3, "`renamed_from`");
    let text = "Field 'names' on model 'Author' not migrated";
    sandbox.line("makemigrations --noinput").says_on_err(3, text);
    // Case 205: neither yes nor no is asked again.
    let sandbox = sandbox.typed("maybe\n\nyes\n");
    let again = "Please answer yes or no: ".repeat(2);
    let ran = sandbox.line("makemigrations");
    assert!(ran.out.starts_with(&format!("{RENAMED}{again}Migrations for")), "{ran:?}");
}

#[test]
fn enter_takes_the_default_answer() {
    // Case 205: no rename, so the new column needs a value.
    let sandbox = changed(&[books::first], &[books::with_names]).typed("\n2\n");
    let ran = sandbox.line("makemigrations");
    assert!(ran.code == 3 && ran.out.starts_with(&format!("{RENAMED}It is impossible to add")), "{ran:?}");
}

#[test]
fn a_rename_that_the_code_says_is_not_asked_for() {
    let sandbox = changed(&[books::first], &[books::with_said_rename]);
    let out = "Migrations for 'books':\n  src/modules/books/migrations/0002_rename_name_author_names.toml\n    \
        ~ Rename field name on author to names\n";
    sandbox.line("makemigrations --noinput").is(0, out, "");
    sandbox.line("makemigrations --check").is(0, "No changes detected\n", "");
}

#[test]
fn a_model_that_has_another_name_is_asked_for_too() {
    // Case 181.
    let sandbox = changed(&[books::first], &[books::with_writer]).typed("y\n");
    let ran = sandbox.line("makemigrations");
    let out = "Was the model books.Author renamed to Writer? [y/N] Migrations for 'books':\n  \
        src/modules/books/migrations/0002_rename_author_writer.toml\n    ~ Rename model Author to Writer\n";
    ran.is(0, out, "");
    let sandbox = changed(&[books::first], &[books::with_writer]);
    let out = "Migrations for 'books':\n  src/modules/books/migrations/0002_writer_delete_author.toml\n    + Create model Writer\n    - Delete model Author\n";
    sandbox.line("makemigrations --noinput").is(0, out, "");
}
