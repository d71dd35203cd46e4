//! The framework's own checks.

use std::collections::BTreeMap;

use super::{Check, Level, Message, Scope, deploy};
use crate::context::Context;
use crate::staticfiles;

/// The framework's own checks.
pub fn builtin_checks() -> Vec<Check> {
    vec![
        Check::new(&["modules"], unique_labels),
        Check::new(&["models"], models_reflect),
        Check::new(&["commands"], one_command_a_name),
        Check::new(&["models"], folders_are_there),
        Check::new(&["staticfiles"], staticfiles::checks::settings),
        Check::asked(&["staticfiles", "templates"], staticfiles::checks::names_in_templates),
        Check::deploy(&["security"], deploy::settings),
        Check::deploy(&["database"], deploy::databases),
        Check::deploy(&["staticfiles"], staticfiles::check),
        Check::database(&["database"], |ctx, alias| Box::pin(reachable(ctx, alias))),
    ]
}

/// Two modules must not share a label: tables and migrations carry it.
fn unique_labels(ctx: &Context, scope: &Scope) -> Vec<Message> {
    let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for module in ctx.modules() {
        paths.entry(module.label()).or_default().push(module.path());
    }
    let shared = paths.into_iter().filter(|(label, paths)| paths.len() > 1 && scope.covers(label));
    shared
        .map(|(label, paths)| {
            Message::new(
                Level::Error,
                "modules.E001",
                format!("the label `{label}` stands for several modules: {}", paths.join(", ")),
            )
            .hint("rename one of them, or take one out of the setting `modules`")
            .object(label)
        })
        .collect()
}

/// The models must be ones that the migration engine can express.
fn models_reflect(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    match crate::migrations::reflected(ctx.modules()) {
        Ok(_) => Vec::new(),
        Err(error) => vec![Message::new(Level::Error, "models.E001", error.to_string())],
    }
}

/// A module must not list two commands of one name: only the last would ever run.
fn one_command_a_name(ctx: &Context, scope: &Scope) -> Vec<Message> {
    let mut messages = Vec::new();
    for module in ctx.modules().iter().filter(|module| scope.covers(module.label())) {
        for (index, spec) in module.commands.iter().enumerate() {
            if module.commands[..index].iter().any(|earlier| cli::same_name(earlier.name, spec.name)) {
                let text = format!("the command `{}` is listed twice", spec.name);
                messages.push(Message::new(Level::Error, "commands.E001", text).object(module.label()));
            }
        }
    }
    messages
}

/// A module with models whose folder is not there: its migrations cannot be found, most likely because the project's
/// root is not the one that is meant.
fn folders_are_there(ctx: &Context, scope: &Scope) -> Vec<Message> {
    let covered = ctx.modules().iter().filter(|module| scope.covers(module.label()));
    let missing = covered.filter_map(|module| Some((module, crate::migrations::missing_folder(ctx, module)?)));
    missing
        .map(|(module, folder)| {
            let text =
                format!("the module's folder `{}` does not exist, so its migrations cannot be found", folder.display());
            Message::new(Level::Error, "models.E002", text)
                .hint("check the project's root (`--root`, `APP_ROOT`)")
                .object(module.label())
        })
        .collect()
}

async fn reachable(ctx: &Context, alias: &str) -> Vec<Message> {
    let result = match ctx.database(alias).await {
        Ok(database) => database.ping().await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => Vec::new(),
        Err(error) => vec![Message::new(Level::Error, "database.E001", format!("{error:#}")).object(alias)],
    }
}
