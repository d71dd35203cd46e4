//! The shared options, enforced by the framework: dry run, time limit, confirmation.

use std::time::Instant;

use cli::BulkOptions;
use framework::context::Context;
use framework::management::{Call, Checks, Command, CommandError, Console, Input, Output, command};
use framework::module::Module;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, TransactionTrait as _};

use crate::polls::{self, models::question};
use crate::sandbox::{Sandbox, wait};

/// Deletes every poll.
#[derive(clap::Args)]
struct Prune {
    #[command(flatten)]
    bulk: BulkOptions,
}

impl Command for Prune {
    const NAME: &'static str = "prune";
    const CHECKS: Checks = Checks::None;

    fn bulk(&self) -> Option<&BulkOptions> {
        Some(&self.bulk)
    }

    fn confirmation(&self) -> Option<String> {
        Some("Delete every poll?".to_owned())
    }

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let db = ctx.db().await?;
        let transaction = db.begin().await?;
        question::Entity::delete_many().exec(&transaction).await?;
        transaction.commit().await?;
        console.stdout.write(format!("pruned, {} at a time", ctx.concurrency()));
        Ok(Output::None)
    }
}

/// Waits for what never comes, politely or not.
#[derive(clap::Args)]
struct Stall {
    #[arg(long)]
    block: bool,
    #[command(flatten)]
    bulk: BulkOptions,
}

impl Command for Stall {
    const NAME: &'static str = "stall";
    const CHECKS: Checks = Checks::None;

    fn bulk(&self) -> Option<&BulkOptions> {
        Some(&self.bulk)
    }

    async fn handle(self, _ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        if self.block {
            loop {
                std::thread::park();
            }
        }
        std::future::pending::<()>().await;
        Ok(Output::None)
    }
}

/// Takes the shared options and forgets them.
#[derive(clap::Args)]
struct Forgetful {
    #[command(flatten)]
    _bulk: BulkOptions,
}

impl Command for Forgetful {
    const NAME: &'static str = "forgetful";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write("ran");
        Ok(Output::None)
    }
}

/// Tries to get out of a dry run.
#[derive(clap::Args)]
struct Escape {
    sql: String,
    #[command(flatten)]
    bulk: BulkOptions,
}

impl Command for Escape {
    const NAME: &'static str = "escape";
    const CHECKS: Checks = Checks::None;

    fn bulk(&self) -> Option<&BulkOptions> {
        Some(&self.bulk)
    }

    async fn handle(self, ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        let db = ctx.db().await?;
        question::Entity::delete_many().exec(&db).await?;
        db.execute_unprepared(&self.sql).await?;
        Ok(Output::None)
    }
}

/// Panics.
#[derive(clap::Args)]
struct Panic {}

impl Command for Panic {
    const NAME: &'static str = "panic";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        panic!("as the test wants it");
    }
}

fn module() -> Module {
    Module::new("bulk")
        .commands(vec![
            command::<Prune>(),
            command::<Stall>(),
            command::<Forgetful>(),
            command::<Escape>(),
            command::<Panic>(),
        ])
        .clone()
}

fn sandbox(ids: &[i64]) -> Sandbox {
    let sandbox = Sandbox::new(&[module, polls::module]);
    wait(async {
        let ctx = sandbox.ctx();
        polls::fill(&ctx.db().await.expect("a database"), ids).await;
        ctx.close().await;
    });
    sandbox
}

fn left(sandbox: &Sandbox) -> usize {
    wait(async {
        let ctx = sandbox.ctx();
        polls::polls(&ctx.db().await.expect("a database")).await.len()
    })
}

#[test]
fn a_dry_run_rolls_back_and_says_what_would_have_happened() {
    let sandbox = sandbox(&[1, 2, 3]);
    let ran = sandbox.line("prune --dry-run");
    assert_eq!((ran.code, ran.out.as_str()), (0, "pruned, 1 at a time\n"), "{}", ran.err);
    assert!(ran.err.starts_with("Dry run: everything was rolled back."), "{}", ran.err);
    assert!(ran.err.contains("3") && ran.err.contains("polls_question"), "{}", ran.err);
    assert_eq!(left(&sandbox), 3);
    let ran = sandbox.line("prune --dry_run -v 0");
    ran.is(0, "pruned, 1 at a time\n", "");
    assert_eq!(left(&sandbox), 3);
}

