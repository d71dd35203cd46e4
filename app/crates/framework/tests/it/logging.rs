//! Logging: what goes where, how a line looks, rotation, several processes, unwritable directories.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use framework::conf::{Log, Settings};
use framework::logging::{Level, Logging};
use framework::management::Capture;
use tempfile::TempDir;
use tracing::subscriber::with_default;
use tracing::{Subscriber, debug, error, info, info_span, warn};

/// A directory for a log file.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("var/log/app.log")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("a log file")
    }

    fn subscriber(&self, verbosity: u8, console: &Capture, log: Log) -> impl Subscriber + Send + Sync + use<> {
        let time_zone = Settings::default().time_zone;
        Logging { log, file: self.file(), time_zone, verbosity }.subscriber(Box::new(console.clone()))
    }

    /// What both sinks say about what `work` logs.
    fn run(&self, verbosity: u8, level: Level, work: impl FnOnce()) -> String {
        let console = Capture::new();
        with_default(self.subscriber(verbosity, &console, Log { level, ..Log::default() }), work);
        console.text()
    }
}

/// Everything but the time at the beginning of each line.
fn without_times(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest)).collect()
}

fn events() {
    error!(target: "t", "e");
    warn!(target: "t", "w");
    info!(target: "http.access", status = 200, "GET /");
    info!(target: "command", "`x` started");
    debug!(target: "t", "d");
}

#[test]
fn verbosity_decides_about_the_console_and_the_level_about_the_file() {
    let (e, w, access, command, d) =
        ("ERROR t: e", "WARN t: w", "GET / status=200", "INFO command: `x` started", "DEBUG t: d");
    let expected: [&[&str]; 4] =
        [&[e], &[e, w, access], &[e, w, "GET / status=200"], &[e, w, "GET / status=200", command, d]];
    for (verbosity, expected) in expected.iter().enumerate() {
        let place = Place::new();
        let console = place.run(verbosity as u8, Level::Info, events);
        assert_eq!(without_times(&console), *expected, "verbosity {verbosity}");
        let lines = place.text();
        let in_file = ["ERROR t: e", " WARN t: w", " INFO http.access: GET / status=200", " INFO command: `x` started"];
        assert_eq!(without_times(&lines), in_file);
    }
}

#[test]
fn nothing_is_opened_before_it_is_used() {
    let place = Place::new();
    place.run(3, Level::Warn, || info!("on the console alone"));
    place.run(3, Level::Off, || error!("on the console alone"));
    assert_eq!(fs::read_dir(place.0.path()).expect("a directory").count(), 0);
    place.run(0, Level::Warn, || warn!("written"));
    assert_eq!(place.text().lines().count(), 1);
}

#[test]
fn a_line_has_time_level_target_message_fields_and_the_fields_of_its_spans() {
    let place = Place::new();
    let console = place.run(1, Level::Info, || {
        let request = info_span!("request", id = "a1", user = tracing::field::Empty);
        let _entered = request.enter();
        request.record("user", 7);
        warn!(target: "mail", to = "a b", n = 3, empty = "", "slow \"server\"");
    });
    let line = place.text();
    let (time, rest) = line.split_once(' ').expect("a time");
    assert_eq!(rest, " WARN mail: slow \"server\" to=\"a b\" n=3 empty=\"\" id=a1 user=7\n");
    assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok() && time.len() == 24 && time.ends_with('Z'), "{time}");
    assert_eq!(without_times(&console), ["WARN mail: slow \"server\" to=\"a b\" n=3 empty=\"\" id=a1 user=7"]);
}

#[test]
fn a_request_id_reaches_a_warning_when_the_level_is_above_that_of_its_span() {
    let place = Place::new();
    place.run(0, Level::Warn, || info_span!("request", id = "a1").in_scope(|| warn!(target: "t", "w")));
    assert_eq!(without_times(&place.text()), [" WARN t: w id=a1"]);
}

#[test]
fn values_cannot_forge_lines_fields_or_colours() {
    let place = Place::new();
    let evil = "x\n2026-01-01T00:00:00.000Z ERROR t: forged\r\t\x1b[31m\u{2028}\u{202e}é";
    let console = place.run(1, Level::Info, || warn!(target: "t", path = evil, other = "a=\"b\\", "{evil}"));
    let escaped = "x\\n2026-01-01T00:00:00.000Z ERROR t: forged\\r\\t\\u{1b}[31m\\u{2028}\\u{202e}é";
    for text in [place.text(), console] {
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(&format!(": {escaped} path=\"{escaped}\" other=\"a=\\\"b\\\\\"\n")), "{text}");
        assert!(!text.trim_end().chars().any(char::is_control), "{text}");
    }
}

