//! Stands in for the app and for cargo in xtask's tests: it says how it was called, and behaves as it is told to.
//!
//! Under the name `cargo` it "builds" by copying itself to `target/debug/app` with a dep-info file. Under any other
//! name it prints one line of JSON: arguments, directory, process group, and the variables named in `FAKE_SHOW`.
//! `FAKE_<COMMAND>` (`FAKE_MIGRATE`, `FAKE_CARGO`) or the file `fake/<command>` in the workspace root, which a test can
//! change at any time, tells it what to do then, see [`behave`] and [`supervised`]. Without it, `runserver` under
//! supervision serves. In a sandbox with the real app (`bin/app`), cargo is the one in [`cargo`](self::cargo).

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::event::Timespec;
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::supervised::Supervised;

mod cargo;
mod resident;
mod sources;
mod supervised;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let args: Vec<OsString> = words.collect();
    let done = match Path::new(&program).file_name() {
        Some(name) if name == "cargo" => build(&args),
        Some(name) if name == "rustc" => behave("wait"),
        Some(name) if name == "helper" => rustix::event::poll(&mut [], None).map(|_| 0).map_err(io::Error::from),
        _ => app(&args),
    };
    ExitCode::from(done.unwrap_or(99))
}

#[expect(clippy::disallowed_methods, reason = "showing the environment is what it is for")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn say(mut to: impl Write, line: &str) -> io::Result<()> {
    writeln!(to, "{line}").and_then(|()| to.flush())
}

/// Waits for nothing in particular.
fn pause(time: Duration) {
    let time = Timespec::try_from(time).ok();
    let _ = rustix::event::poll(&mut [], time.as_ref());
}

fn behaviour(root: &Path, of: &str) -> Option<String> {
    let variable = variable(&format!("FAKE_{}", of.to_uppercase())).and_then(|text| text.into_string().ok());
    variable.or_else(|| std::fs::read_to_string(root.join("fake").join(of)).ok().map(|text| text.trim_end().to_owned()))
}

fn build(args: &[OsString]) -> io::Result<u8> {
    let root = std::env::current_dir()?;
    if root.join("bin/app").exists() {
        return cargo::run(&root, args);
    }
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    say(io::stderr(), &format!("cargo {}", words.join(" ")))?;
    if let Some(line) = shown() {
        say(io::stderr(), &line.to_string())?;
    }
    if let Some(what) = behaviour(&root, "cargo") {
        return behave(&what);
    }
    if args.first().is_some_and(|arg| arg == "build") {
        let profile = if words.iter().any(|word| word == "--release") { "release" } else { "debug" };
        let binary = root.join("target").join(profile).join("app");
        // The running one may be in use; a new file takes its place, as cargo does it.
        let draft = binary.with_extension("new");
        std::fs::create_dir_all(root.join("target").join(profile))?;
        std::fs::copy(std::env::current_exe()?, &draft)?;
        std::fs::rename(&draft, &binary)?;
        let read: Vec<String> =
            sources::Sources::read(&root).files.iter().map(|(path, _)| path.display().to_string()).collect();
        let text = format!("{}: {}\n", binary.display(), read.join(" "));
        std::fs::write(binary.with_extension("d"), text)?;
    }
    Ok(0)
}

fn app(args: &[OsString]) -> io::Result<u8> {
    let root = PathBuf::from(variable("APP_ROOT").unwrap_or_default());
    if args == ["help", "--format", "json"] {
        if let Some(what) = behaviour(&root, "help") {
            return behave(&what);
        }
        return say(io::stdout(), &std::fs::read_to_string(root.join("catalogue.json"))?).map(|()| 0);
    }
    if let Some(findings) = args.first().filter(|arg| *arg == "doctor").and_then(|_| findings(&root, args)) {
        return say(io::stdout(), &findings).map(|()| 0);
    }
    if args.first().is_some_and(|command| command == "listkeys") {
        return keys(&root, args);
    }
    if args.first().is_some_and(|command| command == "serve") && args.get(1).is_none_or(|arg| arg != "--version") {
        return resident::serve(&root, args, behaviour(&root, "serve").as_deref().unwrap_or_default());
    }
    let parents = rustix::process::getppid().and_then(|parent| rustix::process::getpgid(Some(parent)).ok());
    let mut line = json!({
        "app": args.iter().map(|arg| text(arg)).collect::<Vec<_>>(),
        "in": std::env::current_dir()?.strip_prefix(&root).map(|path| text(path.as_os_str())).unwrap_or(Value::Null),
        "group": if Some(rustix::process::getpgrp()) == parents { "shared" } else { "own" },
    });
    if let (Some(line), Some(shown)) = (line.as_object_mut(), shown()) {
        line.insert("env".to_owned(), shown);
    }
    let mut supervised = Supervised::take(&root)?;
    say(io::stdout(), &line.to_string())?;
    watch_parent()?;
    let command = args.first().and_then(|arg| arg.to_str()).unwrap_or("nothing");
    match behaviour(&root, &command.replace('-', "_")) {
        Some(words) => supervised.live(&words),
        None if supervised.is_awaited() => supervised.live("ready; serve"),
        None => Ok(0),
    }
}

