//! The console of a command: both output streams, its input, and how much it says. Nothing else prints.

use std::io::{self, BufRead, IsTerminal as _};

use super::dispatch::SystemChecks;
use super::error::{Cancelled, CommandError};
use super::stream::Stream;
use super::style::{Palette, Role};
use super::terminal::{self, Echo};

/// Where answers come from.
pub struct Input {
    source: Source,
    is_terminal: bool,
}

enum Source {
    /// The process's own terminal, and what was typed beyond the last line.
    Terminal(Vec<u8>),
    Reader(Box<dyn BufRead + Send>),
}

impl Input {
    /// The process's standard input.
    pub fn stdin() -> Self {
        if io::stdin().is_terminal() {
            Self { source: Source::Terminal(Vec::new()), is_terminal: true }
        } else {
            Self { source: Source::Reader(Box::new(io::BufReader::new(io::stdin()))), is_terminal: false }
        }
    }

    /// Answers prepared beforehand, one a line, as if a person typed them at a terminal. A `\x03` is Ctrl-C.
    pub fn typed(text: impl Into<String>) -> Self {
        let reader = io::Cursor::new(text.into().into_bytes());
        Self { source: Source::Reader(Box::new(reader)), is_terminal: true }
    }

    /// Text that does not come from a terminal: it can be read, but questions are refused.
    pub fn piped(text: impl Into<String>) -> Self {
        Self { is_terminal: false, ..Self::typed(text) }
    }

    /// Whether a person types it.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether it is the process's own terminal, so that an editor can read from it past this.
    #[cfg(feature = "shell")]
    pub(crate) fn is_own_terminal(&self) -> bool {
        matches!(self.source, Source::Terminal(_))
    }

    /// The next line without its end; `None` at the end of the input, and after Ctrl-C at a terminal.
    ///
    /// # Errors
    /// When reading fails, or what was read is no UTF-8.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        self.read(Echo::On, || {})
    }

    /// All lines that are left.
    ///
    /// # Errors
    /// When reading fails, or what was read is no UTF-8.
    pub fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        while let Some(line) = self.line()? {
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text)
    }

    /// `prompt` shows the question once the answer can be taken: somebody may be quick.
    fn read(&mut self, echo: Echo, prompt: impl FnOnce()) -> io::Result<Option<String>> {
        match &mut self.source {
            Source::Terminal(pending) => terminal::line(echo, pending, prompt),
            Source::Reader(reader) => {
                prompt();
                terminal::read_line(reader.as_mut())
            }
        }
    }
}

/// Which stream speaks: data belongs to stdout, and with it the talk, unless a program reads the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Stdout, as usual.
    #[default]
    Stdout,
    /// Stderr.
    Stderr,
}

/// Who answers questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// The person at the terminal; without one the question is refused (exit code 3).
    #[default]
    Ask,
    /// Nobody: `--yes`, `--noinput`. The answer to "do what I typed?" is yes, other questions are refused.
    Never,
}

/// Both output streams, the input, verbosity.
pub struct Console {
    /// Data.
    pub stdout: Stream,
    /// Talk.
    pub stderr: Stream,
    /// Answers.
    pub stdin: Input,
    verbosity: u8,
    answer: Answer,
    system_checks: SystemChecks,
}

impl Console {
    /// The process's own streams, uncoloured, verbosity 1.
    pub fn process() -> Self {
        Self::new(Stream::stdout(), Stream::stderr(), Input::stdin())
    }

    /// A console on these streams, verbosity 1.
    pub fn new(stdout: Stream, stderr: Stream, stdin: Input) -> Self {
        Self { stdout, stderr, stdin, verbosity: 1, answer: Answer::default(), system_checks: SystemChecks::Skip }
    }

    /// How much to say: 0 nothing, 1 normal, 2 verbose, 3 very verbose.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Sets how much to say.
    pub fn set_verbosity(&mut self, verbosity: u8) {
        self.verbosity = verbosity;
    }

    /// Sets who answers questions.
    pub fn set_answer(&mut self, answer: Answer) {
        self.answer = answer;
    }

