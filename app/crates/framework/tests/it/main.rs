//! Integration tests of the framework, with a small project of their own.

mod bulk;
mod cache;
mod calling;
mod carried;
mod checks;
mod collectstatic;
mod deploying;
mod diffsettings;
mod doctor;
mod drift;
mod dumps;
mod finding;
mod fixtures;
mod flush;
mod forms;
mod handlers;
mod http;
mod kinds;
mod logging;
mod makemigrations;
mod migrate;
mod migrations;
mod options;
mod output;
mod polls;
#[expect(dead_code, unreachable_pub, clippy::unwrap_used, reason = "it is the file of `db`'s tests")]
#[path = "../../../db/tests/it/postgres.rs"]
mod postgres;
mod sandbox;
mod settings;
mod settings_errors;
#[cfg(feature = "shell")]
mod shell;
mod sqlmigrate;
mod squashing;
