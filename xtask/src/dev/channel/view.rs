//! The status as browsers get it: with the compiler's messages as text and as HTML.

use serde::Serialize;
use serde_json::Value;

use super::ansi;
use super::editor::Editor;
use crate::dev::model::{Diagnostic, Level, State, Status};

/// How many messages a browser is shown. The terminal has them all.
const MESSAGES: usize = 40;

/// How much of one message, in bytes.
const LENGTH: usize = 64 * 1024;

/// A status, rendered.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct View {
    pub(super) generation: u64,
    pub(super) state: State,
    /// What failed; none when nothing did.
    pub(super) title: Option<String>,
    pub(super) errors: Vec<Shown>,
    /// How many messages are left out.
    more: usize,
    pending: Vec<String>,
}

/// A message, rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    level: Level,
    pub(super) text: String,
    html: String,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    href: Option<String>,
}

impl View {
    pub(super) fn json(&self) -> Value {
        // Nothing in it can fail to become JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

pub(super) fn of(status: &Status, editor: &Editor) -> View {
    let messages = status.failure.as_ref().map_or(&[][..], |failure| &failure.messages);
    View {
        generation: status.generation,
        state: status.state,
        title: status.failure.as_ref().map(|failure| ansi::plain(&failure.title)),
        errors: messages.iter().take(MESSAGES).map(|message| shown(message, editor)).collect(),
        more: messages.len().saturating_sub(MESSAGES),
        pending: status.pending.clone(),
    }
}

fn shown(message: &Diagnostic, editor: &Editor) -> Shown {
    let rendered = &message.rendered[..message.rendered.floor_char_boundary(LENGTH)];
    let place = message.place.as_ref();
    Shown {
        level: message.level,
        text: ansi::plain(rendered),
        html: ansi::html(rendered, editor),
        file: place.map(|place| place.file.to_string_lossy().into_owned()),
        line: place.map(|place| place.line),
        column: place.map(|place| place.column),
        href: place.and_then(|place| editor.href(&place.file, place.line, place.column)),
    }
}
