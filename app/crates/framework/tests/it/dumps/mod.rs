//! `dumpdata` and `loaddata`.

mod backends;
mod load;
mod models;
mod text;

use db::Database;
use db::ProjectState;
use db::rows::Row;
use framework::migrations::reflected;
use framework::module::Module;

use crate::postgres;
use crate::sandbox::{Sandbox, wait};

fn shelf() -> Module {
    Module::new("shelf").models(models::MODELS).embedded_migrations(&[("0001_initial", models::MIGRATION)]).clone()
}

/// A migrated SQLite database.
fn sqlite() -> Sandbox {
    let sandbox = Sandbox::new(&[shelf]);
    sandbox.line("migrate -v 0").is(0, "", "");
    sandbox
}

/// A migrated PostgreSQL database.
fn postgresql() -> Option<Sandbox> {
    let server = postgres::server()?;
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    let sandbox = Sandbox::new(&[shelf]).var("APP__DATABASE__URL", &url);
    sandbox.line("migrate -v 0").is(0, "", "");
    Some(sandbox)
}

/// One migrated database on each backend.
fn each() -> impl Iterator<Item = Sandbox> {
    std::iter::once(sqlite()).chain(postgresql())
}

/// The models' tables, and the database.
async fn open(sandbox: &Sandbox) -> (ProjectState, Database) {
    let ctx = sandbox.ctx();
    (reflected(ctx.modules()).expect("models"), ctx.db().await.expect("a database"))
}

/// All rows of a model.
fn rows(sandbox: &Sandbox, model: &str) -> Vec<Row> {
    wait(async {
        let (state, db) = open(sandbox).await;
        state.table(model).expect("a model").select().all(&db).await.expect("rows")
    })
}

/// Inserts rows.
fn insert(sandbox: &Sandbox, model: &str, rows: impl IntoIterator<Item = Row>) {
    wait(async {
        let (state, db) = open(sandbox).await;
        let table = state.table(model).expect("a model");
        table.insert(&db, rows).await.expect("rows that fit");
        table.advance_numbers(&db).await.expect("numbering");
    });
}

/// Two authors, their books in a circle, and a pair.
fn library(sandbox: &Sandbox) {
    insert(sandbox, "shelf.Author", ["Ada", "Zoë \"Z\" O'Neil"].map(|name| Row::new().with("name", name)));
    let books = [("Notes", 1), ("More notes", 1), ("日本", 2)];
    insert(
        sandbox,
        "shelf.Book",
        books.map(|(title, author)| Row::new().with("title", title).with("author_id", author)),
    );
    wait(async {
        let (state, db) = open(sandbox).await;
        let (authors, books) = (state.table("shelf.Author").expect("it"), state.table("shelf.Book").expect("it"));
        authors.update(&db, &Row::new().with("id", 1).with("favourite_id", 3)).await.expect("an update");
        books.update(&db, &Row::new().with("id", 1).with("sequel_id", 2)).await.expect("an update");
    });
    insert(sandbox, "shelf.BookTag", [Row::new().with("book_id", 3).with("author_name", "Ada")]);
}
