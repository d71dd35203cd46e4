//! Databases that cannot be used, and the same product on PostgreSQL.

use crate::binary::Root;
use crate::commands::{LOADED, MIGRATED};
use crate::postgres;

fn on(url: &str) -> Root {
    Root::new().var("APP__DATABASE__URL", url)
}

#[test]
fn an_unknown_scheme_is_named() {
    on("nosuch://x").line("migrate").fails(1, &["unknown database scheme `nosuch`", "sqlite", "postgres"]);
}

#[test]
fn a_server_that_does_not_answer_is_named_without_the_password() {
    let ran = on("postgres://me:hunter2@127.0.0.1:1/none").line("migrate");
    ran.fails(1, &["127.0.0.1:1"]);
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    // A file in the place of the directory: permissions do not stop root.
    let root = Root::new();
    std::fs::write(root.path().join("var"), "in the way").expect("a file");
    let ran = root.line("migrate");
    ran.fails(1, &["var/app.sqlite3"]);
    assert_eq!(std::fs::read_to_string(root.path().join("var")).expect("the file"), "in the way");
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_alone() {
    let root = Root::new();
    std::fs::create_dir(root.path().join("var")).expect("a directory");
    std::fs::write(root.database(), "this is no database, it is a text that is long enough").expect("a file");
    root.line("migrate").fails(1, &["not a database"]);
    assert!(std::fs::read_to_string(root.database()).expect("the file").starts_with("this is no database"));
}

#[test]
fn the_product_runs_on_postgresql() {
    let Some(server) = postgres::server() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let name = runtime.block_on(postgres::database(server));
    let root = on(&format!("postgres://test@127.0.0.1:{}/{name}", server.port));
    root.line("migrate --check").fails(1, &["3 unapplied migration(s)"]);
    root.line("migrate").is(0, MIGRATED, "");
    root.line("migrate --check").is(0, "", "");
    root.line("load_demo").is(0, LOADED, "");
    root.line("load_demo --force").is(0, LOADED, "");
    root.line("migrate mailings zero -v 0").is(0, "", "");
    root.line("check --database default").is(0, "System check identified no issues (0 silenced).\n", "");
}
