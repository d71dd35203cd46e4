//! The one wiring that commands, pages and tests share: settings, modules, databases, clock, randomness, locale.

mod caches;
mod dry_runs;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use db::{Access, Database};
use secrecy::ExposeSecret as _;
use tokio::sync::OnceCell;

use crate::cache::Link;
use crate::carried::Carried;
use crate::clock::{Clock, Random, SystemClock, SystemRandom};
use crate::conf::{Env, Fault, Layout, Settings};
use crate::i18n::Locale;
use crate::management::{CommandError, Registry};
use crate::module::Module;
use crate::process::Handover;
use crate::staticfiles::Deployed;
use caches::Recordings;
pub(crate) use dry_runs::DryRuns;

/// Everything that a command or a handler works with. Cheap to clone; what it opens, it opens on first use.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
    locale: Option<Locale>,
    /// Stands in for the databases and caches while a dry run lasts.
    dry_run: Option<DryRuns>,
    /// Takes what is written to caches where nothing may be written.
    recordings: Option<Recordings>,
    concurrency: usize,
    access: Access,
}

struct Shared {
    settings: Settings,
    faults: Vec<Fault>,
    layout: Layout,
    modules: Vec<Module>,
    carried: Option<Carried>,
    registry: Registry,
    databases: BTreeMap<String, OnceCell<Database>>,
    /// The same databases, opened so that nothing can be written.
    read_only: BTreeMap<String, OnceCell<Database>>,
    /// What stands for the static files outside of debug mode; or why nothing does.
    statics: OnceLock<Result<Deployed, String>>,
    caches: BTreeMap<String, Arc<Link>>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    env: Env,
    handover: Handover,
    program: String,
    name: &'static str,
    version: &'static str,
}

/// Collects what a [`Context`] is made of.
pub struct ContextBuilder {
    settings: Settings,
    faults: Vec<Fault>,
    layout: Layout,
    modules: Vec<Module>,
    carried: Option<Carried>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    env: Env,
    handover: Handover,
    name: &'static str,
    version: &'static str,
}

impl ContextBuilder {
    /// Starts with the machine's clock and generator. `modules` are the installed ones, in order of precedence.
    pub fn new(settings: Settings, layout: Layout, modules: Vec<Module>) -> Self {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        Self {
            settings,
            faults: Vec::new(),
            layout,
            modules,
            carried: None,
            clock,
            random,
            env: Env::default(),
            handover: Handover::default(),
            name: "app",
            version: "",
        }
    }

    /// Says what is wrong with the project's settings, in whose place the defaults were handed in.
    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// Says what the program carries.
    pub fn carrying(mut self, carried: Option<Carried>) -> Self {
        self.carried = carried;
        self
    }

    /// Hands in another clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Hands in another source of randomness.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Hands in the environment.
    pub fn env(mut self, env: Env) -> Self {
        self.env = env;
        self
    }

    /// Hands in the descriptors that the process was started with.
    pub fn handover(mut self, handover: Handover) -> Self {
        self.handover = handover;
        self
    }

    /// Names the project and its version.
    pub fn project(mut self, name: &'static str, version: &'static str) -> Self {
        (self.name, self.version) = (name, version);
        self
    }

    /// The context. Opens nothing.
    pub fn build(self) -> Context {
        let unopened = || self.settings.database_aliases().map(|alias| (alias.to_owned(), OnceCell::new())).collect();
        let (databases, read_only) = (unopened(), unopened());
        let link = |(alias, cache)| Link::new(alias, cache, &self.layout.root, Arc::clone(&self.clock));
        let caches = self.settings.caches().map(|cache| (cache.0.to_owned(), Arc::new(link(cache)))).collect();
        let registry = Registry::new(&self.modules);
        let locale = Some(self.settings.language);
        let program = program(&self.env);
        let Self { settings, faults, layout, modules, carried, clock, random, env, handover, name, version } = self;
        let shared = Shared {
            settings,
            faults,
            layout,
            modules,
            carried,
            registry,
            databases,
            read_only,
            statics: OnceLock::new(),
            caches,
            clock,
            random,
            env,
            handover,
            program,
            name,
            version,
        };
        let (dry_run, recordings, access) = (None, None, Access::ReadWrite);
        Context { shared: Arc::new(shared), locale, dry_run, recordings, concurrency: 1, access }
    }
}

