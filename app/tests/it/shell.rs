//! The shell at a real terminal, and the database's own shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use framework::db::Database;
use rustix::process::{Signal, kill_process};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, TransactionTrait as _};

use crate::accounts::terminal::Terminal;
use crate::accounts::wait;
use crate::binary::Root;
use crate::postgres;

/// An empty prompt, whose editor takes keys.
const PROMPT: &str = ">>> \r\x1b[4C\x1b[?2026l";

fn loaded() -> Root {
    loaded_on(Root::new())
}

fn loaded_on(root: Root) -> Root {
    root.line("migrate -v 0").is(0, "", "");
    root.line("load_demo -v 0").is(0, "", "");
    root
}

/// A shell at a terminal, at its first prompt.
fn shell(root: &Root, options: &str) -> Terminal {
    let mut terminal = Terminal::of_kind("xterm", root, &format!("shell {options}"));
    terminal.until(PROMPT);
    terminal
}

#[test]
fn lines_are_edited_completed_and_remembered() {
    let root = loaded();
    let mut terminal = shell(&root, "");
    terminal.types("User.cuont\x7f\x7f\x7f\x7fount()\r");
    terminal.until("\r\n3\r\n");
    terminal.until(PROMPT);
    for (typed, completed) in [
        ("Mail\t\t", "MailingRecipient"),
        ("User.exc\t", "User.exclude"),
        ("User.get(1).last_n\t", "User.get(1).last_name"),
        ("Mailing.filter(#{message__sub\t", "message__subject"),
        ("Mailing.filter(#{is_active: true, owner__email__istart\t", "owner__email__istartswith"),
        ("User.order(\"-date\t", "-date_joined"),
        ("call_command(\"showm\t", "showmigrations"),
    ] {
        terminal.types(typed);
        terminal.until(completed);
        terminal.types("\x03");
        terminal.until(PROMPT);
    }
    // Code over several lines, and several lines at once.
    terminal.types("fn twice(x) {\rx * 2\r}\rtwice(21)\r");
    terminal.until("\r\n42\r\n");
    terminal.until(PROMPT);
    terminal.types("\x04");
    assert!(terminal.ended().ends_with("\r\ncode=0\r\necho\r\nend\r\n"));
    let history = root.path().join("var/shell_history");
    assert_eq!(fs::metadata(&history).expect("a history").permissions().mode() & 0o777, 0o600);
    let mut terminal = shell(&root, "");
    // What a former shell was told: the last line, and by a part of it an earlier one.
    terminal.types("\x1b[A");
    terminal.until("twice(21)");
    terminal.types("\x12cou");
    terminal.until("User.count()");
    terminal.types("\r");
    terminal.until("\r\n3\r\n");
    terminal.until(PROMPT);
    terminal.types("\x04");
    terminal.ended();
}

#[test]
fn a_row_is_shown_without_its_secrets() {
    let root = loaded();
    let run = |code: &str| root.run(["shell", "-c", code].map(Into::into));
    let ran = run("User.filter(#{id: 1}).update(#{password: \"argon2-hash\"})");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (code, is_shown) in [("User.get(1)", false), ("User.all()", false), ("User.get(1).password", true)] {
        let ran = run(code);
        assert_eq!((ran.out.contains("argon2"), ran.out.contains('…')), (is_shown, !is_shown), "{code}: {ran:?}");
    }
}

#[test]
fn ctrl_c_ends_what_runs_and_not_the_shell() {
    let root = loaded();
    let mut terminal = shell(&root, "--no-color");
    // A question on the way must not change what Ctrl-C means afterwards.
    for typed in ["print(7 * 11); loop {}\r", "call_command(\"createsuperuser\")\r", "print(7 * 11); loop {}\r"] {
        terminal.types(typed);
        terminal.until(if typed.starts_with("call") { "Email: " } else { "\r\n77\r\n" });
        terminal.types("\x03");
        terminal.until(if typed.starts_with("call") { "Operation cancelled." } else { "Interrupted.\r\n" });
        terminal.until(PROMPT);
    }
    terminal.types("begin(); User.all().delete(); User.count()\r");
    terminal.until("\r\n0\r\n");
    terminal.until(PROMPT);
    terminal.types("\x04");
    let said = terminal.ended();
    assert!(said.ends_with("the open transaction was rolled back\r\ncode=0\r\necho\r\nend\r\n"), "{said:?}");
    root.run(["shell", "-c", "User.count()"].map(Into::into)).is(0, "3\n", "");
}

