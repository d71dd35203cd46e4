//! What differs between operating systems. Calls that only Unix has stand in `unix`, here and beside
//! `management/terminal`; `portable` has the same functions for all other systems, and does without.

#[cfg(any(test, not(unix)))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use self::portable::{
    LocalListener, LocalStream, append, become_program, descriptors, exchange, free_space, has_unread, is_alive,
    is_public, is_same, listener, make_private, mode, send_stops, set_mode, symlink, take_over,
};
#[cfg(unix)]
pub(crate) use self::unix::{
    LocalListener, LocalStream, append, become_program, descriptors, exchange, free_space, has_unread, is_alive,
    is_public, is_same, listener, make_private, mode, send_stops, set_mode, symlink, take_over,
};

#[cfg(unix)]
pub(crate) use self::unix::{heed_signals, hold_signals, new_session, pass_on};

/// A socket that connections arrive at. It does not block.
pub(crate) enum Listening {
    /// Over TCP.
    Tcp(tokio::net::TcpListener),
    /// At a socket file.
    Local(LocalListener),
}

/// What is free on a file system, for those who are not root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) bytes: u64,
    /// How many more files it can hold, where that is limited.
    pub(crate) files: Option<u64>,
}

#[cfg(all(not(unix), feature = "shell"))]
pub(crate) use self::portable::end_by;
#[cfg(all(unix, feature = "shell"))]
pub(crate) use self::unix::end_by;

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, File, Metadata};
    use std::io::{self, Write as _};
    use std::path::Path;
    use std::process::{Command, ExitStatus};

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpStream;

    use super::{Space, portable, unix};

    #[test]
    fn both_have_the_same_functions() {
        let _: [fn(&Path) -> io::Result<File>; 2] = [unix::append, portable::append];
        let _: [fn(&Path) -> io::Result<Space>; 2] = [unix::free_space, portable::free_space];
        let _: [fn(i32) -> bool; 2] = [unix::is_alive, portable::is_alive];
        let _: [fn(&Path, &Path) -> io::Result<()>; 2] = [unix::exchange, portable::exchange];
        let _: [fn(&Metadata) -> Option<u32>; 2] = [unix::mode, portable::mode];
        let _: [fn(&Path, u32) -> io::Result<()>; 2] = [unix::set_mode, portable::set_mode];
        let _: [fn(&Path, &Path) -> io::Result<()>; 2] = [unix::symlink, portable::symlink];
        let _: [fn(&Path) -> io::Result<bool>; 2] = [unix::is_public, portable::is_public];
        let _: [fn(&Path) -> io::Result<()>; 2] = [unix::make_private, portable::make_private];
        let _: [fn(Command) -> io::Result<ExitStatus>; 2] = [unix::become_program, portable::become_program];
        #[cfg(feature = "shell")]
        let _: [fn(crate::process::Stop); 2] = [unix::end_by, portable::end_by];
        let _: [fn() -> usize; 2] = [unix::descriptors, portable::descriptors];
        let _: Option<(unix::LocalListener, portable::LocalListener)> = None;
        let _: fn(&unix::LocalStream) -> bool = unix::has_unread;
        let _: fn(&portable::LocalStream) -> bool = portable::has_unread;
        let _: [fn(&TcpStream) -> bool; 2] = [unix::has_unread, portable::has_unread];
        let _: [fn(&File, &Path) -> bool; 2] = [unix::is_same, portable::is_same];
        let _: [fn(_) -> _; 2] = [unix::listener, portable::listener];
        let _: [fn(_, _) -> _; 2] = [unix::send_stops, portable::send_stops];
        let _: [fn(i32) -> io::Result<File>; 2] = [unix::take_over, portable::take_over];
    }

    #[test]
    fn both_append() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("log");
        for append in [unix::append, portable::append] {
            append(&path).and_then(|mut file| file.write_all(b"line\n")).expect("a line");
        }
        assert_eq!(fs::read_to_string(&path).expect("a file"), "line\nline\n");
        let file = File::open(&path).expect("a file");
        assert!(unix::is_same(&file, &path));
        assert!(!unix::is_same(&file, directory.path()));
    }

    #[tokio::test]
    async fn both_see_what_arrived() {
        for has_unread in [unix::has_unread, portable::has_unread] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let mut client = TcpStream::connect(listener.local_addr().expect("it")).await.expect("a connection");
            let (server, _) = listener.accept().await.expect("a connection");
            assert!(!has_unread(&server));
            client.write_all(b"GET").await.expect("it is open");
            server.readable().await.expect("it is open");
            assert!(has_unread(&server));
        }
    }
}
