//! `makemigrations --merge`: one migration after several last ones.

use db::migrations::{Branch, Loader, Merge};

use super::makemigrations::{Run, Writing};
use super::questions::Interactive;
use super::sources::shown_path;
use super::{command_error, files};
use crate::management::{Answer, Console, Output, Role};

const QUESTION: &str = "\nMerging will only work if the operations printed above do not conflict\nwith each other (working \
    on different fields or models)\nShould these migration branches be merged? [y/N]";

/// Merges the last migrations of each module that has several, after asking for each.
pub(super) fn merge(
    run: &Run<'_>,
    loader: &Loader,
    conflicts: &[(String, Vec<String>)],
    console: &mut Console,
) -> anyhow::Result<Output> {
    let mut found = Vec::new();
    for (label, _) in conflicts {
        found.extend(db::migrations::merge(loader, label, run.name, run.ctx.now()).map_err(command_error)?);
    }
    if found.is_empty() && console.verbosity() > 0 {
        run.say(None, "No conflicts detected to merge.", console);
    }
    for merge in &found {
        show(run, &merge.new.key.module, &merge.branches, console);
        let wanted = run.writing == Writing::Dry
            || console.answers() == Answer::Never
            || Interactive::new(console, run.talk).yes_or_no(QUESTION, Some(false))?;
        if wanted {
            write(run, merge, console)?;
        }
    }
    Ok(Output::None)
}

fn show(run: &Run<'_>, label: &str, branches: &[Branch], console: &mut Console) {
    if console.verbosity() == 0 {
        return;
    }
    run.say(Some(Role::MigrateHeading), &format!("Merging {label}"), console);
    for branch in branches {
        run.say(Some(Role::MigrateLabel), &format!("  Branch {}", branch.leaf.name), console);
        for operation in &branch.operations {
            run.say(None, &format!("    {} {}", operation.symbol(), operation.describe()), console);
        }
    }
}

fn write(run: &Run<'_>, Merge { new, .. }: &Merge, console: &mut Console) -> anyhow::Result<()> {
    let path = run.path(&new.key)?;
    if run.writing == Writing::Dry {
        if console.verbosity() == 3 {
            let heading = format!("Full merge migrations file '{}':", new.file_name());
            run.say(Some(Role::MigrateHeading), &heading, console);
            run.say(None, &new.text()?, console);
        }
        return Ok(());
    }
    files::create_all(&[(path.clone(), new.text()?)])?;
    if console.verbosity() > 0 {
        run.say(None, &format!("\nCreated new merge migration {}", shown_path(run.ctx, &path)), console);
        run.list(&path, console);
    }
    Ok(())
}
