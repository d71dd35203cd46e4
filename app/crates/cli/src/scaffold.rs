//! The commands that change the project's own sources: modules and commands, and the way back.

use clap::Args;

/// Create a module: the words are a path, and missing parents are created too
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "A field is `name:type`, then in any order `?` or `:null` (may be empty), `:unique`, `:index`, \
                        `:references=module.Model` (needs no type): title:string note:text? slug:string:unique \
                        author:references=users.User\n\
                        Types: string (`string(80)`), text, integer, big_integer, float, boolean, date, time, \
                        datetime, json"
)]
pub struct AddModule {
    /// The module's name, after the names of the modules that it is in
    #[arg(value_name = "NAME")]
    pub path: Vec<String>,
    /// Add a model with these fields, and its migration
    #[arg(long, num_args = 1.., value_names = ["MODEL", "FIELD:TYPE"])]
    pub model: Vec<String>,
    /// Add pages that list, show, create, edit and delete the model's rows
    #[arg(long, requires = "model")]
    pub pages: bool,
    /// Add JSON endpoints for the model's rows
    #[arg(long, requires = "model")]
    pub api: bool,
    /// Add a command
    #[arg(long, value_name = "COMMAND")]
    pub command: Option<String>,
    /// Take the last change back that was made with this command or its like
    #[arg(long, conflicts_with_all = ["path", "model", "pages", "api", "command", "skip"])]
    pub undo: bool,
    /// What all commands that change sources take.
    #[command(flatten)]
    pub change: ChangeOptions,
}

/// Take a module away that was made with `add-module`
#[derive(Args, Clone, Debug, Default)]
pub struct RemoveModule {
    /// The module's name, after the names of the modules that it is in
    #[arg(value_name = "NAME")]
    pub path: Vec<String>,
    /// What all commands that change sources take.
    #[command(flatten)]
    pub change: ChangeOptions,
}

/// Add a command to a module
#[derive(Args, Clone, Debug, Default)]
pub struct AddCommand {
    /// The module's label (`mailings`, `cms_adp_roles`)
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// The command's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What all commands that change sources take.
    #[command(flatten)]
    pub change: ChangeOptions,
}

/// Take a command away that was made with `add-command`
#[derive(Args, Clone, Debug, Default)]
pub struct RemoveCommand {
    /// The module's label
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// The command's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What all commands that change sources take.
    #[command(flatten)]
    pub change: ChangeOptions,
}

/// Write a migration without operations, to fill by hand (`makemigrations --empty`)
#[derive(Args, Clone, Debug, Default)]
pub struct AddMigration {
    /// The module's label
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// What the migration is called after its number
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// What all commands that change sources take.
#[derive(Args, Clone, Debug, Default)]
pub struct ChangeOptions {
    /// Show what would be done, with diffs, and do nothing
    #[arg(long, visible_alias = "dry_run")]
    pub dry_run: bool,
    /// Show the diffs of what is changed
    #[arg(long)]
    pub diff: bool,
    /// Overwrite files that are in the way or were edited since
    #[arg(long, conflicts_with = "skip")]
    pub force: bool,
    /// Leave files as they are that are in the way
    #[arg(long)]
    pub skip: bool,
    /// Never ask
    #[arg(long = "noinput", visible_alias = "no-input", alias = "no_input")]
    pub noinput: bool,
}
