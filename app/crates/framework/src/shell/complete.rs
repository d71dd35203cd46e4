//! Completion: names, methods, fields and lookups, as far as the text before the cursor tells what is meant.

use db::rows::Lookup;
use db::state::ModelKey;
use rhai::Dynamic;

use super::functions::FUNCTIONS;
use super::models::{End, Models};
use super::query::{METHODS, Model, Query};
use super::row::Row;

const KEYWORDS: &[&str] = &[
    "break", "const", "continue", "else", "false", "fn", "for", "if", "in", "let", "loop", "null", "return", "true",
    "while",
];

/// Methods that give back one row.
const ONE: &[&str] = &["create", "first", "get", "last"];

/// Methods whose argument names fields and lookups, and those whose argument names fields alone.
const LOOKING: &[&str] = &["exclude", "filter", "get"];
const WRITING: &[&str] = &["create", "update"];
const NAMING: &[&str] = &["order", "order_by", "values"];

/// What can be typed.
pub(super) struct Known<'a> {
    pub(super) models: &'a Models,
    pub(super) commands: &'a [String],
    pub(super) variables: &'a [(String, Dynamic)],
}

/// What an expression is.
enum Kind {
    /// A model, or a question for its rows.
    Rows(ModelKey),
    Row(ModelKey),
}

/// What may stand in place of the word before the cursor, and where that word begins.
pub(super) fn candidates(before: &str, known: &Known<'_>) -> (usize, Vec<String>) {
    let start = before
        .rfind(|letter: char| !is_word(letter))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let (context, word) = before.split_at(start);
    let mut found = in_context(context, word, known);
    found.retain(|candidate| candidate.starts_with(word));
    found.sort();
    found.dedup();
    (start, found)
}

fn in_context(context: &str, word: &str, known: &Known<'_>) -> Vec<String> {
    if let Some(expression) = context.strip_suffix('.') {
        return match kind(expression, known) {
            Some(Kind::Rows(_)) => METHODS.iter().chain(&["delete"]).map(|name| (*name).to_owned()).collect(),
            Some(Kind::Row(model)) => {
                let methods = ["delete", "refresh", "save", "to_map"].map(str::to_owned);
                fields(&model, known).into_iter().chain(methods).collect()
            }
            None => Vec::new(),
        };
    }
    if let Some(quoted) = context.trim_end_matches('-').strip_suffix('"') {
        return match call(quoted) {
            Some((_, "call_command")) => known.commands.to_vec(),
            Some((expression, method)) if NAMING.contains(&method) => columns(expression, known),
            _ => Vec::new(),
        };
    }
    match enclosing_map(context).and_then(call) {
        Some((expression, method)) if LOOKING.contains(&method) => lookups(expression, word, known),
        Some((expression, method)) if WRITING.contains(&method) => columns(expression, known),
        _ => names(known),
    }
}

fn names(known: &Known<'_>) -> Vec<String> {
    let models = known.models.names().iter().map(|(name, _)| name.clone());
    let functions = FUNCTIONS.iter().map(|(name, _)| name.split(')').next().unwrap_or_default());
    let functions = functions.filter_map(|name| Some(format!("{}(", name.split('(').next()?)));
    let variables = known.variables.iter().map(|(name, _)| name.clone());
    models.chain(functions).chain(variables).chain(KEYWORDS.iter().map(|word| (*word).to_owned())).collect()
}

fn columns(expression: &str, known: &Known<'_>) -> Vec<String> {
    match kind(expression.trim_end_matches('.'), known) {
        Some(Kind::Rows(model)) => own_fields(&model, known),
        _ => Vec::new(),
    }
}

fn own_fields(model: &ModelKey, known: &Known<'_>) -> Vec<String> {
    let table = known.models.table(model);
    table.map(|table| table.fields().iter().map(|field| field.name.clone()).collect()).unwrap_or_default()
}

