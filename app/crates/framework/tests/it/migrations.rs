//! The warning about unapplied migrations, and what `migrate` says of models that have none (cases 52, 86, 140–143).

use framework::context::Context;
use framework::management::{Call, Checks, Command, Console, Output, command};
use framework::module::Module;

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
  { name = "opened", type = "boolean", default = true },
]
"#;

/// Wants to know whether migrations are unapplied.
#[derive(clap::Args)]
struct Wary {}

impl Command for Wary {
    const NAME: &'static str = "wary";
    const CHECKS: Checks = Checks::None;
    const MIGRATIONS_CHECK: bool = true;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write("done");
        Ok(Output::None)
    }
}

fn polls() -> Module {
    Module::new("polls")
        .models(models::MODELS)
        .embedded_migrations(&[("0001_initial", INITIAL)])
        .commands(vec![command::<Wary>()])
        .clone()
}

fn zebras() -> Module {
    Module::new("zebras").embedded_migrations(&[("0001_initial", "initial = true\noperations = []\n")]).clone()
}

const FIRST: &str = "initial = true\noperations = []\n";
const SECOND: &str = "dependencies = [\"forked.0001_initial\"]\noperations = []\n";

/// Two migrations that both come last.
fn forked() -> Module {
    Module::new("forked")
        .embedded_migrations(&[("0001_initial", FIRST), ("0002_a", SECOND), ("0002_b", SECOND)])
        .clone()
}

fn empty() -> Module {
    Module::new("empty")
}

fn sandbox() -> Sandbox {
    Sandbox::new(&[zebras, polls, empty])
}

const WARNING: &str = "\nYou have 2 unapplied migration(s). Your project may not work properly until you apply the migrations for \
    app(s): polls, zebras.\nRun 'app migrate' to apply them.\n";

#[test]
fn a_command_may_warn_of_unapplied_migrations_and_goes_on() {
    let sandbox = sandbox();
    sandbox.line("wary").is(0, "done\n", WARNING);
    sandbox.line("wary --skip-checks").is(0, "done\n", WARNING);
    sandbox.line("wary -v 0").is(0, "done\n", "");
    assert_eq!(sandbox.line("migrate -v 0").code, 0);
    sandbox.line("wary").is(0, "done\n", "");
}

#[test]
fn the_warning_survives_a_database_that_does_not_answer() {
    let sandbox = sandbox().var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let ran = sandbox.line("wary");
    assert_eq!((ran.code, ran.out.as_str()), (0, "done\n"));
}

#[test]
fn a_call_warns_too() {
    wait(async {
        let sandbox = sandbox();
        let ctx = sandbox.ctx();
        let called = Call::named("wary", [""; 0]).run(&ctx).await.expect("a warning");
        assert_eq!(called.stderr, WARNING);
    });
}

#[test]
fn models_that_the_migrations_do_not_say_are_named() {
    let sandbox = sandbox();
    assert_eq!(sandbox.line("migrate -v 0").code, 0);
    let ran = sandbox.line("migrate");
    let notice = "  No migrations to apply.\n  Your models in app(s): polls have changes that are not yet reflected in a migration, \
        and so won't be applied.\n  Run 'app makemigrations' to make new migrations, and then re-run 'app migrate' to apply them.\n";
    assert!(ran.out.ends_with(notice), "{}", ran.out);
}

#[test]
fn modules_and_migrations_that_do_not_exist_are_named() {
    let sandbox = sandbox();
    sandbox.line("migrate empty").is(1, "", "CommandError: App 'empty' does not have migrations.\n");
    sandbox.line("migrate nothing").is(1, "", "CommandError: No installed app with label 'nothing'.\n");
    let unknown = "CommandError: Cannot find a migration matching 'nonexistent' from app 'polls'.\n";
    sandbox.line("migrate polls nonexistent").is(1, "", unknown);
    let list = "empty\n (no migrations)\npolls\n [ ] 0001_initial\nzebras\n [ ] 0001_initial\n";
    sandbox.line("showmigrations").is(0, list, "");
    sandbox.line("showmigrations empty --plan").is(0, "(no migrations)\n", "");
}

#[test]
fn several_last_migrations_are_a_conflict() {
    let text = "CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph: (0002_a, 0002_b in \
        forked).\nTo fix them run 'app makemigrations --merge'\n";
    Sandbox::new(&[forked]).line("migrate").is(1, "", text);
}

#[test]
fn models_whose_module_has_no_folder_are_an_error() {
    fn lost() -> Module {
        Module::new("polls").models(models::MODELS).clone()
    }
    let sandbox = Sandbox::new(&[lost]);
    let ran = sandbox.line("migrate");
    ran.says_on_err(1, "polls: (models.E002) the module's folder `");
    ran.says_on_err(1, "HINT: check the project's root (`--root`, `APP_ROOT`)");
}
