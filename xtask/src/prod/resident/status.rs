//! `status`: what the lock and the server itself say.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::control::{self, Answer, said};
use super::lock::{self, Holder, Record, State, url};
use crate::output;
use crate::process::Ended;
use crate::prod::options::Status;
use crate::project::Project;
use crate::system::Signals;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the exit codes say, as LSB and systemd have them.
const RUNNING: u8 = 0;
const BROKEN: u8 = 1;
const STOPPED: u8 = 3;

/// What there is to say.
struct Report {
    code: u8,
    text: String,
    data: Value,
    hint: Option<&'static str>,
}

/// Whether a server holds the lock.
pub(in crate::prod) fn is_running(project: &Project) -> bool {
    matches!(lock::look(project), Ok(State::Held(_)))
}

/// Runs the task.
pub(in crate::prod) fn status(project: &Project, typed: &Status) -> anyhow::Result<u8> {
    let report = match lock::look(project)? {
        State::Stopped => Report {
            code: STOPPED,
            text: "production server: not running\n".to_owned(),
            data: json!({ "state": "stopped" }),
            hint: Some("`cargo xtask prod` starts it"),
        },
        State::Crashed(record) => Report {
            code: BROKEN,
            text: lines("crashed", &record),
            data: merged(json!({ "state": "crashed" }), &record),
            hint: Some("`cargo xtask logs` shows its last words, `cargo xtask prod` starts it"),
        },
        State::Held(holder) => {
            let mut signals = Signals::catch()?;
            match answer(project, &mut signals)? {
                Answer::Line(said) => of_server(&holder, said),
                Answer::Stopped(request) => return Ok(Ended::Killed(request.number()).code()),
                Answer::End | Answer::Late => silent(&holder),
            }
        }
    };
    let data = format!("{:#}\n", report.data);
    output::data(if typed.json { &data } else { &report.text })?;
    if let Some(hint) = report.hint.filter(|_| !typed.json) {
        output::note(format_args!("hint: {hint}"));
    }
    Ok(report.code)
}

/// What the server says; the end when nobody listens.
fn answer(project: &Project, signals: &mut Signals) -> anyhow::Result<Answer> {
    match control::ask(project, &json!({ "do": "status" })) {
        Ok(mut asked) => asked.next(signals, Instant::now() + PATIENCE),
        Err(_) => Ok(Answer::End),
    }
}

/// It holds the lock, but says nothing: it is just starting, or hangs.
fn silent(holder: &Holder) -> Report {
    let (state, hint) = match (&holder.process, holder.record.state.as_str()) {
        (None, _) => ("starting", None),
        (Some(_), "stopping") => ("stopping", None),
        (Some(_), _) => ("not answering", Some("`cargo xtask logs` shows its log, `cargo xtask stop-prod` ends it")),
    };
    let record = if holder.process.is_some() { holder.record.clone() } else { Record::default() };
    Report { code: BROKEN, text: lines(state, &record), data: merged(json!({ "state": state }), &record), hint }
}

fn of_server(holder: &Holder, answer: Value) -> Report {
    let state = said(&answer, "state").unwrap_or("unknown").to_owned();
    let mut record: Record = serde_json::from_value(answer.clone()).unwrap_or_default();
    if record.exe.as_os_str().is_empty() {
        record.exe.clone_from(&holder.record.exe);
    }
    let mut text = lines(&state, &record);
    for worker in answer.get("workers").and_then(Value::as_array).into_iter().flatten() {
        let number = |field: &str| match worker.get(field) {
            None | Some(Value::Null) => "-".to_owned(),
            Some(number) => number.to_string(),
        };
        let word = |field: &str| said(worker, field).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "  worker     pid {}, {}", number("pid"), word("state"));
        let _ = match worker.get("since") {
            Some(Value::String(since)) => write!(text, " since {since}"),
            _ => Ok(()),
        };
        let _ = writeln!(text, ", generation {}, {} restart(s)", number("generation"), number("restarts"));
    }
    // The old processes serve while new ones are started beside them.
    let code = if matches!(state.as_str(), "serving" | "restarting") { RUNNING } else { BROKEN };
    let hint = (state == "failing").then_some("`cargo xtask logs` shows why its processes end");
    Report { code, text, data: answer, hint }
}

/// The state and what is known, a line each.
fn lines(state: &str, record: &Record) -> String {
    let mut text = format!("production server: {state}\n");
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:9}  {value}");
        }
    };
    if record.pid > 0 {
        line("pid", &record.pid.to_string());
    }
    line("since", &record.since().unwrap_or_default());
    line("version", &record.version);
    line("program", &record.exe.to_string_lossy());
    record.addresses.iter().for_each(|address| line("address", &url(address)));
    text
}

fn merged(mut data: Value, record: &Record) -> Value {
    if record.pid > 0
        && let (Some(fields), Ok(Value::Object(known))) = (data.as_object_mut(), serde_json::to_value(record))
    {
        for (name, value) in known {
            fields.entry(name).or_insert(value);
        }
    }
    data
}
