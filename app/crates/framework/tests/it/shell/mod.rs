//! `shell`: what code does with models, rows and commands, and what is shown of it.

mod models;
mod prompt;
mod rows;
mod source;
mod transactions;

use framework::module::Module;

use crate::postgres;
use crate::sandbox::{Ran, Sandbox, wait};

fn press() -> Module {
    Module::new("press").models(models::MODELS).clone()
}

fn blog() -> Module {
    Module::new("blog").models(models::OTHERS).clone()
}

const LIBRARY: &str = r##"
    let ada = Author.create(#{name: "Ada"});
    let bob = Author.create(#{name: "Bob", is_active: false});
    let notes = ada.article_author_set.create(#{title: "Notes", words: 120, rating: 4.5, published_at: "2026-01-02 03:04"});
    Article.create(#{title: "More notes", words: 80, author: ada, editor: bob, day: "2026-02-03", price: "1.50"});
    Article.create(#{title: "100% Über_all", author: bob, extra: #{tags: ["a", 1]}});
    let math = Topic.create(#{module: "math"});
    Article_topics.create(#{article: notes, topic: math});
"##;

/// A database with two authors and three articles.
fn filled(sandbox: Sandbox) -> Sandbox {
    let sandbox = sandbox.file("src/modules/press/mod.rs", "").file("src/modules/blog/mod.rs", "");
    sandbox.line("makemigrations -v 0").is(0, "", "");
    sandbox.line("migrate -v 0").is(0, "", "");
    sandbox.run(["shell", "-c", LIBRARY]).is(0, "", "");
    sandbox
}

fn sqlite() -> Sandbox {
    filled(Sandbox::new(&[press]))
}

fn postgresql() -> Option<Sandbox> {
    let server = postgres::server()?;
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    Some(filled(Sandbox::new(&[press]).var("APP__DATABASE__URL", &url)))
}

/// One database on each backend.
fn each() -> impl Iterator<Item = Sandbox> {
    std::iter::once(sqlite()).chain(postgresql())
}

/// Runs code.
fn code(sandbox: &Sandbox, code: &str) -> Ran {
    sandbox.run(["shell", "-c", code])
}

/// Asserts what each piece of code shows, to the byte.
#[track_caller]
fn shows(sandbox: &Sandbox, pieces: &[(&str, &str)]) {
    for (piece, shown) in pieces {
        let ran = code(sandbox, piece);
        let expected = if shown.is_empty() { String::new() } else { format!("{shown}\n") };
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, expected.as_str(), ""), "{piece}");
    }
}

/// Asserts what is wrong with each piece of code, the line of code and the place in it left out.
#[track_caller]
fn refuses(sandbox: &Sandbox, pieces: &[(&str, &str)]) {
    for (piece, said) in pieces {
        let ran = code(sandbox, piece);
        let message = ran.err.split("\n  line 1:").next().unwrap_or_default().trim_end();
        assert_eq!((ran.code, ran.out.as_str(), message), (1, "", format!("CommandError: {said}").as_str()), "{piece}");
    }
}
