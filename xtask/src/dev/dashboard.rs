//! The one line that shows how things stand, as text of a given width.

use std::fmt::Write as _;
use std::time::Duration;

use super::model::{State, Status};

/// All that the line shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// What pages are told as well.
    pub status: Status,
    /// The address as a person types it.
    pub url: String,
    /// Whether a process of the app answers there.
    pub served: bool,
    /// How long the build took that is served; none when nothing had to be built.
    pub built_in: Option<Duration>,
    /// Whether all is about to end.
    pub stopping: bool,
}

impl View {
    /// What is told of the migrations that are not applied; none when there are none.
    pub fn pending(&self) -> Option<String> {
        match self.status.pending.len() {
            0 => None,
            1 => Some("1 migration pending".to_owned()),
            count => Some(format!("{count} migrations pending")),
        }
    }

    /// How long the build took, in words.
    pub fn took(&self) -> Option<String> {
        self.built_in.map(|time| format!("built in {:.1} s", time.as_secs_f64()))
    }
}

/// Whether keys are read, which the line then explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// They are not.
    #[default]
    Off,
    /// They are.
    On,
}

/// Select Graphic Rendition codes.
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";
const PLAIN: &str = "";

/// A piece of the line: codes and text.
type Piece = (&'static str, String);

/// The line, at most so many columns wide, without a line break.
pub fn line(view: &View, keys: Keys, columns: usize, coloured: bool) -> String {
    let mut pieces = pieces(view, keys);
    pieces.iter_mut().for_each(|(_, text)| text.retain(|letter| !letter.is_control()));
    paint(cut(pieces, columns), coloured)
}

fn pieces(view: &View, keys: Keys) -> Vec<Piece> {
    let url = &view.url;
    let mut pieces = vec![];
    if view.stopping {
        pieces.extend([(YELLOW, "●".to_owned()), (PLAIN, " stopping".to_owned())]);
        pieces.push((DIM, " · Ctrl-C ends everything at once".to_owned()));
        return pieces;
    }
    match view.status.state {
        State::Building => pieces.extend([(YELLOW, "●".to_owned()), (PLAIN, format!(" building · {url}"))]),
        State::Serving => pieces.extend([(GREEN, "●".to_owned()), (PLAIN, format!(" serving {url}"))]),
        State::Failed => {
            let title = view.status.failure.as_ref().map_or("failed", |failure| failure.title.as_str());
            let then = if view.served { "still serves the last good build" } else { "shows why" };
            pieces.extend([(RED, format!("● {title}")), (PLAIN, format!(" · {url} {then}"))]);
        }
    }
    if view.status.state == State::Serving {
        pieces.extend(view.took().map(|took| (DIM, format!(" · {took}"))));
    }
    let hint = if keys == Keys::On { " (m)" } else { "" };
    pieces.extend(view.pending().map(|pending| (YELLOW, format!(" · {pending}{hint}"))));
    if keys == Keys::On {
        pieces.push((DIM, " · r rebuild  o open  l clear  q quit".to_owned()));
    }
    pieces
}

/// Takes away what is beyond the width, with a mark where something is missing.
fn cut(pieces: Vec<Piece>, columns: usize) -> Vec<Piece> {
    let whole: usize = pieces.iter().flat_map(|(_, text)| text.chars()).map(width).sum();
    if whole <= columns {
        return pieces;
    }
    let mut left = columns.saturating_sub(1);
    let mut kept = Vec::new();
    for (codes, text) in pieces {
        let mut part = String::new();
        let mut is_full = false;
        for letter in text.chars() {
            is_full = width(letter) > left;
            if is_full {
                part.push('…');
                break;
            }
            left -= width(letter);
            part.push(letter);
        }
        kept.push((codes, part));
        if is_full {
            break;
        }
    }
    kept
}

/// How many columns a letter takes. Too many does no harm.
fn width(letter: char) -> usize {
    match letter {
        '\u{300}'..='\u{36f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f000}'..='\u{3ffff}' => 2,
        _ => 1,
    }
}

fn paint(pieces: Vec<Piece>, coloured: bool) -> String {
    let mut line = String::new();
    for (codes, text) in pieces {
        // Writing to a string cannot fail.
        let _ = if coloured && !codes.is_empty() {
            write!(line, "\x1b[{codes}m{text}\x1b[0m")
        } else {
            write!(line, "{text}")
        };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::model::Failure;
    use super::*;

    fn view(state: State) -> View {
        View {
            status: Status { state, ..Status::default() },
            url: "http://127.0.0.1:8000/".to_owned(),
            ..View::default()
        }
    }

    fn failed(title: &str) -> View {
        let mut view = view(State::Failed);
        view.status.failure = Some(Failure { title: title.to_owned(), messages: Vec::new() });
        view
    }

    #[test]
    fn each_state_has_its_words() {
        let shown = |view: &View| line(view, Keys::Off, 200, false);
        let url = "http://127.0.0.1:8000/";
        assert_eq!(shown(&view(State::Building)), format!("● building · {url}"));
        let mut serving = View { built_in: Some(Duration::from_millis(940)), ..view(State::Serving) };
        assert_eq!(shown(&serving), format!("● serving {url} · built in 0.9 s"));
        serving.status.pending = vec!["a".to_owned()];
        assert_eq!(shown(&serving), format!("● serving {url} · built in 0.9 s · 1 migration pending"));
        serving.status.pending.push("b".to_owned());
        let keys = "r rebuild  o open  l clear  q quit";
        let expected = format!("● serving {url} · built in 0.9 s · 2 migrations pending (m) · {keys}");
        assert_eq!(line(&serving, Keys::On, 200, false), expected);
        let mut failed = failed("the build failed: 2 errors");
        assert_eq!(shown(&failed), format!("● the build failed: 2 errors · {url} shows why"));
        failed.served = true;
        assert_eq!(shown(&failed), format!("● the build failed: 2 errors · {url} still serves the last good build"));
        failed.stopping = true;
        assert_eq!(shown(&failed), "● stopping · Ctrl-C ends everything at once");
    }

    #[test]
    fn the_line_is_never_wider_than_asked_for() {
        let views = [view(State::Serving), view(State::Building), failed("e\u{301}rror in 日本語 and 🦀"), failed("")];
        for view in &views {
            for columns in 0..160 {
                let text = line(view, Keys::On, columns, false);
                let wide: usize = text.chars().map(width).sum();
                assert!(wide <= columns.max(1), "{columns}: {text}");
            }
        }
        assert_eq!(line(&views[0], Keys::On, 12, false), "● serving h…");
    }

    #[test]
    fn colours_come_on_top_and_control_characters_not_at_all() {
        let view = failed("a\x1b[2Jb\nc");
        assert_eq!(line(&view, Keys::Off, 8, false), "● a[2Jb…");
        assert_eq!(line(&view, Keys::Off, 8, true), "\x1b[31m● a[2Jb…\x1b[0m");
    }
}