#[test]
fn a_destructive_command_asks_and_refuses_without_a_terminal() {
    let sandbox = sandbox(&[1, 2]);
    sandbox.line("prune").says_on_err(3, "cannot ask \"Delete every poll? [y/N]\": standard input is not a terminal");
    assert_eq!(left(&sandbox), 2);
    let sandbox = sandbox.typed("n\n");
    sandbox.line("prune").is(1, "Delete every poll? [y/N] ", "CommandError: Cancelled; nothing was changed.\n");
    assert_eq!(left(&sandbox), 2);
    let sandbox = sandbox.typed("y\n");
    sandbox.line("prune --threads 4").is(0, "Delete every poll? [y/N] pruned, 4 at a time\n", "");
    assert_eq!(left(&sandbox), 0);
}

#[test]
fn yes_and_force_do_not_ask() {
    for option in ["--yes", "--force", "--noinput", "--no-input"] {
        let sandbox = sandbox(&[1]);
        sandbox.run(["prune", option]).is(0, "pruned, 1 at a time\n", "");
        assert_eq!(left(&sandbox), 0);
    }
}

#[test]
fn a_time_limit_cancels_with_exit_code_124() {
    let sandbox = sandbox(&[]);
    let started = Instant::now();
    let message = "CommandError: timed out after 1 s (`--timeout`)\n";
    sandbox.line("stall --timeout 1").is(124, "", message);
    assert!(started.elapsed().as_secs_f64() < 2.5, "{:?}", started.elapsed());
    // One that blocks its thread is left behind after two seconds of grace; the process's own stderr says so.
    assert_eq!(sandbox.line("stall --timeout 1 --block").code, 124);
    assert!(started.elapsed().as_secs_f64() < 9.0, "{:?}", started.elapsed());
}

#[test]
fn numbers_below_one_and_processes_are_usage_errors() {
    let sandbox = sandbox(&[]);
    for line in [
        "--timeout 0",
        "--timeout x",
        "--batch-size 0",
        "--threads 0",
        "--processes 0",
        "--threads -1",
        "--batch_size x",
    ] {
        let ran = sandbox.line(&format!("prune --yes {line}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {}", ran.err);
    }
    sandbox.line("prune --yes --processes 2").says_on_err(2, "'--processes <N>' cannot be used");
}

#[test]
fn a_command_that_does_not_hand_the_shared_options_over_does_not_run() {
    let sandbox = sandbox(&[]);
    let message = "error: the command takes the shared options but does not hand them over (`Command::bulk`)\n";
    sandbox.line("forgetful").is(1, "", message);
    wait(async {
        let ctx = sandbox.ctx();
        assert!(Call::named("forgetful", ["--dry-run"]).run(&ctx).await.is_err());
        assert!(Call::typed(Forgetful { _bulk: BulkOptions::default() }).run(&ctx).await.is_err());
    });
}

#[test]
fn the_shared_options_are_enforced_in_typed_calls_too() {
    let sandbox = sandbox(&[1, 2]);
    let call = |bulk: BulkOptions| {
        wait(async { Call::typed(Prune { bulk }).stdin(Input::piped("")).run(&sandbox.ctx()).await })
    };
    let code = |error: anyhow::Error| error.downcast_ref::<CommandError>().map(CommandError::returncode);
    let called = call(BulkOptions { dry_run: true, ..BulkOptions::default() }).expect("a dry run");
    assert!(called.stderr.contains("delete 2 rows: polls_question"), "{}", called.stderr);
    assert_eq!(call(BulkOptions::default()).map(drop).map_err(code), Err(Some(3)));
    assert_eq!(left(&sandbox), 2);
    let limit = BulkOptions { timeout: Some(std::time::Duration::from_millis(50)), ..BulkOptions::default() };
    let stalled = wait(async { Call::typed(Stall { block: false, bulk: limit }).run(&sandbox.ctx()).await });
    assert_eq!(stalled.map(drop).map_err(code), Err(Some(124)));
    call(BulkOptions { yes: true, ..BulkOptions::default() }).expect("a run");
    assert_eq!(left(&sandbox), 0);
}

#[test]
fn a_dry_run_cannot_be_committed_from_inside() {
    let sandbox = sandbox(&[1, 2]);
    for sql in ["COMMIT", "COMMIT; BEGIN", "DELETE FROM polls_choice; DELETE FROM polls_question"] {
        let ran = sandbox.run(["escape", sql, "--dry-run"]);
        ran.says_on_err(1, "cannot run in a dry run");
        assert_eq!(left(&sandbox), 2, "{sql}");
    }
}

#[test]
fn a_panic_is_a_failure_of_the_command() {
    assert_eq!(sandbox(&[]).line("panic").code, 1);
}
