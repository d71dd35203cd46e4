//! Why code ended early, and how that is said.

use rhai::{Dynamic, EvalAltResult, Position};
use unicode_width::UnicodeWidthStr as _;

/// Why a piece of code ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// Ctrl-C.
    Interrupted,
    /// `exit()`, with this code.
    Left(u8),
    /// It is wrong, or something went wrong.
    Error {
        /// What.
        message: String,
        /// Where: line and column, from 1.
        place: Option<(usize, usize)>,
    },
}

/// What `exit(code)` ends the code with.
#[derive(Clone, Copy)]
pub(super) struct Leave(pub(super) u8);

/// A close name for an unknown one, if there is any.
pub(super) type Guess<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Failure {
    pub(super) fn new(mut error: EvalAltResult, guess: Guess) -> Self {
        // What went wrong inside of a function is said where it went wrong.
        while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
            error = *inner;
        }
        let place = error.take_position();
        let message = match error {
            EvalAltResult::ErrorTerminated(token, _) => return Self::ended(&token),
            // Some begin with a line break, because a question stands before them.
            EvalAltResult::ErrorRuntime(value, _) => value.to_string().trim().to_owned(),
            EvalAltResult::ErrorParsing(wrong, _) => lower_case(&wrong.to_string()),
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                suggest(format!("there is no variable `{name}`"), guess(&name))
            }
            EvalAltResult::ErrorFunctionNotFound(signature, _) => {
                let (name, arguments) = signature.split_once(" (").unwrap_or((&signature, ")"));
                let message = format!("there is no function `{name}({arguments}`");
                suggest(message, guess(name).filter(|guess| guess != name))
            }
            other => lower_case(&other.to_string()),
        };
        Self::Error { message, place: line_and_column(place) }
    }

    fn ended(token: &Dynamic) -> Self {
        token.read_lock::<Leave>().map_or(Self::Interrupted, |leave| Self::Left(leave.0))
    }
}

fn suggest(message: String, guess: Option<String>) -> String {
    guess.map_or(message.clone(), |guess| format!("{message}; did you mean `{guess}`?"))
}

fn lower_case(text: &str) -> String {
    let mut letters = text.chars();
    let rest_is_lower = letters.clone().nth(1).is_some_and(char::is_lowercase);
    match letters.next() {
        Some(first) if rest_is_lower => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

fn line_and_column(position: Position) -> Option<(usize, usize)> {
    Some((position.line()?, position.position().unwrap_or(1)))
}

/// The text of an error, with the line of code and the place in it. `origin` is what the code came from (`line`, or a
/// file's name).
pub(super) fn text(message: &str, place: Option<(usize, usize)>, code: &str, origin: &str) -> String {
    let Some((number, column)) = place else { return message.to_owned() };
    let Some(line) = code.lines().nth(number - 1) else { return message.to_owned() };
    let line = line.replace('\t', " ");
    let label = if origin == "line" { format!("  line {number}: ") } else { format!("  {origin}:{number}: ") };
    let before: String = line.chars().take(column.saturating_sub(1)).collect();
    let indent = " ".repeat(label.width() + before.width());
    format!("{message}\n{label}{line}\n{indent}^")
}
