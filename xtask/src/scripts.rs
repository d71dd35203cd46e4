//! Named scripts: command lines that a project keeps in its root manifest and runs by name.
//!
//! ```toml
//! [workspace.metadata.xtask.scripts]
//! lint = "cargo clippy --workspace"
//! dump = ["pg_dump", "--file", "with spaces.sql"]
//! ```
//!
//! A string is split into words at blanks; single and double quotes keep blanks inside a word, and that is all: there
//! is no shell, so `$`, `*`, `|`, `&&` and backslashes mean themselves. Arguments typed after the name are appended.
//! A script runs where the person stands; a program written with a `/` is looked up from the workspace root.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

use crate::failure::Failure;
use crate::output;
use crate::plan::{Role, Step};
use crate::project::Project;

/// One script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// Program and arguments; never empty.
    pub words: Vec<String>,
}

/// Reads the scripts of the workspace, in the order in which they are written.
///
/// # Errors
/// When the manifest cannot be read, or a script is not a string or a list of strings.
pub fn read(project: &Project) -> anyhow::Result<Vec<Script>> {
    table(project)?.iter().map(|(name, value)| parse(name, value)).collect()
}

/// The names of the scripts, also of those that are written wrongly.
///
/// # Errors
/// When the manifest cannot be read.
pub fn names(project: &Project) -> anyhow::Result<Vec<String>> {
    Ok(table(project)?.into_iter().map(|(name, _)| name).collect())
}

/// The script of this name; others may be written wrongly.
///
/// # Errors
/// When the manifest cannot be read, or the script is not a string or a list of strings.
pub fn find(project: &Project, name: &str) -> anyhow::Result<Script> {
    let table = table(project)?;
    parse(name, table.get(name).with_context(|| format!("there is no script `{name}`"))?)
}

/// What is said about a script in place of its help.
pub fn about(script: &Script) -> String {
    let words = output::quote_all(script.words.iter().map(OsStr::new));
    format!(
        "A script of this project (`Cargo.toml`): {words}\n\nUsage: cargo xtask {} [ARGUMENTS]...\n\nWhat is typed after its \
         name is added at the end.\n",
        script.name
    )
}

fn table(project: &Project) -> anyhow::Result<Table> {
    let path = project.root.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let manifest: Table = text.parse().with_context(|| format!("failed to read `{}`", path.display()))?;
    let table = ["workspace", "metadata", "xtask", "scripts"]
        .iter()
        .try_fold(&manifest, |table, key| table.get(*key).and_then(Value::as_table));
    Ok(table.cloned().unwrap_or_default())
}

fn parse(name: &str, value: &Value) -> anyhow::Result<Script> {
    let words = match value {
        Value::String(line) => split(line),
        Value::Array(words) => words.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    match words {
        Some(words) if !words.is_empty() => Ok(Script { name: name.to_owned(), words }),
        _ => Err(Failure::new(format!(
            "script `{name}` is neither a command line with closed quotes nor a list of words"
        ))
        .hint(format!("write `{name} = [\"program\", \"argument\"]` in `Cargo.toml`"))
        .into()),
    }
}

/// Splits a line into words; `None` when a quote is not closed.
fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// The process that runs a script with more arguments.
pub fn step(project: &Project, script: &Script, args: &[OsString]) -> Step {
    let (program, own) = script.words.split_first().map_or(("", &[][..]), |(program, own)| (program.as_str(), own));
    let program = if program.contains('/') { project.root.join(program) } else { Path::new(program).to_owned() };
    Step {
        role: Role::Tool,
        program: program.into_os_string(),
        args: own.iter().map(OsString::from).chain(args.iter().cloned()).collect(),
        directory: project.here.clone(),
        env: project.scrubbed.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_at_blanks_outside_quotes() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("cargo  clippy\t--all", Some(&["cargo", "clippy", "--all"])),
            (r#"echo "a b" 'c "d"' e"f g"h"#, Some(&["echo", "a b", "c \"d\"", "ef gh"])),
            (r"echo $HOME \n *.rs", Some(&["echo", "$HOME", r"\n", "*.rs"])),
            ("echo ''", Some(&["echo", ""])),
            ("", Some(&[])),
            ("echo 'open", None),
        ];
        for (line, expected) in cases {
            let expected = expected.map(|words| words.iter().map(|&word| word.to_owned()).collect());
            assert_eq!(split(line), expected, "{line}");
        }
    }

    #[test]
    fn a_script_is_a_line_or_a_list_of_words_with_a_program() {
        let table: Table =
            "ok = 'a b'\nlist = ['a', 'b c']\nnone = ''\nno = []\nodd = [1]\nnumber = 3".parse().expect("valid");
        let words = |name: &str| parse(name, &table[name]).ok().map(|script| script.words);
        assert_eq!(words("ok"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(words("list"), Some(vec!["a".to_owned(), "b c".to_owned()]));
        for name in ["none", "no", "odd", "number"] {
            assert_eq!(words(name), None, "{name}");
        }
    }
}
