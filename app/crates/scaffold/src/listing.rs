//! Commands by file: what a module's `commands/mod.rs` has to say about the files beside it. A command that is not listed
//! gets its lines, one whose file is gone loses them. Nothing is written here.

mod flaws;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use syn::ext::IdentExt as _;

use crate::register::{self, Part};
use crate::{Edit, Error, Result, names, sources};

/// A `commands/mod.rs` that lists nothing yet.
const EMPTY: &str = include_str!("../templates/command/mod.rs");

/// What there is to do about the commands of a module.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files to change, in an order in which a crash between two of them does no harm.
    pub edits: Vec<Edit>,
    /// What these edits do, for people.
    pub lines: Vec<Line>,
    /// What cannot be brought in order here.
    pub problems: Vec<Problem>,
}

/// One entry that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file in which it stands, relative to the project's root.
    pub list: PathBuf,
    /// What is listed: the file of a command without `.rs`, or `commands` in the module's own file.
    pub name: String,
    /// The file that this is about, relative to the project's root.
    pub file: PathBuf,
    /// What happens to it.
    pub fate: Fate,
    /// The name of a command that is not called like its file.
    pub called: Option<String>,
}

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is written.
    Listed,
    /// It is taken out, because its file is gone.
    TakenOut,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, name, fate, called, .. } = self;
        match (fate, called) {
            (Fate::Listed, None) => write!(f, "listed `{name}` in `{}`", list.display()),
            (Fate::Listed, Some(called)) => {
                write!(f, "listed `{name}` in `{}`; its `NAME` is still `{called}`", list.display())
            }
            (Fate::TakenOut, _) => write!(f, "took `{name}` out of `{}`: its file is gone", list.display()),
        }
    }
}

impl Line {
    fn of_command(folder: &Path, name: &str, fate: Fate) -> Self {
        let file = folder.join(format!("{name}.rs"));
        Self { list: folder.join("mod.rs"), name: name.to_owned(), file, fate, called: None }
    }

    /// What is not in order as long as this has not happened.
    pub fn missing(&self) -> String {
        let (list, file) = (self.list.display(), self.file.display());
        match self.fate {
            Fate::Listed => format!("`{file}` is not listed in `{list}`"),
            Fate::TakenOut => format!("`{file}` is listed in `{list}`, and is gone"),
        }
    }
}

/// Something that a person has to put right.
#[derive(Debug)]
pub struct Problem {
    /// The file that looks like a command, relative to the project's root; nothing when it is about all of the module's.
    pub file: Option<PathBuf>,
    /// What is wrong, and what to do.
    pub error: Error,
}

/// Looks at the commands of the module in this folder (relative to the project's root).
pub fn of_module(root: &Path, module: &Path) -> Listing {
    let mut listing = Listing::default();
    if let Err(error) = listing.look(root, module) {
        listing.problems.push(Problem { file: None, error });
    }
    listing
}

/// What is certainly wrong with the files that the module in this folder lists, and would fail a build. Reads them all.
pub fn flaws(root: &Path, module: &Path) -> Vec<Problem> {
    let folder = module.join(Part::COMMANDS.name);
    let list = folder.join("mod.rs");
    let text = read(root, &list).ok().flatten().unwrap_or_default();
    // What is wrong with the list itself was said when it was to be edited.
    let listed = register::listed_commands(&list, &text).unwrap_or_default();
    let files = listed.iter().map(|name| folder.join(format!("{name}.rs")));
    let flaw = |file: PathBuf| {
        let error = flaws::of_file(&file, &read(root, &file).ok()??)?;
        Some(Problem { file: Some(file), error })
    };
    files.filter_map(flaw).collect()
}

impl Listing {
    fn look(&mut self, root: &Path, module: &Path) -> Result<()> {
        let (folder, file) = (module.join(Part::COMMANDS.name), module.join("mod.rs"));
        let Some(declaring) = read(root, &file)? else {
            return if files(&root.join(folder)).is_empty() { Ok(()) } else { Err(no_module(module)) };
        };
        let list = folder.join("mod.rs");
        let before = read(root, &list)?;
        let declared = before.as_deref().map_or_else(Vec::new, declarations);
        let listed = before.as_deref().map_or_else(|| Ok(Vec::new()), |text| register::listed_commands(&list, text))?;
        let unlisted = self.unlisted(root, &folder, &declared, &listed);
        if before.is_none() && unlisted.is_empty() {
            // The module has no commands any more, if it ever had some.
            let is_declared = |found: &Declaration| found.is_plain && found.name == Part::COMMANDS.name;
            if declarations(&declaring).iter().any(is_declared) && !root.join(folder).with_extension("rs").exists() {
                let after = register::remove_part(&file, &declaring, Part::COMMANDS)?;
                self.replace(file, declaring, after, Fate::TakenOut);
            }
            return Ok(());
        }
        let mut after = before.clone().unwrap_or_else(|| EMPTY.to_owned());
        let gone = declared.iter().filter(|found| found.is_plain && !is_there(&root.join(&folder), &found.name));
        for Declaration { name, .. } in gone {
            after = register::remove_command(&list, &after, name)?;
            self.lines.push(Line::of_command(&folder, name, Fate::TakenOut));
        }
        for command in unlisted {
            let name = &command.file;
            after = register::add_command(&list, &after, name)?;
            let called = Some(command.name).filter(|called| !cli::same_name(called, name));
            self.lines.push(Line { called, ..Line::of_command(&folder, name, Fate::Listed) });
        }
        let lists_something = !register::listed_commands(&list, &after)?.is_empty();
        if before.as_ref() != Some(&after) {
            self.edits.push(Edit { path: list, before, after: Some(after) });
        }
        if lists_something {
            let after = register::add_part(&file, &declaring, Part::COMMANDS)?;
            self.replace(file, declaring, after, Fate::Listed);
        }
        Ok(())
    }

