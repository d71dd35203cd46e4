//! Rows that an argument can mean: the app that is there already is asked for their keys, and has little time.

use std::ffi::OsString;

use super::LIMIT;
use super::candidates::Candidate;
use super::place::Place;
use crate::app;
use crate::plan::Role;
use crate::project::Project;

/// The newest rows of the model that an argument called `<MODEL>_ID` means: a model of this module, else the only one of
/// that name. In the database and with the settings that were typed before.
pub(super) fn ask(project: &Project, module: &str, model: &str, place: &Place<'_>) -> Vec<Candidate> {
    let text = answer(project, module, model, place).unwrap_or_default();
    let line = |line: &str| line.split_once('\t').map(|(key, about)| Candidate::new(key, about));
    text.lines().filter_map(line).collect()
}

fn answer(project: &Project, module: &str, model: &str, place: &Place<'_>) -> Option<String> {
    let model = model.replace('_', "").to_lowercase();
    let mut words: Vec<OsString> = vec!["listkeys".into(), format!("{module}.{model}").into()];
    for option in ["database", "settings"] {
        words.extend(place.values(option).last().map(|value| format!("--{option}={value}").into()));
    }
    let step = app::step(project, Role::App, words);
    let asked = step.unseen().stdout_capture().stderr_null().start().ok()?;
    let output = asked.wait_timeout(LIMIT).ok().flatten().filter(|output| output.status.success());
    let text = output.and_then(|output| String::from_utf8(output.stdout.clone()).ok());
    if text.is_none() {
        // It may have ended by itself, and nobody waits for an answer any more.
        let _ = asked.kill();
    }
    text
}