#[test]
fn an_error_shows_its_causes() {
    let place = Place::new();
    let cause = std::io::Error::other("disk on fire");
    let failure = anyhow::Error::new(cause).context("cannot save");
    place.run(0, Level::Info, || error!(target: "t", error = failure.as_ref() as &dyn std::error::Error, "failed"));
    assert_eq!(without_times(&place.text()), ["ERROR t: failed error=\"cannot save: disk on fire\""]);
}

/// The names of the files in the log's directory, in order.
fn names(file: &Path) -> Vec<String> {
    let entries = fs::read_dir(file.parent().expect("a directory")).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_file_is_rotated_by_size_and_the_oldest_go() {
    let place = Place::new();
    let log = |keep| Log { level: Level::Info, max_bytes: 200, keep };
    let write = |log: Log, numbers: std::ops::Range<u32>| {
        let write = || numbers.for_each(|number| info!(target: "t", "line {number:03} {}", "x".repeat(40)));
        with_default(place.subscriber(0, &Capture::new(), log), write);
    };
    write(log(3), 0..100);
    assert_eq!(names(&place.file()), ["app.log", "app.log.1", "app.log.2", "app.log.3"]);
    let rotated =
        |number: u32| fs::read_to_string(format!("{}.{number}", place.file().display())).expect("a rotated file");
    assert!(place.text().contains("line 099") && rotated(1).contains("line 097") && rotated(3).contains("line 093"));
    assert!([place.text(), rotated(1), rotated(3)].iter().all(|text| text.len() <= 200));
    write(log(1), 100..102);
    assert_eq!(names(&place.file()), ["app.log", "app.log.1"], "fewer are kept when the settings say so");
    write(log(1), 102..103);
    let long = Log { level: Level::Info, max_bytes: 1, keep: 1 };
    with_default(place.subscriber(0, &Capture::new(), long), || info!(target: "t", "longer than a file"));
    assert!(place.text().contains("longer than a file"));
}

#[test]
fn several_processes_share_a_file_and_lose_no_line() {
    let place = Place::new();
    // Each subscriber opens the file for itself, as a process does.
    let log = Log { level: Level::Info, max_bytes: 2_000, keep: 500 };
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let subscriber = place.subscriber(0, &Capture::new(), log.clone());
            scope.spawn(move || {
                with_default(subscriber, || (0..500).for_each(|number| info!(target: "t", "<{writer}:{number}>")));
            });
        }
    });
    let mut lines = Vec::new();
    for name in names(&place.file()) {
        let text = fs::read_to_string(place.file().with_file_name(name)).expect("a log file");
        assert!(text.ends_with('\n') && !text.is_empty());
        lines.extend(text.lines().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()));
    }
    lines.sort();
    let mut expected: Vec<_> =
        (0..4).flat_map(|writer| (0..500).map(move |number| format!("<{writer}:{number}>"))).collect();
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn a_file_that_was_taken_away_is_made_anew() {
    let place = Place::new();
    place.run(0, Level::Info, || {
        info!(target: "t", "one");
        fs::rename(place.file(), place.file().with_extension("old")).expect("a rename");
        info!(target: "t", "two");
    });
    assert_eq!(without_times(&place.text()), [" INFO t: two"]);
}

#[test]
fn a_directory_that_cannot_be_written_is_said_once() {
    let place = Place::new();
    // A file in the directory's place stops even the superuser.
    fs::write(place.0.path().join("var"), "").expect("a file");
    let console = place.run(0, Level::Info, || (0..3).for_each(|_| info!("lost")));
    assert_eq!(console.lines().count(), 1, "{console}");
    assert!(console.starts_with("warning: cannot write the log file `"), "{console}");
}

#[test]
fn log_files_are_not_for_everyone() {
    let place = Place::new();
    place.run(0, Level::Info, || info!("written"));
    let mode = fs::metadata(place.file()).expect("a log file").permissions().mode();
    assert_eq!(mode & 0o007, 0, "{mode:o}");
}
