//! What is generated into the sources: the README's task table.

use std::fmt::Write;

use anyhow::Context;

use crate::failure::Failure;
use crate::output;
use crate::project::Project;
use crate::tasks::{Action, TASKS, Task};

const BEGIN: &str = "<!-- tasks -->";
const END: &str = "<!-- /tasks -->";

/// The table of all tasks, as it stands in the README.
pub fn task_table() -> String {
    let mut table = "| task | also | app command | what it is for |\n|---|---|---|---|\n".to_owned();
    for task in TASKS.iter().filter(|task| task.group.is_some()) {
        let also: Vec<String> = spellings(task).iter().map(|name| format!("`{name}`")).collect();
        let behind = match task.action {
            Action::App(command) => format!("`{command}`"),
            Action::Dev => "`migrate`, `load_demo`, `runserver`".to_owned(),
            _ => String::new(),
        };
        let row = format!("| `{}` | {} | {behind} | {} |", task.name, also.join(", "), task.purpose());
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{}", row.replace("|  |", "| |").replace("|  |", "| |"));
    }
    table
}

/// The old snake_case names of a task.
fn spellings(task: &Task) -> Vec<String> {
    let names = std::iter::once(&task.name).chain(task.aliases);
    names.map(|name| name.replace('-', "_")).filter(|name| name != task.name).collect()
}

/// The README with the table of this xtask, or the reason why it cannot be put in.
///
/// # Errors
/// When the markers are not there.
pub fn with_table(readme: &str) -> Result<String, String> {
    let missing = || format!("there is no `{BEGIN}` … `{END}` to put the task table in");
    let (head, rest) = readme.split_once(BEGIN).ok_or_else(missing)?;
    let (_, tail) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{head}{BEGIN}\n{}{END}{tail}", task_table()))
}

/// Writes everything that is generated; says what changed.
///
/// # Errors
/// When the README is missing, has no place for the table, or cannot be written.
pub fn run(project: &Project) -> anyhow::Result<u8> {
    let path = project.root.join("README.md");
    let old = std::fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let new = with_table(&old).map_err(|reason| Failure::new(format!("`README.md`: {reason}")))?;
    if new == old {
        output::note("`README.md` is up to date");
    } else {
        std::fs::write(&path, new).with_context(|| format!("failed to write `{}`", path.display()))?;
        output::note("`README.md` is written anew");
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_replaces_what_is_between_the_markers() {
        let once = with_table("# A\n<!-- tasks -->\nold\n<!-- /tasks -->\nend\n").expect("markers");
        assert!(once.starts_with("# A\n<!-- tasks -->\n| task |") && once.ends_with("<!-- /tasks -->\nend\n"));
        assert!(once.contains("| `migrate` | | `migrate` | Apply migrations |"));
        assert_eq!(with_table(&once).as_ref(), Ok(&once));
        assert!(with_table("nothing").is_err());
    }
}
