//! `doctor` through the real binary, on file systems that are full or read-only too.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::binary::{Ran, Root};

fn root() -> Root {
    Root::new().var("APP__ENVIRONMENT", "development").var("APP__SERVER__ADDRESS", "127.0.0.1:0")
}

#[test]
fn a_new_checkout_is_made_ready_once() {
    let root = root();
    let missing = "warning  `var`, `var/log` are not there yet (var)\n  hint: `mkdir -p var/log`\n\
        warning  the database `default` is not there yet (database.default)\n  hint: `app migrate`\n";
    root.line("doctor -v 0").is(0, missing, "");
    assert!(!root.path().join("var").exists(), "looking changes nothing");
    let ran = root.line("doctor --fix");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for fixed in ["made `var` (var)", "made `var/log` (var)", "applied to `default`: auth.0001_initial, "] {
        assert!(ran.out.contains(&format!("fixed    {fixed}")), "{}", ran.out);
    }
    let ran = root.line("doctor --fix");
    assert!(ran.out.ends_with("\n0 errors, 0 warnings, 17 ok\n") && !ran.out.contains("fixed"), "{}", ran.out);
    root.line("doctor -v 0").is(0, "", "");
}

/// Runs the doctor after a script that changes what is mounted, in a mount namespace of its own; nothing where people may
/// not make one.
fn after(root: &Root, script: &str) -> Option<Ran> {
    let may = Command::new("unshare").args(["-rm", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        // Not `eprintln!`, which the test harness would swallow.
        let _ = writeln!(io::stderr(), "SKIPPED: no mount namespace can be made here");
        return None;
    }
    let app = root.command();
    let variables = app.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let mut command = Command::new("unshare");
    let program = app.get_program().to_string_lossy().into_owned();
    command.args(["-rm", "sh", "-c", &format!("{script} && exec {program} doctor -v 0")]).current_dir(root.path());
    let output = command.envs(variables).stdin(Stdio::null()).output().expect("unshare starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Some(Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) })
}

#[test]
fn a_var_that_is_read_only() {
    let root = root();
    root.line("doctor --fix -v 0").is(0, "", "");
    let Some(ran) = after(&root, "mount --bind var var && mount -o remount,bind,ro var") else { return };
    let path = root.path().display();
    let expected = format!(
        "error    `var` cannot be written: Read-only file system (os error 30) (var)\n  \
         hint: `sudo mount -o remount,rw \"$(findmnt -no TARGET -T var)\"`\n\
         error    `var/log/app.log` cannot be written: Read-only file system (os error 30) (log)\n  \
         hint: `sudo mount -o remount,rw \"$(findmnt -no TARGET -T var/log/app.log)\"`\n\
         error    database file {path}/var/app.sqlite3 cannot be used: {path}/var is not writable (Read-only file system \
         (os error 30)); make it writable, or open it with `?mode=ro` (database.default)\n  \
         hint: `sudo mount -o remount,rw \"$(findmnt -no TARGET -T var)\"`\n"
    );
    ran.is(1, &expected, "");
}

#[test]
fn a_disk_that_is_full_or_can_hold_no_more_files() {
    let root = root();
    root.line("doctor --fix -v 0").is(0, "", "");
    let space = "error    `var` cannot be written: No space left on device (os error 28) (var)\n  \
        hint: `du -xah var | sort -rh | head`\n";
    let missing = "warning  the database `default` is not there yet (database.default)\n  hint: `app migrate`\n";
    let full = "mount -t tmpfs -o size=64k tmpfs var && (head -c 100000 /dev/zero > var/fill 2> /dev/null || true)";
    let Some(ran) = after(&root, full) else { return };
    let none = "error    0 MiB are free where `var/` is (var.space)\n  hint: `du -xah var | sort -rh | head`\n";
    ran.is(1, &format!("{space}{none}{missing}"), "");
    let Some(ran) = after(&root, "mount -t tmpfs -o size=900m,nr_inodes=1 tmpfs var") else { return };
    let none = "error    the file system of `var/` can hold no more files (no inode is free) (var.space)\n  \
        hint: `du -xah var | sort -rh | head`\n";
    ran.is(1, &format!("{space}{none}{missing}"), "");
}
