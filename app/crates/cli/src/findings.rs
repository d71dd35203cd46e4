//! What the doctor finds, and how that is shown: one text for the app's `doctor` and for the task runner's, which puts
//! what it finds on the machine before what the app finds in the project.

use std::fmt::Write as _;
use std::str::FromStr;

use serde_json::json;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It was looked at and is in order.
    Ok,
    /// It was wrong and has been repaired (`--fix`).
    Fixed,
    /// It could not be looked at, because something else is wrong.
    Skipped,
    /// Work can go on.
    Warning,
    /// It has to be repaired; the doctor exits with 1.
    Error,
}

impl Level {
    const ALL: [Self; 5] = [Self::Ok, Self::Fixed, Self::Skipped, Self::Warning, Self::Error];

    /// The name, as it stands in the report and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Fixed => "fixed",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|level| level.name() == name).ok_or_else(|| format!("unknown level `{name}`"))
    }
}

/// One thing that the doctor looked at. Whatever is wrong comes with the command that repairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name (`database.default`).
    pub id: String,
    /// How bad it is.
    pub level: Level,
    /// What was found, in one line.
    pub message: String,
    /// What to type to repair it.
    pub command: Option<String>,
}

impl Finding {
    /// Something of which the level is known at run time only, as when it is read from JSON.
    pub fn new(id: impl Into<String>, level: Level, message: impl AsRef<str>, command: Option<String>) -> Self {
        Self { id: id.into(), level, message: one_line(message.as_ref()), command }
    }

    /// Something in order.
    pub fn ok(id: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self::new(id, Level::Ok, message, None)
    }

    /// Something that was repaired.
    pub fn fixed(id: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self::new(id, Level::Fixed, message, None)
    }

    /// Something that could not be looked at.
    pub fn skipped(id: impl Into<String>, why: impl AsRef<str>) -> Self {
        Self::new(id, Level::Skipped, why, None)
    }

    /// Something that may be wrong, and the command that repairs it.
    pub fn warning(id: impl Into<String>, message: impl AsRef<str>, command: impl Into<String>) -> Self {
        Self::new(id, Level::Warning, message, Some(command.into()))
    }

    /// Something wrong, and the command that repairs it.
    pub fn error(id: impl Into<String>, message: impl AsRef<str>, command: impl Into<String>) -> Self {
        Self::new(id, Level::Error, message, Some(command.into()))
    }

    /// Whether it is a warning or an error.
    pub fn is_wrong(&self) -> bool {
        matches!(self.level, Level::Warning | Level::Error)
    }
}

/// Texts of others (a compiler, a database, the name of a file) may have several lines, and colours.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = String::new();
    for letter in words.join(" ").chars() {
        match letter {
            letter if letter.is_control() => line.extend(letter.escape_default()),
            letter => line.push(letter),
        }
    }
    line
}

/// The exit code that findings ask for.
pub fn exit_code(findings: &[Finding]) -> u8 {
    u8::from(findings.iter().any(|finding| finding.level == Level::Error))
}

/// The report for reading: a line for each finding, below it the command that repairs it, and how many there are of each
/// level. At verbosity 0 only what is wrong.
pub fn report(findings: &[Finding], verbosity: u8) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| verbosity > 0 || finding.is_wrong()) {
        let Finding { id, level, message, command } = finding;
        // Writing to a string cannot fail.
        let _ = match level {
            Level::Ok => writeln!(text, "{:7}  {message}", level.name()),
            _ => writeln!(text, "{:7}  {message} ({id})", level.name()),
        };
        let _ = command.iter().try_for_each(|command| writeln!(text, "  hint: `{command}`"));
    }
    if verbosity > 0 {
        let _ = writeln!(text, "\n{}", summary(findings));
    }
    text
}

/// The findings for programs: one line of JSON.
pub fn document(findings: &[Finding]) -> String {
    let findings = findings.iter().map(|Finding { id, level, message, command }| {
        json!({ "id": id, "level": level.name(), "message": message, "command": command })
    });
    format!("{}\n", json!({ "version": 1, "findings": findings.collect::<Vec<_>>() }))
}

fn summary(findings: &[Finding]) -> String {
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let several = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let wrong = [several(count(Level::Error), "error"), several(count(Level::Warning), "warning")];
    let others = [Level::Skipped, Level::Fixed, Level::Ok].map(|level| (count(level), level.name()));
    let others = others.into_iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    wrong.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_line_each_and_the_command_below() {
        let findings = [
            Finding::ok("rustc", "rustc 1.95.0"),
            Finding::error("app.build", "error[E0425]:\n   cannot find `x`\u{1b}[0m", "cargo build -p app"),
            Finding::skipped("models", "not examined"),
            Finding::warning("port", "port 8000 is in use", "cargo xtask dev 8001"),
            Finding::fixed("var", "made `var`"),
        ];
        let wrong = "error    error[E0425]: cannot find `x`\\u{1b}[0m (app.build)\n  hint: `cargo build -p app`\n";
        let maybe = "warning  port 8000 is in use (port)\n  hint: `cargo xtask dev 8001`\n";
        let all = format!(
            "ok       rustc 1.95.0\n{wrong}skipped  not examined (models)\n{maybe}fixed    made `var` (var)\n\n\
             1 error, 1 warning, 1 skipped, 1 fixed, 1 ok\n"
        );
        assert_eq!(report(&findings, 1), all);
        assert_eq!(report(&findings, 0), format!("{wrong}{maybe}"));
        assert_eq!(report(&findings[..1], 1), "ok       rustc 1.95.0\n\n0 errors, 0 warnings, 1 ok\n");
        assert_eq!((exit_code(&findings), exit_code(&findings[2..])), (1, 0));
    }

    #[test]
    fn levels_are_read_by_their_names() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        assert_eq!("worse".parse::<Level>(), Err("unknown level `worse`".to_owned()));
    }
}
