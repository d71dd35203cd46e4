//! `restart-prod`: the server itself starts processes of the new build beside the old ones; this asks it to, and passes on
//! what it says.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use super::control::{self, Answer, said};
use super::lock::{self, State};
use crate::failure::Failure;
use crate::output;
use crate::process::Ended;
use crate::prod::options::Restart;
use crate::project::Project;
use crate::system::Signals;

/// How long the server may take beyond the time that the new processes have: the old ones drain.
const MARGIN: Duration = Duration::from_secs(60);

/// Fails when no server runs.
pub(in crate::prod) fn require_one(project: &Project) -> anyhow::Result<()> {
    let why = match lock::look(project)? {
        State::Held(_) => return Ok(()),
        State::Stopped => "the production server is not running".to_owned(),
        State::Crashed(record) => format!("the production server is not running: it crashed ({})", record.told()),
    };
    Err(Failure::new(why).hint("`cargo xtask prod` starts it").into())
}

/// Runs the task.
pub(in crate::prod) fn restart(project: &Project, typed: &Restart) -> anyhow::Result<u8> {
    require_one(project)?;
    let mut signals = Signals::catch()?;
    let deadline = Instant::now() + Duration::from_secs(typed.timeout) + MARGIN;
    let mut question = json!({ "do": "restart", "timeout": typed.timeout });
    // What was built and checked is what is to run. When it is gone, the server knows what it runs itself.
    let binary = project.app_binary();
    if let Some(binary) = binary.to_str().filter(|_| binary.exists()) {
        question["exe"] = json!(binary);
    }
    let mut asked = control::ask(project, &question)
        .context("failed to ask the production server for a restart on its control socket")?;
    loop {
        match asked.next(&mut signals, deadline)? {
            Answer::Line(line) if line.get("done").is_some() => break,
            Answer::Line(line) => match (said(&line, "say"), said(&line, "error")) {
                (_, Some(error)) => {
                    let failure = Failure::new(error);
                    let hint = said(&line, "hint").unwrap_or("`cargo xtask logs` shows more");
                    return Err(failure.hint(hint).into());
                }
                (Some(text), None) => output::note(text),
                (None, None) => {}
            },
            Answer::End => {
                let failure = Failure::new("the production server went away without an answer");
                return Err(failure.hint("`cargo xtask status` shows whether it runs").into());
            }
            Answer::Stopped(request) => {
                output::note("the restart goes on; `cargo xtask status` shows what came of it");
                return Ok(Ended::Killed(request.number()).code());
            }
            Answer::Late => {
                let text = format!("the production server did not finish the restart within {} s", typed.timeout);
                return Err(Failure::new(text).code(124).hint("`cargo xtask status` shows how it stands").into());
            }
        }
    }
    if let State::Held(holder) = lock::look(project)? {
        output::note(format_args!("the production server runs the new build: {}", holder.record.told()));
    }
    Ok(0)
}
