//! Commands that are run once for the server: what becomes of them when the session ends before they do.

use rustix::process::Signal;

use crate::sandbox::Sandbox;

#[test]
fn ctrl_c_reaches_what_prepares_the_start_and_nothing_more_is_started() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/migrate", "wait");
    let running = sandbox.xtask(["dev", "0", "--demo"]).start();
    running.wait_for("ready");
    running.signal(Signal::INT);
    let (code, rest, _) = running.end();
    assert_eq!((code, rest), (Some(130), vec!["SIGTERM".to_owned()]));
}

#[test]
fn a_look_at_migrations_that_hangs_is_ended_too() {
    for (signal, code) in [(Signal::TERM, 0), (Signal::KILL, -9)] {
        let sandbox = Sandbox::new();
        sandbox.write("fake/runserver", "ready; line serves; serve");

        sandbox.write("fake/showmigrations", "helper; wait");
        let running = sandbox.xtask(["dev", "0"]).start();
        running.wait_for("serves");
        running.signal(signal);
        // The end of the output means that nobody is left who could write.
        assert_eq!(running.end().0, Some(code));
    }
}
