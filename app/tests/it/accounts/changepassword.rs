//! `changepassword` (cases 233–235).

use framework::accounts::{self, Accounts as _, Verdict};
use framework::clock::SystemRandom;

use super::{each, wait};
use crate::binary::{Ran, Root};
use app::modules::users::service::ACCOUNTS;

const PASSWORDS: &str = "Password: \nPassword (again): \n";

const STRONG: &str = "sturdy-otter-47";

fn with_joe(root: &Root) {
    root.line("createsuperuser --noinput --email joe@example.com --username joe -v 0").is(0, "", "");
}

fn change(root: &Root, user: &str, lines: &[&str]) -> Ran {
    let typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    root.typed(&["changepassword", user], &typed)
}

fn verdict(root: &Root, password: &str) -> Verdict {
    wait(async {
        let ctx = root.ctx();
        let found = ACCOUNTS.by_username(&ctx.db().await.expect("a database"), "joe").await.expect("a table");
        ctx.close().await;
        let hash = found.expect("joe").password;
        accounts::verify(password, Some(&hash), &SystemRandom).await.expect("a verdict")
    })
}

#[test]
fn a_password_is_changed_by_either_name() {
    // Case 233.
    each(|root| {
        with_joe(&root);
        for (name, password) in [("joe", STRONG), ("joe@example.com", "quiet-heron-12")] {
            let said = format!(
                "Changing password for user '{name}'\n{PASSWORDS}Password changed successfully for user '{name}'\n"
            );
            change(&root, name, &[password, password]).is(0, &said, "");
            assert_eq!(verdict(&root, password), Verdict::Right);
        }
        assert_eq!(verdict(&root, STRONG), Verdict::Wrong);
    });
}

#[test]
fn who_is_not_there_is_named_and_nothing_typed_aborts() {
    // Case 234.
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    change(&root, "test", &[]).is(1, "", "CommandError: user 'test' does not exist\n");
    with_joe(&root);
    let ran = change(&root, "joe", &[""]);
    ran.is(1, "Changing password for user 'joe'\nPassword: \n", "CommandError: aborted\n");
    root.line("changepassword joe").is(
        3,
        "",
        "CommandError: cannot ask for a password: standard input is not a terminal\nhint: `app changepassword joe` at a \
         terminal\n",
    );
    root.line("changepassword").fails(1, &["whose password?", "hint: `app changepassword joe@example.com`"]);
    let root = root.var("USER", "joe");
    let ran = root.typed(&["changepassword"], "a\x03\n");
    ran.is(1, "Changing password for user 'joe'\nPassword: ", "\nCancelled.\n");
}

#[test]
fn three_mistakes_end_it() {
    // Case 235.
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    with_joe(&root);
    let aborted = "CommandError: Aborting password change for user 'joe' after 3 attempts\n";
    let mismatch = format!("{PASSWORDS}Passwords do not match. Please try again.\n");
    let ran = change(&root, "joe", &["a", "b", "a", "b", "a", "b"]);
    ran.is(1, &format!("Changing password for user 'joe'\n{}", mismatch.repeat(3)), aborted);
    let short = "This password is too short. It must contain at least 8 characters.\n";
    let ran = change(&root, "joe", &["x7-Qp2"; 6]);
    let said = format!("Changing password for user 'joe'\n{}", PASSWORDS.repeat(3));
    ran.is(1, &said, &format!("{}{aborted}", short.repeat(3)));
    assert_eq!(verdict(&root, "x7-Qp2"), Verdict::Wrong);
    // A mistake is forgiven.
    let ran = change(&root, "joe", &["a", "b", "x7-Qp2", "x7-Qp2", STRONG, STRONG]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), short), "{ran:?}");
}
