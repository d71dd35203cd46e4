//! `createsuperuser` (cases 217–232).

use framework::accounts::{self, Account, Accounts as _, Verdict};
use framework::clock::SystemRandom;

use super::{each, wait};
use crate::binary::{Ran, Root};
use app::modules::users::service::{self, ACCOUNTS};

const CREATED: &str = "Superuser created successfully.\n";

/// What stands on the terminal while the passwords are asked for.
const PASSWORDS: &str = "Password: \nPassword (again): \n";

const STRONG: &str = "sturdy-otter-47";

fn find(root: &Root, email: &str) -> Option<Account> {
    wait(async {
        let ctx = root.ctx();
        let found = ACCOUNTS.by_email(&ctx.db().await.expect("a database"), email).await.expect("a table");
        ctx.close().await;
        found
    })
}

fn count(root: &Root) -> u64 {
    wait(async {
        let ctx = root.ctx();
        let count = service::count(&ctx.db().await.expect("a database")).await.expect("a table");
        ctx.close().await;
        count
    })
}

fn matches(account: &Account, password: &str) -> bool {
    wait(accounts::verify(password, Some(&account.password), &SystemRandom)).expect("a verdict") == Verdict::Right
}

fn migrated() -> Root {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root
}

fn asked(root: &Root, options: &[&str], lines: &[&str]) -> Ran {
    let typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    root.typed(&[&["createsuperuser"], options].concat(), &typed)
}

#[test]
fn a_superuser_is_made_without_questions() {
    // Case 217.
    each(|root| {
        root.line("createsuperuser --noinput --username joe --email joe@Example.COM").is(0, CREATED, "");
        let joe = find(&root, "joe@example.com").expect("joe");
        assert_eq!((joe.username.as_str(), joe.is_superuser, joe.is_staff, joe.is_active), ("joe", true, true, true));
        assert!(!accounts::is_usable(&joe.password), "nobody knows a password");
        root.line("createsuperuser --noinput --email ann@example.com -v 0").is(0, "", "");
        assert_eq!(find(&root, "ann@example.com").expect("ann").username, "ann@example.com");
    });
}

#[test]
fn what_is_missing_or_wrong_is_named_and_nobody_is_made() {
    // Cases 218, 219, 222.
    let root = migrated();
    let invalid =
        "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.".to_owned();
    let long = format!("Ensure this value has at most 150 characters (it has {}).", 160);
    let longest = "x".repeat(160);
    for (args, message) in [
        (&["--username", "joe"][..], "You must use --email with --noinput."),
        (&[], "You must use --email with --noinput."),
        (&["--email", ""], "Email cannot be blank."),
        (&["--email", "joe"], "Enter a valid email address."),
        (&["--email", "joe@example.com", "--username", ""], "Username cannot be blank."),
        (&["--email", "joe@example.com", "--username", "joe smith"], &invalid),
        (&["--email", "joe@example.com", "--username", &longest], &long),
    ] {
        let all = [&["createsuperuser", "--noinput"], args].concat();
        root.run(all.iter().map(Into::into)).is(1, "", &format!("CommandError: {message}\n"));
    }
    asked(&root, &["--email", ""], &[]).is(1, "", "CommandError: Email cannot be blank.\n");
    let ran = asked(&root, &["--email", "joe@example.com", "--username", ""], &[]);
    ran.is(1, "", "CommandError: Username cannot be blank.\n");
    root.line("createsuperuser --noinput --database nowhere").fails(2, &["invalid choice: 'nowhere'"]);
    assert_eq!(count(&root), 0);
    // Somebody at a terminal is asked in its place.
    let ran = asked(&root, &["--email", "joe@example.com", "--username", "joe smith"], &["joe", STRONG, STRONG]);
    let prompt = "Username (leave blank to use 'joe@example.com'): ";
    ran.is(0, &format!("{prompt}{PASSWORDS}{CREATED}"), &format!("{invalid}\n"));
}

