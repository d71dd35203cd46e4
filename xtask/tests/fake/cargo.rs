//! The fake cargo where the sandbox has the real app (`bin/app`): it "builds" a starter of it, and does what words in
//! the sources and files of the sandbox say.
//!
//! * `broken` in a source: an error of the compiler at that place.
//! * a file `build.wait`: the build, which has read the sources, goes on when the file is gone.
//! * in a source, for what is built: `dies` (writes last words, exits with 3), `hangs` (is never ready), `waits` (starts
//!   when the file `start.wait` is gone).
//!
//! `builds.log` has a line for each build that began and for each that ended: `begun NAME`, `done NAME`, `failed NAME`,
//! `fresh NAME` where the sources were those of the build before. `starts.log` has one for each start of a server. The
//! starter has the static files below `/built-NAME/`, so each page says from which sources it is. It also knows a
//! `worker`, which says `working NAME` and ends with xtask.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::sources::Sources;
use super::{pause, say};

/// How often files that hold something up are looked at.
const TICK: Duration = Duration::from_millis(5);

pub(super) fn run(root: &Path, args: &[OsString]) -> io::Result<u8> {
    if args.first().is_none_or(|arg| arg != "build") {
        return Ok(0);
    }
    let speaks_json = args.iter().any(|arg| arg.to_string_lossy().starts_with("--message-format"));
    std::fs::create_dir_all(root.join("target/debug"))?;
    // As cargo has it: one build at a time.
    let lock = File::create(root.join("target/debug/.cargo-lock"))?;
    lock.lock()?;
    let sources = Sources::read(root);
    let name = sources.name();
    log(root, &format!("begun {name}"))?;
    say(io::stderr(), &format!("   Compiling app v0.0.0 ({})", root.join("app").display()))?;
    while root.join("build.wait").exists() {
        pause(TICK);
    }
    if let Some((file, line, column)) = find(&sources, "broken") {
        log(root, &format!("failed {name}"))?;
        let message = message(root, file, line, column);
        match speaks_json {
            true => {
                say(io::stdout(), &message.to_string())?;
                say(io::stdout(), &json!({ "reason": "build-finished", "success": false }).to_string())?;
            }
            false => say(io::stderr(), message["message"]["rendered"].as_str().unwrap_or_default())?,
        }
        say(io::stderr(), "error: could not compile `app` (bin \"app\") due to 1 previous error")?;
        return Ok(101);
    }
    let binary = root.join("target/debug/app");
    let fresh = std::fs::read_to_string(&binary).is_ok_and(|script| script.contains(&format!("/built-{name}/")));
    if !fresh {
        write_starter(root, &binary, &sources)?;
    }
    let files: Vec<String> = sources.files.iter().map(|(path, _)| path.display().to_string()).collect();
    std::fs::write(binary.with_extension("d"), format!("{}: {}\n", binary.display(), files.join(" ")))?;
    log(root, &format!("{} {name}", if fresh { "fresh" } else { "done" }))?;
    if speaks_json {
        say(io::stdout(), &artifact(root, &binary, fresh).to_string())?;
        say(io::stdout(), &json!({ "reason": "build-finished", "success": true }).to_string())?;
    }
    say(io::stderr(), "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.01s")?;
    Ok(0)
}

fn log(root: &Path, line: &str) -> io::Result<()> {
    File::options().create(true).append(true).open(root.join("builds.log"))?.write_all(format!("{line}\n").as_bytes())
}

/// The first place of a word.
fn find<'a>(sources: &'a Sources, word: &str) -> Option<(&'a Path, usize, usize)> {
    sources.files.iter().find_map(|(path, text)| {
        let (before, _) = text.split_once(word)?;
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some((path.as_path(), before.matches('\n').count() + 1, line.chars().count() + 1))
    })
}

/// A program that becomes the real app. It is written beside and moved into place, as cargo does.
fn write_starter(root: &Path, binary: &Path, sources: &Sources) -> io::Result<()> {
    let name = sources.name();
    let only = |command: &str, then: &str| format!("[ \"$1\" != {command} ] || {then}\n");
    let only_server = |then: &str| only("runserver", then);
    let mut script = "#!/bin/sh\n".to_owned();
    script += &only("worker", &format!("{{ echo working {name}; read _ </dev/fd/$APP_PARENT_FD; exit; }}"));
    script += &only_server(&format!("echo {name} >>'{}'", root.join("starts.log").display()));
    if find(sources, "dies").is_some() {
        script += &only_server(&format!("{{ echo 'last words of {name}' >&2; exit 3; }}"));
    }
    if find(sources, "hangs").is_some() {
        script += &only_server("exec sleep 1000");
    }
    if find(sources, "waits").is_some() {
        let wait = root.join("start.wait");
        script += &only_server(&format!("while [ -e '{}' ]; do sleep 0.01; done", wait.display()));
    }
    script += &format!("export APP__STATIC__URL=/built-{name}/\nexec '{}' \"$@\"\n", root.join("bin/app").display());
    let draft = binary.with_extension("new");
    let mut file = File::options().create(true).write(true).truncate(true).mode(0o755).open(&draft)?;
    file.write_all(script.as_bytes())?;
    drop(file);
    std::fs::rename(&draft, binary)
}

fn target(root: &Path) -> Value {
    json!({
        "kind": ["bin"], "crate_types": ["bin"], "name": "app", "src_path": root.join("app/src/main.rs"),
        "edition": "2024", "doc": true, "doctest": false, "test": true,
    })
}

fn package_id(root: &Path) -> String {
    format!("path+file://{}#0.0.0", root.join("app").display())
}

/// A word that the compiler does not know, as cargo passes it on.
fn message(root: &Path, file: &Path, line: usize, column: usize) -> Value {
    let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let title = "cannot find value `broken` in this scope";
    let rendered = format!(
        "\u{1b}[1m\u{1b}[91merror[E0425]\u{1b}[0m\u{1b}[1m: {title}\u{1b}[0m\n \u{1b}[1m\u{1b}[94m--> \u{1b}[0m{shown}:{line}:{column}\n\n"
    );
    json!({
        "reason": "compiler-message", "package_id": package_id(root), "manifest_path": root.join("app/Cargo.toml"),
        "target": target(root),
        "message": {
            "$message_type": "diagnostic", "rendered": rendered, "message": title, "level": "error",
            "code": { "code": "E0425", "explanation": null }, "children": [],
            "spans": [{
                "file_name": shown, "byte_start": 0, "byte_end": 6, "line_start": line, "line_end": line,
                "column_start": column, "column_end": column + 6, "is_primary": true, "label": null, "text": [],
                "suggested_replacement": null, "suggestion_applicability": null, "expansion": null,
            }],
        },
    })
}

fn artifact(root: &Path, binary: &Path, fresh: bool) -> Value {
    json!({
        "reason": "compiler-artifact", "package_id": package_id(root), "manifest_path": root.join("app/Cargo.toml"),
        "target": target(root), "features": [], "filenames": [binary], "executable": binary, "fresh": fresh,
        "profile": { "opt_level": "0", "debuginfo": 1, "debug_assertions": true, "overflow_checks": true, "test": false },
    })
}
