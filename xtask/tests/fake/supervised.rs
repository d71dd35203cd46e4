//! What a server under supervision does: it takes over its socket, says when it is ready, answers, and drains.
//!
//! Its life is a list of words (`ready; serve; pause 100; exit 0`), so that a test can have each thing go wrong:
//!
//! * `print TEXT`, `line TEXT`, `complain TEXT`: on stdout without and with the end of the line, and on stderr.
//! * `number`: says that of the process: `number NUMBER`.
//! * `pause MS`: waits.
//! * `ready`: says `READY`; from then on SIGTERM kills no more.
//! * `close`: closes the readiness pipe.
//! * `serve`: answers every request with `NUMBER WHAT`, where the number is that of the process and `WHAT` what was in
//!   the file `fake/page` when it started. SIGTERM: `DRAINING`, and the next word.
//! * `helper`: starts a process that does nothing for ever, in the same group and with the same output; `daemon` gives it a
//!   group of its own. Both say its number: `helper NUMBER`.
//! * anything else: see [`behave`](super::behave).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use signal_hook::consts::SIGTERM;

use super::{behave, pause, say, variable};

/// What it has from whoever started it.
pub(super) struct Supervised {
    listener: Option<TcpListener>,
    readiness: Option<File>,
    /// Readable after a SIGTERM.
    stop: Option<UnixStream>,
    page: String,
}

impl Supervised {
    /// Takes over what it was given, if anything.
    pub(super) fn take(root: &Path) -> io::Result<Self> {
        let page = std::fs::read_to_string(root.join("fake/page")).unwrap_or_default();
        let socket = variable("LISTEN_FDS").and_then(|_| inherited("LISTEN_FDS_FIRST_FD").transpose()).transpose()?;
        let readiness = inherited("APP_READY_FD")?.map(File::from);
        Ok(Self { listener: socket.map(TcpListener::from), readiness, stop: None, page })
    }

    /// True when somebody waits for it to be ready.
    pub(super) fn is_awaited(&self) -> bool {
        self.readiness.is_some()
    }

    /// Lives by these words.
    pub(super) fn live(&mut self, words: &str) -> io::Result<u8> {
        for word in words.split("; ") {
            let (what, more) = word.split_once(' ').unwrap_or((word, ""));
            match what {
                "print" => io::stdout().write_all(more.as_bytes()).and_then(|()| io::stdout().flush())?,
                "line" => say(io::stdout(), more)?,
                "complain" => say(io::stderr(), more)?,
                "number" => say(io::stdout(), &format!("number {}", std::process::id()))?,
                "pause" => pause(Duration::from_millis(more.parse().map_err(io::Error::other)?)),
                "ready" => self.report_ready()?,
                "close" => self.readiness = None,
                "serve" => self.serve()?,
                "helper" => self::help(|_| ())?,
                "daemon" => self::help(|command| _ = command.process_group(0))?,
                _ => match behave(word)? {
                    0 => {}
                    code => return Ok(code),
                },
            }
        }
        Ok(0)
    }

    fn report_ready(&mut self) -> io::Result<()> {
        let (stop, on_signal) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGTERM, on_signal)?;
        self.stop = Some(stop);
        let url = match &self.listener {
            Some(listener) => format!("http://{}/", listener.local_addr()?),
            None => "nowhere".to_owned(),
        };
        self.readiness.as_ref().map_or(Ok(()), |pipe| say(pipe, &format!("READY {url}")))
    }

    fn serve(&mut self) -> io::Result<()> {
        let (Some(listener), Some(stop)) = (self.listener.take(), &self.stop) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        // Others wait at the same socket: the connection may be gone to them.
        listener.set_nonblocking(true)?;
        let mut answers = Vec::new();
        loop {
            let mut waited = [PollFd::new(stop, PollFlags::IN), PollFd::new(&listener, PollFlags::IN)];
            poll(&mut waited, None)
                .or_else(|error| if error == rustix::io::Errno::INTR { Ok(0) } else { Err(error) })?;
            if waited[0].revents().contains(PollFlags::IN) {
                break;
            }
            if let Ok((connection, _)) = listener.accept() {
                let page = self.page.clone();
                answers.push(thread::spawn(move || answer(connection, &page)));
            }
        }
        drop(listener);
        if let Some(pipe) = self.readiness.take() {
            say(pipe, "DRAINING")?;
        }
        answers.into_iter().for_each(|answer| drop(answer.join()));
        Ok(())
    }
}

fn answer(connection: TcpStream, page: &str) -> io::Result<()> {
    connection.set_nonblocking(false)?;
    let request = BufReader::new(connection.try_clone()?).lines();
    request.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
    let body = format!("{} {page}", std::process::id());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    (&connection).write_all(format!("{head}{body}").as_bytes())
}

fn help(prepare: impl FnOnce(&mut Command)) -> io::Result<()> {
    let mut helper = Command::new(std::env::current_exe()?);
    helper.arg0("helper");
    prepare(&mut helper);
    let helper = helper.spawn()?;
    say(io::stdout(), &format!("helper {}", helper.id()))
}

/// The descriptor that a variable names.
#[expect(unsafe_code, reason = "a descriptor that is inherited is known by its number alone")]
fn inherited(name: &str) -> io::Result<Option<OwnedFd>> {
    let Some(number) = variable(name).and_then(|text| text.into_string().ok()) else { return Ok(None) };
    // SAFETY: whoever set the variable handed the descriptor over, and nothing else here knows its number.
    let fd = unsafe { OwnedFd::from_raw_fd(number.parse().map_err(io::Error::other)?) };
    fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(Some(fd))
}
