//! Links that open a place in a file in one's editor.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context;
use toml::{Table, Value};

use crate::failure::Failure;
use crate::project::Project;

/// The editors that are known by name, with their addresses. Sublime Text and Emacs need a handler for theirs.
const EDITORS: &[(&str, &str)] = &[
    ("vscode", "vscode://file{path}:{line}:{column}"),
    ("vscodium", "vscodium://file{path}:{line}:{column}"),
    ("cursor", "cursor://file{path}:{line}:{column}"),
    ("zed", "zed://file{path}:{line}:{column}"),
    ("idea", "idea://open?file={path}&line={line}&column={column}"),
    ("rustrover", "rustrover://open?file={path}&line={line}&column={column}"),
    ("sublime", "subl://open?url=file://{path}&line={line}&column={column}"),
    ("emacs", "emacs://open?url=file://{path}&line={line}&column={column}"),
    ("none", ""),
];

/// The variable that names the editor, before the manifest does.
const VARIABLE: &str = "XTASK_EDITOR";

/// How places in files become links.
#[derive(Clone, Debug)]
pub struct Editor {
    /// Empty for no links.
    template: String,
    /// What relative paths are relative to.
    root: PathBuf,
}

impl Editor {
    /// The editor of `XTASK_EDITOR`, else of `editor` in `[workspace.metadata.xtask.dev]`, else `vscode`.
    ///
    /// # Errors
    /// When the manifest cannot be read, or the editor is neither a known name nor a template.
    pub fn read(project: &Project) -> anyhow::Result<Self> {
        let variable = project.variables.get(OsStr::new(VARIABLE)).map(|value| value.to_string_lossy().into_owned());
        let wanted = match variable.filter(|value| !value.is_empty()) {
            Some(value) => value,
            None => configured(&project.root)?.unwrap_or_else(|| "vscode".to_owned()),
        };
        let template = template(&wanted).ok_or_else(|| {
            let names: Vec<&str> = EDITORS.iter().map(|(name, _)| *name).collect();
            Failure::new(format!("there is no editor `{wanted}` to link to")).hint(format!(
                "set `{VARIABLE}`, or `editor` in `[workspace.metadata.xtask.dev]` of `Cargo.toml`, to one of {}, or to an \
                 address with `{{path}}`, `{{line}}` and `{{column}}`",
                names.join(", ")
            ))
        })?;
        Ok(Self { template, root: project.root.clone() })
    }

    /// No links.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { template: String::new(), root: PathBuf::new() }
    }

    /// The address of a place; none without an editor.
    pub(super) fn href(&self, file: &Path, line: u32, column: u32) -> Option<String> {
        if self.template.is_empty() {
            return None;
        }
        let path = self.root.join(file);
        let path = path.to_string_lossy().replace('\\', "/");
        let slash = if path.starts_with('/') { "" } else { "/" };
        let href = self.template.replace("{line}", &line.to_string()).replace("{column}", &column.to_string());
        Some(href.replace("{path}", &format!("{slash}{}", encoded(&path))))
    }

    /// The places in a text (`src/a.rs:3`, `src/a.rs:3:5`) whose file is there, with their addresses.
    pub(super) fn links(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let mut links = Vec::new();
        if self.template.is_empty() {
            return links;
        }
        let mut done = 0;
        for (colon, _) in text.match_indices(':') {
            let Some((line, length)) = number(&text[colon..]).filter(|_| colon >= done) else { continue };
            let (column, more) = number(&text[colon + length..]).unwrap_or((1, 0));
            let Some((start, path)) = self.file_before(text, done, colon) else { continue };
            done = colon + length + more;
            links.extend(self.href(&path, line, column).map(|href| (start..done, href)));
        }
        links
    }

    /// The file whose name ends here, and where the name begins: after the last blank or bracket, or (blanks may
    /// belong to the name) at the begin of the line.
    fn file_before(&self, text: &str, from: usize, end: usize) -> Option<(usize, PathBuf)> {
        let before = &text[from..end];
        let word = before.rfind(|letter: char| letter.is_whitespace() || "\"'`()[]<>".contains(letter));
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let line = line.trim_start().trim_start_matches("--> ").trim_start_matches("::: ");
        let word_start = word.map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        [word_start, before.len() - line.len()].into_iter().find_map(|start| {
            let name = &before[start..];
            let path = self.root.join(name);
            (!name.is_empty() && path.is_file()).then_some((from + start, path))
        })
    }
}

