//! `add-module` and `remove-module`.

use std::path::{Path, PathBuf};

use cli::{AddModule, RemoveModule};

use crate::addresses;
use crate::carry_out::{Plan, carry_out};
use crate::commands;
use crate::drafts::Drafts;
use crate::journal::{Records, Remember};
use crate::names::{self, ModulePath};
use crate::register::{self, Parent, Part};
use crate::sources::Sources;
use crate::templates::{Options, Templates};
use crate::tree::Tree;
use crate::undo::undo;
use crate::{Error, Result, Talk, removal};

/// Makes a module, with the modules on the way to it that are not there yet; or, with `--undo`, takes the last change
/// back.
///
/// # Errors
/// Bad and taken names, files in the way, files that cannot be understood or written; nothing is changed then.
pub fn add_module(root: &Path, args: &AddModule, talk: &mut dyn Talk) -> Result<()> {
    if args.undo {
        return undo(root, &args.change, talk);
    }
    carry_out(root, &args.change, talk, |tree| {
        let sources = Sources::read(tree.root())?;
        let path = meant(&sources, &args.path)?;
        plan_addition(tree, &sources, &path, args)
    })
}

/// The module that these words mean: one that is there by its label or with `/` in its path, too.
fn meant(sources: &Sources, words: &[String]) -> Result<ModulePath> {
    let known = match words {
        [word] => sources.module(&word.replace('/', "_")).and_then(|module| module.path.clone()),
        _ => None,
    };
    known.map_or_else(|| ModulePath::parse(words), Ok)
}

fn plan_addition(tree: &Tree, sources: &Sources, path: &ModulePath, args: &AddModule) -> Result<Plan> {
    names::check_free(sources, path)?;
    let options = Options::new(sources, path, args)?;
    let templates = Templates::read(tree.root())?;
    let mut drafts = Drafts::new(tree);
    let mut warnings = Vec::new();
    for module in path.lineage() {
        let is_there = sources.is_module(&module);
        if module != *path {
            if !is_there {
                let edits = templates.module(&module, &Options::default())?;
                addresses::check_free(sources, &module, &edits)?;
                edits.into_iter().for_each(|edit| drafts.create(edit));
            }
        } else if !is_there || !is_command_alone(&options) {
            draft(&mut drafts, &templates, sources, path, &options)?;
        }
        let parent = if module.parent().is_some() { Parent::Module } else { Parent::Top };
        let file = module.declaring_file();
        drafts.modify(&file, |text| register::add_module(&file, text, parent, module.name()))?;
    }
    if let Some(command) = &options.command {
        commands::check_free(command)?;
        commands::draft(&mut drafts, &templates, path, command, options.model.as_ref())?;
        warnings.extend(commands::overridden(sources, path, command));
    }
    let mut plan = Plan::new(drafts.finish(title(args)), Remember::Change);
    plan.warnings = warnings;
    if sources.is_module(path) {
        let name = path.name();
        let taken = format!("'{name}' conflicts with the name of an existing module. Please try another name.");
        plan.refusal = format!("{taken}\n{}", plan.refusal);
    } else {
        let migrate = if options.model.is_some() { "`cargo xtask migrate` makes its table, " } else { "" };
        plan.next.push(format!("next: {migrate}`cargo xtask dev` shows it at /{path}/"));
    }
    plan.next.extend(options.command.iter().map(|command| format!("next: `cargo xtask {command}` runs the command")));
    Ok(plan)
}

/// The files of a module. One that is there already keeps what is registered in it: only then can the files be the same.
fn draft(
    drafts: &mut Drafts<'_>,
    templates: &Templates,
    sources: &Sources,
    path: &ModulePath,
    options: &Options,
) -> Result<()> {
    let edits = templates.module(path, options)?;
    addresses::check_free(sources, path, &edits)?;
    edits.into_iter().for_each(|edit| drafts.create(edit));
    let file = path.mod_file();
    let below = sources.modules().iter().filter_map(|module| module.path.as_ref());
    for module in below.filter(|module| module.parent().as_ref() == Some(path)) {
        drafts.modify(&file, |text| register::add_module(&file, text, Parent::Module, module.name()))?;
    }
    let of_module = sources.modules().iter().find(|module| module.path.as_ref() == Some(path));
    if of_module.is_some_and(|module| !module.commands.is_empty()) {
        drafts.modify(&file, |text| register::add_part(&file, text, Part::COMMANDS))?;
    }
    Ok(())
}

