//! `systemd-unit` and `dockerfile`.

use std::ffi::OsStr;
use std::process::Command;

use super::Site;
use crate::sandbox::Sandbox;

#[test]
fn the_unit_names_this_checkout_or_what_was_asked_for() {
    let site = Site { sandbox: Sandbox::new() };
    let unit = |args: &[&str]| {
        let call = site.xtask(&[&["systemd-unit"], args].concat()).env("USER", "root").any_output();
        call.run().stdout
    };
    let root = site.sandbox.root().display();
    let text = unit(&[]);
    for line in [
        format!("ExecStart=\"{root}/target/release/app\" serve"),
        format!("WorkingDirectory={root}"),
        format!("ReadWritePaths=\"{root}/var\""),
        "User=app".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(!text.contains('{'), "{text}");
    let text = unit(&["--user", "web", "--binary", "/opt/a b/app", "--root", "/srv/50%"]);
    for line in [
        "ExecStart=\"/opt/a b/app\" serve",
        "WorkingDirectory=/srv/50%%",
        "Environment=APP__ENVIRONMENT=production \"APP_ROOT=/srv/50%%\"",
        "User=web",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        let is_ci = xtask::environment::read().get(OsStr::new("CI")).is_some_and(|value| value == "true");
        assert!(!is_ci, "there is no systemd-analyze");
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    assert!(version.status.success());
    let site = Site { sandbox: Sandbox::new() };
    let unit = site.xtask(&["systemd-unit", "--user", "daemon", "--binary", "/bin/true"]).any_output().run().stdout;
    site.sandbox.write("app.service", &unit);
    let verified = Command::new("systemd-analyze").arg("verify").arg(site.path("app.service")).output();
    let said = String::from_utf8_lossy(&verified.expect("it starts").stderr).into_owned();
    let complaints: Vec<&str> = said.lines().filter(|line| line.contains("app.service")).collect();
    assert_eq!(complaints, [""; 0]);
}

#[test]
fn the_dockerfile_copies_no_secrets_and_ends_without_root() {
    let site = Site { sandbox: Sandbox::new() };
    let text = site.xtask(&["dockerfile"]).any_output().run().stdout;
    assert!(text.contains("\nFROM rust:1.") && !text.contains("{rust}"), "{text}");
    let copied: Vec<&str> = text.lines().filter(|line| line.starts_with("COPY ")).collect();
    let expected = [
        "COPY Cargo.toml Cargo.lock ./",
        "COPY .cargo .cargo",
        "COPY xtask xtask",
        "COPY app app",
        "COPY --from=build /out/app /usr/local/bin/app",
        "COPY app/config config",
    ];
    assert_eq!(copied, expected);
    assert!(text.lines().any(|line| line == "USER app"));
}
