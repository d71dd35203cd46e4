//! `makemigrations --merge` (case 175).

use super::{FOLDER, books, changed, project};
use crate::sandbox::Sandbox;

const NICKNAME: &str = r#"
dependencies = ["books.0001_initial"]

[[operations]]
op = "add_field"
model = "Author"
field = { name = "nickname", type = "string", null = true }
"#;

const TEXT: &str = r#"
dependencies = ["books.0001_initial"]

[[operations]]
op = "run_sql"
sql = ""
reverse = ""
"#;

fn forked() -> Sandbox {
    changed(&[books::first], &[books::with_nickname])
        .file("src/modules/books/migrations/0002_nickname.toml", NICKNAME)
        .file("src/modules/books/migrations/0002_text.toml", TEXT)
}

const BRANCHES: &str = "Merging books\n  Branch 0002_nickname\n    + Add field nickname to author\n  Branch 0002_text\n    \
    s Raw SQL operation\n";

const QUESTION: &str = "\nMerging will only work if the operations printed above do not conflict\nwith each other (working on \
    different fields or models)\nShould these migration branches be merged? [y/N] ";

const MERGED: &str =
    "\nCreated new merge migration src/modules/books/migrations/0003_merge_0002_nickname_0002_text.toml\n";

const FILE: &str = "0003_merge_0002_nickname_0002_text.toml";

#[test]
fn branches_are_shown_and_merged_after_a_question() {
    let sandbox = forked().typed("n\n");
    sandbox.line("makemigrations --merge").is(0, &format!("{BRANCHES}{QUESTION}"), "");
    assert_eq!(sandbox.names(FOLDER).len(), 3);
    let sandbox = sandbox.typed("y\n");
    sandbox.line("makemigrations --merge").is(0, &format!("{BRANCHES}{QUESTION}{MERGED}"), "");
    let text = "dependencies = [\"books.0002_nickname\", \"books.0002_text\"]\n";
    assert_eq!(sandbox.text(&format!("{FOLDER}/{FILE}")), text);
    sandbox.line("makemigrations --merge").is(0, "No conflicts detected to merge.\n", "");
    sandbox.line("makemigrations --check").is(0, "No changes detected\n", "");
    sandbox.line("migrate -v0").is(0, "", "");
}

#[test]
fn without_questions_branches_are_merged_at_once() {
    let sandbox = forked();
    sandbox.line("makemigrations --merge").says_on_err_with(3, BRANCHES, "standard input is not a terminal");
    sandbox.line("makemigrations --merge --dry-run").is(0, BRANCHES, "");
    let whole = "Full merge migrations file '0003_merge_0002_nickname_0002_text.toml':\n\
        dependencies = [\"books.0002_nickname\", \"books.0002_text\"]\n";
    sandbox.line("makemigrations --merge --noinput --dry-run -v3").is(0, &format!("{BRANCHES}{whole}"), "");
    sandbox.line("makemigrations --merge --noinput --scriptable").is(
        0,
        &format!("{FOLDER}/{FILE}\n"),
        &format!("{BRANCHES}{MERGED}"),
    );
}

#[test]
fn a_name_of_your_own_and_one_that_would_be_too_long() {
    let sandbox = forked();
    let ran = sandbox.line("makemigrations --merge --noinput --name both -v0");
    ran.is(0, "", "");
    assert!(sandbox.names(FOLDER).contains(&"0003_both.toml".to_owned()));
    let long = "src/modules/books/migrations/0002_a_name_that_is_longer_than_it_should_be_by_far.toml";
    let sandbox = forked().file(long, TEXT);
    sandbox.line("makemigrations --merge --noinput -v0").is(0, "", "");
    let names = sandbox.names(FOLDER);
    assert!(
        names[4].starts_with("0003_merge_2") && names[4].len() == "0003_merge_20260102_0304.toml".len(),
        "{names:?}"
    );
}

#[test]
fn branches_without_a_common_ancestor_cannot_be_merged() {
    let sandbox = project(&[books::without_models])
        .file("src/modules/books/migrations/0001_a.toml", "operations = []\n")
        .file("src/modules/books/migrations/0001_b.toml", "operations = []\n");
    let text = "CommandError: Could not find common ancestor of 0001_a, 0001_b in books\n";
    sandbox.line("makemigrations --merge --noinput").is(1, "", text);
    sandbox.line("makemigrations --merge books --noinput").is(1, "", text);
}