/// Whether nothing but a command is wanted, which a module that is there gets without further ado.
fn is_command_alone(options: &Options) -> bool {
    options.command.is_some() && options.model.is_none()
}

/// What was typed, in one line.
fn title(args: &AddModule) -> String {
    let mut words = vec!["add-module"];
    words.extend(args.path.iter().map(String::as_str));
    if !args.model.is_empty() {
        words.push("--model");
        words.extend(args.model.iter().map(String::as_str));
    }
    words.extend(args.pages.then_some("--pages"));
    words.extend(args.api.then_some("--api"));
    words.extend(args.command.iter().flat_map(|command| ["--command", command]));
    words.join(" ")
}

/// Takes a module away, with its registration.
///
/// # Errors
/// When there is no such module; when there are modules below it, or files that were not made by these commands or were
/// edited since, and `--force` is not given. Nothing is changed then.
pub fn remove_module(root: &Path, args: &RemoveModule, talk: &mut dyn Talk) -> Result<()> {
    carry_out(root, &args.change, talk, |tree| {
        let sources = Sources::read(tree.root())?;
        let path = meant(&sources, &args.path)?;
        let plan = plan_removal(tree, &sources, &path)?;
        if args.change.force { Ok(plan.0) } else { plan.1.map_or(Ok(plan.0), Err) }
    })
}

/// The plan, and what speaks against it.
fn plan_removal(tree: &Tree, sources: &Sources, path: &ModulePath) -> Result<(Plan, Option<Error>)> {
    let Some(module) = sources.modules().iter().find(|module| module.path.as_ref() == Some(path)) else {
        return Err(Error::new(format!("there is no module `{path}`")));
    };
    let records = Records::read(tree.root())?;
    let mut drafts = Drafts::new(tree);
    let mut foreign = Vec::new();
    for file in tree.files(&path.folder())? {
        if tree.read(&file)?.as_deref() != records.made(&file) {
            foreign.push(file.clone());
        }
        drafts.remove(&file)?;
    }
    let parent = if path.parent().is_some() { Parent::Module } else { Parent::Top };
    let file = path.declaring_file();
    drafts.modify(&file, |text| register::remove_module(&file, text, parent, path.name()))?;
    let mut plan = Plan::new(drafts.finish(format!("remove-module {}", args_of(path))), Remember::Change);
    plan.warnings = removal::warnings(tree, module, path)?;
    plan.next.push(format!("removed `{path}`; `cargo xtask add-module --undo` brings it back"));
    let objection = objection(sources, path, &foreign);
    Ok((plan, objection))
}

fn objection(sources: &Sources, path: &ModulePath, foreign: &[PathBuf]) -> Option<Error> {
    let below = sources.modules().iter().filter_map(|module| module.path.as_ref());
    let below: Vec<&ModulePath> = below.filter(|module| module.parent().as_ref() == Some(path)).collect();
    if let Some(first) = below.first() {
        let list: String = below.iter().map(|module| format!("\n  {module}")).collect();
        let message = format!("`{path}` has modules in it:{list}");
        let hint = format!(
            "remove them first (`cargo xtask remove-module {}`), or `--force` removes them all",
            args_of(first)
        );
        return Some(Error::new(message).with_hint(hint));
    }
    if foreign.is_empty() {
        return None;
    }
    let why = format!("these files of `{path}` were not made by `add-module`, or were edited since");
    Some(removal::refused(&why, foreign, "`--force` removes them too; `--dry-run` with it shows what would go"))
}

/// A path as it is typed.
fn args_of(path: &ModulePath) -> String {
    path.segments().join(" ")
}