#[test]
fn what_is_taken_is_refused_or_asked_for_again() {
    // Case 220.
    each(|root| {
        root.line("createsuperuser --noinput --email joe@example.com --username joe -v 0").is(0, "", "");
        let again = root.line("createsuperuser --noinput --email joe@EXAMPLE.com --username joseph");
        again.is(1, "", "CommandError: Error: That email is already taken.\n");
        let again = root.line("createsuperuser --noinput --email joseph@example.com --username joe");
        again.is(1, "", "CommandError: Error: That username is already taken.\n");
        assert_eq!(count(&root), 1);
        let lines = ["joe@example.com", "ann@example.com", "joe", "ann", STRONG, STRONG];
        let prompts = "Email: Email: Username (leave blank to use 'ann@example.com'): \
            Username (leave blank to use 'ann@example.com'): ";
        let taken = "Error: That email is already taken.\nError: That username is already taken.\n";
        asked(&root, &[], &lines).is(0, &format!("{prompts}{PASSWORDS}{CREATED}"), taken);
        // The same for what was given as an option.
        let lines = ["bob@example.com", "", STRONG, STRONG];
        let prompts = "Email: Username (leave blank to use 'bob@example.com'): ";
        let ran = asked(&root, &["--email", "joe@example.com"], &lines);
        ran.is(0, &format!("{prompts}{PASSWORDS}{CREATED}"), "Error: That email is already taken.\n");
        assert_eq!(count(&root), 3);
    });
}

#[test]
fn prompts_suggest_the_email_and_wrong_answers_are_asked_again() {
    // Cases 219, 222, 230.
    let root = migrated();
    let (long, email) = ("x".repeat(151), format!("{}@example.com", "x".repeat(250)));
    let lines = ["", "joe", &email, "joe@example.com", "joe smith", &long, "", STRONG, STRONG];
    let email = "Error: This field cannot be blank.\nError: Enter a valid email address.\n\
        Error: Ensure this value has at most 254 characters (it has 262).\n";
    let username = "Error: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ \
        characters.\nError: Ensure this value has at most 150 characters (it has 151).\n";
    let prompts = format!("{}{}", "Email: ".repeat(4), "Username (leave blank to use 'joe@example.com'): ".repeat(3));
    let ran = asked(&root, &[], &lines);
    ran.is(0, &format!("{prompts}{PASSWORDS}{CREATED}"), &format!("{email}{username}"));
    let joe = find(&root, "joe@example.com").expect("joe");
    assert_eq!((joe.username.as_str(), joe.is_superuser), ("joe@example.com", true));
    assert!(matches(&joe, STRONG) && !matches(&joe, "sturdy-otter-48"));
}

#[test]
fn passwords_are_asked_until_both_are_the_same_and_not_blank() {
    // Case 223.
    let root = migrated();
    let lines = ["joe@example.com", "joe", STRONG, "sturdy-otter-48", "", "", "  ", "  ", STRONG, STRONG];
    let ran = asked(&root, &[], &lines);
    let prompts = "Email: Username (leave blank to use 'joe@example.com'): ";
    let blank = "Error: Blank passwords aren't allowed.\n";
    let errors = format!("Error: Your passwords didn't match.\n{blank}{blank}");
    ran.is(0, &format!("{prompts}{}{CREATED}", PASSWORDS.repeat(4)), &errors);
    assert!(matches(&find(&root, "joe@example.com").expect("joe"), STRONG));
}

#[test]
fn a_weak_password_needs_a_yes() {
    // Case 224.
    let root = migrated();
    let options = ["--email", "joe@example.com", "--username", "joe.cool"];
    let bypass = "Bypass password validation and create user anyway? [y/N]: ";
    let weak = "This password is too short. It must contain at least 8 characters.\nThis password is too common.\n\
        This password is entirely numeric.\n";
    let ran = asked(&root, &options, &["1234567", "1234567", "n", "1234567", "1234567", "", STRONG, STRONG]);
    let refused = format!("{PASSWORDS}{bypass}").repeat(2);
    ran.is(0, &format!("{refused}{PASSWORDS}{CREATED}"), &weak.repeat(2));
    let root = migrated();
    let ran = asked(&root, &options, &["joe.coolest", "joe.coolest", "y"]);
    ran.is(0, &format!("{PASSWORDS}{bypass}{CREATED}"), "The password is too similar to the username.\n");
    assert!(matches(&find(&root, "joe@example.com").expect("joe"), "joe.coolest"));
}

