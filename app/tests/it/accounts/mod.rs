//! Accounts: superusers, passwords, permissions, sessions, the login.

mod access;
mod changepassword;
mod createsuperuser;
mod login;
mod over_http;
mod permissions;
pub(crate) mod terminal;

use crate::binary::Root;
use crate::postgres;

/// A migrated project on SQLite, and one on PostgreSQL where that is installed.
pub(crate) fn each(test: impl Fn(Root)) {
    let migrated = |root: Root| {
        root.line("migrate -v 0").is(0, "", "");
        root
    };
    test(migrated(Root::new()));
    let Some(server) = postgres::server() else { return };
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    test(migrated(Root::new().var("APP__DATABASE__URL", &url)));
}

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
