//! The same tasks with the real app: the binary of this target directory in place of a release.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;
use xtask::bench::http;
use xtask::bench::load::{Load, Plan};

use super::{Site, signal, wait_until};
use crate::dev::site::{put_product, real_app};
use crate::sandbox::{Call, PATIENCE, Sandbox};

/// The product, with the binary in the place of its release.
fn product() -> Site {
    let sandbox = Sandbox::new();
    put_product(&sandbox);
    sandbox.link(&real_app().to_string_lossy(), "target/release/app");
    Site { sandbox }
}

fn call<'a>(site: &'a Site, words: &str) -> Call<'a> {
    let args: Vec<&str> = words.split(' ').collect();
    let call =
        site.xtask(&args).env("APP__SECRET_KEY", "a key of sixty-four letters, which nobody else has ever seen. 123");
    // A release carries its static files; this build in its place does not, and has not collected them yet.
    call.env("APP__ALLOWED_HOSTS", "127.0.0.1").env("APP__SILENCED_CHECKS", "staticfiles.E006").any_output()
}

fn start(site: &Site, more: &str) -> SocketAddr {
    call(site, &format!("prod --no-build --migrate --bind 127.0.0.1:0{more}")).run();
    site.address().parse().expect("an address")
}

fn health(address: SocketAddr) -> Option<u16> {
    http::request(address, "GET", "/health", PATIENCE).ok().map(|answer| answer.status)
}

fn status(site: &Site) -> Value {
    serde_json::from_str(&call(site, "status --json").run().stdout).expect("JSON")
}

#[test]
fn a_server_starts_is_replaced_under_load_and_stops() {
    let site = product();
    let refused = call(&site, "prod --no-build --skip-collectstatic --bind 127.0.0.1:0").status(1).run();
    assert!(refused.stderr.ends_with("hint: `cargo xtask prod --migrate` applies them\n"), "{}", refused.stderr);
    assert!(!site.is_held());

    let address = start(&site, " --workers 2");
    assert_eq!(health(address), Some(200));
    assert!(site.path("var/static/staticfiles.json").exists());
    let before = status(&site);
    assert_eq!(before["workers"].as_array().map(Vec::len), Some(2), "{before}");
    call(&site, "prod --no-build").status(1).run();

    let plan = Plan { address, path: "/health".to_owned(), per_second: 100, patience: PATIENCE };
    let load = Load::start(plan).expect("a load");
    call(&site, "restart-prod --no-build --skip-collectstatic").run();
    let figures = load.stop();
    assert_eq!(figures.failed(), 0, "{:?}", figures.examples);
    let after = status(&site);
    assert_ne!(after["generation"], before["generation"]);

    call(&site, "stop-prod").run();
    assert!(!site.is_held() && health(address).is_none());
    call(&site, "status").status(3).run();
}

#[test]
fn a_server_without_a_binary_is_restarted_and_a_bad_one_is_not_taken() {
    let site = product();
    let address = start(&site, " --skip-collectstatic");
    std::fs::remove_file(site.path("target/release/app")).expect("a file");
    call(&site, "restart-prod --no-build --skip-collectstatic").run();
    assert_eq!(health(address), Some(200));

    // It says yes to the steps before, and serves nothing.
    let script = site.path("target/release/app");
    std::fs::write(&script, "#!/bin/sh\necho last words >&2\n").expect("a file");
    std::fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a program");
    let refused = call(&site, "restart-prod --no-build --skip-collectstatic").status(1).run();
    assert!(refused.stderr.contains("last words"), "{}", refused.stderr);
    assert_eq!(health(address), Some(200));
    call(&site, "stop-prod").run();
}

#[test]
fn a_server_that_is_kept_going_comes_back_and_can_be_stopped_for_good() {
    let site = product();
    start(&site, " --skip-collectstatic --restart-on-failure");
    let pid = site.pid();
    signal(pid, Signal::KILL);
    wait_until("another one serves", || {
        site.record().is_some_and(|record| record["pid"] != pid && record["state"] == "serving")
    });
    let address = site.address().parse().expect("an address");
    assert_eq!(health(address), Some(200));
    // One that hangs is killed, and that is no crash.
    let second = site.pid();
    signal(second, Signal::STOP);
    let said = call(&site, "stop-prod --timeout 1").run().stderr;
    assert!(said.contains("killed"), "{said}");
    call(&site, "status").status(3).run();
    assert!(!site.is_held() && health(address).is_none());
}

#[test]
fn nothing_of_the_caller_stays_open() {
    let site = product();
    let xtask: Command = call(&site, "prod --no-build --skip-collectstatic --migrate --bind 127.0.0.1:0").into();
    // The shell gives it one more descriptor, as pipelines and tools do; all of them lead into the pipe.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$@\" 3>&1 2>&1", "sh"]).arg(xtask.get_program()).args(xtask.get_args());
    shell.current_dir(site.sandbox.root()).env_clear();
    shell.envs(xtask.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.stdin(Stdio::null()).output().expect("the pipe is closed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(site.is_held());
}

#[test]
fn a_port_that_is_taken_is_said_with_its_owner() {
    let site = product();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = taken.local_addr().expect("an address").port();
    let failed =
        call(&site, &format!("prod --no-build --skip-collectstatic --migrate --bind 127.0.0.1:{port}")).status(1).run();
    assert!(failed.stderr.contains(&format!("port {port} on 127.0.0.1 is in use by")), "{}", failed.stderr);
    assert!(!site.is_held());
    let logs = call(&site, "logs").run();
    assert!(logs.stdout.contains("is in use"), "{}", logs.stdout);
}
