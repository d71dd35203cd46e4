//! Output, colours, and refusing to ask (cases 57–61).

use framework::management::{Capture, Console, Input, Palette, Role, Stream};

use crate::fixtures;
use crate::sandbox::{Sandbox, wait};

#[test]
fn write_ends_the_line_itself_unless_told_not_to() {
    let capture = Capture::new();
    let mut stream = Stream::capture(&capture);
    stream.write("x");
    stream.write("y\n");
    stream.write_unended("z");
    assert_eq!(capture.text(), "x\ny\nz");
}

#[test]
fn palettes_paint_by_role() {
    assert_eq!(Palette::plain().paint(Role::Error, "Hello"), "Hello");
    let parsed = |text: &str| text.parse::<framework::management::Colors>();
    assert_eq!(parsed("nocolor").expect("a palette").palette().paint(Role::Error, "Hello"), "Hello");
    assert_eq!(Palette::dark().paint(Role::Error, "Hello"), "\x1b[31;1mHello\x1b[0m");
    let own = parsed("light;error=yellow/blue,blink;notice=magenta").expect("a palette");
    assert_eq!(own.palette().paint(Role::Error, "Hello"), "\x1b[33;44;5mHello\x1b[0m");
    assert_eq!(own.palette().paint(Role::Notice, "Hello"), "\x1b[35mHello\x1b[0m");
    assert_eq!(own.palette().paint(Role::HttpNotModified, "304"), "\x1b[32m304\x1b[0m");
    for (text, wrong) in
        [("drak", "`drak`"), ("error=pink", "`pink`"), ("eror=red", "`eror`"), ("error=red,loud", "`loud`")]
    {
        let error = parsed(text).expect_err("a wrong palette");
        assert!(error.contains(wrong), "{error}");
    }
}

#[test]
fn colour_can_be_forced_and_switched_off() {
    let sandbox = Sandbox::new(&[fixtures::module]);
    let (plain, red) = ("Hello, world!\n", "\x1b[31;1mHello, world!\n\x1b[0m");
    sandbox.line("colorful").is(0, plain, plain);
    sandbox.line("colorful --no-color").is(0, plain, plain);
    sandbox.line("colorful --force-color").is(0, red, red);
    let both = "CommandError: The --no-color and --force-color options can't be used together.\n";
    sandbox.line("colorful --no-color --force-color").is(1, "", both);
    let sandbox = sandbox.var("APP__COLORS", "nocolor");
    sandbox.line("colorful --force-color").is(0, plain, plain);
}

#[test]
fn questions_are_refused_without_a_terminal() {
    let ran = Sandbox::new(&[fixtures::module]).line("asking");
    ran.says_on_err(3, "CommandError: cannot ask \"Name:\": standard input is not a terminal\nhint: ");
    Sandbox::new(&[fixtures::module]).typed("Ann\n").line("asking").is(0, "Name: Hello, Ann\n", "");
    // The input ends instead of an answer.
    Sandbox::new(&[fixtures::module]).typed("").line("asking").is(1, "Name: ", "\nCancelled.\n");
}

/// A writer that fails, as a full disk does.
struct Full;

impl std::io::Write for Full {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let mut console = Console::new(Stream::writer(Full), Stream::capture(&Capture::new()), Input::piped(""));
    console.stdout.write("x");
    assert_eq!(console.finish().map_err(|error| error.kind()), Err(std::io::ErrorKind::StorageFull));
    // Said once.
    assert!(console.finish().is_ok());
}

#[test]
fn work_in_parallel_keeps_its_order() {
    let results = wait(async {
        let ctx = Sandbox::new(&[]).ctx();
        framework::management::parallel(&ctx, 1..=3, |number| async move { number * 2 }).await
    });
    assert_eq!(results, [2, 4, 6]);
}
