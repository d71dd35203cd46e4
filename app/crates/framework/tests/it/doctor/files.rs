//! Settings, secrets, `var/`, leftovers.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::{POLLS, fresh, healthy, polls, wrong};
use crate::sandbox::Sandbox;

const NEEDS_SETTINGS: &str = "skipped  secrets.key is not examined while the settings are broken (secrets.key)\n\
    skipped  server.address is not examined while the settings are broken (server.address)\n\
    skipped  migrations is not examined while the settings are broken (migrations)\n\
    skipped  models is not examined while the settings are broken (models)\n\
    skipped  database is not examined while the settings are broken (database)\n\
    skipped  cache is not examined while the settings are broken (cache)\n\
    skipped  checks is not examined while the settings are broken (checks)\n";

#[test]
fn broken_settings_are_one_finding_each_and_files_are_looked_at_all_the_same() {
    let sandbox = healthy(&[polls])
        .file("config/default.toml", "debug = maybe\n")
        .file("config/development.toml", "[server]\ndrain_seconds = \"x\"\n")
        .file(".env", "APP__AUTH__SESSION_SECONDS=soon\n")
        .var("APP__LOG__KEEP", "none");
    fs::remove_dir(sandbox.dir.path().join("var/log")).expect("an empty directory");
    let shown = wrong(&sandbox, "doctor", 1);
    let errors: Vec<&str> = shown.lines().filter(|line| line.starts_with("error ")).collect();
    assert_eq!(errors.len(), 4, "{shown}");
    for text in [
        "error    config/default.toml:1:9: not valid TOML: ",
        "  hint: `${EDITOR:-vi} +1 config/default.toml`\n",
        "error    config/development.toml:2:1: ",
        "  hint: `${EDITOR:-vi} +2 config/development.toml`\n",
        "  hint: `${EDITOR:-vi} +1 .env`\n",
        "  hint: `unset APP__LOG__KEEP`\n",
        "warning  `var/log` is not there yet (var)\n  hint: `mkdir -p var/log`\n",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    for line in NEEDS_SETTINGS.lines() {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_module_that_is_not_there_is_a_fault_of_the_settings() {
    let sandbox = healthy(&[polls]).var("APP__MODULES", "polls,poll");
    let expected = "error    `APP__MODULES`: unknown module `poll` in the setting `modules` (known: `polls`) (settings)\n  \
        hint: `unset APP__MODULES`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 1), expected);
}

#[test]
fn a_settings_file_that_is_not_there_is_a_finding() {
    let shown = wrong(&healthy(&[polls]), "doctor -v 0 --settings nowhere", 1);
    let expected = "error    `nowhere`: the settings file does not exist; looked for `nowhere`, `config/nowhere.toml`, \
        `config/nowhere` (settings)\n  hint: `app diffsettings --all -v 2`\n";
    assert_eq!(shown, expected);
}

#[test]
fn the_secret_key_is_judged() {
    let weak = "warning  `secret_key` is easily guessed: it needs 32 characters, not all alike (secrets.key)\n  \
        hint: `openssl rand -hex 32`\n";
    assert_eq!(wrong(&healthy(&[polls]).var("APP__SECRET_KEY", "short"), "doctor -v 0", 0), weak);
    let production = healthy(&[polls]).var("APP__ENVIRONMENT", "production");
    let shown = wrong(&production, "doctor -v 0", 1);
    let expected = "error    `secret_key` is the one of development, which everyone knows; set `APP__SECRET_KEY` to a text \
        of your own, such as `openssl rand -hex 32` gives (security.E002)\n  hint: `app check --deploy`\n\
        error    `allowed_hosts` is empty: no request would be answered; set `APP__ALLOWED_HOSTS` to the server's names, \
        such as `example.com,www.example.com` (security.E004)\n  hint: `app check --deploy`\n\
        error    the static files were not collected: there is no `{root}/var/static/staticfiles.json`, so run \
        `app collectstatic` (staticfiles.E006)\n  hint: `app check --deploy`\n";
    assert_eq!(shown, expected);
}

#[test]
fn a_public_dotenv_is_taken_away_from_others() {
    let sandbox = healthy(&[polls]).file(".env", "# nothing\n");
    let file = sandbox.dir.path().join(".env");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("permissions");
    let expected = "warning  `.env`, which may hold secrets, can be read or changed by every user of this machine \
        (secrets.env)\n  hint: `chmod o= .env`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), expected);
    let fixed = "fixed    took `.env` away from the machine's other users (secrets.env)\n";
    assert!(wrong(&sandbox, "doctor --fix", 0).starts_with(fixed));
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
    assert_eq!(wrong(&sandbox, "doctor --fix", 0), "\n0 errors, 0 warnings, 17 ok\n");
}

#[test]
fn a_dotenv_in_git_is_an_error_and_one_that_git_would_take_a_warning() {
    let sandbox = healthy(&[polls]).file(".env", "# nothing\n");
    fs::set_permissions(sandbox.dir.path().join(".env"), Permissions::from_mode(0o600)).expect("permissions");
    let git = |words: &[&str]| {
        let done = Command::new("git").arg("-C").arg(sandbox.dir.path()).args(words).status().expect("git");
        assert!(done.success(), "{words:?}");
    };
    git(&["init", "--quiet"]);
    let warning = "warning  git does not ignore `.env`, which may hold secrets (secrets.git)\n  \
        hint: `echo /.env >> .gitignore`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), warning);
    git(&["add", ".env"]);
    let error = "error    `.env` is in git, and its secrets are in the history: change them, and take it out \
        (secrets.git)\n  hint: `git rm --cached .env`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 1), error);
    git(&["rm", "--quiet", "--cached", ".env"]);
    fs::write(sandbox.dir.path().join(".gitignore"), "/.env\n").expect("a file");
    assert!(sandbox.line("doctor").out.contains("ok       git ignores `.env`\n"));
}

#[test]
fn a_busy_port_names_who_holds_it() {
    let busy = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = busy.local_addr().expect("an address");
    let sandbox = healthy(&[polls]).var("APP__SERVER__ADDRESS", &address.to_string());
    let shown = wrong(&sandbox, "doctor -v 0", 0);
    let start = format!("warning  port {} on 127.0.0.1 is in use by `", address.port());
    assert!(shown.starts_with(&start), "{shown}");
    let pid = format!("(pid {}) (server.address)\n  hint: `app runserver ", std::process::id());
    assert!(shown.contains(&pid), "{shown}");
}

#[test]
fn directories_are_made() {
    let sandbox = fresh(&[]);
    let expected = "warning  `var`, `var/log` are not there yet (var)\n  hint: `mkdir -p var/log`\n\
        warning  the database `default` is not there yet (database.default)\n  hint: `app migrate`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), expected);
    assert_eq!(sandbox.names("var"), [""; 0], "nothing was made");
    assert!(
        wrong(&sandbox, "doctor --fix", 0).starts_with("fixed    made `var` (var)\nfixed    made `var/log` (var)\n")
    );
}

#[test]
fn a_var_that_cannot_be_written_is_an_error() {
    // A file in its place, which stops root too.
    let sandbox = fresh(&[polls]).file("var", "");
    let shown = wrong(&sandbox, "doctor -v 0 --fix", 1);
    let error = "error    `var` cannot be written: Not a directory (os error 20) (var)\n  hint: `mv var var.old`\n";
    assert!(shown.contains(error), "{shown}");
    let log = healthy(&[polls]);
    fs::create_dir(log.dir.path().join("var/log/app.log")).expect("a directory");
    let error = "error    `var/log/app.log` cannot be written: Is a directory (os error 21) (log)\n  \
        hint: `mv var/log/app.log var/log/app.log.old`\n";
    assert_eq!(wrong(&log, "doctor -v 0", 1), error);
}

fn draft(sandbox: &Sandbox, name: &str, age: Duration) {
    let path = sandbox.dir.path().join(POLLS).join(name);
    fs::write(&path, "half").expect("a file");
    let time = SystemTime::now() - age;
    File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("a time");
}

#[test]
fn drafts_of_processes_that_are_gone_are_removed() {
    let sandbox = healthy(&[polls]);
    let (old, gone) = (Duration::from_secs(3600), i32::MAX);
    draft(&sandbox, &format!(".0002_a.toml.{gone}"), old);
    draft(&sandbox, &format!(".0003_b.toml.{gone}"), Duration::ZERO);
    draft(&sandbox, &format!(".0004_c.toml.{}", std::process::id()), old);
    draft(&sandbox, ".gitkeep", old);
    // Somebody's own, and what no process is called.
    for name in
        [&format!(".backup.{gone}"), ".0005_d.toml.-5", ".0005_d.toml.0", ".x.-5", &format!(".notes.toml.{gone}")]
    {
        draft(&sandbox, name, old);
    }
    let path = format!("{POLLS}/.0002_a.toml.{gone}");
    let warning = format!(
        "warning  drafts of processes that are gone: `{path}` (leftovers.drafts)\n  hint: `app doctor --fix`\n"
    );
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), warning);
    let fixed = format!("fixed    removed `{path}` (leftovers.drafts)\n");
    assert!(wrong(&sandbox, "doctor --fix", 0).starts_with(&fixed));
    assert_eq!(sandbox.names(POLLS).len(), 10, "the others are left alone");
    assert_eq!(wrong(&sandbox, "doctor --fix", 0), "\n0 errors, 0 warnings, 17 ok\n");
}

const PENDING: &str = r#"{"version":1,"title":"add-module cms","edits":[
{"path":"src/modules/new.rs","before":null,"after":"//! New.\n"}]}"#;

#[test]
fn an_interrupted_change_of_the_sources_is_an_error_unless_it_is_under_way() {
    let sandbox = healthy(&[polls]).file("var/scaffold/pending.json", PENDING).file("var/scaffold/lock", "");
    let error = "error    a change of the sources (`add-module` and the like) was interrupted (leftovers.change)\n  \
        hint: `app doctor --fix`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 1), error);
    let lock = File::open(sandbox.dir.path().join("var/scaffold/lock")).expect("a file");
    lock.lock().expect("a lock");
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 0), "");
    drop(lock);
    let fixed = "fixed    `add-module cms` was stopped midway; its changes have been taken back (leftovers.change)\n";
    assert!(wrong(&sandbox, "doctor --fix", 0).starts_with(fixed));
    assert_eq!(sandbox.names("var/scaffold"), ["lock"]);
    assert_eq!(wrong(&sandbox, "doctor --fix", 0), "\n0 errors, 0 warnings, 17 ok\n");
}
