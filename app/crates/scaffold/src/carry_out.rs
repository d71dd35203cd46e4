//! The way of every change: planned against the tree, conflicts settled, shown, made under the lock.

use std::path::Path;

use cli::ChangeOptions;

use crate::change::{Change, Edit, Kind};
use crate::journal::{self, Remember};
use crate::tree::Tree;
use crate::{Result, Talk, conflicts, diff};

/// What a command has in mind.
pub(crate) struct Plan {
    pub(crate) change: Change,
    /// What becomes of the journal.
    pub(crate) remember: Remember,
    /// What stands before the list of files that are in the way.
    pub(crate) refusal: String,
    /// What the person has to know before.
    pub(crate) warnings: Vec<String>,
    /// What to do next.
    pub(crate) next: Vec<String>,
}

impl Plan {
    /// A plan of which nothing is said but what it does.
    pub(crate) fn new(change: Change, remember: Remember) -> Self {
        let refusal = "these files are there already, with other content:".to_owned();
        Self { change, remember, refusal, warnings: Vec::new(), next: Vec::new() }
    }
}

/// Plans a change, and makes it. When the tree changes while the person is asked, everything begins again.
pub(crate) fn carry_out(
    root: &Path,
    options: &ChangeOptions,
    talk: &mut dyn Talk,
    plan: impl Fn(&Tree) -> Result<Plan>,
) -> Result<()> {
    let tree = Tree::new(root)?;
    loop {
        if !options.dry_run {
            journal::recover(root, talk)?;
        } else if journal::has_pending(root) {
            talk.note("note: a change that was stopped midway would be taken back first");
        }
        let Plan { change, remember, refusal, warnings, next } = plan(&tree)?;
        change.check()?;
        let (mut change, in_the_way) = conflicts::find(change.sorted(), &tree)?;
        warnings.iter().for_each(|warning| talk.note(&format!("warning: {warning}")));
        if options.dry_run {
            return show(&change, in_the_way, options, &refusal, talk);
        }
        change.edits.extend(conflicts::settle(in_the_way, options, &refusal, talk)?);
        if change.edits.is_empty() && !matches!(remember, Remember::Undone(_)) {
            talk.say("nothing to do");
            return Ok(());
        }
        let change = change.sorted();
        let mut lock = journal::lock(root, talk)?;
        if !change.is_current(&tree)? {
            continue;
        }
        lock.make(&change, remember)?;
        for edit in &change.edits {
            talk.say(&format!("{} {}", what(edit), edit.path.display()));
            if options.diff {
                talk.say(&diff::unified(edit));
            }
        }
        next.iter().for_each(|next| talk.note(next));
        return Ok(());
    }
}

/// Shows what would be done.
fn show(
    change: &Change,
    in_the_way: Vec<Edit>,
    options: &ChangeOptions,
    refusal: &str,
    talk: &mut dyn Talk,
) -> Result<()> {
    let in_the_way = if options.skip { Vec::new() } else { in_the_way };
    if change.edits.is_empty() && in_the_way.is_empty() {
        talk.say("nothing to do");
        return Ok(());
    }
    let edits = change.edits.iter().map(|edit| (edit, what(edit)));
    let overwritten = in_the_way.iter().map(|edit| (edit, "overwrite"));
    talk.say(&diff::tree(edits.chain(overwritten)));
    for edit in change.edits.iter().chain(&in_the_way) {
        talk.say(&diff::unified(edit));
    }
    if in_the_way.is_empty() || options.force { Ok(()) } else { Err(conflicts::refused(&in_the_way, refusal)) }
}

fn what(edit: &Edit) -> &'static str {
    match edit.kind() {
        Kind::Create => "create",
        Kind::Modify => "change",
        Kind::Remove => "remove",
    }
}