#[test]
fn without_a_terminal_it_is_skipped() {
    // Case 227.
    let root = migrated();
    let skipped = "Superuser creation skipped due to not running in a TTY. You can run `app createsuperuser` in your \
        project to create one manually.\n";
    root.line("createsuperuser").is(3, "", skipped);
    root.line("createsuperuser --email joe@example.com").is(3, "", skipped);
    assert_eq!(count(&root), 0);
}

#[test]
fn ctrl_c_cancels_wherever_it_is_typed() {
    // Case 228.
    let root = migrated();
    let email = "Email: ";
    let username = "Username (leave blank to use 'joe@example.com'): ";
    for (lines, prompts) in [
        (&["\x03"][..], email.to_owned()),
        (&["joe@example.com", "\x03"], format!("{email}{username}")),
        (&["joe@example.com", "joe", "\x03"], format!("{email}{username}Password: ")),
        (&["joe@example.com", "joe", "x", "\x03"], format!("{email}{username}Password: \nPassword (again): ")),
    ] {
        asked(&root, &[], lines).is(1, &prompts, "\nOperation cancelled.\n");
    }
    asked(&root, &[], &["joe@example.com"]).is(1, &format!("{email}{username}"), "\nOperation cancelled.\n");
    assert_eq!(count(&root), 0);
}

#[test]
fn the_environment_answers_where_options_do_not() {
    // Case 229.
    let root = migrated()
        .var("APP_SUPERUSER_EMAIL", "env@example.com")
        .var("APP_SUPERUSER_USERNAME", "env")
        .var("APP_SUPERUSER_PASSWORD", "env-secret")
        .var("APP_SUPERUSER_FIRST_NAME", "ignored");
    root.line("createsuperuser --noinput").is(0, CREATED, "");
    let env = find(&root, "env@example.com").expect("an account");
    assert_eq!((env.username.as_str(), env.first_name.as_str()), ("env", ""));
    assert!(matches(&env, "env-secret"));
    root.line("createsuperuser --noinput --email opt@example.com --username opt").is(0, CREATED, "");
    assert_eq!(find(&root, "opt@example.com").expect("an account").username, "opt");
    // Who is asked is asked for all.
    let ran = asked(&root, &[], &["typed@example.com", "", STRONG, STRONG]);
    let prompts = "Email: Username (leave blank to use 'typed@example.com'): ";
    ran.is(0, &format!("{prompts}{PASSWORDS}{CREATED}"), "");
    assert!(matches(&find(&root, "typed@example.com").expect("an account"), STRONG));
}

#[test]
fn a_blank_password_in_the_environment_opens_nothing() {
    let root = migrated().var("APP_SUPERUSER_PASSWORD", "  ");
    let line = "createsuperuser --noinput --email joe@example.com";
    root.line(line).is(1, "", "CommandError: Error: Blank passwords aren't allowed.\n");
    assert_eq!(count(&root), 0);
    // An empty variable counts as unset.
    let root = migrated().var("APP_SUPERUSER_PASSWORD", "");
    root.line(line).is(0, CREATED, "");
    assert!(!accounts::is_usable(&find(&root, "joe@example.com").expect("an account").password));
}

#[test]
fn another_database_has_its_own_users() {
    // Case 232.
    let root = migrated().var("APP__DATABASES__OTHER__URL", "sqlite://var/other.sqlite3");
    root.line("migrate --database other -v 0").is(0, "", "");
    root.line("createsuperuser --noinput --email joe@example.com -v 0").is(0, "", "");
    let lines = ["joe@example.com", "", STRONG, STRONG];
    let suggested = "Email: Username (leave blank to use 'joe@example.com'): ";
    let ran = asked(&root, &["--database", "other"], &lines);
    ran.is(0, &format!("{suggested}{PASSWORDS}{CREATED}"), "");
    // There the name is taken now, so it is not suggested; in the default database it is free.
    let taken = root.line("createsuperuser --noinput --email a@example.com --username b@example.com --database other");
    taken.is(0, CREATED, "");
    let ran = asked(&root, &["--database", "other"], &["b@example.com", "b", STRONG, STRONG]);
    ran.is(0, &format!("Email: Username: {PASSWORDS}{CREATED}"), "");
    assert_eq!(count(&root), 1);
}
