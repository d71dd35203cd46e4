//! The commands that a new user runs first, through the real binary.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::binary::Root;

pub(crate) const MIGRATED: &str = "Operations to perform:\n  Apply all migrations: auth, mailings, sessions, users\nRunning migrations:\n  \
    Applying auth.0001_initial... OK\n  Applying users.0001_initial... OK\n  Applying mailings.0001_initial... OK\n  \
    Applying sessions.0001_initial... OK\n";

pub(crate) const LOADED: &str = "Loaded 3 users, 500 recipients, 6 messages, 27 mailings, 1042 attempts.\n";

#[test]
fn a_database_is_migrated_once() {
    let root = Root::new();
    let open =
        "auth\n [ ] 0001_initial\nmailings\n [ ] 0001_initial\nsessions\n [ ] 0001_initial\nusers\n [ ] 0001_initial\n";
    root.line("showmigrations").is(0, open, "");
    root.line("migrate --check")
        .fails(1, &["4 unapplied migration(s) in: auth, mailings, sessions, users", "hint: `app migrate`"]);
    assert_eq!(root.line("showmigrations").out, open, "--check must not migrate");
    root.line("migrate").is(0, MIGRATED, "");
    root.line("migrate --check").is(0, "", "");
    root.line("showmigrations").is(0, &open.replace("[ ]", "[X]"), "");
    let nothing = "Operations to perform:\n  Apply all migrations: auth, mailings, sessions, users\nRunning migrations:\n  No migrations to apply.\n";
    root.line("migrate").is(0, nothing, "");
    root.line("migrate -v 0").is(0, "", "");
}

#[test]
fn showmigrations_shows_times_modules_and_the_plan() {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    let ran = root.line("showmigrations users -v 2");
    assert!(ran.out.starts_with("users\n [X] 0001_initial (applied at 20"), "{}", ran.out);
    let plan = "[X]  auth.0001_initial\n[X]  users.0001_initial ... (auth.0001_initial)\n\
        [X]  mailings.0001_initial ... (users.0001_initial)\n[X]  sessions.0001_initial\n";
    root.line("showmigrations --plan -v 2").is(0, plan, "");
    root.line("showmigrations nothing").is(2, "", "CommandError: No installed app with label 'nothing'.\n");
    let meant = "CommandError: No installed app with label 'modules.users'. Did you mean 'users'?\n";
    root.line("showmigrations modules.users").is(2, "", meant);
}

#[test]
fn the_models_have_no_changes_without_a_migration() {
    // Cases 167 and 168, and the rule of the project.
    let root = Root::new();
    root.line("makemigrations --check").is(0, "No changes detected\n", "");
    root.line("makemigrations mailings --check --noinput").is(0, "No changes detected in app 'mailings'\n", "");
    assert!(!root.path().join("var/app.sqlite3").exists());
    let ran = root.line("sqlmigrate mailings 0001");
    assert!(ran.out.starts_with("BEGIN;\n--\n-- Create model ") && ran.out.ends_with("COMMIT;\n"), "{ran:?}");
}

#[test]
fn migrations_go_back_and_forth() {
    let root = Root::new();
    let planned = "Planned operations:\nauth.0001_initial\n    Create model Group\n    Create model Permission\n    \
        Create model GroupPermission\n";
    root.line("migrate auth --plan").is(0, planned, "");
    root.line("migrate users").is(
        0,
        "Operations to perform:\n  Apply all migrations: users\nRunning migrations:\n  Applying auth.0001_initial... OK\n  \
         Applying users.0001_initial... OK\n",
        "",
    );
    let zero = "Operations to perform:\n  Unapply all migrations: users\nRunning migrations:\n  Unapplying users.0001_initial... OK\n";
    root.line("migrate users zero").is(0, zero, "");
    let fake = "Operations to perform:\n  Target specific migration: 0001_initial, from users\nRunning migrations:\n  \
        Applying users.0001_initial... FAKED\n";
    root.line("migrate users 0001 --fake").is(0, fake, "");
    root.line("migrate users zero --fake -v 0").is(0, "", "");
    root.line("migrate users 0002").is(
        1,
        "",
        "CommandError: Cannot find a migration matching '0002' from app 'users'.\n",
    );
    root.line("migrate nothing").is(1, "", "CommandError: No installed app with label 'nothing'.\n");
}

#[test]
fn migrate_if_empty_leaves_a_database_with_tables_alone() {
    let root = Root::new();
    root.line("migrate auth -v 0").is(0, "", "");
    root.line("migrate --if-empty").is(0, "", "");
    assert!(root.line("showmigrations users").out.contains("[ ]"));
    let fresh = Root::new();
    fresh.line("migrate --if-empty").is(0, MIGRATED, "");
}