    /// Who answers questions.
    pub fn answers(&self) -> Answer {
        self.answer
    }

    /// Whether system checks were asked for. For a command that runs them itself, such as `runserver`.
    pub fn system_checks(&self) -> SystemChecks {
        self.system_checks
    }

    pub(super) fn set_system_checks(&mut self, checks: SystemChecks) {
        self.system_checks = checks;
    }

    /// Sets the colours of both streams; `Coloring` says when they are used.
    pub fn set_colors(&mut self, palette: &Palette, coloring: Coloring) {
        for stream in [&mut self.stdout, &mut self.stderr] {
            let colored = match coloring {
                Coloring::Always => true,
                Coloring::Never => false,
                Coloring::Terminal => stream.is_terminal(),
            };
            stream.set_palette(if colored { palette.clone() } else { Palette::plain() });
        }
    }

    /// Whether a question can be asked.
    pub fn is_interactive(&self) -> bool {
        self.answer == Answer::Ask && self.stdin.is_terminal
    }

    /// Asks whether to do what was typed; only `yes` or `y` goes on. Under `--yes` and `--noinput` the answer is yes.
    ///
    /// # Errors
    /// Exit code 3 when nobody can be asked; when the input fails.
    pub fn confirm(&mut self, question: &str) -> anyhow::Result<bool> {
        if self.answer == Answer::Never {
            return Ok(true);
        }
        let answer = self.ask(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// The stream that speaks.
    pub fn stream(&mut self, talk: Talk) -> &mut Stream {
        match talk {
            Talk::Stdout => &mut self.stdout,
            Talk::Stderr => &mut self.stderr,
        }
    }

    /// Asks a question and gives back the line that was typed.
    ///
    /// # Errors
    /// Exit code 3 when nobody can be asked; [`Cancelled`] when the input ends or Ctrl-C is typed instead of an answer.
    pub fn ask(&mut self, prompt: &str) -> anyhow::Result<String> {
        self.ask_on(Talk::Stdout, prompt)
    }

    /// The same on the stream that speaks.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_on(&mut self, talk: Talk, prompt: &str) -> anyhow::Result<String> {
        self.check_interactive(prompt)?;
        let stream = match talk {
            Talk::Stdout => &mut self.stdout,
            Talk::Stderr => &mut self.stderr,
        };
        let line = self.stdin.read(Echo::On, || stream.write_unended(prompt))?;
        line.ok_or_else(|| Cancelled.into())
    }

    /// The same for a secret: what is typed is not shown.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_secret(&mut self, prompt: &str) -> anyhow::Result<String> {
        self.check_interactive(prompt)?;
        let line = self.stdin.read(Echo::Off, || self.stdout.write_unended(prompt))?.ok_or(Cancelled)?;
        // The person's Enter was not shown either.
        self.stdout.write_unended("\n");
        Ok(line)
    }

    fn check_interactive(&self, prompt: &str) -> Result<(), CommandError> {
        if self.is_interactive() {
            return Ok(());
        }
        let reason = match self.answer {
            Answer::Never => "questions are switched off",
            Answer::Ask => "standard input is not a terminal",
        };
        let message = format!(
            "cannot ask \"{}\": {reason}\nhint: answer it on the command line, with `--yes` or `--force` where the \
             command has them",
            prompt.trim()
        );
        Err(CommandError::new(message).code(3))
    }

    /// Writes a line on stderr in the style of an error.
    pub fn error(&mut self, text: &str) {
        self.stderr.styled(Role::Error, text);
    }

    /// Writes what was held back.
    ///
    /// # Errors
    /// The first failure of either stream since the start (a closed pipe is none).
    pub fn finish(&mut self) -> io::Result<()> {
        self.stdout.finish().and(self.stderr.finish())
    }
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coloring {
    /// `--force-color`.
    Always,
    /// `--no-color`, `NO_COLOR`, `TERM=dumb`.
    Never,
    /// Where a person sees it.
    #[default]
    Terminal,
}