    /// The commands that are not listed. What is no command, and nobody declared, is a problem.
    fn unlisted(
        &mut self,
        root: &Path,
        folder: &Path,
        declared: &[Declaration],
        listed: &[String],
    ) -> Vec<sources::Command> {
        let mut found = Vec::new();
        for name in files(&root.join(folder)).into_iter().filter(|name| !listed.contains(name)) {
            let file = folder.join(format!("{name}.rs"));
            match judge(root, &file, &name) {
                // Whoever declared it wanted a file that is no command.
                Ok(None) if declared.iter().any(|found| found.name == name) => {}
                Ok(Some(command)) => found.push(command),
                Ok(None) => self.problems.push(Problem { error: flaws::missing(&file), file: Some(file) }),
                Err(error) => self.problems.push(Problem { error, file: Some(file) }),
            }
        }
        found
    }

    /// Has a module's own file say something else about its commands.
    fn replace(&mut self, file: PathBuf, before: String, after: String, fate: Fate) {
        if before == after {
            return;
        }
        let name = Part::COMMANDS.name.to_owned();
        let listed = file.with_file_name(&name).join("mod.rs");
        self.lines.push(Line { file: listed, name, list: file.clone(), fate, called: None });
        self.edits.push(Edit { path: file, before: Some(before), after: Some(after) });
    }
}

/// The text of a file; nothing when it is not there.
fn read(root: &Path, file: &Path) -> Result<Option<String>> {
    match fs::read_to_string(root.join(file)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", file, error)),
    }
}

/// The names of the files that may be commands, sorted.
fn files(folder: &Path) -> Vec<String> {
    let paths = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let rust = paths.filter(|path| path.extension() == Some(OsStr::new("rs")) && path.is_file());
    let stems = rust.filter_map(|path| path.file_stem()?.to_str().map(str::to_owned));
    let mut names: Vec<String> = stems.filter(|name| name != "mod" && !name.starts_with(['_', '.'])).collect();
    names.sort_unstable();
    names
}

/// A line like `mod x;`.
struct Declaration {
    name: String,
    /// No attribute says when it counts, or where the file is.
    is_plain: bool,
}

/// The files that a `mod.rs` declares. None when it does not parse; the edit will say so.
fn declarations(text: &str) -> Vec<Declaration> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let declared = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(item) if item.content.is_none() => Some(item),
        _ => None,
    });
    let decides =
        |attribute: &syn::Attribute| ["cfg", "cfg_attr", "path"].iter().any(|name| attribute.path().is_ident(name));
    let declaration = |item: syn::ItemMod| Declaration {
        name: item.ident.unraw().to_string(),
        is_plain: !item.attrs.iter().any(decides),
    };
    declared.map(declaration).collect()
}

fn is_there(folder: &Path, name: &str) -> bool {
    folder.join(format!("{name}.rs")).exists() || folder.join(name).join("mod.rs").exists()
}

/// The command that a file is, if it is one.
fn judge(root: &Path, file: &Path, name: &str) -> Result<Option<sources::Command>> {
    let text = read(root, file)?.unwrap_or_default();
    let Some(command) = sources::command(name, &text) else { return Ok(None) };
    if let Some(flaw) = flaws::of_file(file, &text) {
        return Err(flaw);
    }
    names::identifier("command", name).map_err(|error| {
        let refused = Error::new(format!("`{}` is not listed: {error}", file.display()));
        error.hint().map(|hint| format!("rename the file: {hint}")).into_iter().fold(refused, Error::with_hint)
    })?;
    Ok(Some(command))
}

fn no_module(module: &Path) -> Error {
    let message =
        format!("the commands in `{0}/commands` belong to no module: there is no `{0}/mod.rs`", module.display());
    Error::new(message).with_hint("`cargo xtask add-module` makes modules")
}