/// What the person typed before a command's name: `app`, or what the caller says in `APP_PROG`.
pub(crate) fn program(env: &Env) -> String {
    env.get("APP_PROG").map_or_else(|| "app".to_owned(), |program| program.to_string_lossy().into_owned())
}

impl Context {
    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// What is wrong with the project's settings, for a command that runs all the same ([`Command::SETTINGS`]): then
    /// [`Self::settings`] are the defaults.
    ///
    /// [`Command::SETTINGS`]: crate::management::Command::SETTINGS
    pub fn faults(&self) -> &[Fault] {
        &self.shared.faults
    }

    /// The project's directories.
    pub fn layout(&self) -> &Layout {
        &self.shared.layout
    }

    /// The environment the process was started in. Settings come from [`Self::settings`], not from here.
    pub fn env(&self) -> &Env {
        &self.shared.env
    }

    /// The descriptors that the process was started with.
    pub fn handover(&self) -> &Handover {
        &self.shared.handover
    }

    /// What the person typed before a command's name (`app`, `cargo xtask`), for hints.
    pub fn program(&self) -> &str {
        &self.shared.program
    }

    /// The project's name.
    pub fn name(&self) -> &'static str {
        self.shared.name
    }

    /// The project's version.
    pub fn version(&self) -> &'static str {
        self.shared.version
    }

    /// The installed modules, in order of precedence.
    pub fn modules(&self) -> &[Module] {
        &self.shared.modules
    }

    /// What the program carries, in a release build.
    pub fn carried(&self) -> Option<Carried> {
        self.shared.carried
    }

    /// The static files outside of debug mode, looked for once.
    ///
    /// # Errors
    /// When what was collected, or is carried, cannot be used.
    pub(crate) fn deployed_statics(&self) -> anyhow::Result<&Deployed> {
        let looked = || Deployed::new(self).map_err(|error| format!("{error:#}"));
        self.shared.statics.get_or_init(looked).as_ref().map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The installed module with this label.
    ///
    /// # Errors
    /// A [`CommandError`] that names the label.
    pub fn module(&self, label: &str) -> Result<&Module, CommandError> {
        self.modules()
            .iter()
            .find(|module| module.label() == label)
            .ok_or_else(|| CommandError::new(format!("No installed app with label '{label}'.")))
    }

    /// The modules that a module command was given, in the order in which they were typed.
    ///
    /// # Errors
    /// When there are none, or one of them is not installed; the command has run for none of them then.
    pub fn labelled(&self, modules: &cli::Modules) -> Result<Vec<&Module>, CommandError> {
        if modules.labels.is_empty() {
            return Err(CommandError::new("Enter at least one application label.").code(2));
        }
        modules.labels.iter().map(|label| self.module(label)).collect()
    }

    /// The commands of the installed modules and the built-in ones.
    pub fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    /// The present instant, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// The source of randomness.
    pub fn random(&self) -> &dyn Random {
        self.shared.random.as_ref()
    }

    /// The active locale; none inside a command that switched translations off.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }

    /// The same context with another locale, or with none.
    pub fn with_locale(&self, locale: Option<Locale>) -> Self {
        Self { locale, ..self.clone() }
    }

    /// How many things a command may do at the same time (`--threads`).
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }

    pub(crate) fn with_concurrency(&self, concurrency: usize) -> Self {
        Self { concurrency, ..self.clone() }
    }

    /// The same context with stand-ins for the databases and caches.
    pub(crate) fn with_dry_run(&self, runs: DryRuns) -> Self {
        Self { recordings: Some(runs.1.clone()), ..self.with_transactions(runs) }
    }

    /// The same context with stand-ins for the databases, which may be committed.
    pub(crate) fn with_transactions(&self, runs: DryRuns) -> Self {
        Self { dry_run: Some(runs), ..self.clone() }
    }

    /// The same context, whose databases refuse to be written, and whose caches forget it.
    pub(crate) fn read_only(&self) -> Self {
        Self { access: Access::ReadOnly, recordings: Some(Recordings::default()), ..self.clone() }
    }

    /// Whether its databases refuse to be written.
    pub(crate) fn is_read_only(&self) -> bool {
        self.access == Access::ReadOnly
    }

    /// The default database, connected on first use.
    ///
    /// # Errors
    /// What connecting says: unknown scheme, unreachable server, unreadable file.
    pub async fn db(&self) -> anyhow::Result<Database> {
        self.database("default").await
    }

    /// The database with this alias, connected on first use.
    ///
    /// # Errors
    /// A usage error for an unknown alias; what connecting says otherwise.
    pub async fn database(&self, alias: &str) -> anyhow::Result<Database> {
        let options = self.connect_options(alias)?;
        let cell = match self.access {
            Access::ReadWrite => &self.shared.databases[alias],
            Access::ReadOnly => &self.shared.read_only[alias],
        };
        let database = cell.get_or_try_init(|| Database::connect(options)).await?;
        match &self.dry_run {
            Some(runs) => Ok(runs.database(alias, database).await?),
            None => Ok(database.clone()),
        }
    }

    /// The database system behind an alias, without connecting.
    ///
    /// # Errors
    /// A usage error for an unknown alias; what is wrong with the URL.
    pub fn backend(&self, alias: &str) -> anyhow::Result<db::Backend> {
        Ok(self.connect_options(alias)?.backend()?)
    }

    /// Whether a database can have anything in it: false for a SQLite file that is not there, which connecting would
    /// make.
    ///
    /// # Errors
    /// A usage error for an unknown alias.
    pub fn may_hold_tables(&self, alias: &str) -> Result<bool, CommandError> {
        Ok(self.connect_options(alias)?.file().is_none_or(|file| file.exists()))
    }

    /// How a client program opens the database with this alias.
    ///
    /// # Errors
    /// A usage error for an unknown alias; what is wrong with the URL.
    pub(crate) fn client(&self, alias: &str) -> anyhow::Result<db::Client> {
        Ok(self.connect_options(alias)?.client()?)
    }

    fn connect_options(&self, alias: &str) -> Result<db::ConnectOptions, CommandError> {
        self.check_alias(alias)?;
        let settings = self.settings().database(alias).expect("an alias that was checked");
        let options = db::ConnectOptions::new(settings.url.expose_secret(), &self.layout().root);
        Ok(db::ConnectOptions { max_connections: settings.max_connections, access: self.access, ..options })
    }

    /// Checks that there is a database with this alias.
    ///
    /// # Errors
    /// A usage error that names the alias and those there are.
    pub fn check_alias(&self, alias: &str) -> Result<(), CommandError> {
        if self.settings().database(alias).is_some() {
            return Ok(());
        }
        let known: Vec<String> = self.settings().database_aliases().map(|known| format!("'{known}'")).collect();
        let message = format!("argument --database: invalid choice: '{alias}' (choose from {})", known.join(", "));
        Err(CommandError::new(message).code(2))
    }

    /// Closes every database and cache that was opened.
    pub async fn close(&self) {
        for link in self.shared.caches.values() {
            link.close().await;
        }
        for cell in self.shared.databases.values().chain(self.shared.read_only.values()) {
            if let Some(database) = cell.get()
                && let Err(error) = database.clone().close().await
            {
                tracing::warn!("failed to close a database: {error}");
            }
        }
    }
}
