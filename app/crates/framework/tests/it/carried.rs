//! A release build carries the migrations of its modules.

use framework::db::{Model, model};
use framework::module::{Carried, Module};

use crate::polls::models;
use crate::sandbox::Sandbox;

const INITIAL: &str = r#"initial = true

[[operations]]
op = "create_model"
model = "Question"
table = "polls_question"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "question_text", type = "string" },
  { name = "opened", type = "boolean", default = true },
]
"#;

const CARRIED: Carried = &[("polls", &[("0001_initial", INITIAL)])];

fn polls() -> Module {
    const MODELS: &[Model] = &[model::<models::question::Entity>("Question")];
    Module::new("polls").models(MODELS).clone()
}

fn empty() -> Module {
    Module::new("empty")
}

#[test]
fn what_is_carried_needs_no_file() {
    let sandbox = Sandbox::new(&[polls, empty]);
    sandbox.line("migrate").says_on_err(1, "polls: (models.E002) the module's folder `");
    let sandbox = sandbox.carrying(CARRIED);
    assert_eq!(sandbox.line("migrate").out.matches("Applying polls.0001_initial... OK").count(), 1);
    sandbox.line("showmigrations").is(0, "empty\n (no migrations)\npolls\n [X] 0001_initial\n", "");
    sandbox.line("check").is(0, "System check identified no issues (0 silenced).\n", "");
    sandbox.line("makemigrations --check").is(0, "No changes detected\n", "");
}

#[test]
fn what_is_carried_comes_before_the_disk_but_new_migrations_are_written_there() {
    let second = "dependencies = [\"polls.0001_initial\"]\n\n[[operations]]\nop = \"run_sql\"\nsql = \"\"\n";
    let sandbox = Sandbox::new(&[polls, empty])
        .carrying(CARRIED)
        .file("src/modules/polls/migrations/0001_initial.toml", INITIAL)
        .file("src/modules/polls/migrations/0002_second.toml", second);
    sandbox.line("showmigrations polls").is(0, "polls\n [ ] 0001_initial\n", "");
    sandbox.line("makemigrations polls --empty --name third -v0").is(0, "", "");
    let text = sandbox.text("src/modules/polls/migrations/0003_third.toml");
    assert_eq!(text, "dependencies = [\"polls.0002_second\"]\n");
}

#[test]
fn without_the_sources_no_migration_can_be_written() {
    let sandbox = Sandbox::new(&[polls, empty]).carrying(&[]);
    let folder = sandbox.dir.path().join("src/modules/polls");
    let text = format!(
        "CommandError: The folder `{}` of app 'polls' is not there, no migration can be written for it.\nhint: run this in a \
         checkout of the sources, or check the project's root (`--root`, `APP_ROOT`)\n",
        folder.display()
    );
    sandbox.line("makemigrations").is(1, "", &text);
    sandbox.line("makemigrations --check").is(1, "", &text);
}
