//! A terminal without a window: what is written to it, and what a person types.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::sandbox::PATIENCE;

/// The terminal.
pub(crate) struct Pty {
    master: OwnedFd,
    /// The side of programs.
    pub(crate) slave: File,
    written: Arc<Mutex<Vec<u8>>>,
    /// Ends the reader, which has the terminal open as well.
    reader: Option<(UnixStream, JoinHandle<()>)>,
}

impl Pty {
    pub(crate) fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = File::from(rustix::fs::open(&name, flags, Mode::empty()).expect("a terminal"));
        let written = Arc::new(Mutex::new(Vec::new()));
        let pty = Self { master, slave, written, reader: None };
        pty.resize(100);
        pty
    }

    pub(crate) fn slave(&self) -> File {
        self.slave.try_clone().expect("a descriptor")
    }

    pub(crate) fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("a terminal");
    }

    /// Reads all that is written from now on. Nobody reads before: then a program that writes much has to wait.
    pub(crate) fn read(&mut self) {
        let mut master = File::from(self.master.try_clone().expect("a descriptor"));
        let written = Arc::clone(&self.written);
        let (wake, woken) = UnixStream::pair().expect("a pipe");
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let mut fds = [PollFd::new(&master, PollFlags::IN), PollFd::new(&woken, PollFlags::IN)];
                poll(&mut fds, None).expect("something");
                if !fds[1].revents().is_empty() {
                    return;
                }
                // An error is the end: nobody has the other side open.
                let Ok(read @ 1..) = master.read(&mut buffer) else { return };
                written.lock().expect("bytes").extend_from_slice(&buffer[..read]);
            }
        });
        self.reader = Some((wake, reader));
    }

    /// Closes the window.
    pub(crate) fn hang_up(mut self) {
        if let Some((wake, reader)) = self.reader.take() {
            drop(wake);
            reader.join().expect("an end");
        }
    }

    pub(crate) fn press(&self, keys: &str) {
        File::from(self.master.try_clone().expect("a descriptor")).write_all(keys.as_bytes()).expect("a terminal");
    }

    /// All that was written so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("bytes")).into_owned()
    }

    /// Waits until this was written, and forgets what came before the end of it.
    #[track_caller]
    pub(crate) fn until(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let written = self.written();
            if let Some(at) = written.find(part) {
                let end = at + part.len();
                self.written.lock().expect("bytes").drain(..end);
                return written[..end].to_owned();
            }
            assert!(Instant::now() < deadline, "never written: {part:?}, but {written:?}");
            std::thread::yield_now();
        }
    }

    /// Whether keys arrive at once and are not shown.
    pub(crate) fn gives_keys_at_once(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("modes").local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO) && modes.contains(LocalModes::ISIG)
    }
}
