//! Taking a change back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cli::ChangeOptions;

use crate::carry_out::{Plan, carry_out};
use crate::change::{Change, Edit, Kind};
use crate::journal::{Records, Remember};
use crate::names::ModulePath;
use crate::sources::Sources;
use crate::tree::Tree;
use crate::{Error, Result, Talk, diff, removal};

/// Takes the last change of the sources back that was made with these commands.
///
/// # Errors
/// When its files were edited since, and `--force` is not given; nothing is changed then.
pub fn undo(root: &Path, options: &ChangeOptions, talk: &mut dyn Talk) -> Result<()> {
    if Records::read(root)?.last().is_none() {
        talk.say("nothing to undo");
        return Ok(());
    }
    carry_out(root, options, talk, |tree| {
        let records = Records::read(root)?;
        let (number, record) = records.last().ok_or_else(|| Error::new("somebody else has just undone it"))?;
        let title = format!("undo {}", record.title);
        let (edits, edited) = taken_back(&record.edits, tree)?;
        let mut warnings = Vec::new();
        let others = files_of_others(&record.edits, tree, &mut warnings)?;
        let mut files: Vec<PathBuf> = edited.iter().map(|edit| edit.path.clone()).chain(others.clone()).collect();
        files.sort();
        if !files.is_empty() && !options.force {
            let why =
                format!("`{}` cannot be taken back: these files were edited since, or are not its own", record.title);
            let hint = "`--force` takes it back all the same, and the edits with it; files that are not its own stay";
            return Err(removal::refused(&why, &files, hint));
        }
        // Unlike a removal, this cannot be taken back in its turn.
        warnings.extend(others.iter().map(|file| format!("`{}` is not its own, and stays", file.display())));
        let edits = edits.into_iter().chain(edited).collect();
        let mut plan = Plan::new(Change { title, edits }, Remember::Undone(number));
        plan.warnings = warnings;
        plan.next.push(format!("took back `{}`", record.title));
        Ok(plan)
    })
}

/// The files of others in modules that an undoing takes away; and what is to be said of those modules.
fn files_of_others(made: &[Edit], tree: &Tree, warnings: &mut Vec<String>) -> Result<Vec<PathBuf>> {
    let edit_of = |file: &Path| made.iter().find(|edit| edit.path == file);
    let is_new = |path: &ModulePath| edit_of(&path.mod_file()).is_some_and(|edit| edit.kind() == Kind::Create);
    let mut others = BTreeSet::new();
    for module in Sources::read(tree.root())?.modules() {
        let Some(path) = module.path.as_ref().filter(|path| is_new(path)) else { continue };
        warnings.extend(removal::warnings(tree, module, path)?);
        others.extend(tree.files(&path.folder())?.into_iter().filter(|file| edit_of(file).is_none()));
    }
    Ok(others.into_iter().collect())
}

/// The edits that take back others, and those that cannot do so without loss: what was made or removed has another
/// text, or what was changed in a text has been changed again.
pub(crate) fn taken_back(made: &[Edit], tree: &Tree) -> Result<(Vec<Edit>, Vec<Edit>)> {
    let (mut edits, mut edited) = (Vec::new(), Vec::new());
    for edit in made.iter().rev() {
        let now = tree.read(&edit.path)?;
        if now == edit.before {
            continue;
        }
        // The rest of a file that others have a part in belongs to them.
        let merged = match (edit.kind(), &edit.before, &edit.after, &now) {
            (Kind::Modify, Some(before), Some(after), Some(now)) => diff::merge(after, now, before),
            _ => None,
        };
        let is_clean = now == edit.after || merged.is_some();
        let back = Edit { path: edit.path.clone(), before: now, after: merged.or_else(|| edit.before.clone()) };
        if is_clean { edits.push(back) } else { edited.push(back) }
    }
    Ok((edits, edited))
}
