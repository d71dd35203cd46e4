//! `makemigrations`: writes migrations from changed models.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use db::Error;
use db::migrations::{
    DetectOptions, Executor, Functions, Loader, Migration, NewMigration, NodeKey, NonInteractive, auto_name,
    autodetect, next_number,
};

use super::questions::{Interactive, Unasked};
use super::sources::{folder_to_write, load_sources, shown_path};
use super::{check_label, command_error, conflict_error, files, merge, reflected, update};
use crate::context::Context;
use crate::management::{Answer, Calls, Checks, Command, CommandError, Console, Output, Role, Talk};

impl Command for cli::Makemigrations {
    const NAME: &'static str = "makemigrations";
    const CHECKS: Checks = Checks::Tags(&["models", "modules"]);
    const CALLS: Calls = Calls::ToChange;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let labels: BTreeSet<&str> = self.modules.iter().map(String::as_str).collect();
        for label in &labels {
            check_label(ctx, label, 2)?;
        }
        self.name.as_deref().map_or(Ok(()), check_name)?;
        if self.noinput {
            console.set_answer(Answer::Never);
        }
        let loader = load_sources(ctx)?;
        check_histories(ctx, &loader, console).await?;
        let mut conflicts = loader.graph().conflicts();
        conflicts.retain(|(label, _)| labels.is_empty() || labels.contains(label.as_str()));
        let run = Run::new(&self, ctx);
        if self.merge {
            return merge::merge(&run, &loader, &conflicts, console);
        }
        if !conflicts.is_empty() {
            return Err(conflict_error(ctx, Error::Conflict { conflicts }).into());
        }
        if self.empty {
            if labels.is_empty() {
                let message = "You must supply at least one app label when using --empty.";
                return Err(CommandError::new(message).into());
            }
            let new: Vec<NewMigration> = labels.iter().map(|label| run.empty(&loader, label)).collect();
            return run.write(&new, console).map(|()| Output::None);
        }
        let new = run.detect(&loader, &self.modules, console)?;
        if new.is_empty() {
            let labels: Vec<&str> = labels.into_iter().collect();
            run.say_unchanged(&labels, console);
            return Ok(Output::None);
        }
        if self.update {
            update::update(&run, &loader, &new, console).await?;
        } else {
            run.write(&new, console)?;
        }
        if self.check { Err(CommandError::silent().into()) } else { Ok(Output::None) }
    }
}

impl Command for cli::AddMigration {
    const NAME: &'static str = "add_migration";
    const CHECKS: Checks = cli::Makemigrations::CHECKS;
    const CALLS: Calls = Calls::ToChange;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let empty =
            cli::Makemigrations { empty: true, modules: vec![self.module], name: self.name, ..Default::default() };
        empty.handle(ctx, console).await
    }
}

/// Checks the history of every database. One that cannot be asked is a warning: it may not be there yet.
async fn check_histories(ctx: &Context, loader: &Loader, console: &mut Console) -> anyhow::Result<()> {
    for alias in ctx.settings().database_aliases() {
        let checked = async {
            if !ctx.may_hold_tables(alias)? {
                return Ok(());
            }
            let database = ctx.database(alias).await?;
            Executor::new(&database, loader, &Functions::default()).plan(&[]).await?;
            anyhow::Ok(())
        };
        let Err(error) = checked.await else { continue };
        if let Some(Error::InconsistentHistory { .. }) = error.downcast_ref() {
            return Err(CommandError::new(error.to_string()).source(error).into());
        }
        let what = "Got an error checking a consistent migration history performed for database connection";
        console.stderr.styled(Role::Warning, format!("{what} '{alias}': {error:#}"));
    }
    Ok(())
}

/// Checks a name that was typed for a migration: letters, digits and `_`, a digit not first.
pub(super) fn check_name(name: &str) -> Result<(), CommandError> {
    let mut chars = name.chars();
    let is_good = chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|next| next.is_alphanumeric() || next == '_');
    let message = || format!("The migration name must be a valid Rust identifier. ('{name}' is none.)");
    if is_good { Ok(()) } else { Err(CommandError::new(message())) }
}

/// Whether files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Real,
    /// `--dry-run` and `--check`: nothing is written and nothing asked.
    Dry,
}

/// What was asked for.
pub(super) struct Run<'a> {
    pub(super) ctx: &'a Context,
    pub(super) talk: Talk,
    pub(super) writing: Writing,
    /// What new migrations are called after their number.
    pub(super) name: Option<&'a str>,
}

impl<'a> Run<'a> {
    fn new(options: &'a cli::Makemigrations, ctx: &'a Context) -> Self {
        Self {
            ctx,
            talk: if options.scriptable { Talk::Stderr } else { Talk::Stdout },
            writing: if options.dry_run || options.check { Writing::Dry } else { Writing::Real },
            name: options.name.as_deref(),
        }
    }

