//! What is written to a terminal and to a file, as a person sees it.

use std::sync::Arc;
use std::time::Duration;

use xtask::dev::dashboard::{Keys, View};
use xtask::dev::model::{Diagnostic, Failure, Level, Source, State, Status, Stream};
use xtask::dev::painter::{Job, Mode, Painter, Style};

const LIVE: Style = Style { mode: Mode::Live, coloured_out: true, coloured_err: true, shared: true };
const PLAIN: Style = Style { mode: Mode::Plain, coloured_out: false, coloured_err: false, shared: false };
const ERASE: &str = "\r\x1b[2K\x1b[J";

fn view(state: State) -> View {
    View { status: Status { state, ..Status::default() }, url: "http://127.0.0.1:8000/".to_owned(), ..View::default() }
}

fn diagnostic(level: Level, text: &str) -> Diagnostic {
    Diagnostic { level, rendered: format!("\x1b[1m{text}\x1b[0m\n --> there\n\n"), place: None }
}

fn failed(messages: &[Diagnostic]) -> View {
    let mut view = view(State::Failed);
    view.status.failure = Some(Failure { title: "the build failed".to_owned(), messages: messages.to_vec() });
    view
}

/// What is written to stdout and stderr.
fn written(painter: &mut Painter, jobs: impl IntoIterator<Item = Job>) -> (String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    for job in jobs {
        painter.take(job);
    }
    for (stream, text) in painter.finish(Some(80)) {
        match stream {
            Stream::Out => out.push_str(&text),
            Stream::Err => err.push_str(&text),
        }
    }
    (out, err)
}

fn plain(painter: &mut Painter, jobs: impl IntoIterator<Item = Job>) -> String {
    written(painter, jobs).1
}

#[test]
fn without_a_terminal_each_change_is_one_line() {
    let mut painter = Painter::new(PLAIN);
    let mut said = |view: View| plain(&mut painter, [Job::Show(view)]);
    assert_eq!(said(view(State::Building)), "dev: listening at http://127.0.0.1:8000/\ndev: building\n");
    assert_eq!(said(view(State::Building)), "");
    let mut serving = View { built_in: Some(Duration::from_millis(1230)), ..view(State::Serving) };
    serving.status.generation = 1;
    assert_eq!(said(serving.clone()), "dev: serving http://127.0.0.1:8000/ (built in 1.2 s)\n");
    assert_eq!(said(serving.clone()), "");
    serving.status.pending = vec!["a.0001_initial".to_owned()];
    assert_eq!(said(serving.clone()), "dev: 1 migration pending (`cargo xtask migrate` applies them)\n");
    assert_eq!(said(serving.clone()), "");
    serving.status.pending.clear();
    assert_eq!(said(serving.clone()), "");
    serving.status.generation = 2;
    serving.built_in = None;
    assert_eq!(said(serving.clone()), "dev: serving http://127.0.0.1:8000/\n");
    serving.stopping = true;
    assert_eq!(said(serving.clone()), "dev: stopping\n");
    assert_eq!(said(serving), "");
}

#[test]
fn a_failure_is_shown_when_it_comes_errors_last_and_warnings_once() {
    let (error, warning) = (diagnostic(Level::Error, "error: no"), diagnostic(Level::Warning, "warning: hm"));
    let mut painter = Painter::new(PLAIN);
    plain(&mut painter, [Job::Show(view(State::Building))]);
    let show = |messages: &[Diagnostic]| Job::Show(failed(messages));
    let (first, again) = ([error.clone(), warning.clone()], [error.clone()]);
    let expected = "dev: the build failed\nwarning: hm\n --> there\n\nerror: no\n --> there\n\n";
    assert_eq!(plain(&mut painter, [show(&first)]), expected);
    assert_eq!(plain(&mut painter, [show(&first)]), "");
    let expected = "dev: building\ndev: the build failed\nerror: no\n --> there\n\n";
    assert_eq!(plain(&mut painter, [Job::Show(view(State::Building)), show(&again)]), expected);
    // The warnings are those of the newest build, which had none.
    let warnings = || Job::Warnings(vec![warning.clone()]);
    assert_eq!(plain(&mut painter, [warnings()]), "warning: hm\n --> there\n\n");
    assert_eq!(plain(&mut painter, [warnings()]), "");
    let mut coloured = Painter::new(Style { coloured_err: true, ..PLAIN });
    assert!(plain(&mut coloured, [show(&again)]).contains("\n\x1b[1merror: no\x1b[0m\n"));
}

#[test]
fn last_words_are_shown_once() {
    let words = ["error: no settings", "", "hint: write some"];
    let message = Diagnostic { level: Level::Error, rendered: words.join("\n"), place: None };
    let mut painter = Painter::new(PLAIN);
    plain(&mut painter, [Job::Show(view(State::Building))]);
    let lines = words.map(|line| Job::Line(Source::Server(Stream::Err), line.to_owned()));
    let said = plain(&mut painter, lines.into_iter().chain([Job::Show(failed(std::slice::from_ref(&message)))]));
    assert_eq!(said, "error: no settings\n\nhint: write some\ndev: the build failed\n");
    let others = (0..40).map(|number| Job::Line(Source::Server(Stream::Err), number.to_string()));
    plain(&mut painter, others.chain([Job::Show(view(State::Building))]));
    let said = plain(&mut painter, [Job::Show(failed(&[message]))]);
    assert_eq!(said, "dev: the build failed\nerror: no settings\n\nhint: write some\n\n");
}

