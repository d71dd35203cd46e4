//! `makemigrations --merge`: one migration after several last ones.

use db::migrations::{Loader, Migration, NewMigration, NodeKey, Operation, next_number};

use super::files;
use super::makemigrations::{Run, Writing};
use super::questions::Interactive;
use super::sources::shown_path;
use crate::management::{Answer, CommandError, Console, Output, Role};

/// A name made of the leaves' grows no longer than this.
const LONGEST: usize = 47;

const QUESTION: &str = "\nMerging will only work if the operations printed above do not conflict\nwith each other (working \
    on different fields or models)\nShould these migration branches be merged? [y/N]";

/// Merges the last migrations of each module that has several, after asking for each.
pub(super) fn merge(
    run: &Run<'_>,
    loader: &Loader,
    conflicts: &[(String, Vec<String>)],
    console: &mut Console,
) -> anyhow::Result<Output> {
    if conflicts.is_empty() {
        if console.verbosity() > 0 {
            run.say(None, "No conflicts detected to merge.", console);
        }
        return Ok(Output::None);
    }
    for (label, leaves) in conflicts {
        show(run, label, &branches(loader, label, leaves)?, console);
        let wanted = console.answers() == Answer::Never
            || Interactive::new(console, run.talk).yes_or_no(QUESTION, Some(false))?;
        if wanted {
            write(run, loader, label, leaves, console)?;
        }
    }
    Ok(Output::None)
}

/// One of the branches: its last migration, and the operations since it left the others.
struct Branch<'a> {
    leaf: &'a str,
    operations: Vec<&'a Operation>,
}

fn branches<'a>(loader: &'a Loader, label: &str, leaves: &'a [String]) -> anyhow::Result<Vec<Branch<'a>>> {
    let mut ancestries = Vec::new();
    for leaf in leaves {
        let mut ancestry = loader.graph().forwards_plan(&NodeKey::new(label, leaf))?;
        ancestry.retain(|key| key.module == label);
        ancestries.push(ancestry);
    }
    let common = |key: &NodeKey| ancestries.iter().all(|ancestry| ancestry.contains(key));
    if !ancestries.iter().flatten().any(common) {
        let message = format!("Could not find common ancestor of {}", leaves.join(", "));
        return Err(CommandError::new(message).into());
    }
    let operations = |ancestry: &Vec<NodeKey>| {
        let own = ancestry.iter().filter(|key| !common(key));
        own.filter_map(|key| loader.migration(key)).flat_map(|migration| &migration.operations).collect()
    };
    Ok(leaves
        .iter()
        .zip(&ancestries)
        .map(|(leaf, ancestry)| Branch { leaf, operations: operations(ancestry) })
        .collect())
}

fn show(run: &Run<'_>, label: &str, branches: &[Branch<'_>], console: &mut Console) {
    if console.verbosity() == 0 {
        return;
    }
    run.say(Some(Role::MigrateHeading), &format!("Merging {label}"), console);
    for branch in branches {
        run.say(Some(Role::MigrateLabel), &format!("  Branch {}", branch.leaf), console);
        for operation in &branch.operations {
            run.say(None, &format!("    {} {}", operation.symbol(), operation.describe()), console);
        }
    }
}

fn write(run: &Run<'_>, loader: &Loader, label: &str, leaves: &[String], console: &mut Console) -> anyhow::Result<()> {
    let mut names = leaves.to_vec();
    names.sort_unstable();
    let joined = names.join("_");
    let name = match run.name {
        Some(name) => name.to_owned(),
        None if joined.len() > LONGEST => format!("merge_{}", run.ctx.now().format("%Y%m%d_%H%M")),
        None => format!("merge_{joined}"),
    };
    let key = NodeKey::new(label, format!("{:04}_{name}", next_number(loader, label)));
    let dependencies = names.iter().map(|leaf| NodeKey::new(label, leaf)).collect();
    let new = NewMigration { key, migration: Migration { dependencies, ..Migration::default() } };
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
