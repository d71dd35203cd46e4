//! `add-command` and `remove-command`.

use std::path::Path;

use cli::{AddCommand, RemoveCommand};

use crate::carry_out::{Plan, carry_out};
use crate::drafts::Drafts;
use crate::journal::{Records, Remember};
use crate::model::NewModel;
use crate::names::{self, ModulePath};
use crate::register::{self, Part};
use crate::sources::Sources;
use crate::templates::Templates;
use crate::tree::Tree;
use crate::{Error, Result, Talk};

/// Adds a command to a module.
///
/// # Errors
/// Bad names, no such module, files in the way, files that cannot be understood or written; nothing is changed then.
pub fn add_command(root: &Path, args: &AddCommand, talk: &mut dyn Talk) -> Result<()> {
    names::identifier("command", &args.name)?;
    check_free(&args.name)?;
    carry_out(root, &args.change, talk, |tree| {
        let sources = Sources::read(tree.root())?;
        let path = own_module(&sources, &args.module)?;
        let mut drafts = Drafts::new(tree);
        draft(&mut drafts, &Templates::read(tree.root())?, path, &args.name, None)?;
        let change = drafts.finish(format!("add-command {} {}", args.module, args.name));
        let mut plan = Plan::new(change, Remember::Change);
        plan.warnings.extend(overridden(&sources, path, &args.name));
        plan.next.push(format!("next: `cargo xtask {}` runs the command", args.name));
        Ok(plan)
    })
}

/// The files of a command, and its registration. `model` is the one that a new module begins with.
pub(crate) fn draft(
    drafts: &mut Drafts<'_>,
    templates: &Templates,
    path: &ModulePath,
    name: &str,
    model: Option<&NewModel>,
) -> Result<()> {
    let list = list_of(path);
    for edit in templates.command(path, name, model)? {
        // The list of a module that has commands is kept.
        if edit.path != list || drafts.text(&list)?.is_none() {
            drafts.create(edit);
        }
    }
    drafts.modify(&list, |text| register::add_command(&list, text, name))?;
    let file = path.mod_file();
    drafts.modify(&file, |text| register::add_part(&file, text, Part::COMMANDS))
}

/// That no task has the name: `cargo xtask` would never get to the command.
pub(crate) fn check_free(name: &str) -> Result<()> {
    if !cli::TASKS.iter().any(|task| cli::same_name(task, name)) {
        return Ok(());
    }
    let message = format!("'{name}' conflicts with the name of a task of `cargo xtask`. Please try another name.");
    Err(Error::new(message).with_hint("`cargo xtask help` lists the tasks"))
}

/// What a command of this name takes the place of, or gives way to.
pub(crate) fn overridden(sources: &Sources, path: &ModulePath, name: &str) -> Option<String> {
    if cli::find(name).is_some() {
        return Some(format!("`{name}` is a built-in command too; this one takes its place"));
    }
    let others = sources.modules().iter().filter(|module| module.path.as_ref() != Some(path));
    let other =
        others.into_iter().find(|module| module.commands.iter().any(|other| cli::same_name(&other.name, name)))?;
    Some(format!("`{}` has a command `{name}` too; that of the module listed first is run", other.label))
}

/// Takes a command away, with its registration.
///
/// # Errors
/// When there is no such command, or its file was edited and `--force` is not given; nothing is changed then.
pub fn remove_command(root: &Path, args: &RemoveCommand, talk: &mut dyn Talk) -> Result<()> {
    carry_out(root, &args.change, talk, |tree| plan_removal(tree, args))
}

fn plan_removal(tree: &Tree, args: &RemoveCommand) -> Result<Plan> {
    let sources = Sources::read(tree.root())?;
    let path = own_module(&sources, &args.module)?;
    let commands = sources.modules().iter().filter(|module| module.path.as_ref() == Some(path));
    let is_meant = |name: &str| cli::same_name(name, &args.name);
    let found = commands.flat_map(|module| &module.commands).find(|it| is_meant(&it.name) || is_meant(&it.file));
    let Some(command) = found else {
        return Err(Error::new(format!("`{}` has no command `{}`", args.module, args.name)));
    };
    let list = list_of(path);
    let file = list.with_file_name(format!("{}.rs", command.file));
    if !args.change.force && tree.read(&file)?.as_deref() != Records::read(tree.root())?.made(&file) {
        let message = format!("`{}` was not made by `add-command`, or was edited since", file.display());
        return Err(Error::new(message).with_hint("`--force` removes it all the same"));
    }
    let mut drafts = Drafts::new(tree);
    drafts.remove(&file)?;
    drafts.modify(&list, |text| register::remove_command(&list, text, &command.file))?;
    // What is left of the first command's registration when the last one goes: the list as it was made, and nothing else.
    let empty =
        Templates::read(tree.root())?.command(path, &command.file, None)?.into_iter().find(|edit| edit.path == list);
    if drafts.text(&list)? == empty.and_then(|edit| edit.after) {
        drafts.remove(&list)?;
        let module = path.mod_file();
        drafts.modify(&module, |text| register::remove_part(&module, text, Part::COMMANDS))?;
    }
    let change = drafts.finish(format!("remove-command {} {}", args.module, args.name));
    let mut plan = Plan::new(change, Remember::Change);
    plan.next.push("`cargo xtask add-module --undo` brings it back".to_owned());
    Ok(plan)
}

/// A module of the project's own, by its label or its path.
fn own_module<'a>(sources: &'a Sources, typed: &str) -> Result<&'a ModulePath> {
    let module = sources.module(&typed.replace('/', "_"));
    match module.map(|module| module.path.as_ref()) {
        Some(Some(path)) => Ok(path),
        Some(None) => Err(Error::new(format!("`{typed}` is a module of the framework, and not the project's"))),
        None => {
            let own = sources.modules().iter().filter(|module| module.path.is_some());
            let known: Vec<String> = own.map(|module| format!("`{}`", module.label)).collect();
            let hint = format!("there are {}", known.join(", "));
            Err(Error::new(format!("there is no module `{}`", names::visible(typed))).with_hint(hint))
        }
    }
}

/// The file that lists a module's commands.
fn list_of(path: &ModulePath) -> std::path::PathBuf {
    path.file("commands/mod.rs")
}
