//! Handlers around `migrate`, and data migrations in Rust (case 138).

use framework::db::migrations::DataFuture;
use framework::db::{ProjectState, Transaction};
use framework::migrations::MigrateEvent;
use framework::module::Module;
use sea_orm::ConnectionTrait as _;

use crate::sandbox::Sandbox;

const INITIAL: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string", default = "" },
]
"#;

const FILL: &str = r#"
dependencies = ["books.0001_initial"]

[[operations]]
op = "run_rust"
function = "books.add_joe"
reverse = "books.remove_all"
"#;

fn add_joe<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        let (_, author) = state.by_table("books_author").ok_or("no table")?;
        let sql = format!("INSERT INTO {} ({}) VALUES ('Joe')", author.table, author.fields[1].name);
        Ok(tx.execute_unprepared(&sql).await.map(drop)?)
    })
}

fn remove_all<'a>(tx: &'a Transaction, _state: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move { Ok(tx.execute_unprepared("DELETE FROM books_author").await.map(drop)?) })
}

/// Says which database it was run for, and whether the module's table is there.
async fn announce(event: MigrateEvent<'_>) -> anyhow::Result<()> {
    let there = event.state.by_table("books_author").is_some();
    let file = event.database.file().is_some_and(|file| file.ends_with("test.sqlite3"));
    event.console.stdout.write(format!("alias={} file={file} table={there} {}", event.alias, event.ctx.program()));
    Ok(())
}

async fn fail(_event: MigrateEvent<'_>) -> anyhow::Result<()> {
    anyhow::bail!("no coffee")
}

fn books() -> Module {
    Module::new("books")
        .embedded_migrations(&[("0001_initial", INITIAL), ("0002_fill", FILL)])
        .data_functions(&[("add_joe", add_joe), ("remove_all", remove_all)])
        .pre_migrate(announce)
        .post_migrate(announce)
        .clone()
}

fn plain() -> Module {
    Module::new("plain")
}

#[test]
fn handlers_of_every_module_run_around_migrate() {
    let sandbox = Sandbox::new(&[books, plain]);
    let first = "Operations to perform:\n  Target specific migration: 0001_initial, from books\n\
        Running pre-migrate handlers for application books\nalias=default file=true table=false app\n\
        Running pre-migrate handlers for application plain\nRunning migrations:\n  Applying books.0001_initial... OK\n\
        Running post-migrate handlers for application books\nalias=default file=true table=true app\n\
        Running post-migrate handlers for application plain\n";
    sandbox.line("migrate books 0001 -v2").is(0, first, "");
    sandbox.line("migrate --plan").is(0, "Planned operations:\nbooks.0002_fill\n    Rust function books.add_joe\n", "");
    assert_eq!(sandbox.line("migrate --check").out, "");
    let quiet = "alias=default file=true table=true app\nalias=default file=true table=true app\n";
    sandbox.line("migrate -v0").is(0, quiet, "");
    // Nothing to apply: they run all the same.
    sandbox.line("migrate -v0").is(0, quiet, "");
    let gone = "alias=default file=true table=true app\nalias=default file=true table=false app\n";
    sandbox.line("migrate books zero -v0").is(0, gone, "");
}

#[test]
fn a_handler_that_fails_is_named() {
    fn failing() -> Module {
        Module::new("failing").post_migrate(fail).clone()
    }
    let ran = Sandbox::new(&[failing]).line("migrate -v0");
    let text = "error: failed to run a post-migrate handler of application failing\n  caused by: no coffee\n";
    ran.is(1, "", text);
}

#[test]
fn a_function_that_is_not_registered_stops_the_migration() {
    fn forgetful() -> Module {
        Module::new("books").embedded_migrations(&[("0001_initial", INITIAL), ("0002_fill", FILL)]).clone()
    }
    let ran = Sandbox::new(&[forgetful]).line("migrate -v0");
    ran.says_on_err(
        1,
        "migration books.0002_fill runs the function `books.add_joe`, which is not registered; known are: none",
    );
}

async fn ask(event: MigrateEvent<'_>) -> anyhow::Result<()> {
    let name = event.console.ask("Whose? ")?;
    event.console.stdout.write(name);
    Ok(())
}

#[test]
fn handlers_may_ask_unless_nobody_is_to_be_asked() {
    let sandbox = Sandbox::new(&[|| Module::new("plain").post_migrate(ask).clone()]).typed("Joe\n");
    sandbox.line("migrate -v0").is(0, "Whose? Joe\n", "");
    sandbox.line("migrate -v0 --noinput").says_on_err(3, "questions are switched off");
}
