//! Sources as the rules see them: with comments and string literals blanked out, so that a rule about code does not
//! stumble over words in them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// From the workspace root.
    pub path: PathBuf,
    /// As it is.
    pub text: String,
    /// Comments blanked out; line and column stay.
    pub quoted: String,
    /// Comments and literals blanked out.
    pub code: String,
}

impl Source {
    /// Prepares a source.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let text = text.into();
        let (quoted, code) = blank(&text);
        Self { path: path.into(), text, quoted, code }
    }

    /// The code before the unit tests, which stand at the end of a file.
    pub fn product_code(&self) -> &str {
        let end = self.code.find("\n#[cfg(test)]").unwrap_or(self.code.len());
        &self.code[..end]
    }

    /// True when the file belongs to an integration test.
    pub fn is_test(&self) -> bool {
        self.path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
    }
}

/// The number of the line in which this byte stands.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// Reads every Rust file of the workspace.
///
/// # Errors
/// When a file cannot be read.
pub fn read_sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let visible = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !name.starts_with('.') && name != "target" && name != "var"
    };
    for package in ["app", "xtask"] {
        for entry in WalkDir::new(root.join(package)).sort_by_file_name().into_iter().filter_entry(visible) {
            let entry = entry.context("failed to list the sources")?;
            if entry.path().extension().is_some_and(|extension| extension == "rs") {
                let path = entry.path();
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
                sources.push(Source::new(path.strip_prefix(root).unwrap_or(path), text));
            }
        }
    }
    Ok(sources)
}

/// The text without comments, and without comments and literals.
fn blank(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let (mut quoted, mut code) = (bytes.to_vec(), bytes.to_vec());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = at
            + match rest {
                [b'/', b'/', ..] => find(rest, b"\n").unwrap_or(rest.len()),
                [b'/', b'*', ..] => block_comment(rest),
                [b'"', ..] => string(rest),
                [b'r', b'"' | b'#', ..] if !is_word(bytes, at) => raw_string(rest).unwrap_or(1),
                [b'\'', ..] => character(rest).unwrap_or(1),
                _ => 1,
            };
        if end > at + 1 {
            let comment = rest[0] == b'/';
            for place in at..end {
                if bytes[place] != b'\n' {
                    code[place] = b' ';
                    quoted[place] = if comment { b' ' } else { bytes[place] };
                }
            }
        }
        at = end;
    }
    // Only whole characters are blanked, byte by byte, so both stay UTF-8.
    (String::from_utf8_lossy(&quoted).into_owned(), String::from_utf8_lossy(&code).into_owned())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// True when the byte before this one belongs to the same word (`br"…"` is a raw string all the same).
fn is_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') && bytes[at - 1] != b'b'
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < text.len() {
        match &text[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn raw_string(text: &[u8]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|&&byte| byte == b'#').count();
    if text.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let end = [b"\"".as_slice(), &text[1..=hashes]].concat();
    let start = hashes + 2;
    Some(find(&text[start..], &end).map_or(text.len(), |found| start + found + end.len()))
}

/// The length of a character literal; `None` for a lifetime.
fn character(text: &[u8]) -> Option<usize> {
    let body = match text.get(1)? {
        b'\\' => 3 + text.get(3..)?.iter().position(|&byte| byte == b'\'')?,
        first => {
            1 + [1, 2, 3, 4][usize::from(*first >= 0xc0) + usize::from(*first >= 0xe0) + usize::from(*first >= 0xf0)]
        }
    };
    (text.get(body) == Some(&b'\'')).then_some(body + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let text = "a /* b /* c */ d */ e // f\n\"g\\\"h\" i r#\"j\"k\"# l 'm' n '\\'' o 'é' p &'a q";
        let source = Source::new("x.rs", text);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&source.code), "a e i l n o p &'a q");
        assert_eq!(words(&source.quoted), "a e \"g\\\"h\" i r#\"j\"k\"# l 'm' n '\\'' o 'é' p &'a q");
        assert_eq!(source.code.len(), text.len());
        assert_eq!(line_of(&source.code, source.code.find(" i ").expect("i")), 2);
    }
}
