//! What modules do before and after a database is migrated, and the functions that their data migrations call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use db::migrations::Functions;
use db::{Database, ProjectState};

use crate::context::Context;
use crate::management::Console;
use crate::module::Module;

/// What a handler of [`Module::pre_migrate`] and [`Module::post_migrate`] is given.
pub struct MigrateEvent<'a> {
    /// The wiring.
    pub ctx: &'a Context,
    /// The database that is migrated, or was emptied by `flush`.
    pub database: &'a Database,
    /// Its alias in the settings.
    pub alias: &'a str,
    /// The tables as the migrations that are applied now say. After `migrate auth zero` it has no `auth.Permission`.
    pub state: &'a ProjectState,
    /// Where to speak; a handler is silent below verbosity 2.
    pub console: &'a mut Console,
}

type Running<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

/// A handler without its type.
trait Handler: Send + Sync {
    fn run<'a>(&'a self, event: MigrateEvent<'a>) -> Running<'a>;
}

impl<H> Handler for H
where
    H: AsyncFn(MigrateEvent<'_>) -> anyhow::Result<()> + Send + Sync,
{
    fn run<'a>(&'a self, event: MigrateEvent<'a>) -> Running<'a> {
        Box::pin(self(event))
    }
}

/// A module's handlers of one kind, in the order in which they were added.
#[derive(Clone, Default)]
pub(crate) struct Handlers(Vec<Arc<dyn Handler>>);

impl Handlers {
    pub(crate) fn push(
        &mut self,
        handler: impl AsyncFn(MigrateEvent<'_>) -> anyhow::Result<()> + Send + Sync + 'static,
    ) {
        self.0.push(Arc::new(handler));
    }
}

/// Which handlers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

impl Moment {
    fn name(self) -> &'static str {
        match self {
            Self::Before => "pre-migrate",
            Self::After => "post-migrate",
        }
    }

    fn handlers(self, module: &Module) -> &Handlers {
        match self {
            Self::Before => &module.pre_migrate,
            Self::After => &module.post_migrate,
        }
    }
}

/// Runs the handlers of every installed module, in the order of the modules.
pub(crate) async fn run_handlers(moment: Moment, event: MigrateEvent<'_>) -> anyhow::Result<()> {
    let MigrateEvent { ctx, database, alias, state, console } = event;
    for module in ctx.modules() {
        let (label, name) = (module.label(), moment.name());
        if console.verbosity() >= 2 {
            console.stdout.write(format!("Running {name} handlers for application {label}"));
        }
        for handler in &moment.handlers(module).0 {
            let event = MigrateEvent { ctx, database, alias, state, console: &mut *console };
            handler
                .run(event)
                .await
                .with_context(|| format!("failed to run a {name} handler of application {label}"))?;
        }
    }
    Ok(())
}

/// The functions that data migrations of these modules may name, as `<label>.<name>`.
pub(crate) fn data_functions(modules: &[Module]) -> Functions {
    let mut functions = Functions::default();
    for module in modules {
        for (name, function) in module.data_functions {
            functions.insert(format!("{}.{name}", module.label()), *function);
        }
    }
    functions
}
