//! What a style sheet or a script refers to, and which static file is meant.

use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use super::{css, js};
use crate::staticfiles::PATH;
use crate::staticfiles::manifest::split_suffix;

/// What would end the text around a URL, in any of the places where one stands.
const DELIMITERS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'\'').add(b'(').add(b')').add(b'\\').add(b'`').add(b'<').add(b'>');

/// A kind of file with references in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Css,
    Js,
}

/// What is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Something that must be there.
    Asset,
    /// A module of a script: names without `./`, `../` or `/` are not paths.
    Module,
    /// Only debuggers look for it.
    SourceMap,
}

/// A reference in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Where the URL stands, without quotes.
    pub(super) range: Range<usize>,
    /// The URL, without what the language escapes.
    pub(super) url: String,
    pub(super) target: Target,
}

impl Kind {
    /// What the file is, by its name.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "css" => Some(Self::Css),
            "js" | "mjs" => Some(Self::Js),
            _ => None,
        }
    }

    pub(super) fn references(self, text: &[u8]) -> Vec<Reference> {
        match self {
            Self::Css => css::references(text),
            Self::Js => js::references(text),
        }
    }
}

/// The source map that a comment names: `# sourceMappingURL=site.css.map`. `body` is what is between the comment's marks.
pub(super) fn source_map(text: &[u8], body: Range<usize>) -> Option<Reference> {
    const MARK: &[u8] = b"sourceMappingURL=";
    let comment = &text[body.clone()];
    let rest = comment.strip_prefix(b"#").or_else(|| comment.strip_prefix(b"@"))?.trim_ascii_start();
    let value = rest.strip_prefix(MARK)?;
    let length = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let start = body.start + (comment.len() - value.len());
    let url = String::from_utf8_lossy(&value[..length]).into_owned();
    Some(Reference { range: start..start + length, url, target: Target::SourceMap })
}

/// Where a URL leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// Not to a static file.
    Elsewhere,
    /// To the static file of this name, if there is one.
    File(String),
}

/// Finds out where a URL in the file `path` leads; static files are served below `prefix`.
pub(super) fn destination(reference: &Reference, path: &str, prefix: &str) -> Destination {
    let url = reference.url.trim();
    let (location, _) = split_suffix(url);
    let is_path = location.starts_with(['/', '.']);
    if location.is_empty()
        || location.ends_with('/')
        || url.starts_with("//")
        || has_scheme(url)
        || (reference.target == Target::Module && !is_path)
    {
        return Destination::Elsewhere;
    }
    let location = percent_decode(location.as_bytes()).decode_utf8_lossy();
    let absolute = if location.starts_with('/') {
        location.into_owned()
    } else {
        let directory = path.rfind('/').map_or("", |slash| &path[..=slash]);
        format!("{prefix}{directory}{location}")
    };
    match normal(&absolute).strip_prefix(prefix) {
        Some(file) if !file.is_empty() => Destination::File(file.to_owned()),
        _ => Destination::Elsewhere,
    }
}

/// The URL with another file name: what stands before and after the name stays as it is written.
pub(super) fn renamed(url: &str, hashed_path: &str) -> String {
    let url = url.trim();
    let (location, suffix) = split_suffix(url);
    let directory = location.rfind('/').map_or("", |slash| &location[..=slash]);
    let name = hashed_path.rsplit('/').next().unwrap_or(hashed_path);
    format!(
        "{}{}{}",
        utf8_percent_encode(directory, DELIMITERS),
        utf8_percent_encode(name, PATH),
        utf8_percent_encode(suffix, DELIMITERS)
    )
}

fn has_scheme(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once(':') else { return false };
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
}

/// A path from the root without `.`, `..` and empty segments.
fn normal(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Destination, Reference, Target, destination, renamed};

    fn leads(url: &str, target: Target) -> Option<String> {
        let reference = Reference { range: 0..0, url: url.to_owned(), target };
        match destination(&reference, "css/deep/site.css", "/static/") {
            Destination::Elsewhere => None,
            Destination::File(file) => Some(file),
        }
    }

    #[test]
    fn urls_lead_to_files_or_elsewhere() {
        for (url, file) in [
            ("a.png", "css/deep/a.png"),
            ("./a.png", "css/deep/a.png"),
            ("../../img/a%20b.png?v=1#x", "img/a b.png"),
            ("/static/img/../a.png", "a.png"),
            ("gr%C3%B6%C3%9Fe.png", "css/deep/größe.png"),
            (" a.png ", "css/deep/a.png"),
            ("../../../static/a.png", "a.png"),
        ] {
            assert_eq!(leads(url, Target::Asset).as_deref(), Some(file), "{url}");
        }
        for url in [
            "",
            "#x",
            "?x",
            "//cdn/a.png",
            "http://x/a.png",
            "HTTPS://x/a.png",
            "data:image/png;base64,AA",
            "img/",
            "/media/a.png",
            "../../../media/a.png",
            "/static/",
            "blob:x",
            "about:blank",
        ] {
            assert_eq!(leads(url, Target::Asset), None, "{url}");
        }
        assert_eq!(leads("lodash", Target::Module), None);
        assert_eq!(leads("./x.js", Target::Module).as_deref(), Some("css/deep/x.js"));
    }

    #[test]
    fn only_the_name_is_another() {
        assert_eq!(renamed("../img/a%20b.png?v=1#x", "img/a b.0123.png"), "../img/a%20b.0123.png?v=1#x");
        assert_eq!(renamed("a.png", "css/a.0123.png"), "a.0123.png");
        assert_eq!(renamed("x (1)/a.png", "x (1)/a.0123.png"), "x%20%281%29/a.0123.png");
    }
}