/// What `doctor` finds, as the file `fake/findings.json` says; `{args}` in it are the arguments.
fn findings(root: &Path, args: &[OsString]) -> Option<String> {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let text = std::fs::read_to_string(root.join("fake/findings.json")).ok()?;
    Some(text.replace("{args}", &words.join(" ")))
}

/// Says what the file `rows` says, and notes the question in the file `asked`.
fn keys(root: &Path, args: &[OsString]) -> io::Result<u8> {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    say(std::fs::File::options().create(true).append(true).open(root.join("asked"))?, &words.join(" "))?;
    match behaviour(root, "listkeys") {
        Some(what) => behave(&what),
        None => say(io::stdout(), &std::fs::read_to_string(root.join("rows"))?).map(|()| 0),
    }
}

fn text(text: &OsStr) -> Value {
    text.to_str().map_or_else(|| json!(text.as_bytes()), |text| json!(text))
}

/// The variables that the test asked for, null for those that are not there.
fn shown() -> Option<Value> {
    let names = variable("FAKE_SHOW")?.into_string().ok()?;
    Some(names.split(' ').map(|name| (name.to_owned(), variable(name).map(|value| text(&value)))).collect())
}

/// Ends when xtask is gone, as the real app does.
fn watch_parent() -> io::Result<()> {
    let Some(fd) = variable("APP_PARENT_FD") else { return Ok(()) };
    let mut pipe = std::fs::File::open(Path::new("/dev/fd").join(fd))?;
    std::thread::spawn(move || {
        let _ = pipe.read(&mut [0]);
        let _ = say(io::stdout(), "orphaned");
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
    });
    Ok(())
}

/// Says so, and leaves the process's number in the file `FAKE_PIDS` for whoever does not see what it says.
fn ready() -> io::Result<()> {
    if let Some(path) = variable("FAKE_PIDS") {
        std::fs::write(path, format!("{}\n", std::process::id()))?;
    }
    say(io::stdout(), "ready")
}

/// `exit N`, `signal N` (to itself), `fail MESSAGE` (as the compiler does), `wait` (for a signal, then exit 0),
/// `stubborn` (ignores signals), `leave` (leaves a process behind), `compile` (cargo with a compiler that waits).
fn behave(what: &str) -> io::Result<u8> {
    let (what, more) = what.split_once(' ').unwrap_or((what, ""));
    match what {
        "exit" => return Ok(more.parse().unwrap_or(98)),
        "signal" => {
            let signal = more.parse().ok().and_then(rustix::process::Signal::from_named_raw);
            rustix::process::kill_process(rustix::process::getpid(), signal.ok_or(io::ErrorKind::InvalidInput)?)?;
        }
        "fail" => {
            say(io::stderr(), more)?;
            return Ok(101);
        }
        "wait" => {
            let mut signals = Signals::new([SIGINT, SIGTERM])?;
            ready()?;
            let name = signals.forever().next().and_then(signal_hook::low_level::signal_name);
            say(io::stdout(), name.unwrap_or("?"))?;
        }
        "stubborn" => {
            let mut signals = Signals::new([SIGINT, SIGTERM])?;
            ready()?;
            for signal in signals.forever() {
                say(io::stdout(), signal_hook::low_level::signal_name(signal).unwrap_or("?"))?;
            }
        }
        "compile" | "leave" => {
            let compiler = std::env::current_exe()?.with_file_name("rustc");
            let mut child = Command::new(compiler).spawn()?;
            if what == "compile" {
                child.wait()?;
            }
        }
        _ => return Ok(97),
    }
    Ok(0)
}