/// The number after a colon, and how long both are.
fn number(text: &str) -> Option<(u32, usize)> {
    let digits = text.strip_prefix(':')?;
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits[..length].parse().ok().filter(|number| *number > 0)?;
    Some((number, length + 1))
}

/// What the manifest says.
fn configured(root: &Path) -> anyhow::Result<Option<String>> {
    let path = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let manifest: Table = text.parse().with_context(|| format!("failed to read `{}`", path.display()))?;
    let dev = ["workspace", "metadata", "xtask", "dev"]
        .iter()
        .try_fold(&manifest, |table, key| table.get(*key).and_then(Value::as_table));
    // What is no text is no name either, and the error shows it.
    Ok(dev
        .and_then(|dev| dev.get("editor"))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

/// The template of a known name, or the one that was given.
fn template(wanted: &str) -> Option<String> {
    if let Some((_, template)) = EDITORS.iter().find(|(name, _)| *name == wanted) {
        return Some((*template).to_owned());
    }
    let (scheme, _) = wanted.split_once(':')?;
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    let is_script = ["javascript", "data", "vbscript"].iter().any(|script| scheme.eq_ignore_ascii_case(script));
    (is_scheme && !is_script && wanted.contains("{path}")).then(|| wanted.to_owned())
}

/// The path with everything percent-encoded that means something in an address.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(root: &Path, wanted: &str) -> Editor {
        Editor { template: template(wanted).expect("an editor"), root: root.to_owned() }
    }

    #[test]
    fn an_editor_is_a_known_name_or_an_address_with_a_path() {
        for (name, _) in EDITORS {
            assert!(template(name).is_some(), "{name}");
        }
        assert_eq!(template("mine://o?f={path}&l={line}").as_deref(), Some("mine://o?f={path}&l={line}"));
        for wrong in
            ["vi", "", "{path}", "mine://open", "javascript:alert('{path}')", "JavaScript:{path}", "a b:{path}"]
        {
            assert_eq!(template(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_are_encoded_and_relative_ones_begin_at_the_root() {
        let root = Path::new("/w o/p");
        let href = |name, file: &str| editor(root, name).href(Path::new(file), 3, 5);
        assert_eq!(href("vscode", "src/a&b.rs").as_deref(), Some("vscode://file/w%20o/p/src/a%26b.rs:3:5"));
        assert_eq!(
            href("idea", "/x/é{line}.rs").as_deref(),
            Some("idea://open?file=/x/%C3%A9%7Bline%7D.rs&line=3&column=5")
        );
        assert_eq!(href("none", "a.rs"), None);
    }

    #[test]
    fn places_in_files_that_are_there_are_links() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        for file in ["a.rs", "b c.rs"] {
            std::fs::write(root.join(file), "").expect("a file");
        }
        let editor = editor(root, "x:{path}-{line}-{column}");
        let links = |text: &str| -> Vec<String> {
            let links = editor.links(text).into_iter();
            links.map(|(range, href)| format!("{} {}", &text[range], &href[href.rfind('/').unwrap_or(0)..])).collect()
        };
        assert_eq!(links("  --> a.rs:3:5\n"), ["a.rs:3:5 /a.rs-3-5"]);
        assert_eq!(
            links("at a.rs:3: x (a.rs:4) a.rs:1:2"),
            ["a.rs:3 /a.rs-3-1", "a.rs:4 /a.rs-4-1", "a.rs:1:2 /a.rs-1-2"]
        );
        assert_eq!(links("x\n --> b c.rs:3:5"), ["b c.rs:3:5 /b%20c.rs-3-5"]);
        let absolute = format!("{}/a.rs:7", root.display());
        assert_eq!(links(&absolute), [format!("{absolute} /a.rs-7-1")]);
        for text in
            ["no.rs:3:5", "12:30:45", "http://a.rs:80", ":1", "a.rs:0", "a.rs:x", "a.rs:99999999999", "a.rs", "::"]
        {
            assert!(links(text).is_empty(), "{text}");
        }
    }
}
