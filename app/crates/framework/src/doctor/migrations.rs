//! The migration files and the models, without any database.

use super::{DoctorCheck, Finding, edit};
use crate::context::Context;
use crate::migrations::{changed_modules, load, missing_folder};

pub(super) const CHECKS: &[DoctorCheck] = &[
    DoctorCheck::new("migrations", |ctx| Box::pin(async { files(ctx) })),
    DoctorCheck::new("models", |ctx| Box::pin(async { models(ctx) })),
];

fn files(ctx: &Context) -> Vec<Finding> {
    let id = "migrations";
    let loader = match load(ctx) {
        Ok(loader) => loader,
        Err(error) => {
            let command = match &error {
                db::Error::File { file, line, .. } => edit(ctx, &format!("{file}:{line}")),
                db::Error::Io { path, .. } => format!("ls -ld {}", super::typed(ctx, path)),
                _ => format!("{} showmigrations", ctx.program()),
            };
            return vec![Finding::error(id, error.to_string(), command)];
        }
    };
    if let Err(error) = loader.check_conflicts() {
        return vec![Finding::error(id, error.to_string(), format!("{} makemigrations --merge", ctx.program()))];
    }
    vec![Finding::ok(id, format!("the migrations can be read ({})", loader.migrations().count()))]
}

/// What models say that migrations cannot is a system check's matter.
fn models(ctx: &Context) -> Vec<Finding> {
    let id = "models";
    let state = load(ctx).ok().and_then(|loader| loader.state().ok());
    let is_complete = ctx.modules().iter().all(|module| missing_folder(ctx, module).is_none());
    let changed = state.filter(|_| is_complete).and_then(|state| changed_modules(ctx, &state).ok());
    vec![match changed {
        None => Finding::skipped(id, "models are not compared while models or migrations cannot be read"),
        Some(changed) if changed.is_empty() => Finding::ok(id, "every model has its migrations"),
        Some(changed) => {
            let message = format!("models were changed without a migration in: {}", changed.join(", "));
            Finding::error(id, message, format!("{} makemigrations", ctx.program()))
        }
    }]
}
