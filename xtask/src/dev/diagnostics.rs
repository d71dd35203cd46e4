//! What cargo and rustc say in JSON, as the messages that a person is shown.

use std::path::Path;

use serde::Deserialize;

use super::model::{Diagnostic, Level, Place};

/// What was said during one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Each once, in the order of their first appearance.
    pub(super) errors: Vec<Diagnostic>,
    /// Each once, too: the library and the binary may contain the same file.
    pub(super) warnings: Vec<Diagnostic>,
    /// Whether cargo had something compiled.
    pub(super) compiled: bool,
}

/// A line of cargo. What rustc says is in `message`.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        message: Message,
    },
    CompilerArtifact {
        fresh: bool,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Message {
    message: String,
    level: String,
    #[serde(default)]
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

/// The call of the macro that a span is in.
#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

impl Said {
    /// Reads what cargo wrote to stdout with `--message-format=json-diagnostic-rendered-ansi`. What is not JSON (a
    /// build script's, say) is nobody's. `root` is what relative file names are relative to.
    pub(super) fn by_cargo(output: &[u8], root: &Path) -> Self {
        let mut said = Self::default();
        for line in lines(output) {
            match serde_json::from_slice(line) {
                Ok(Line::CompilerMessage { message }) => said.add(message, root),
                Ok(Line::CompilerArtifact { fresh }) => said.compiled |= !fresh,
                Ok(Line::Other) | Err(_) => {}
            }
        }
        said
    }

    fn add(&mut self, message: Message, root: &Path) {
        let (level, list) = match message.level.as_str() {
            // "error: internal compiler error" is one, too.
            level if level.starts_with("error") => (Level::Error, &mut self.errors),
            "warning" => (Level::Warning, &mut self.warnings),
            _ => return,
        };
        let Some(rendered) = message.rendered.filter(|_| !is_summary(&message.message, &message.spans)) else { return };
        let place = message.spans.iter().find(|span| span.is_primary).and_then(|span| place(span, root));
        let rendered = format!("{}\n", rendered.trim_end());
        if list.iter().all(|known| known.rendered != rendered) {
            list.push(Diagnostic { level, rendered, place });
        }
    }
}

fn lines(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|&byte| byte == b'\n').filter(|line| line.first() == Some(&b'{'))
}

/// "aborting due to 2 previous errors", "1 warning emitted": how many there are can be seen.
fn is_summary(text: &str, spans: &[Span]) -> bool {
    spans.is_empty() && (text.starts_with("aborting due to ") || text.ends_with(" emitted"))
}

/// The place in a file of ours: a span inside a macro of somebody else is where the macro is called.
fn place(span: &Span, root: &Path) -> Option<Place> {
    let file = root.join(&span.file_name);
    if file.starts_with(root) && file.is_file() {
        return Some(Place { file, line: span.line_start, column: span.column_start });
    }
    place(&span.expansion.as_ref()?.span, root)
}

/// What cargo itself complains of, from what it wrote to stderr: without what it was doing until then, and without
/// the states of its progress bar that were written over.
pub(super) fn complaint(stderr: &[u8]) -> Diagnostic {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(|line| line.rsplit('\r').next().unwrap_or(line)).collect();
    let first = lines.iter().position(|line| line.contains("error")).unwrap_or(0);
    let text = lines[first..].join("\n");
    let rendered = if text.trim().is_empty() { "error: cargo failed and did not say why" } else { text.trim_end() };
    Diagnostic { level: Level::Error, rendered: format!("{rendered}\n"), place: None }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn span(file: &str, expansion: Value) -> Value {
        json!({ "file_name": file, "line_start": 3, "column_start": 7, "is_primary": true, "expansion": expansion })
    }

    fn message(level: &str, text: &str, spans: Value) -> String {
        let rendered = format!("\u{1b}[1m{level}\u{1b}[0m: {text}\n\n");
        let message = json!({ "message": text, "level": level, "spans": spans, "rendered": rendered, "children": [] });
        format!("{}\n", json!({ "reason": "compiler-message", "package_id": "app", "message": message }))
    }

    #[test]
    fn errors_and_warnings_are_kept_once_each_and_summaries_dropped() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::write(root.path().join("a.rs"), "").expect("a file");
        let ours = span("a.rs", Value::Null);
        let macros = span("/rustc/library/macros.rs", json!({ "span": ours }));
        let output = [
            "not JSON\n".to_owned(),
            message("warning", "unused", json!([ours])),
            message("warning", "unused", json!([ours])),
            message("error", "no such value", json!([macros])),
            message("error: internal compiler error", "oh", json!([])),
            message("error", "aborting due to 1 previous error", json!([])),
            message("warning", "1 warning emitted", json!([])),
            message("failure-note", "For more information", json!([])),
            "{\"reason\":\"build-finished\",\"success\":false}\n".to_owned(),
        ];
        let said = Said::by_cargo(output.concat().as_bytes(), root.path());
        let place = Some(Place { file: root.path().join("a.rs"), line: 3, column: 7 });
        let diagnostic = |level, text: &str, place| Diagnostic { level, rendered: text.to_owned(), place };
        let warning = diagnostic(Level::Warning, "\u{1b}[1mwarning\u{1b}[0m: unused\n", place.clone());
        let error = diagnostic(Level::Error, "\u{1b}[1merror\u{1b}[0m: no such value\n", place);
        let ice = "\u{1b}[1merror: internal compiler error\u{1b}[0m: oh\n";
        let errors = vec![error, diagnostic(Level::Error, ice, None)];
        assert_eq!(said, Said { errors, warnings: vec![warning], compiled: false });
    }

    #[test]
    fn a_build_compiled_something_when_an_artifact_is_not_fresh() {
        let artifact = |fresh: bool| json!({ "reason": "compiler-artifact", "fresh": fresh, "target": {} }).to_string();
        let compiled = |lines: &[bool]| {
            let output: Vec<String> = lines.iter().map(|&fresh| artifact(fresh)).collect();
            Said::by_cargo(output.join("\n").as_bytes(), Path::new("/")).compiled
        };
        assert!(!compiled(&[true, true]));
        assert!(compiled(&[true, false]));
    }

    #[test]
    fn cargos_own_complaint_begins_with_its_error() {
        let text = |stderr: &str| complaint(stderr.as_bytes()).rendered;
        let stderr = "   Compiling app v0.1.0\n   Building [=> ] 1/2\rerror: no matching package\n  caused by: x\n\n";
        assert_eq!(text(stderr), "error: no matching package\n  caused by: x\n");
        assert_eq!(text("killed\n"), "killed\n");
        assert_eq!(text(""), "error: cargo failed and did not say why\n");
    }
}
