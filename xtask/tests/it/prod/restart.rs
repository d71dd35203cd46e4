//! `restart-prod`: what the server says of it.

use super::Site;
use crate::sandbox::{Sandbox, app};

fn before() -> String {
    app(&["check", "--deploy", "--fail-level", "WARNING"]) + &app(&["collectstatic", "--noinput"])
}

#[test]
fn without_a_server_there_is_nothing_to_restart() {
    let site = Site { sandbox: Sandbox::new() };
    let stderr = "error: the production server is not running\nhint: `cargo xtask prod` starts it\n";
    site.xtask(&["restart-prod"]).stderr(stderr).status(1).run();
}

#[test]
fn the_server_is_asked_to_run_what_was_built() {
    let site = Site::running("");
    let stderr = format!(
        "asked: timeout 5, \"{{root}}/target/release/app\"\nthe production server runs the new build: {}\n",
        site.told()
    );
    site.xtask(&["restart-prod", "--timeout", "5"]).stdout(&before()).stderr(&stderr).run();
    std::fs::remove_file(site.path("target/release/app")).expect("a file");
    let stderr = format!(
        "there is no release any more: the server starts anew what it runs\nasked: timeout 60, null\nthe production server \
         runs the new build: {}\n",
        site.told()
    );
    site.xtask(&["restart-prod", "--no-build"]).stderr(&stderr).run();
}

#[test]
fn a_build_that_is_not_ready_is_a_failure() {
    let site = Site::running("rollback");
    let stderr = "starting\nerror: the new build was not ready\nhint: look at it\n";
    site.xtask(&["restart-prod"]).stdout(&before()).stderr(stderr).status(1).run();
    site.xtask(&["status"]).any_output().run();
}

#[test]
fn a_server_that_goes_away_meanwhile_is_a_failure() {
    let site = Site::running("vanish");
    let stderr =
        "error: the production server went away without an answer\nhint: `cargo xtask status` shows whether it runs\n";
    site.xtask(&["restart-prod"]).stdout(&before()).stderr(stderr).status(1).run();
}

#[test]
fn pending_migrations_name_this_task() {
    let site = Site::running("");
    site.sandbox.write("fake/migrate", "fail error: 1 unapplied migration(s) in: users");
    let stderr = "error: 1 unapplied migration(s) in: users\nhint: `cargo xtask restart-prod --migrate` applies them\n";
    let check = app(&["check", "--deploy", "--fail-level", "WARNING"]);
    site.xtask(&["restart-prod"]).stdout(&check).stderr(stderr).status(1).run();
}
