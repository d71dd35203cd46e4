//! What `migrate --plan` and `migrate --check` say.

use std::collections::BTreeSet;

use db::Backend;
use db::migrations::{Direction, Loader, Operation, Plan};

use crate::context::Context;
use crate::management::{CommandError, Console, Role};

/// What `--check` fails with: how many migrations would be applied or unapplied, and of which modules.
pub(super) fn check_error(plan: &Plan, ctx: &Context) -> CommandError {
    let modules: BTreeSet<&str> = plan.steps.iter().map(|step| step.key.module.as_str()).collect();
    let modules: Vec<&str> = modules.into_iter().collect();
    let (count, modules, program) = (plan.steps.len(), modules.join(", "), ctx.program());
    CommandError::new(match plan.direction() {
        Some(Direction::Backwards) => format!("{count} migration(s) would be unapplied in: {modules}"),
        _ => format!("{count} unapplied migration(s) in: {modules}\nhint: `{program} migrate` applies them"),
    })
}

/// Lists the migrations of a plan and what each would do.
pub(super) fn show_plan(plan: &Plan, loader: &Loader, backend: Backend, console: &mut Console) {
    console.stdout.styled(Role::MigrateLabel, "Planned operations:");
    if plan.is_empty() {
        console.stdout.write("  No planned migration operations.");
    }
    for step in &plan.steps {
        console.stdout.styled(Role::MigrateHeading, &step.key);
        let Some(migration) = loader.migration(&step.key) else { continue };
        let mut operations: Vec<&Operation> = migration.operations.iter().collect();
        if step.direction == Direction::Backwards {
            operations.reverse();
        }
        for operation in operations {
            let (text, role) = describe(operation, step.direction, backend);
            match role {
                Some(role) => console.stdout.styled(role, format!("    {text}")),
                None => console.stdout.write(format!("    {text}")),
            }
        }
    }
}

/// An operation in words, with the SQL that it runs; in red when it cannot be undone but would have to be.
fn describe(operation: &Operation, direction: Direction, backend: Backend) -> (String, Option<Role>) {
    let what = operation.describe();
    let in_this_direction = match direction {
        Direction::Forwards => Some(operation.clone()),
        Direction::Backwards => operation.reversed(),
    };
    match in_this_direction {
        None => (format!("{what} -> IRREVERSIBLE"), Some(Role::Error)),
        Some(Operation::RunSql(op)) => (format!("{what}{}", action(op.sql.text(backend))), None),
        Some(Operation::RunRust(op)) => (format!("Rust function {}", op.function), None),
        Some(_) if direction == Direction::Backwards => (format!("Undo {what}"), None),
        Some(_) => (what, None),
    }
}

/// What stands behind the words: one line, cut after 40 characters.
fn action(sql: &str) -> String {
    const LIMIT: usize = 40;
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return String::new();
    }
    let action = format!(" -> {line}");
    match action.char_indices().nth(LIMIT) {
        None => action,
        Some(_) => action.chars().take(LIMIT - 1).chain(['…']).collect(),
    }
}
