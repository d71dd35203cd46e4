//! A release build carries the migrations of its modules.

use framework::db::{Model, model};
use framework::module::Module;
use framework::project::Carried;
use framework::staticfiles::{find, places};
use framework::templates::{Engine, context};

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

const CARRIED: Carried =
    Carried { migrations: &[("polls", &[("0001_initial", INITIAL)])], templates: &[], statics: &[], locales: &[] };

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
    let sandbox = Sandbox::new(&[polls, empty]).carrying(Carried::default());
    let folder = sandbox.dir.path().join("src/modules/polls");
    let text = format!(
        "CommandError: The folder `{}` of app 'polls' is not there, no migration can be written for it.\nhint: run this in a \
         checkout of the sources, or check the project's root (`--root`, `APP_ROOT`)\n",
        folder.display()
    );
    sandbox.line("makemigrations").is(1, "", &text);
    sandbox.line("makemigrations --check").is(1, "", &text);
}

const PAGES: Carried = Carried {
    migrations: &[],
    templates: &[
        ("templates", &[("base.html", "own {% include 'a.html' %}"), ("500.html", "carried")]),
        ("src/modules/empty/templates", &[("a.html", "module"), ("base.html", "hidden")]),
        ("src/modules/polls/templates", &[("polls.html", "of a module that is not installed")]),
    ],
    statics: &[
        ("static", &[("a.txt", b"own")]),
        ("src/modules/empty/static", &[("a.txt", b"module"), ("b.txt", b"b")]),
    ],
    locales: &[],
};

#[test]
fn templates_are_carried_and_only_a_deployment_patches_them() {
    let rendered = |sandbox: &Sandbox, name: &str| {
        Engine::new(&sandbox.ctx()).render(name, context! {}).unwrap_or_else(|error| error.to_string())
    };
    let sandbox = Sandbox::new(&[empty])
        .carrying(PAGES)
        .file("src/modules/empty/templates/a.html", "disk")
        .file("templates/500.html", "patched");
    assert_eq!(rendered(&sandbox, "base.html"), "own module");
    assert_eq!(rendered(&sandbox, "500.html"), "patched");
    let looked = sandbox.dir.path().join("templates");
    let text = format!(
        "there is no template `polls.html` (looked in `{}`, `templates` in the program, `src/modules/empty/templates` in \
         the program)",
        looked.display()
    );
    assert_eq!(rendered(&sandbox, "polls.html"), text);
    let checkout = Sandbox::new(&[empty])
        .carrying(PAGES)
        .file("app/config/default.toml", "")
        .file("app/templates/500.html", "the next release's");
    assert_eq!(rendered(&checkout, "500.html"), "carried");
}

#[test]
fn static_files_are_carried_and_further_directories_read() {
    let found = |sandbox: &Sandbox, name: &str| {
        find(&places(&sandbox.ctx()), name).map(|found| found.read().expect("a file").into_owned())
    };
    let sandbox = Sandbox::new(&[empty])
        .carrying(PAGES)
        .file("static/a.txt", "disk")
        .file("static/c.txt", "disk")
        .file("src/modules/empty/static/b.txt", "disk")
        .file("assets/a.txt", "asset");
    assert_eq!(found(&sandbox, "a.txt").as_deref(), Some(&b"own"[..]));
    assert_eq!(found(&sandbox, "b.txt").as_deref(), Some(&b"b"[..]));
    assert_eq!((found(&sandbox, "c.txt"), found(&sandbox, "../a.txt")), (None, None));
    let sandbox = sandbox.var("APP__STATIC__DIRS", "assets,static,gone");
    assert_eq!(found(&sandbox, "a.txt").as_deref(), Some(&b"asset"[..]));
    let sandbox = sandbox.var("APP__STATIC__DIRS", "gone");
    assert_eq!(found(&sandbox, "a.txt").as_deref(), Some(&b"module"[..]));
    sandbox.line("check").is(
        0,
        "",
        "System check identified some issues:\n\nWARNINGS:\n?: (staticfiles.W004) the directory `gone` of the setting \
         `static.dirs` does not exist\n\nSystem check identified 1 issue (0 silenced).\n",
    );
}
