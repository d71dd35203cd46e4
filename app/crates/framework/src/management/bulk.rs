//! The shared options are enforced here, whatever the command itself does: dry run, time limit, confirmation.

use std::future::Future;
use std::time::Duration;

use cli::BulkOptions;
use futures_util::StreamExt as _;

use super::command::{CommandOptions, ErasedCommand, Output};
use super::console::{Answer, Console};
use super::error::CommandError;
use super::style::Role;
use crate::context::{Context, DryRuns};

/// Runs `work` on every item, at most `--threads` of them at the same time, and gives back the results in order.
pub async fn parallel<T, R, Work, Running>(ctx: &Context, items: impl IntoIterator<Item = T>, work: Work) -> Vec<R>
where
    Work: FnMut(T) -> Running,
    Running: Future<Output = R>,
{
    futures_util::stream::iter(items).map(work).buffered(ctx.concurrency()).collect().await
}

/// The error of a command that ran out of time.
pub(super) fn timed_out(limit: Duration) -> CommandError {
    CommandError::new(format!("timed out after {} s (`--timeout`)", limit.as_secs_f64())).code(124)
}

/// Runs a command under the shared options it was given, if it has them.
pub(super) async fn handle(
    command: Box<dyn ErasedCommand>,
    options: &CommandOptions,
    ctx: &Context,
    console: &mut Console,
    limit_begins: &dyn Fn(Duration),
) -> anyhow::Result<Output> {
    let bulk = command.bulk();
    if bulk.is_none() && options.flattens_bulk() {
        anyhow::bail!("the command takes the shared options but does not hand them over (`Command::bulk`)");
    }
    confirm(command.as_ref(), bulk.as_ref(), console)?;
    let Some(bulk) = bulk else {
        return command.handle(ctx, console).await;
    };
    if bulk.processes.is_some() && !options.partitioned {
        let message = "the argument '--processes <N>' cannot be used: this command does not spread over processes";
        return Err(CommandError::new(message).code(2).into());
    }
    let ctx = ctx.with_concurrency(bulk.threads.get());
    let Some(limit) = bulk.timeout else {
        return in_dry_run(command, &bulk, &ctx, console).await;
    };
    limit_begins(limit);
    match tokio::time::timeout(limit, in_dry_run(command, &bulk, &ctx, console)).await {
        Ok(result) => result,
        Err(_) => Err(timed_out(limit).into()),
    }
}

fn confirm(command: &dyn ErasedCommand, bulk: Option<&BulkOptions>, console: &mut Console) -> anyhow::Result<()> {
    let settled = bulk.is_some_and(|bulk| bulk.force || bulk.dry_run);
    if bulk.is_some_and(|bulk| bulk.yes || bulk.force) {
        console.set_answer(Answer::Never);
    }
    let Some(question) = command.confirmation().filter(|_| !settled) else {
        return Ok(());
    };
    if console.confirm(&question)? { Ok(()) } else { Err(CommandError::new("Cancelled; nothing was changed.").into()) }
}

async fn in_dry_run(
    command: Box<dyn ErasedCommand>,
    bulk: &BulkOptions,
    ctx: &Context,
    console: &mut Console,
) -> anyhow::Result<Output> {
    if !bulk.dry_run {
        return command.handle(ctx, console).await;
    }
    let runs = DryRuns::default();
    let result = command.handle(&ctx.with_dry_run(runs.clone()), console).await;
    let writes = runs.rollback().await?;
    let output = result?;
    if console.verbosity() > 0 {
        console.stderr.styled(Role::Notice, "Dry run: everything was rolled back. What would have happened:");
        for write in &writes {
            let rows = if write.rows == 1 { "1 row".to_owned() } else { format!("{} rows", write.rows) };
            console.stderr.write(format!("  {} {rows}: {}", write.verb, write.table));
        }
        if writes.is_empty() {
            console.stderr.write("  nothing");
        }
    }
    Ok(output)
}