#[test]
fn lines_go_where_they_come_from_with_the_name_of_a_companion() {
    let companion = |stream| Source::Companion(Arc::from("worker"), stream);
    let jobs = [
        Job::Line(Source::Server(Stream::Out), "a".to_owned()),
        Job::Line(Source::Server(Stream::Err), "b".to_owned()),
        Job::Line(companion(Stream::Out), "c".to_owned()),
        Job::Line(companion(Stream::Err), "d".to_owned()),
        Job::Line(Source::Build, "\x1b[32me\x1b[0m".to_owned()),
        Job::Line(Source::Dev, "f".to_owned()),
        Job::Clear,
    ];
    let (out, err) = written(&mut Painter::new(PLAIN), jobs.clone());
    assert_eq!((out.as_str(), err.as_str()), ("a\nworker | c\n", "b\nworker | d\ne\ndev: f\n"));
    let (out, _) = written(&mut Painter::new(LIVE), jobs);
    let prefix = out.lines().nth(1).expect("a line");
    assert!(prefix.starts_with("\x1b[3") && prefix.ends_with("mworker |\x1b[0m c"), "{prefix:?}");
}

#[test]
fn the_dashboard_is_drawn_only_when_it_is_another_one() {
    let mut painter = Painter::new(LIVE);
    plain(&mut painter, [Job::Show(view(State::Building))]);
    let (_, first) = written(&mut painter, [Job::Show(view(State::Serving))]);
    let first = first.strip_prefix(ERASE).expect("another dashboard");
    assert!(first.contains("serving http://127.0.0.1:8000/") && first.ends_with('\r'), "{first:?}");
    assert_eq!(written(&mut painter, [Job::Show(view(State::Serving))]), (String::new(), String::new()));
    assert_eq!(plain(&mut painter, [Job::Redraw]), format!("{ERASE}{first}"));
    assert_eq!(plain(&mut painter, [Job::Lend]), ERASE);
    assert_eq!(
        plain(&mut painter, [Job::Show(view(State::Building)), Job::Line(Source::Dev, "x".to_owned())]),
        "dev: x\n"
    );
    assert!(plain(&mut painter, [Job::TakeBack]).contains("building"));
    assert!(plain(&mut painter, [Job::Keys(Keys::On)]).contains("q quit"));
    assert!(plain(&mut painter, [Job::Clear]).starts_with("\x1b[H\x1b[2J\x1b[3J\x1b[33m●"));
    // In the background there is nothing to be seen.
    painter.take(Job::Redraw);
    assert_eq!(painter.finish(None), [(Stream::Err, ERASE.to_owned())]);
    assert_eq!(painter.finish(None), []);
}

/// As much of a terminal as is needed: a text and a place in it. There is no wrapping, because nothing may be that wide.
#[derive(Default)]
struct Terminal {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Terminal {
    fn write(&mut self, text: &str) {
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            self.lines.resize(self.lines.len().max(self.row + 1), Vec::new());
            match letter {
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                '\x1b' => {
                    assert_eq!(letters.next(), Some('['));
                    let sequence: String = letters.by_ref().take_while(|letter| !letter.is_alphabetic()).collect();
                    self.control(&sequence);
                }
                letter => {
                    let line = &mut self.lines[self.row];
                    line.resize(line.len().max(self.column + 1), ' ');
                    line[self.column] = letter;
                    self.column += 1;
                }
            }
        }
    }

    /// `2K` and `J` erase; colours (`31m`) have other numbers.
    fn control(&mut self, sequence: &str) {
        match sequence {
            "2" if self.column == 0 => self.lines[self.row].clear(),
            "" => {
                self.lines.truncate(self.row + 1);
                self.lines[self.row].truncate(self.column);
            }
            _ => {}
        }
    }

    fn text(&self) -> Vec<String> {
        let lines = self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    }
}

#[test]
fn whatever_happens_all_lines_are_there_and_the_dashboard_is_the_last() {
    let seed = std::process::id();
    println!("seed {seed}");
    let mut state = u64::from(seed);
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..50 {
        let (mut painter, mut terminal, mut said) = (Painter::new(LIVE), Terminal::default(), Vec::new());
        let (mut is_shown, mut lent) = (false, 0);
        for number in 0..200 {
            let text = format!("line {number} {}", "x".repeat(usize::try_from(random(60)).expect("small")));
            let job = match random(9) {
                0 => Job::Redraw,
                1 => Job::Keys(if random(2) == 0 { Keys::On } else { Keys::Off }),
                2 if lent == 0 => Job::Lend,
                2 | 3 if lent > 0 => Job::TakeBack,
                4 | 5 => {
                    let state = if random(2) == 0 { State::Serving } else { State::Building };
                    if !std::mem::replace(&mut is_shown, true) {
                        said.push("dev: listening at http://127.0.0.1:8000/".to_owned());
                    }
                    Job::Show(view(state))
                }
                6 => Job::Line(Source::Server(Stream::Out), text.clone()),
                _ => Job::Line(Source::Server(Stream::Err), text.clone()),
            };
            match &job {
                Job::Line(..) => said.push(text.trim_end().to_owned()),
                Job::Lend => lent += 1,
                Job::TakeBack => lent -= 1,
                _ => {}
            }
            painter.take(job);
            if random(3) == 0 {
                let columns = 20 + usize::try_from(random(100)).expect("small");
                painter.finish(Some(columns)).iter().for_each(|(_, text)| terminal.write(text));
                let mut seen = terminal.text();
                if is_shown && lent == 0 {
                    let dashboard = seen.pop().expect("a dashboard");
                    assert!(dashboard.starts_with("● ") && dashboard.chars().count() < columns, "{dashboard}");
                    assert_eq!(terminal.column, 0);
                }
                assert_eq!(seen, said);
            }
        }
    }
}
