//! Rules about every Rust file by itself.

use std::path::Path;

use super::Problem;
use super::text::{Source, line_of};

const MAX_LINES: usize = 400;

/// Files that may be longer, each with the reason.
const LONG: &[(&str, &str)] = &[];

/// Files with one test that is not a test but the body of a process that other tests start. There is no other reason
/// to ignore one.
const PROCESS_BODIES: &[&str] = &[
    "app/crates/db/tests/it/processes.rs",
    "app/crates/framework/tests/it/cache/processes.rs",
    "app/crates/framework/tests/it/http/process.rs",
];

/// Words that are not to be committed. Put together here, so that this file does not hold them.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Checks all files.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = sources.iter().flat_map(check_file).collect();
    for (file, _) in LONG {
        let source = sources.iter().find(|source| source.path == Path::new(file));
        if source.is_none_or(|source| source.text.lines().count() <= MAX_LINES) {
            problems.push(Problem::new(*file, 0, "is on the list of long files, but is not long"));
        }
    }
    problems
}

fn check_file(source: &Source) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |line, message: String| problems.push(Problem::new(&source.path, line, message));
    if !source.text.starts_with("//!") {
        report(1, "does not begin with a `//!` line that says what lives here".to_owned());
    }
    let lines = source.text.lines().count();
    if lines > MAX_LINES && !LONG.iter().any(|(file, _)| source.path == Path::new(file)) {
        report(0, format!("has {lines} lines; more than {MAX_LINES} need a reason in tidy's list"));
    }
    for (index, line) in source.text.lines().enumerate() {
        for word in UNFINISHED.iter().filter(|word| holds_word(line, word)) {
            report(index + 1, format!("`{word}`: do it, or write it down as an issue"));
        }
    }
    for part in ["#[ignore", "todo!(", "unimplemented!("] {
        let is_body = part == "#[ignore" && PROCESS_BODIES.iter().any(|file| source.path == Path::new(file));
        for (byte, _) in source.code.match_indices(part).skip(usize::from(is_body)) {
            report(line_of(&source.code, byte), format!("`{part}` is not allowed"));
        }
    }
    problems
}

fn holds_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        check(&[Source::new("a.rs", text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_rule_names_the_line() {
        assert!(messages("//! Fine.\nfn f() { g(\"#[ignore]\") }\n").is_empty());
        assert_eq!(messages("use x;\n"), ["a.rs:1: does not begin with a `//!` line that says what lives here"]);
        assert_eq!(messages("//! A.\n#[ignore]\n"), ["a.rs:2: `#[ignore` is not allowed"]);
        let unfinished = format!("//! A.\n\n// {}: later\n", UNFINISHED[0]);
        assert!(messages(&unfinished)[0].starts_with("a.rs:3: "));
        let long = format!("//! A.\n{}", "\n".repeat(MAX_LINES));
        assert_eq!(messages(&long), ["a.rs: has 401 lines; more than 400 need a reason in tidy's list"]);
    }
}