    /// Writes a line of talk.
    pub(super) fn say(&self, role: Option<Role>, text: &str, console: &mut Console) {
        let stream = console.stream(self.talk);
        match role {
            Some(role) => stream.styled(role, text),
            None => stream.write(text),
        }
    }

    /// The migrations that the models need, after the questions that they raise.
    fn detect(&self, loader: &Loader, modules: &[String], console: &mut Console) -> anyhow::Result<Vec<NewMigration>> {
        let (from, to) = (loader.state()?, reflected(self.ctx.modules())?);
        let options = DetectOptions {
            modules: modules.to_vec(),
            name: self.name.map(str::to_owned),
            ..DetectOptions::new(self.ctx.now())
        };
        if self.writing == Writing::Dry {
            return autodetect(&from, &to, loader, &mut Unasked, &options).map_err(|error| command_error(error).into());
        }
        if console.answers() == Answer::Ask {
            let mut questioner = Interactive::new(console, self.talk);
            let found = autodetect(&from, &to, loader, &mut questioner, &options);
            return found.map_err(|error| questioner.refusal(error));
        }
        let mut questioner = NonInteractive::default();
        let found = autodetect(&from, &to, loader, &mut questioner, &options);
        if console.verbosity() > 0 {
            questioner.notes.iter().for_each(|note| self.say(None, note, console));
        }
        found.map_err(|error| match error {
            Error::NotNullAddition { .. } => command_error(error).code(3).into(),
            error => command_error(error).into(),
        })
    }

    fn say_unchanged(&self, labels: &[&str], console: &mut Console) {
        let text = match labels {
            [] => "No changes detected".to_owned(),
            [label] => format!("No changes detected in app '{label}'"),
            labels => format!("No changes detected in apps '{}'", labels.join("', '")),
        };
        if console.verbosity() > 0 {
            self.say(None, &text, console);
        }
    }

    fn empty(&self, loader: &Loader, label: &str) -> NewMigration {
        let dependencies = loader.graph().leaves(label);
        let initial = dependencies.is_empty();
        let name = match self.name {
            Some(name) => name.to_owned(),
            None if initial => "initial".to_owned(),
            None => auto_name(self.ctx.now()),
        };
        let key = NodeKey::new(label, format!("{:04}_{name}", next_number(loader, label)));
        NewMigration { key, migration: Migration { initial, dependencies, ..Migration::default() } }
    }

    /// Shows the migrations and writes their files, unless they are only to be shown.
    pub(super) fn write(&self, new: &[NewMigration], console: &mut Console) -> anyhow::Result<()> {
        let paths = new.iter().map(|new| self.path(&new.key)).collect::<Result<Vec<PathBuf>, _>>()?;
        // Written before they are announced: what is announced is there.
        if self.writing == Writing::Real {
            let texts = new.iter().map(NewMigration::text).collect::<Result<Vec<String>, _>>()?;
            files::create_all(&paths.iter().cloned().zip(texts).collect::<Vec<_>>())
                .context("no migration was written")?;
        }
        let labels: BTreeSet<&str> = new.iter().map(|new| new.key.module.as_str()).collect();
        for label in labels {
            if console.verbosity() > 0 {
                self.say(Some(Role::MigrateHeading), &format!("Migrations for '{label}':"), console);
            }
            for (new, path) in new.iter().zip(&paths).filter(|(new, _)| new.key.module == label) {
                self.show(new, path, console)?;
            }
        }
        Ok(())
    }

    /// Shows one migration.
    fn show(&self, new: &NewMigration, path: &Path, console: &mut Console) -> anyhow::Result<()> {
        if console.verbosity() == 0 {
            return Ok(());
        }
        let label = console.stream(self.talk).paint(Role::MigrateLabel, &shown_path(self.ctx, path));
        self.say(None, &format!("  {label}"), console);
        for operation in &new.migration.operations {
            self.say(None, &format!("    {} {}", operation.symbol(), operation.describe()), console);
        }
        self.list(path, console);
        if self.writing == Writing::Dry && console.verbosity() == 3 {
            let heading = format!("Full migrations file '{}.toml':", new.key.name);
            self.say(Some(Role::MigrateHeading), &heading, console);
            self.say(None, &new.text()?, console);
        }
        Ok(())
    }

    /// Names a file on stdout when nothing else is said there.
    pub(super) fn list(&self, path: &Path, console: &mut Console) {
        if self.talk == Talk::Stderr {
            console.stdout.write(shown_path(self.ctx, path));
        }
    }

    /// Where a migration's file belongs.
    pub(super) fn path(&self, key: &NodeKey) -> Result<PathBuf, CommandError> {
        let module = self.ctx.module(&key.module)?;
        Ok(folder_to_write(self.ctx, module)?.join(format!("{}.toml", key.name)))
    }
}
