//! The tasks around the production server, with a fake one.

mod deploy;
mod logs;
mod real;
mod restart;
mod start;
mod stop;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::sandbox::{Call, PATIENCE, Sandbox};

/// What cargo says when the release is built.
pub(crate) const BUILD: &str = "cargo build --package app --bin app --release\n";

/// A workspace whose server can be started; it is ended with the test.
pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
}

impl Site {
    /// A workspace with a release that is fresh.
    pub(crate) fn built() -> Self {
        let site = Self { sandbox: Sandbox::new() };
        site.xtask(&["prod", "--version"]).any_output().run();
        site
    }

    /// One whose server runs.
    pub(crate) fn running(behaviour: &str) -> Self {
        let site = Self::built();
        site.behave(behaviour);
        site.xtask(&["prod"]).any_output().run();
        site
    }

    pub(crate) fn behave(&self, what: &str) {
        self.sandbox.write("fake/serve", what);
    }

    pub(crate) fn xtask(&self, args: &[&str]) -> Call<'_> {
        self.sandbox.xtask(args.iter().copied())
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.sandbox.root().join(path)
    }

    /// What the server wrote about itself.
    pub(crate) fn record(&self) -> Option<Value> {
        serde_json::from_str(&std::fs::read_to_string(self.path("var/run/server.lock")).ok()?).ok()
    }

    pub(crate) fn pid(&self) -> u32 {
        let record = self.record().expect("a server");
        record["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("a number")
    }

    pub(crate) fn address(&self) -> String {
        self.record().expect("a server")["addresses"][0].as_str().expect("an address").to_owned()
    }

    /// As it stands in what is said of the server.
    pub(crate) fn told(&self) -> String {
        format!("pid {}, since 2026-01-02T03:04:05Z, http://{}/", self.pid(), self.address())
    }

    /// Whether a server holds the lock. Not for one that has not written its record yet: a look takes the lock for a moment.
    pub(crate) fn is_held(&self) -> bool {
        File::open(self.path("var/run/server.lock")).is_ok_and(|file| file.try_lock_shared().is_err())
    }

    /// Kills the server, and waits until it is gone.
    pub(crate) fn kill(&self) {
        signal(self.pid(), Signal::KILL);
        wait_until("the lock is free", || !self.is_held());
    }

    /// Writes what a server wrote before it was gone, or somebody else took its number.
    pub(crate) fn leave_record(&self, text: &str) -> File {
        std::fs::create_dir_all(self.path("var/run")).expect("a directory");
        let mut file = File::create(self.path("var/run/server.lock")).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if self.is_held()
            && let Some(record) = self.record()
        {
            let pid = record["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
            // With whoever would start it again; never the test's own.
            let group = pid.and_then(|pid| rustix::process::getpgid(Some(pid)).ok());
            if let Some(group) = group.filter(|group| *group != rustix::process::getpgrp()) {
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
            }
        }
    }
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a number");
    rustix::process::kill_process(pid, signal).expect("it runs");
}

/// Waits until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::yield_now();
    }
}
