//! A call of rustc as cargo shows it with `-vv`, and the same call with other outputs.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::Chars;

use serde::{Deserialize, Serialize};

use crate::app;
use crate::process;
use crate::project::Project;

/// Options with which a call is none to replay: tests, other linkers, and optimisation across crates, in which the
/// dependencies are compiled once more.
const UNUSUAL: &[&str] = &["--test", "linker=", "linker-flavor=", "linker-plugin-lto", "lto", "prefer-dynamic"];

/// One call of rustc.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    /// The variables that cargo set for it.
    pub(super) env: BTreeMap<String, String>,
    program: String,
    args: Vec<String>,
}

/// What a call gets in the place of what cargo gave it.
pub(super) struct Outputs<'a> {
    /// For everything that is written.
    pub(super) folder: &'a Path,
    /// The linker, if it links.
    pub(super) linker: Option<&'a Path>,
}

/// How much a call is in a hurry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// Somebody waits for it.
    Normal,
    /// What somebody waits for comes first.
    Low,
}

impl Recorded {
    /// All calls in what cargo wrote to stderr.
    pub(super) fn all(stderr: &str) -> Vec<Self> {
        let calls = stderr.match_indices("Running").filter_map(|(at, word)| {
            let rest = &stderr[at + word.len()..];
            // With colours, the end of one is in between.
            let (between, call) = rest.split_once('`')?;
            (!between.contains('\n')).then(|| Self::parse(call)).flatten()
        });
        calls.collect()
    }

    /// Reads `NAME=value … program args…` up to the closing backtick.
    fn parse(text: &str) -> Option<Self> {
        let mut words = words(text)?.into_iter().peekable();
        let mut env = BTreeMap::new();
        while let Some((name, value)) = words.peek().and_then(|word| assignment(word)) {
            env.insert(name, value);
            words.next();
        }
        Some(Self { env, program: words.next()?, args: words.collect() })
    }

    /// Whether it compiles the app's library or binary (`kind`), and nothing about it is unusual.
    pub(super) fn is_of_app(&self, project: &Project, kind: &str) -> bool {
        let manifest = project.root.join("app");
        self.program().file_name().is_some_and(|name| name == "rustc")
            && self.env.get("CARGO_MANIFEST_DIR").is_some_and(|folder| Path::new(folder) == manifest)
            && self.value("--crate-name") == Some("app")
            && self.value("--crate-type") == Some(kind)
            && self.value("--out-dir").is_some()
            && self.extra_filename().is_some()
            && self.codegen("incremental=").is_some()
            && !self.args.iter().any(|arg| UNUSUAL.iter().any(|unusual| arg.starts_with(unusual)))
    }

    /// The compiler.
    pub(super) fn program(&self) -> &Path {
        Path::new(&self.program)
    }

    fn value(&self, option: &str) -> Option<&str> {
        let at = self.args.iter().position(|arg| arg == option)?;
        self.args.get(at + 1).map(String::as_str)
    }

    fn codegen(&self, option: &str) -> Option<&str> {
        let pairs = self.args.windows(2).filter(|pair| pair[0] == "-C");
        pairs.filter_map(|pair| pair[1].strip_prefix(option)).next()
    }

    fn extra_filename(&self) -> Option<&str> {
        self.codegen("extra-filename=")
    }

    /// The name of the file that the library is compiled to.
    pub(super) fn library(&self) -> String {
        format!("libapp{}.rlib", self.extra_filename().unwrap_or_default())
    }

    /// The name of the file that the binary is linked to.
    pub(super) fn binary(&self) -> String {
        format!("app{}", self.extra_filename().unwrap_or_default())
    }

    /// The name of the file that says what was read.
    pub(super) fn dep_info(&self) -> String {
        format!("{}.d", self.binary())
    }

    /// The call, with its outputs (and the library that it takes from there) in another folder.
    pub(super) fn command(&self, project: &Project, outputs: &Outputs<'_>, priority: Priority) -> Command {
        let mut step = app::build_step(project);
        step.args.clear();
        match priority {
            Priority::Normal => step.program = self.program.clone().into(),
            Priority::Low => {
                step.program = "nice".into();
                step.args.push(self.program.clone().into());
            }
        }
        for (index, arg) in self.args.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| self.args[index].as_str());
            step.args.push(match (before, arg.as_str()) {
                (Some("--out-dir"), _) => outputs.folder.into(),
                (Some("-C"), arg) if arg.starts_with("incremental=") => {
                    prefixed("incremental=", &outputs.folder.join("incremental"))
                }
                (Some("--extern"), arg) if arg.starts_with("app=") => {
                    let name = Path::new(arg).file_name().unwrap_or_default();
                    prefixed("app=", &outputs.folder.join(name))
                }
                (_, arg) => arg.into(),
            });
        }
        if let Some(linker) = outputs.linker {
            step.args.extend(["-C".into(), prefixed("linker=", linker)]);
        }
        let mut command = process::command(&step);
        command.envs(&self.env);
        command
    }

    /// The folder that the package's build script wrote into, if there is one.
    pub(super) fn out_dir(&self) -> Option<PathBuf> {
        self.env.get("OUT_DIR").map(PathBuf::from)
    }
}

/// The program of a call, given from behind the backtick that opens it. `None` when the text ends before the one that
/// closes it.
pub(in crate::dev) fn program_of(call: &str) -> Option<String> {
    Some(words(call)?.into_iter().find(|word| assignment(word).is_none()).unwrap_or_default())
}

fn prefixed(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(prefix);
    text.push(path);
    text
}

fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name.to_owned(), value.to_owned()))
}

/// The words up to the backtick that closes the call: plain, in single quotes, or with a backslash before a character.
/// `None` when there is no such backtick.
fn words(text: &str) -> Option<Vec<String>> {
    let mut chars = text.chars().peekable();
    let mut words = Vec::new();
    loop {
        while chars.next_if_eq(&' ').is_some() {}
        if chars.next_if_eq(&'`').is_some() {
            return Some(words);
        }
        words.push(word(&mut chars)?);
    }
}

fn word(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut word = String::new();
    loop {
        match chars.peek()? {
            ' ' | '`' => return Some(word),
            _ => {}
        }
        match chars.next()? {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    char => word.push(char),
                }
            },
            '\\' => word.push(chars.next()?),
            char => word.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_with_their_variables_and_quotes() {
        let stderr = "   Compiling app v0.1.0 (/w/app)\n     Running `CARGO=/bin/cargo CARGO_PKG_DESCRIPTION='It'\\''s \
                      `new`\nand long' EMPTY='' /bin/rustc --crate-name app '--warn=clippy::todo' --check-cfg \
                      'cfg(docsrs,test)' 'A=b'`\n    Finished `dev` profile\n";
        let calls = Recorded::all(stderr);
        assert_eq!(calls.len(), 1, "{calls:?}");
        let env = [("CARGO", "/bin/cargo"), ("CARGO_PKG_DESCRIPTION", "It's `new`\nand long"), ("EMPTY", "")];
        assert_eq!(calls[0].env, env.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!(calls[0].program, "/bin/rustc");
        let args = ["--crate-name", "app", "--warn=clippy::todo", "--check-cfg", "cfg(docsrs,test)", "A=b"];
        assert_eq!(calls[0].args, args);
        let colours = "\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m `rustc a`\n";
        assert_eq!(Recorded::all(colours)[0].args, ["a"]);
        for broken in ["Running `rustc a", "Running `rustc 'a`", "Running\n`a`", "", "Running ``"] {
            assert_eq!(Recorded::all(broken), [], "{broken}");
        }
    }
}
