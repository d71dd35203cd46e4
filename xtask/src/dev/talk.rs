//! What cargo says on stderr with `-vv`: without what is only of use to us.

use super::ansi;
use super::model::{Diagnostic, Level};

/// How the lines begin that `-vv` adds. A line of a build script begins with its package in brackets.
const ADDED: &[&str] = &["Fresh ", "Dirty ", "Running `", "["];

fn is_added(line: &str) -> bool {
    let line = ansi::strip(line);
    let line = line.trim_start();
    ADDED.iter().any(|start| line.starts_with(start))
}

/// Lets through what cargo would say without `-vv`, line by line.
#[derive(Default)]
pub(super) struct Filter {
    unfinished: Vec<u8>,
}

impl Filter {
    /// What can be shown after these bytes came. The progress bar ends with a carriage return, and counts as a line.
    pub(super) fn shown(&mut self, part: &[u8]) -> Vec<u8> {
        self.unfinished.extend_from_slice(part);
        let whole = self.unfinished.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |end| end + 1);
        let lines: Vec<u8> = self.unfinished.drain(..whole).collect();
        let lines = lines.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
        lines.filter(|line| !is_added(&String::from_utf8_lossy(line))).flatten().copied().collect()
    }
}

/// What cargo itself complains of: without what it was doing until then, and without the states of its progress bar
/// that were written over.
pub(super) fn complaint(stderr: &[u8]) -> Diagnostic {
    let text = String::from_utf8_lossy(stderr);
    let lines = text.lines().map(|line| line.rsplit('\r').next().unwrap_or(line));
    let lines: Vec<&str> = lines.filter(|line| !is_added(line)).collect();
    let first = lines.iter().position(|line| ansi::strip(line).starts_with("error")).unwrap_or(0);
    let text = lines[first..].join("\n");
    let rendered = if text.trim().is_empty() { "error: cargo failed and did not say why" } else { text.trim_end() };
    Diagnostic { level: Level::Error, rendered: format!("{rendered}\n"), place: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vv_adds_is_not_shown() {
        let parts = [
            "       Fresh serde v1.0.0\n  \u{1b}[1m Comp",
            "iling\u{1b}[0m app v0.1.0\n     Running `A=b rustc",
            " x`\n[app 0.1.0] cargo::x\n   Building [=> ] 1/2\r",
            "    Finished\n",
        ];
        let mut filter = Filter::default();
        let shown: Vec<u8> = parts.iter().flat_map(|part| filter.shown(part.as_bytes())).collect();
        let expected = "  \u{1b}[1m Compiling\u{1b}[0m app v0.1.0\n   Building [=> ] 1/2\r    Finished\n";
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }

    #[test]
    fn cargos_complaint_begins_with_its_error() {
        let text = |stderr: &str| complaint(stderr.as_bytes()).rendered;
        let stderr = "     Running `rustc --error-format=json`\n   Building [=> ] 1/2\r\u{1b}[1merror\u{1b}[0m: no \
                      package\n  caused by: x\n\n";
        assert_eq!(text(stderr), "\u{1b}[1merror\u{1b}[0m: no package\n  caused by: x\n");
        assert_eq!(text("killed\n"), "killed\n");
        assert_eq!(text(""), "error: cargo failed and did not say why\n");
    }
}
