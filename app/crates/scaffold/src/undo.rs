//! Taking a change back.

use std::path::Path;

use cli::ChangeOptions;

use crate::carry_out::{Plan, carry_out};
use crate::change::{Change, Edit, Kind};
use crate::journal::{Records, Remember};
use crate::tree::Tree;
use crate::{Error, Result, Talk, diff};

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
        if !edited.is_empty() && !options.force {
            let list: String = edited.iter().map(|edit| format!("\n  {}", edit.path.display())).collect();
            let message = format!("`{}` cannot be taken back: these files were edited since:{list}", record.title);
            return Err(Error::new(message).with_hint("`--force` takes it back all the same, and the edits with it"));
        }
        let edits = edits.into_iter().chain(edited).collect();
        let mut plan = Plan::new(Change { title, edits }, Remember::Undone(number));
        plan.next.push(format!("took back `{}`", record.title));
        Ok(plan)
    })
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
