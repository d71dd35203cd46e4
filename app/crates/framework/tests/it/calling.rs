//! Calling a command from code (cases 45–56).

use std::sync::atomic::{AtomicUsize, Ordering};

use framework::checks::{Check, Scope};
use framework::context::Context;
use framework::i18n::Locale;
use framework::management::{Call, Capture, Checks, Command, CommandError, Console, Input, Output, command};
use framework::module::Module;

use crate::fixtures::{self, Dance};
use crate::sandbox::{Sandbox, wait};

#[test]
fn a_call_takes_values_or_words() {
    wait(async {
        let ctx = Sandbox::new(&[fixtures::module]).ctx();
        let none: [&str; 0] = [];
        let called = Call::named("dance", none).run(&ctx).await.expect("a dance");
        assert_eq!(called.stdout, "I don't feel like dancing Rock'n'Roll.\n");
        let jive = "I don't feel like dancing Jive.\n";
        assert_eq!(Call::typed(Dance::in_style("Jive")).run(&ctx).await.expect("a dance").stdout, jive);
        assert_eq!(Call::named("dance", ["--style", "Jive"]).run(&ctx).await.expect("a dance").stdout, jive);
        let called = Call::typed(Dance { integer: 14, ..Dance::in_style("Jive") }).run(&ctx).await.expect("a dance");
        assert_eq!(called.stdout, format!("You passed 14 as a positional argument.\n{jive}"));
    });
}

#[test]
fn a_call_gives_back_the_error() {
    wait(async {
        let ctx = Sandbox::new(&[fixtures::module]).ctx();
        let error = Call::named("explode", ["x"]).run(&ctx).await.expect_err("no such command");
        assert_eq!(
            error.downcast_ref::<CommandError>().map(ToString::to_string).as_deref(),
            Some("Unknown command: 'explode'")
        );
        let error = Call::named("dance", ["--example=raise"]).run(&ctx).await.expect_err("a broken leg");
        assert_eq!(error.downcast_ref::<CommandError>().map(CommandError::returncode), Some(3));
        let error = Call::named("dance", ["--unknown"]).run(&ctx).await.expect_err("an unknown option");
        assert!(error.to_string().contains("--unknown"), "{error}");
    });
}

#[test]
fn streams_given_to_a_call_win() {
    wait(async {
        let ctx = Sandbox::new(&[fixtures::module]).ctx();
        let (first, second) = (Capture::new(), Capture::new());
        let call = Call::typed(Dance::in_style("Jive")).stdout(&first).stdout(&second);
        call.run(&ctx).await.expect("a dance");
        assert_eq!((first.text().as_str(), second.text().as_str()), ("", "I don't feel like dancing Jive.\n"));
        let called = Call::named("asking", [""; 0]).stdin(Input::typed("Dave\n")).run(&ctx).await.expect("an answer");
        assert_eq!(called.stdout, "Name: Hello, Dave\n");
    });
}

#[test]
fn the_text_that_a_command_returns_is_printed_and_given_back() {
    wait(async {
        let ctx = Sandbox::new(&[fixtures::module]).ctx();
        let called = Call::named("sql", [""; 0]).run(&ctx).await.expect("SQL");
        assert_eq!(called.returned.as_deref(), Some("BEGIN;\nSELECT 1;\nCOMMIT;"));
        assert_eq!(called.stdout, "BEGIN;\nSELECT 1;\nCOMMIT;\n");
    });
}

#[test]
fn the_locale_is_kept_switched_off_and_restored() {
    wait(async {
        let ctx = Sandbox::new(&[fixtures::module]).ctx().with_locale(Some(Locale::Ru));
        let said = async |name: &str| Call::named(name, [""; 0]).run(&ctx).await.expect("a locale").stdout;
        assert_eq!(said("translated").await, "Some(\"ru\")\n");
        assert_eq!(said("untranslated").await, "None\n");
        assert_eq!(said("translated").await, "Some(\"ru\")\n");
        assert_eq!(ctx.locale(), Some(Locale::Ru));
    });
}

static MODELS_RUNS: AtomicUsize = AtomicUsize::new(0);
static SECURITY_RUNS: AtomicUsize = AtomicUsize::new(0);

fn count_models(_ctx: &Context, _scope: &Scope) -> Vec<framework::checks::Message> {
    MODELS_RUNS.fetch_add(1, Ordering::SeqCst);
    Vec::new()
}

fn count_security(_ctx: &Context, _scope: &Scope) -> Vec<framework::checks::Message> {
    SECURITY_RUNS.fetch_add(1, Ordering::SeqCst);
    Vec::new()
}

/// Wants some checks before it.
#[derive(clap::Args)]
struct Checked {}

impl Command for Checked {
    const NAME: &'static str = "checked";
    const CHECKS: Checks = Checks::Tags(&["staticfiles", "models"]);

    async fn handle(self, _ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        Ok(Output::None)
    }
}

fn checking() -> Module {
    Module::new("checking")
        .commands(vec![command::<Checked>()])
        .checks(vec![Check::new(&["models"], count_models), Check::new(&["security"], count_security)])
        .clone()
}

/// One test, because the counters are shared.
#[test]
fn a_call_runs_the_checks_only_when_asked_and_only_those_it_names() {
    wait(async {
        let ctx = Sandbox::new(&[checking, fixtures::module]).ctx();
        let runs = || (MODELS_RUNS.load(Ordering::SeqCst), SECURITY_RUNS.load(Ordering::SeqCst));
        Call::named("checked", [""; 0]).run(&ctx).await.expect("no checks");
        assert_eq!(runs(), (0, 0));
        Call::named("checked", [""; 0]).with_checks().run(&ctx).await.expect("two tags");
        assert_eq!(runs(), (1, 0));
        Call::typed(Dance::in_style("Jive")).with_checks().run(&ctx).await.expect("all checks");
        assert_eq!(runs(), (2, 1));
        Call::named("hal", ["--empty"]).with_checks().run(&ctx).await.expect("a command without checks");
        assert_eq!(runs(), (2, 1));
    });
}
