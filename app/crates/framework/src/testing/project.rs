//! A project under test.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use db::Database;

use crate::clock::ManualClock;
use crate::conf::{Env, Layout, Settings, Source, load};
use crate::context::{Context, ContextBuilder};
use crate::http::Client;
use crate::management::Call;
use crate::project::Project;

/// When tests take place: 2026-01-02 03:04 UTC.
const NOW: i64 = 1_767_323_040;

/// A project in the test environment, over a new and migrated SQLite database in memory, on a clock that stands still.
/// Pages are open to visitors with a login only, and errors say why.
pub struct TestProject {
    ctx: Context,
    clock: Arc<ManualClock>,
}

impl TestProject {
    /// The project with the settings of the test environment.
    ///
    /// # Panics
    /// When settings or migrations are broken.
    pub async fn new(project: Project) -> Self {
        Self::with(project, |_| {}).await
    }

    /// The project with other settings.
    ///
    /// # Panics
    /// When settings or migrations are broken.
    pub async fn with(project: Project, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = settings();
        change(&mut settings);
        Self::migrated(project, settings).await
    }

    async fn migrated(project: Project, settings: Settings) -> Self {
        let now = DateTime::from_timestamp(NOW, 0).expect("a time");
        let clock = Arc::new(ManualClock::new(now));
        let ctx = ContextBuilder::new(settings, layout(), project.modules().to_vec())
            .project(project.name, project.version)
            .carrying(project.carried)
            .clock(Arc::<ManualClock>::clone(&clock))
            .build();
        let migrated = Call::named("migrate", [""; 0]).run(&ctx).await;
        migrated.unwrap_or_else(|error| panic!("the test database cannot be migrated: {error:#}"));
        Self { ctx, clock }
    }

    /// The context that commands and handlers get.
    pub fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// The database.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn db(&self) -> Database {
        self.ctx.db().await.expect("a database")
    }

    /// The clock, to be moved.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.ctx.now()
    }

    /// A visitor without login.
    pub fn client(&self) -> Client {
        Client::new(&self.ctx)
    }
}

/// Cargo runs tests in their package's directory, from where the project's root is found.
fn env() -> Env {
    let here = Env::from_process().current_dir;
    let vars = [("APP__ENVIRONMENT", "test"), ("APP__DEBUG", "true"), ("APP__DATABASE__URL", "sqlite::memory:")];
    Env::new(here, vars.map(|(name, value)| (name.into(), value.into())))
}

fn layout() -> Layout {
    Layout::find(None, &env())
}

fn settings() -> Settings {
    let loaded = load(&Source::default(), &env(), &layout());
    loaded.unwrap_or_else(|error| panic!("the settings of the test environment cannot be read: {error}"))
}
