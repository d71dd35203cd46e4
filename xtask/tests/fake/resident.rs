//! What the resident server does, as far as xtask sees it: a lock with a record in it, a control socket, `/health`.
//!
//! What a test makes it do: `fail TEXT` (says it and ends), `hang` (is never ready), `mute` (has no control socket), `deaf`
//! (answers to nothing, not to SIGTERM either), `sick` (`/health` is 503), `rollback` (a restart fails), `vanish` (it ends
//! instead of a restart).

#![expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "its threads end the whole process, whatever the others do"
)]

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio, exit};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use super::{pause, say};

/// No test takes so long: whoever is forgotten ends.
const LONGEST: Duration = Duration::from_secs(180);

/// Set in the process that stays.
const INNER: &str = "FAKE_INNER";

pub(super) fn serve(root: &Path, args: &[OsString], what: &str) -> io::Result<u8> {
    let is_detached = args.iter().any(|arg| arg == "--detached");
    if let Some(text) = what.strip_prefix("fail ") {
        say(io::stderr(), text)?;
        return Ok(1);
    }
    if !is_detached || super::variable(INNER).is_some() {
        return resident(root, args, what);
    }
    let log = root.join("var/log");
    std::fs::create_dir_all(&log)?;
    let output = File::create(log.join("server.log"))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).env(INNER, "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(output);
    let mut child = command.process_group(0).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut line)?;
    say(io::stderr(), line.trim_end())?;
    Ok(u8::from(line.is_empty()))
}

fn resident(root: &Path, args: &[OsString], what: &str) -> io::Result<u8> {
    thread::spawn(|| {
        pause(LONGEST);
        exit(98)
    });
    let run = root.join("var/run");
    std::fs::create_dir_all(&run)?;
    let mut lock = File::options().create(true).truncate(false).read(true).write(true).open(run.join("server.lock"))?;
    lock.try_lock().map_err(io::Error::other)?;
    let site = TcpListener::bind("127.0.0.1:0")?;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let start_ticks = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19));
    let record = json!({
        "pid": std::process::id(),
        "start_ticks": start_ticks.and_then(|ticks| ticks.parse::<u64>().ok()),
        "boot_id": std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim(),
        "exe": std::env::current_exe()?,
        "version": "1.2.3",
        "addresses": [site.local_addr()?.to_string()],
        "since": "2026-01-02T03:04:05Z",
        "state": "serving",
        "args": args.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>(),
    });
    lock.set_len(0)?;
    lock.write_all(record.to_string().as_bytes())?;
    let lock = Arc::new(Mutex::new(lock));
    let mut signals = Signals::new([SIGTERM])?;
    let (of_signals, is_deaf) = (Arc::clone(&lock), what == "deaf" || what == "hang");
    thread::spawn(move || signals.forever().filter(|_| !is_deaf).try_for_each(|_| end(&of_signals, "SIGTERM")));
    let health = if what == "sick" { "503 Service Unavailable" } else { "200 OK" };
    thread::spawn(move || site.incoming().map_while(Result::ok).for_each(|stream| _ = answer(stream, health)));
    if what == "hang" {
        say(io::stderr(), "last words")?;
        loop {
            pause(LONGEST);
        }
    }
    let control = (what != "mute").then(|| {
        let _ = std::fs::remove_file(run.join("server.sock"));
        UnixListener::bind(run.join("server.sock"))
    });
    say(io::stdout(), "ready")?;
    for stream in control.transpose()?.iter().flat_map(UnixListener::incoming) {
        // One that answers to nothing keeps the connection.
        let stream = stream?;
        if what == "deaf" {
            std::mem::forget(stream);
        } else {
            let _ = control_answer(&stream, &record, what, &lock);
        }
    }
    loop {
        pause(LONGEST);
    }
}

fn answer(mut stream: TcpStream, status: &str) -> io::Result<()> {
    let mut head = [0; 1024];
    let _ = stream.read(&mut head)?;
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn control_answer(stream: &UnixStream, record: &Value, what: &str, lock: &Mutex<File>) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let question: Value = serde_json::from_str(&line)?;
    let say = |value: Value| say(stream, &value.to_string());
    match question["do"].as_str().unwrap_or_default() {
        "status" => {
            let mut status = record.clone();
            status["generation"] = json!(2);
            status["workers"] = json!([{ "pid": 7, "generation": 2, "state": "ready", "since": "2026-01-02T03:04:05Z", "restarts": 1 }]);
            say(status)
        }
        "stop" => {
            say(json!({ "say": format!("told to stop: {}", line.trim_end()) }))?;
            end(lock, "stop")
        }
        "restart" if what == "rollback" => {
            say(json!({ "say": "starting" }))?;
            say(json!({ "error": "the new build was not ready", "hint": "look at it" }))
        }
        "restart" if what == "vanish" => end(lock, "restart"),
        _ => {
            say(json!({ "say": format!("asked: timeout {}, {}", question["timeout"], question["exe"]) }))?;
            say(json!({ "done": true }))
        }
    }
}

/// Ends in order, and says what for.
fn end(lock: &Mutex<File>, why: &str) -> io::Result<()> {
    let lock = lock.lock().unwrap_or_else(PoisonError::into_inner);
    say(io::stderr(), why)?;
    lock.set_len(0)?;
    exit(0)
}
