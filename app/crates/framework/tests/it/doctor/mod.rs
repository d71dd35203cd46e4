//! `doctor`: each thing that can be broken, alone and with others, and what `--fix` makes of it.

mod data;
mod files;
mod registered;

use framework::db::{Model, model};
use framework::module::Module;

use crate::polls::models::question;
use crate::sandbox::{Ran, Sandbox};

const POLLS: &str = "src/modules/polls/migrations";

const INITIAL: &str = r#"initial = true

[[operations]]
op = "create_model"
model = "Question"
table = "polls_question"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "question_text", type = "string" },
]
"#;

const SECOND: &str = r#"dependencies = ["polls.0001_initial"]

[[operations]]
op = "add_field"
model = "Question"
field = { name = "opened", type = "boolean", default = true }
"#;

const MODELS: &[Model] = &[model::<question::Entity>("Question")];

fn polls() -> Module {
    let mut module = Module::new("polls");
    module.models(MODELS);
    module
}

/// A project in development in which nothing is wrong but that nothing is there yet.
fn fresh(modules: &'static [fn() -> Module]) -> Sandbox {
    Sandbox::new(modules)
        .var("APP__ENVIRONMENT", "development")
        .var("APP__SERVER__ADDRESS", "127.0.0.1:0")
        .file(&format!("{POLLS}/0001_initial.toml"), INITIAL)
        .file(&format!("{POLLS}/0002_opened.toml"), SECOND)
}

/// The same after `doctor --fix`.
fn healthy(modules: &'static [fn() -> Module]) -> Sandbox {
    let sandbox = fresh(modules);
    sandbox.line("doctor --fix");
    sandbox
}

/// What was found that is not in order; stderr is empty.
#[track_caller]
fn wrong(sandbox: &Sandbox, line: &str, code: u8) -> String {
    let Ran { code: found, out, err } = sandbox.line(line);
    assert_eq!((found, err.as_str()), (code, ""), "{out}");
    let root = sandbox.dir.path().display().to_string();
    let lines = out.lines().filter(|line| !line.starts_with("ok "));
    lines.map(|line| line.replace(&root, "{root}") + "\n").collect()
}
