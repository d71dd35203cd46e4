//! What modules, commands, models and fields may be called.

mod path;
mod taken;

use crate::{Error, Result};

pub use path::{MODULES, ModulePath};
pub use taken::check_free;

/// How long a name may be, and a module's label: with a model's name behind it, it has to fit into the 63 bytes that
/// PostgreSQL keeps of a table's name.
pub const MAX_LENGTH: usize = 50;

/// The rule, for hints and help.
pub const RULE: &str = "a name is made of `a` to `z`, `0` to `9` and `_`, begins with a letter, has no `__` and no `_` at its \
                        end, has at most 50 characters, and is not a keyword of Rust";

/// Keywords of all editions, those that are only reserved included.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types that stand beside every entity, and so cannot be a model's name.
const ENTITY_TYPES: &[&str] =
    &["ActiveModel", "Column", "Entity", "Model", "PrimaryKey", "Relation", "RelatedEntity", "Self"];

/// Checks the name of a command, a field and the like; `what` is said in the message (`command`).
///
/// # Errors
/// When it is not a name, with the rule as hint.
pub fn identifier(what: &str, text: &str) -> Result<()> {
    if is_identifier(text) {
        return Ok(());
    }
    let shown = visible(text);
    let error =
        Error::new(format!("'{shown}' is not a valid {what} name. Please make sure the name is a valid identifier."));
    let proposal: String = text.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect();
    Err(error.with_hint(if KEYWORDS.contains(&text) {
        format!("`{text}` is a keyword of Rust: choose another name")
    } else if is_device(text) {
        format!("`{text}` is a device in Windows, where no file can be called so: choose another name")
    } else if is_identifier(&proposal) {
        format!("`{proposal}` would be one: {RULE}")
    } else if text.split('/').all(is_identifier) {
        format!("the names of a path are typed with spaces between them: `{}`", text.replace('/', " "))
    } else {
        RULE.to_owned()
    }))
}

/// Checks the name of a model, in `CamelCase`.
///
/// # Errors
/// When it is not a name, with the rule as hint.
pub fn model(text: &str) -> Result<()> {
    let camel = text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    if camel && !ENTITY_TYPES.contains(&text) && is_identifier(&snake_case(text)) {
        return Ok(());
    }
    let error = Error::new(format!(
        "'{}' is not a valid model name. Please make sure the name is a valid identifier.",
        visible(text)
    ));
    let proposal = camel_case(text);
    let rule = "a model is called like a type: letters and digits, each word with a capital (`NewsItem`)";
    Err(if proposal != text && model(&proposal).is_ok() {
        error.with_hint(format!("`{proposal}` would be one: {rule}"))
    } else {
        error.with_hint(rule)
    })
}

/// `NewsItem` as `news_item`: the name of its entity's module, and the end of its table's name.
pub fn snake_case(camel: &str) -> String {
    let chars: Vec<char> = camel.chars().collect();
    let mut snake = String::new();
    for (position, c) in chars.iter().enumerate() {
        let before = position.checked_sub(1).map(|before| chars[before]);
        let begins_word = c.is_uppercase()
            && before.is_some_and(|before| {
                // In a run of capitals, the last one begins the next word: `HTTPServer`.
                !before.is_uppercase() || chars.get(position + 1).is_some_and(|next| next.is_lowercase())
            });
        if begins_word && before != Some('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// `news_item` as `NewsItem`.
pub fn camel_case(snake: &str) -> String {
    let words = snake.split(['_', '-', ' ']).filter(|word| !word.is_empty());
    words
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<Vec<_>>()
        })
        .collect()
}

/// What is not printable, as an escape sequence: the name may come from anywhere.
pub(crate) fn visible(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_LENGTH
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        // The compiler warns of such names.
        && !text.contains("__")
        && !text.ends_with('_')
        && !KEYWORDS.contains(&text)
        && !is_device(text)
}

/// Whether Windows has a device of this name, whatever follows behind a dot.
fn is_device(text: &str) -> bool {
    let numbered = text.strip_prefix("com").or(text.strip_prefix("lpt"));
    ["aux", "con", "nul", "prn"].contains(&text)
        || numbered.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
}
