//! What cargo and rustc say in JSON, as the messages that a person is shown.

use std::path::{Path, PathBuf};

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
    /// What the units of the build are, the app's own library and binary excepted: rlibs, metadata, macros.
    pub(super) artifacts: Vec<PathBuf>,
    /// Whether an error may be about how the compiler was called, and not about the sources.
    pub(super) doubtful: bool,
}

/// Crates that cannot be found, or do not fit together: rare in sources, usual when a file of another build is read.
const DOUBTFUL: &[&str] = &["E0457", "E0460", "E0461", "E0462", "E0463", "E0464", "E0514", "E0519", "E0523", "E0786"];

/// A line of cargo. What rustc says is in `message`.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Line {
    CompilerMessage {
        package_id: String,
        message: Message,
    },
    CompilerArtifact {
        package_id: String,
        fresh: bool,
        target: Target,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    #[serde(default)]
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
    code: Option<Code>,
    level: String,
    #[serde(default)]
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
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
        // As cargo writes it: `path+file:///w/app#0.1.0`.
        let is_apps = |package: &str| package.contains("/app#");
        for line in lines(output) {
            match serde_json::from_slice(line) {
                // With `-vv`, cargo passes on what is wrong with other people's packages.
                Ok(Line::CompilerMessage { package_id, message })
                    if package_id.starts_with("path+") || message.level.starts_with("error") =>
                {
                    said.add(message, root);
                }
                Ok(Line::CompilerArtifact { package_id, fresh, target, filenames }) => {
                    said.compiled |= !fresh;
                    let is_replayed =
                        target.name == "app" && target.kind.iter().any(|kind| kind == "lib" || kind == "bin");
                    if !(is_apps(&package_id) && is_replayed) {
                        said.artifacts.extend(filenames);
                    }
                }
                _ => {}
            }
        }
        said
    }

    /// Reads what rustc itself wrote to stderr with `--error-format=json`.
    pub(super) fn by_rustc(&mut self, output: &[u8], root: &Path) {
        for line in lines(output) {
            // Other lines tell of files that were written.
            if let Ok(message) = serde_json::from_slice(line) {
                self.add(message, root);
            }
        }
    }

    fn add(&mut self, message: Message, root: &Path) {
        let (level, list) = match message.level.as_str() {
            // "error: internal compiler error" is one, too.
            level if level.starts_with("error") => (Level::Error, &mut self.errors),
            "warning" => (Level::Warning, &mut self.warnings),
            _ => return,
        };
        let Some(rendered) = message.rendered.filter(|_| !is_summary(&message.message, &message.spans)) else { return };
        let is_known = |code: &Code| DOUBTFUL.contains(&code.code.as_str());
        self.doubtful |=
            level == Level::Error && (message.spans.is_empty() || message.code.as_ref().is_some_and(is_known));
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn span(file: &str, expansion: Value) -> Value {
        json!({ "file_name": file, "line_start": 3, "column_start": 7, "is_primary": true, "expansion": expansion })
    }

    fn message(level: &str, text: &str, spans: Value) -> String {
        let rendered = format!("\u{1b}[1m{level}\u{1b}[0m: {text}\n\n");
        let message = json!({ "message": text, "code": null, "level": level, "spans": spans, "rendered": rendered, "children": [] });
        format!(
            "{}\n",
            json!({ "reason": "compiler-message", "package_id": "path+file:///w/app#0.1.0", "message": message })
        )
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
        assert_eq!(said, Said { errors, warnings: vec![warning], doubtful: true, ..Said::default() });
    }

    #[test]
    fn a_build_compiled_something_when_an_artifact_is_not_fresh() {
        let artifact = |fresh: bool| {
            let target = json!({ "name": "db", "kind": ["lib"] });
            json!({ "reason": "compiler-artifact", "package_id": "db", "fresh": fresh, "target": target }).to_string()
        };
        let compiled = |lines: &[bool]| {
            let output: Vec<String> = lines.iter().map(|&fresh| artifact(fresh)).collect();
            Said::by_cargo(output.join("\n").as_bytes(), Path::new("/")).compiled
        };
        assert!(!compiled(&[true, true]));
        assert!(compiled(&[true, false]));
    }
}
