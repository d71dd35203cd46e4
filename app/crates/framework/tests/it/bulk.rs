//! The shared options, enforced by the framework: dry run, time limit, confirmation.

use std::time::Instant;

use cli::BulkOptions;
use framework::context::Context;
use framework::management::{Checks, Command, Console, Output, command};
use framework::module::Module;
use sea_orm::{EntityTrait as _, TransactionTrait as _};

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

fn module() -> Module {
    Module::new("bulk").commands(vec![command::<Prune>(), command::<Stall>()])
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
