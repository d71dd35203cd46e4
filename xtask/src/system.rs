//! What differs between operating systems. What only Unix can do stands in `unix`, in [`crate::dev`] and in one bench;
//! `portable` has the same functions for all other systems, and does without.

#[cfg(any(test, not(unix)))]
pub mod portable;
#[cfg(unix)]
pub mod unix;

#[cfg(not(unix))]
pub use self::portable::{
    Signals, columns, end_with_parent, ended, file_id, free_space, from_keyboard, has_ended, kill, lock_holder, names,
    os_string, own_group, pass_on, signal_name, watch_us,
};
#[cfg(unix)]
pub use self::unix::{
    Signals, columns, end_with_parent, ended, file_id, free_space, from_keyboard, has_ended, kill, lock_holder, names,
    os_string, own_group, pass_on, signal_name, watch_us,
};

/// A signal that asks a program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Request {
    /// The number of the signal, which is the same everywhere.
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => 2,
            Self::Terminate => 15,
            Self::HangUp => 1,
        }
    }
}

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// The child.
    Process,
    /// The child and all that it started, as far as they have a process group of their own.
    Group,
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::fs::{File, Metadata};
    use std::io::{self, PipeWriter};
    use std::path::Path;
    use std::process::{Child, Command, ExitStatus};
    use std::time::Instant;

    use super::{Request, To, portable, unix};
    use crate::process::Ended;

    type SignalCalls<S> =
        (fn() -> anyhow::Result<S>, fn(&mut S) -> Vec<Request>, fn(&S, Option<Instant>) -> anyhow::Result<()>);

    #[test]
    fn both_have_the_same_functions() {
        let _: [fn() -> Option<u16>; 2] = [unix::columns, portable::columns];
        let _: [fn(&Metadata) -> _; 2] = [unix::file_id, portable::file_id];
        let _: [fn(&Path) -> io::Result<u64>; 2] = [unix::free_space, portable::free_space];
        let _: [fn(&File) -> Option<u32>; 2] = [unix::lock_holder, portable::lock_holder];
        let _: [fn(&mut Command); 2] = [unix::end_with_parent, portable::end_with_parent];
        let _: [fn(ExitStatus) -> Ended; 2] = [unix::ended, portable::ended];
        let _: [fn() -> bool; 2] = [unix::from_keyboard, portable::from_keyboard];
        let _: [fn(&mut Child) -> anyhow::Result<bool>; 2] = [unix::has_ended, portable::has_ended];
        let _: [fn(&mut Child, To) -> io::Result<()>; 2] = [unix::kill, portable::kill];
        let _: [fn(&Metadata) -> u64; 2] = [unix::names, portable::names];
        let _: [fn(Vec<u8>) -> OsString; 2] = [unix::os_string, portable::os_string];
        let _: [fn(&mut Command); 2] = [unix::own_group, portable::own_group];
        let _: [fn(&mut _, _, _) -> _; 2] = [unix::pass_on, portable::pass_on];
        let _: [fn(i32) -> Option<&'static str>; 2] = [unix::signal_name, portable::signal_name];
        let _: [fn(&mut Command) -> anyhow::Result<PipeWriter>; 2] = [unix::watch_us, portable::watch_us];
        let _: SignalCalls<unix::Signals> = (unix::Signals::catch, unix::Signals::requests, unix::Signals::wait);
        let _: SignalCalls<portable::Signals> =
            (portable::Signals::catch, portable::Signals::requests, portable::Signals::wait);
    }

    #[test]
    fn a_child_is_ended_and_its_end_is_seen_without_groups_and_signals() {
        let mut child = Command::new("sleep").arg("1000").spawn().expect("sleep starts");
        assert!(!portable::has_ended(&mut child).expect("a child"));
        portable::kill(&mut child, To::Group).expect("a child");
        let signals = portable::Signals::catch().expect("nothing to catch");
        while !portable::has_ended(&mut child).expect("a child") {
            signals.wait(None).expect("a moment");
        }
    }
}