/// Fields and relations, as they are called on a row.
fn fields(model: &ModelKey, known: &Known<'_>) -> Vec<String> {
    let relations = known.models.relations(model).iter().map(|relation| relation.name.clone());
    own_fields(model, known).into_iter().chain(relations).collect()
}

/// Fields, relations and lookups for the last part of `message__sub`.
fn lookups(expression: &str, word: &str, known: &Known<'_>) -> Vec<String> {
    let Some(Kind::Rows(mut model)) = kind(expression.trim_end_matches('.'), known) else { return Vec::new() };
    let (done, _) = word.rsplit_once("__").unwrap_or(("", word));
    let mut is_field = false;
    for part in done.split("__").filter(|part| !part.is_empty()) {
        match known.models.relations(&model).iter().find(|relation| relation.lookup == part) {
            Some(relation) => model = relation.target().cloned().unwrap_or(model),
            None => is_field = true,
        }
    }
    let comparisons = Lookup::ALL.iter().map(|(name, _)| (*name).to_owned());
    let ends: Vec<String> = match (is_field, done.is_empty()) {
        (true, _) => comparisons.collect(),
        (false, is_first) => {
            let relations = known.models.relations(&model).iter().map(|relation| relation.lookup.clone());
            let names = own_fields(&model, known).into_iter().chain(relations);
            if is_first { names.collect() } else { names.chain(comparisons).collect() }
        }
    };
    let prefix = if done.is_empty() { String::new() } else { format!("{done}__") };
    ends.into_iter().map(|end| format!("{prefix}{end}")).collect()
}

/// What the expression at the end of the text is.
fn kind(text: &str, known: &Known<'_>) -> Option<Kind> {
    let text = text.trim_end();
    if let Some(open) = opening(text) {
        let (expression, method) = word_before(&text[..open])?;
        let Kind::Rows(model) = kind(expression.strip_suffix('.')?, known)? else { return None };
        return Some(if ONE.contains(&method) { Kind::Row(model) } else { Kind::Rows(model) });
    }
    let (rest, name) = word_before(text)?;
    if let Some(expression) = rest.strip_suffix('.') {
        return match kind(expression, known)? {
            Kind::Rows(model) => (name == "objects").then_some(Kind::Rows(model)),
            Kind::Row(model) => {
                let relation = known.models.relations(&model).iter().find(|relation| relation.name == name)?;
                let target = relation.target()?.clone();
                Some(if relation.end == End::One { Kind::Row(target) } else { Kind::Rows(target) })
            }
        };
    }
    if let Some((_, value)) = known.variables.iter().find(|(variable, _)| variable == name) {
        let row = value.read_lock::<Row>().map(|row| Kind::Row(row.model().clone()));
        let query = value.read_lock::<Query>().map(|query| Kind::Rows(query.model().clone()));
        return row.or(query).or_else(|| Some(Kind::Rows(value.read_lock::<Model>()?.key.clone())));
    }
    known.models.find(name).cloned().map(Kind::Rows)
}

/// Where the parenthesis opens that the text ends with.
fn opening(text: &str) -> Option<usize> {
    text.strip_suffix(')')?;
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices().rev() {
        match letter {
            ')' => depth += 1,
            '(' if depth == 1 => return Some(at),
            '(' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The call whose first argument begins here: what stands before its method, and the method.
fn call(text: &str) -> Option<(&str, &str)> {
    word_before(text.trim_end().strip_suffix('(')?)
}

/// The text before the map that is open at its end.
fn enclosing_map(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices().rev() {
        match letter {
            '}' => depth += 1,
            '{' if depth > 0 => depth -= 1,
            '{' => {
                // Behind a colon stands a value.
                let last = text[at..].trim_end().chars().next_back();
                return text[..at].strip_suffix('#').filter(|_| matches!(last, Some('{' | ',')));
            }
            _ => {}
        }
    }
    None
}

fn word_before(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let start = text.rfind(|letter: char| !is_word(letter)).map_or(0, |at| at + 1);
    (start < text.len()).then(|| text.split_at(start))
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
