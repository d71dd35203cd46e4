//! The manifests, which cargo reads before it does anything; a change of the sources that was interrupted; the lists of
//! commands.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use cli::findings::Finding;
use scaffold::{Kept, journal};
use toml::{Table, Value};

use super::Asked;
use crate::failure::Failure;
use crate::project::Project;
use crate::{commands, output};

pub(super) fn manifests(project: &Project) -> Vec<Finding> {
    let id = "manifests";
    let root = match read(project, Path::new("Cargo.toml")) {
        Ok(root) => root,
        Err(finding) => return vec![finding],
    };
    let members = root.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    let members = members.into_iter().flatten().filter_map(Value::as_str);
    // Patterns are for cargo to expand.
    let manifests = members.filter(|member| !member.contains('*')).map(|member| Path::new(member).join("Cargo.toml"));
    let manifests: Vec<PathBuf> = manifests.collect();
    let broken: Vec<Finding> = manifests.iter().filter_map(|manifest| read(project, manifest).err()).collect();
    if broken.is_empty() {
        return vec![Finding::ok(id, format!("the manifests can be read ({})", manifests.len() + 1))];
    }
    broken
}

fn read(project: &Project, path: &Path) -> Result<Table, Finding> {
    let id = "manifests";
    let shown = path.display();
    let file = output::quote(path_from(project, path).as_os_str());
    let text = std::fs::read_to_string(project.root.join(path)).map_err(|error| {
        Finding::error(id, format!("`{shown}` cannot be read: {error}"), format!("git checkout -- {file}"))
    })?;
    toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        let message = format!("{shown}:{line}: not valid TOML: {}", error.message());
        Finding::error(id, message, format!("${{EDITOR:-vi}} +{line} {file}"))
    })
}

/// A path of the project, as it is typed where the person stands.
fn path_from(project: &Project, path: &Path) -> PathBuf {
    if project.here == project.root { path.to_owned() } else { project.root.join(path) }
}

/// Whoever changes the sources holds the lock until the end.
fn is_under_way(project: &Project) -> bool {
    let lock = File::open(project.root.join("var/scaffold/lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// With `--fix` it is rolled back, as the next command that changes or builds the sources would do.
pub(super) fn change(project: &Project, asked: &Asked<'_>) -> Vec<Finding> {
    let id = "leftovers.change";
    if !journal::has_pending(&project.root) {
        return vec![Finding::ok(id, "no change of the sources was interrupted")];
    }
    if is_under_way(project) {
        return vec![Finding::ok(id, "a change of the sources is under way")];
    }
    if !asked.doctor.fix {
        let message = "a change of the sources (`add-module` and the like) was interrupted";
        return vec![Finding::error(id, message, "cargo xtask doctor --fix")];
    }
    match journal::set_aside(&project.root) {
        Ok(Some(aside)) => {
            let aside = aside.display();
            let message = format!(
                "the journal of a change of the sources could not be read, and is now `{aside}`: `git status` shows what is half done"
            );
            return vec![Finding::fixed(id, message)];
        }
        Ok(None) => {}
        Err(error) => return vec![Finding::error(id, said(&commands::failure(&error).into()), "git status")],
    }
    let mut talk = Kept::default();
    match journal::recover(&project.root, &mut talk) {
        Ok(()) => {
            let said: Vec<&str> = talk.0.iter().map(|line| line.trim_start_matches("note: ")).collect();
            vec![Finding::fixed(id, said.join("; "))]
        }
        Err(error) => {
            vec![Finding::error(id, said(&commands::failure(&error).into()), "git status")]
        }
    }
}

/// Every other task that builds writes the lists first; who only wants to know what is wrong finds them as they are.
pub(super) fn commands(project: &Project, asked: &Asked<'_>) -> Vec<Finding> {
    let id = "commands";
    // Rolling that back comes first.
    if journal::has_pending(&project.root) {
        return vec![Finding::skipped(
            id,
            "lists of commands are not examined while a change of the sources is interrupted",
        )];
    }
    if commands::are_in_order(project) {
        return vec![Finding::ok(id, "every command's file is in its module's list")];
    }
    let command = "cargo xtask doctor --fix";
    if !asked.doctor.fix {
        let message = "files of commands were added or removed, and the lists of their modules do not say so yet";
        return vec![Finding::warning(id, message, command)];
    }
    let mut lines = Vec::new();
    let written = commands::bring_in_line(project, &mut |line| lines.push(line.to_owned()));
    let fixed = lines.iter().map(|line| Finding::fixed(id, line.trim_start_matches("note: ")));
    let problems = match written {
        Ok(outcome) => outcome.problems.iter().map(commands::failure).map(|failure| said(&failure.into())).collect(),
        Err(error) => vec![said(&error)],
    };
    fixed.chain(problems.into_iter().map(|text| Finding::error(id, text, "cargo xtask check"))).collect()
}

/// An error with its hint.
fn said(error: &anyhow::Error) -> String {
    let hint = error.downcast_ref::<Failure>().and_then(Failure::advice);
    hint.map_or_else(|| format!("{error:#}"), |hint| format!("{error:#}; {hint}"))
}
