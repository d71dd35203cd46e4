//! `migrate --drift`: the tables against what the applied migrations say.

use framework::module::Module;
use sea_orm::ConnectionTrait as _;

use crate::polls::models;
use crate::sandbox::{Sandbox, wait};

const INITIAL: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Question"
table = "polls_question"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "question_text", type = "string" },
]

[[operations]]
op = "run_sql"
sql = "CREATE INDEX polls_by_text ON polls_question (question_text)"
"#;

const SECOND: &str = r#"
dependencies = ["polls.0001_initial"]

[[operations]]
op = "add_field"
model = "Question"
field = { name = "opened", type = "boolean", default = true }
"#;

fn polls() -> Module {
    Module::new("polls")
        .models(models::MODELS)
        .embedded_migrations(&[("0001_initial", INITIAL), ("0002_opened", SECOND)])
        .clone()
}

fn run(sandbox: &Sandbox, sql: &str) {
    wait(async { sandbox.ctx().db().await.expect("a database").execute_unprepared(sql).await.expect(sql) });
}

#[test]
fn drift_is_said_on_stdout_and_is_a_failure() {
    let sandbox = Sandbox::new(&[polls]);
    sandbox.line("migrate --drift").is(0, "No drift detected.\n", "");
    assert_eq!(sandbox.line("migrate polls 0001 -v 0").code, 0);
    // What is not applied is no drift, nor is what a migration made by SQL of its own.
    sandbox.line("migrate --drift").is(0, "No drift detected.\n", "");
    run(&sandbox, "ALTER TABLE polls_question ADD COLUMN stray text");
    run(&sandbox, "CREATE TABLE odd (id integer)");
    let out = "table odd is in the database, but not in the migrations\n\
        polls.Question: column stray is in the database, but not in the migrations\n";
    let err = "CommandError: 2 difference(s) between the database and the applied migrations\n\
        hint: undo them in the database, or put them into the models and run `app makemigrations`\n";
    sandbox.line("migrate --drift").is(1, out, err);
    assert!(sandbox.line("migrate --drift").out == out, "nothing was changed");
    run(&sandbox, "DROP TABLE odd");
    run(&sandbox, "ALTER TABLE polls_question DROP COLUMN stray");
    assert_eq!(sandbox.line("migrate -v 0").code, 0);
    sandbox.line("migrate --drift --database default").is(0, "No drift detected.\n", "");
    run(&sandbox, "ALTER TABLE polls_question DROP COLUMN opened");
    let out = "polls.Question: column opened is in the migrations, but not in the database\n";
    let err = err.replace("2 diff", "1 diff");
    sandbox.line("migrate --drift").is(1, out, &err);
}

#[test]
fn drift_goes_with_nothing_that_migrates() {
    let sandbox = Sandbox::new(&[polls]);
    for other in ["polls", "--plan", "--check", "--fake"] {
        let ran = sandbox.line(&format!("migrate --drift {other}"));
        ran.says_on_err(2, "cannot be used with");
    }
    let ran = sandbox.line("migrate --drift --database nope");
    ran.says_on_err(2, "invalid choice: 'nope'");
}
