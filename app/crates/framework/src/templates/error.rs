//! What is wrong with a template, and where.

use minijinja::ErrorKind;

use super::sources::{Found, Sources};

/// A template is missing or wrong. The text names file and line.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    text: String,
    excerpt: String,
}

impl Error {
    pub(super) fn new(asked: &str, error: &minijinja::Error, sources: &Sources) -> Self {
        let cause = deepest(error);
        // An include that fails is reported where the mistake is, not where it is included.
        let name = cause.name().unwrap_or(asked);
        let place = match (sources.find(name), cause.line()) {
            (Some(Found::File(file)), Some(line)) => format!("{}:{line}", file.display()),
            (Some(Found::File(file)), None) => file.display().to_string(),
            (_, Some(line)) => format!("line {line}"),
            (_, None) => String::new(),
        };
        let mut text = match cause.kind() {
            ErrorKind::TemplateNotFound if cause.name().is_none() => format!("there is no template `{asked}`"),
            kind => {
                let detail = cause.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
                let place = if place.is_empty() { place } else { format!(" at {place}") };
                format!("the template `{name}` failed{place}: {kind}{detail}")
            }
        };
        if cause.kind() == ErrorKind::TemplateNotFound {
            let looked: Vec<String> = sources.places().collect();
            text.push_str(&format!(" (looked in {})", looked.join(", ")));
        }
        Self { text, excerpt: cause.display_debug_info().to_string() }
    }

    /// The lines around the mistake, with the values they use. For debug pages only: it may show data.
    pub(crate) fn excerpt(&self) -> &str {
        self.excerpt.trim()
    }
}

/// The innermost template error of a chain.
fn deepest(error: &minijinja::Error) -> &minijinja::Error {
    let mut found = error;
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(inner) = source.downcast_ref::<minijinja::Error>() {
            found = inner;
        }
        next = source.source();
    }
    found
}
