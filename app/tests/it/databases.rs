//! Databases that cannot be used, and the same product on PostgreSQL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

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
fn a_read_only_directory_is_named_and_nothing_is_made() {
    // Permissions do not stop root: then the app runs as nobody, from copies that nobody can read.
    let (root, project) = (Root::new(), tempfile::tempdir().expect("a temporary directory"));
    let place = project.path().join("project");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["config", "src"] {
        copy(&sources.join(part), &place.join("app").join(part));
    }
    let binary = place.join("app-binary");
    std::fs::hard_link(env!("CARGO_BIN_EXE_app"), &binary)
        .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_app"), &binary).map(drop))
        .expect("the binary");
    for directory in [project.path(), &place] {
        std::fs::set_permissions(directory, Permissions::from_mode(0o555)).expect("a read-only directory");
    }
    let mut command = Command::new(binary);
    command
        .current_dir(&place)
        .env_clear()
        .envs(root.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.arg("migrate").output().expect("the app starts");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{err}");
    assert!(err.contains("var/app.sqlite3") && err.contains("not writable"), "{err}");
    assert!(!place.join("var").exists());
    for directory in [project.path(), &place] {
        std::fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("a directory that can be removed");
    }
}

/// Copies a directory with everything below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn a_file_in_the_place_of_a_directory_is_named_and_kept() {
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
fn a_database_that_may_only_be_read_is_left_alone_with_what_helps() {
    let root = Root::new();
    root.line("migrate users -v 0").is(0, "", "");
    let before = std::fs::read(root.database()).expect("the database");
    let root = root.var("APP__DATABASE__URL", "sqlite://var/app.sqlite3?mode=ro");
    root.line("migrate -v 0").fails(1, &["readonly database", "hint: ", "`mode=ro`"]);
    assert!(std::fs::read(root.database()).expect("the database") == before);
}

#[test]
fn a_disk_that_takes_no_more_leaves_whole_migrations_only() {
    let root = Root::new();
    // Writing beyond the limit fails, because the signal that says so is ignored.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" migrate -v 0"]).arg(env!("CARGO_BIN_EXE_app"));
    let app = root.command();
    command.current_dir(root.path()).env_clear().envs(app.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().expect("the app starts");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{err}");
    assert!(err.contains("hint: the disk"), "{err}");
    root.line("migrate -v 0").is(0, "", "");
    root.line("migrate --check").is(0, "", "");
}

#[test]
fn the_product_runs_on_postgresql() {
    let Some(server) = postgres::server() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let name = runtime.block_on(postgres::database(server));
    let root = on(&format!("postgres://test@127.0.0.1:{}/{name}", server.port));
    root.line("migrate --check").fails(1, &["4 unapplied migration(s)"]);
    root.line("migrate").is(0, MIGRATED, "");
    root.line("migrate --check").is(0, "", "");
    root.line("load_demo").is(0, LOADED, "");
    root.line("load_demo --force").is(0, LOADED, "");
    root.line("migrate mailings zero -v 0").is(0, "", "");
    root.line("check --database default").is(0, "System check identified no issues (0 silenced).\n", "");
}
