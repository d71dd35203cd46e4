//! What cargo says on stderr with `-vv`: without what is only of use to us.

use super::ansi;
use super::model::{Diagnostic, Level};
use super::replay;

/// How the lines begin that `-vv` adds. A line of a build script begins with its package in brackets.
const ADDED: &[&str] = &["Fresh ", "Dirty ", "Running `", "["];

/// What a call with all its variables comes after, up to its closing backtick. It may contain backticks and newlines.
const BEFORE_CALLS: &[&str] = &["Running `", "process didn't exit successfully: `"];

fn is_one_of(line: &[u8], matches: impl Fn(&str) -> bool) -> bool {
    let line = String::from_utf8_lossy(line);
    matches(ansi::strip(&line).trim_start())
}

/// The package whose build script warns in this line: `warning: name@1.0.0: text`.
fn warning(line: &str) -> Option<&str> {
    let (package, _) = line.strip_prefix("warning: ")?.split_once(": ")?;
    let (name, _) = package.split_once('@')?;
    (!name.contains(' ')).then_some(name)
}

/// Lets through what cargo would say without `-vv`, line by line. Of a call that failed, its program is left.
#[derive(Default)]
pub(super) struct Filter {
    own: Vec<String>,
    line: Vec<u8>,
    call: Option<Vec<u8>>,
}

impl Filter {
    /// Lets through what the build scripts of these packages warn of, too.
    pub(super) fn new(own: Vec<String>) -> Self {
        Self { own, ..Self::default() }
    }

    /// What can be shown after these bytes came. The progress bar ends with a carriage return, and counts as a line.
    pub(super) fn shown(&mut self, part: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        for &byte in part {
            self.take(byte, &mut shown);
        }
        shown
    }

    fn take(&mut self, byte: u8, shown: &mut Vec<u8>) {
        if let Some(call) = &mut self.call {
            call.push(byte);
            // Most backticks in a call are inside of quotes.
            let program = if byte == b'`' { replay::program_of(&String::from_utf8_lossy(call)) } else { None };
            if let Some(program) = program {
                self.line.extend_from_slice(program.as_bytes());
                self.line.push(byte);
                self.call = None;
            }
            return;
        }
        self.line.push(byte);
        match byte {
            b'\n' | b'\r' => {
                let line = std::mem::take(&mut self.line);
                if !self.is_added(&line) {
                    shown.extend(line);
                }
            }
            b'`' if is_one_of(&self.line, |line| BEFORE_CALLS.contains(&line)) => self.call = Some(Vec::new()),
            _ => {}
        }
    }

    /// What is left at the end, without a line's end.
    fn rest(mut self) -> Vec<u8> {
        let rest = [std::mem::take(&mut self.line), self.call.take().unwrap_or_default()].concat();
        if self.is_added(&rest) { Vec::new() } else { rest }
    }

    fn is_added(&self, line: &[u8]) -> bool {
        let is_others = |name: &str| self.own.iter().all(|own| own != name);
        is_one_of(line, |line| {
            ADDED.iter().any(|start| line.starts_with(start)) || warning(line).is_some_and(is_others)
        })
    }
}

/// What cargo itself complains of: without what it was doing until then, and without the states of its progress bar
/// that were written over.
pub(super) fn complaint(stderr: &[u8]) -> Diagnostic {
    let mut filter = Filter::default();
    let mut text = filter.shown(stderr);
    text.extend(filter.rest());
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().map(|line| line.rsplit('\r').next().unwrap_or(line)).collect();
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
    fn warnings_of_build_scripts_are_shown_for_our_packages_only() {
        let stderr = "\u{1b}[33mwarning\u{1b}[0m: generic-array@0.14.9: deprecated\nwarning: app@0.1.0: look: here\n\
                      warning: unused manifest key: a@b: c\n";
        let shown = Filter::new(vec!["app".to_owned()]).shown(stderr.as_bytes());
        let expected = "warning: app@0.1.0: look: here\nwarning: unused manifest key: a@b: c\n";
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }

    #[test]
    fn calls_with_newlines_and_backticks_in_quotes_are_left_out_wherever_the_parts_end() {
        let stderr = "   Compiling a v1.0.0\n\u{1b}[1m     Running\u{1b}[0m `A=b TEXT='one\n  Finished `two`\n\nIt'\\''s \
                      \u{e9}' NO='' /bin/rustc a 'b\n`'`\n   Building [=> ] 1/2\r     Running `rustc`\nerror: could not compile \
                      `a`\n\nCaused by:\n  process didn't exit successfully: `TEXT='one\n  `two`' /bin/rustc --crate-name \
                      a` (exit status: 1)\n  --- stderr\n  A=b\n";
        let error = "error: could not compile `a`\n\nCaused by:\n  process didn't exit successfully: `/bin/rustc` (exit \
                     status: 1)\n  --- stderr\n  A=b\n";
        let expected = format!("   Compiling a v1.0.0\n   Building [=> ] 1/2\r{error}");
        for size in 1..=stderr.len() {
            let mut filter = Filter::default();
            let shown: Vec<u8> = stderr.as_bytes().chunks(size).flat_map(|part| filter.shown(part)).collect();
            assert_eq!(String::from_utf8_lossy(&shown), expected, "parts of {size}");
        }
        assert_eq!(complaint(stderr.as_bytes()).rendered, error);
        let unfinished = "error: oh\n     Running `TEXT='one\n";
        assert_eq!(complaint(unfinished.as_bytes()).rendered, "error: oh\n");
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