#[test]
fn demo_data_is_loaded_into_an_empty_database_only() {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root.line("load_demo").is(0, LOADED, "");
    let refused = "CommandError: the database has 3 users already; nothing was loaded\n\
        hint: `load_demo --force` adds the demo data to what is there\n";
    root.line("load_demo").is(1, "", refused);
    root.line("load-demo --if-empty").is(0, "", "the database has 3 users already: demo data not loaded\n");
    root.line("load_demo --force").is(0, LOADED, "");
    root.line("load_demo --if-empty --force").fails(2, &["cannot be used with"]);
}

#[test]
fn demo_data_obeys_the_shared_options() {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    let record = "Dry run: everything was rolled back. What would have happened:\n  insert 3 rows: users_user\n  \
        insert 500 rows: mailings_recipient\n  insert 6 rows: mailings_message\n  insert 27 rows: mailings_mailing\n  \
        insert 2624 rows: mailings_mailing_recipients\n  insert 1042 rows: mailings_attempt\n";
    root.line("load_demo --dry-run --batch-size 7").is(0, LOADED, record);
    let refused = "CommandError: the argument '--delete' cannot be used: demo data is only added\n\
        hint: `flush` empties the database\n";
    root.line("load_demo --delete --yes").is(2, "", refused);
    root.line("load_demo --batch-size 0").fails(2, &["invalid value '0'"]);
    root.line("load_demo --batch-size 7").is(0, LOADED, "");
}

#[test]
fn demo_data_needs_tables() {
    let ran = Root::new().line("load_demo");
    ran.fails(1, &["Run 'app migrate' to apply them.", "no such table: users_user"]);
}

#[test]
fn every_role_of_the_binary_is_in_its_help() {
    let builtin = framework::cli::BUILTINS.iter().map(|builtin| builtin.name);
    let mut names: Vec<String> = builtin.chain(["load_demo"]).map(|name| format!("{name}\n")).collect();
    names.sort_unstable();
    Root::new().line("help --commands").is(0, &names.concat(), "");
    Root::new().line("version").is(0, concat!(env!("CARGO_PKG_VERSION"), "\n"), "");
    Root::new().line("check").is(0, "System check identified no issues (0 silenced).\n", "");
}

#[test]
fn what_needs_no_database_opens_none() {
    let root = Root::new().var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    for line in ["help", "version", "check", "check --list-tags", "diffsettings"] {
        assert_eq!(root.line(line).code, Some(0), "{line}");
    }
    assert!(!root.path().join("var/app.sqlite3").exists());
}

#[test]
fn commands_are_logged_with_arguments_and_duration() {
    let root = Root::new();
    root.line("showmigrations users --plan").is(0, "[ ]  auth.0001_initial\n[ ]  users.0001_initial\n", "");
    let log = std::fs::read_to_string(root.path().join("var/log/app.log")).expect("a log file");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("`showmigrations` started") && lines[0].contains("arguments=\"users --plan\""), "{log}");
    assert!(lines[1].contains("`showmigrations` finished") && lines[1].contains("ms="), "{log}");
}

#[test]
fn bad_arguments_are_named() {
    let root = Root::new();
    root.line("migarte").is(1, "", "Unknown command: 'migarte'. Did you mean migrate?\nType 'app help' for usage.\n");
    root.line("migrate --wrong-flag").fails(2, &["unexpected argument '--wrong-flag'", "Usage: app migrate"]);
    root.line("runserver -v 7").fails(2, &["invalid value '7'"]);
    root.line("runserver 99999").fails(2, &["\"99999\" is not a valid port number or address:port pair"]);
    root.run([OsString::from("migrate"), OsString::from_vec(vec![0xff])]).fails(2, &["invalid UTF-8"]);
    let strange = "$(touch pwned) 'a  b' é☃";
    root.run([OsString::from("migrate"), OsString::from(strange)]).is(
        1,
        "",
        &format!("CommandError: No installed app with label '{strange}'.\n"),
    );
    root.line("migrate --database deflaut").fails(2, &["invalid choice: 'deflaut' (choose from 'default')"]);
}

#[test]
fn the_project_is_found_from_anywhere() {
    let root = Root::new();
    let path = root.path().display().to_string();
    let list = "users\n [ ] 0001_initial\n";
    // Not behind the link to the sources: there the current directory is the checkout's own.
    let below = root.path().join("notes/today");
    std::fs::create_dir_all(&below).expect("a directory");
    // From a directory below it, by option, and by variable.
    for (directory, line, variable) in [
        (below, "showmigrations users".to_owned(), ""),
        ("/".into(), format!("--root {path} showmigrations users"), ""),
        ("/".into(), "showmigrations users".to_owned(), path.as_str()),
    ] {
        let mut command = root.command();
        command.args(line.split_whitespace()).current_dir(&directory).env("APP_ROOT", variable);
        let output = command.output().expect("the app starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), list, "{}: {output:?}", directory.display());
    }
    // A settings file is looked for where the person stands.
    let settings = root.path().join("own.toml");
    std::fs::write(&settings, "language = \"xx\"\n").expect("a settings file");
    root.line("check --settings own.toml").fails(1, &["own.toml:1", "unknown language `xx`"]);
}
