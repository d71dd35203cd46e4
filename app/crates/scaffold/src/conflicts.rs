//! Files that are in the way: asked about, overwritten, left alone, or refused with a list.

use std::io::ErrorKind;

use cli::ChangeOptions;

use crate::change::{Change, Edit};
use crate::tree::Tree;
use crate::{Error, Result, Talk, diff};

/// What happens to files that are there already with another text than a change expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// The person is asked, if there is one.
    Ask,
    Overwrite,
    Leave,
    /// Nobody is asked: they are an error.
    Refuse,
}

impl Manner {
    fn of(options: &ChangeOptions) -> Self {
        match options {
            ChangeOptions { force: true, .. } => Self::Overwrite,
            ChangeOptions { skip: true, .. } => Self::Leave,
            ChangeOptions { noinput: true, .. } => Self::Refuse,
            _ => Self::Ask,
        }
    }
}

/// Fits a change to the tree: leaves out what is done already, and gives the files in the way besides.
pub(crate) fn find(change: Change, tree: &Tree) -> Result<(Change, Vec<Edit>)> {
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for edit in change.edits {
        let found = tree.read(&edit.path)?;
        if found == edit.after {
            continue;
        }
        if found == edit.before { edits.push(edit) } else { conflicts.push(Edit { before: found, ..edit }) }
    }
    Ok((Change { edits, ..change }, conflicts))
}

/// Decides about files in the way, and gives those that are to be overwritten.
///
/// # Errors
/// When nobody decides: `refusal` and a list. When the person breaks off.
pub(crate) fn settle(
    conflicts: Vec<Edit>,
    options: &ChangeOptions,
    refusal: &str,
    talk: &mut dyn Talk,
) -> Result<Vec<Edit>> {
    match Manner::of(options) {
        Manner::Overwrite => return Ok(conflicts),
        Manner::Leave => {
            for edit in &conflicts {
                talk.note(&format!("note: `{}` is left as it is", edit.path.display()));
            }
            return Ok(Vec::new());
        }
        Manner::Refuse if !conflicts.is_empty() => return Err(refused(&conflicts, refusal)),
        Manner::Refuse | Manner::Ask => {}
    }
    let mut chosen = Vec::new();
    let mut rest = conflicts.iter();
    while let Some(edit) = rest.next() {
        match ask(edit, talk)? {
            Some(Answer::Yes) => chosen.push(edit.clone()),
            Some(Answer::No) => {}
            Some(Answer::All) => {
                chosen.push(edit.clone());
                chosen.extend(rest.by_ref().cloned());
            }
            Some(Answer::Quit) => return Err(Error::new("nothing was changed")),
            None => return Err(refused(&conflicts, refusal)),
        }
    }
    Ok(chosen)
}

/// The error that lists the files in the way.
pub(crate) fn refused(conflicts: &[Edit], refusal: &str) -> Error {
    let list: String = conflicts.iter().map(|edit| format!("\n  {}", edit.path.display())).collect();
    Error::new(format!("{refusal}{list}"))
        .with_hint("`--force` overwrites them, `--skip` leaves them as they are, `--dry-run` shows the differences")
}

enum Answer {
    Yes,
    No,
    All,
    Quit,
}

/// Asks about one file; nothing when nobody can be asked.
fn ask(edit: &Edit, talk: &mut dyn Talk) -> Result<Option<Answer>> {
    let question =
        format!("`{}` is there already, with other content. Overwrite it? [y/n/a/q/d/?] ", edit.path.display());
    loop {
        let answer = match talk.ask(&question) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(Error::cancelled(error)),
            Err(error) => return Err(Error::new(format!("failed to ask: {error}"))),
        };
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(Some(Answer::Yes)),
            "n" | "no" => return Ok(Some(Answer::No)),
            "a" | "all" => return Ok(Some(Answer::All)),
            "q" | "quit" => return Ok(Some(Answer::Quit)),
            "d" | "diff" => talk.note(&diff::unified(edit)),
            _ => talk.note(
                "y: overwrite it; n: leave it as it is; a: overwrite it and all that follow; q: stop, and change \
                 nothing; d: show the difference",
            ),
        }
    }
}