#[test]
fn ctrl_c_ends_a_statement_that_the_server_works_on() {
    let Some(server) = postgres::server() else { return };
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    let root = loaded_on(Root::new().var("APP__DATABASE__URL", &url));
    wait(async {
        let db = root.ctx().db().await.expect("a database");
        let lock = db.begin().await.expect("a transaction");
        lock.execute_unprepared("UPDATE users_user SET phone = '1'").await.expect("a lock on all users");
        let mut terminal = shell(&root, "--no-color -v 0");
        for begin in ["", "begin();"] {
            terminal.types(&format!("{begin} User.all().update(#{{phone: \"2\"}})\r"));
            blocked(&db).await;
            terminal.types("\x03");
            terminal.until("Interrupted.\r\n");
            terminal.until(PROMPT);
        }
        // The transaction is still usable, and leaving does not wait for the lock.
        terminal.types("User.count()\r");
        terminal.until("\r\n3\r\n");
        terminal.until(PROMPT);
        terminal.types("\x04");
        let said = terminal.ended();
        assert!(said.ends_with("the open transaction was rolled back\r\ncode=0\r\necho\r\nend\r\n"), "{said:?}");
        lock.rollback().await.expect("an end");
    });
}

#[test]
fn ctrl_c_leaves_no_doubt_about_a_commit() {
    let Some(server) = postgres::server() else { return };
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    let root = loaded_on(Root::new().var("APP__DATABASE__URL", &url));
    wait(async {
        let db = root.ctx().db().await.expect("a database");
        db.execute_unprepared(
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER held AFTER UPDATE ON users_user DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION held()",
        )
        .await
        .expect("a trigger that commits wait for");
        let lock = db.begin().await.expect("a transaction");
        lock.execute_unprepared("SELECT pg_advisory_xact_lock(7)").await.expect("a lock");
        let mut terminal = shell(&root, "--no-color -v 0");
        terminal.types("begin(); User.all().update(#{phone: \"2\"}); commit(); loop {}\r");
        blocked(&db).await;
        terminal.types("\x03");
        terminal.until("^C");
        lock.rollback().await.expect("an end");
        terminal.until("Interrupted.\r\n");
        terminal.until(PROMPT);
        terminal.types("[User.filter(#{phone: \"2\"}).count()]\r");
        terminal.until("\r\n[3]\r\n");
        terminal.until(PROMPT);
        terminal.types("\x04");
        terminal.ended();
    });
}

/// Waits until a statement waits for a lock.
async fn blocked(db: &Database) {
    let sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let started = Instant::now();
    loop {
        let found = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("an answer");
        if !found.is_empty() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "nothing waits");
    }
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let root = loaded();
    let terminal = shell(&root, "-v 0");
    kill_process(terminal.app, Signal::TERM).expect("a process");
    let said = terminal.ended();
    assert!(said.ends_with("code=143\r\necho\r\nend\r\n"), "{said:?}");
    // Without a prompt there is nothing to go back to.
    let mut terminal = Terminal::of_kind("xterm", &root, "shell -c \"print(1); loop {}\"");
    terminal.until("1\r\n");
    terminal.types("\x03");
    let said = terminal.ended();
    assert!(said.ends_with("1\r\n^Ccode=130\r\necho\r\nend\r\n"), "{said:?}");
}

/// A program that says how it was called.
fn fake(root: &Root, name: &str) {
    let folder = root.path().join("bin");
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join(name);
    fs::write(&file, "#!/bin/sh\nfor word; do echo \"<$word>\"; done\nenv | grep ^PG | sort\nexit 7\n")
        .expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("its owner");
}

#[test]
fn psql_gets_the_credentials_past_the_command_line() {
    let url = "postgres://joe:s%40cret@db.example:5433/app?sslmode=require&application_name=x";
    let root = Root::new().var("APP__DATABASE__URL", url);
    fake(&root, "psql");
    let path = format!("{}:/usr/bin:/bin", root.path().join("bin").display());
    let root = root.var("PATH", &path);
    root.run(["dbshell", "--", "-c", "select 1"].map(Into::into)).is(
        7,
        "<-c>\n<select 1>\nPGAPPNAME=x\nPGDATABASE=app\nPGHOST=db.example\nPGPASSWORD=s@cret\nPGPORT=5433\nPGSSLMODE=require\nPGUSER=joe\n",
        "",
    );
}

#[test]
fn sqlite3_gets_the_file() {
    let root = Root::new();
    fake(&root, "sqlite3");
    let path = format!("{}:/usr/bin:/bin", root.path().join("bin").display());
    let file = root.path().canonicalize().expect("a path").join("var/app.sqlite3");
    let root = root.var("PATH", &path);
    root.run(["dbshell", "--", ".tables"].map(Into::into)).is(7, &format!("<{}>\n<.tables>\n", file.display()), "");
    let root = root.var("APP__DATABASE__URL", "sqlite://var/app.sqlite3?mode=ro");
    root.line("dbshell").is(7, &format!("<-readonly>\n<{}>\n", file.display()), "");
    let root = root.var("PATH", "/nowhere");
    root.line("dbshell").is(
        1,
        "",
        "CommandError: You appear not to have the 'sqlite3' program installed or on your path.\n\
         hint: install it: `apt install sqlite3`\n",
    );
    let root = root.var("APP__DATABASE__URL", "sqlite::memory:");
    root.line("dbshell").fails(1, &["no other program can open a database in memory"]);
}
