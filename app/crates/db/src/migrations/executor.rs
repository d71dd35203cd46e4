//! Carrying out plans.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::TransactionTrait;

use super::{
    Applied, Direction, Functions, Loader, NodeKey, Plan, Recorder, Step, Target,
    lock::Lock,
    run::{Run, record},
    soft,
    unfinished::{self, Unfinished},
};
use crate::{Database, Error, ProjectState};

/// What happens while a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The states of the models are being worked out.
    RenderStart,
    /// They are.
    RenderSuccess,
    /// A migration is about to be applied.
    ApplyStart(&'a NodeKey),
    /// It was; with [`Mode::Fake`] only recorded.
    ApplySuccess(&'a NodeKey, Mode),
    /// A migration is about to be undone.
    UnapplyStart(&'a NodeKey),
    /// It was; with [`Mode::Fake`] only its record is gone.
    UnapplySuccess(&'a NodeKey, Mode),
    /// Follows `ApplyStart` or `UnapplyStart` when an earlier run stopped in the middle of a migration that is not
    /// atomic: it goes on after operation `done` of `total`, counted as in the file whichever way it goes.
    Resuming {
        /// The migration.
        key: &'a NodeKey,
        /// How many of its operations are in force.
        done: usize,
        /// How many it has.
        total: usize,
    },
}

/// Whether tables are touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Yes.
    #[default]
    Run,
    /// No: only the record changes.
    Fake,
    /// Only the record changes of a first migration (`initial = true`) whose tables all exist, and the columns that it
    /// adds; others run. [`Progress`] says [`Mode::Fake`] or [`Mode::Run`] for each.
    FakeInitial,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The plan that was carried out; empty when there was nothing to do.
    pub plan: Plan,
    /// What the tables look like now, as the migrations say.
    pub state: ProjectState,
    /// Applied migrations whose file was edited since; see [`Loader::edited`].
    pub edited: Vec<NodeKey>,
}

/// Carries out plans on one database.
#[derive(Clone, Copy, Debug)]
pub struct Executor<'a> {
    pub(super) db: &'a Database,
    pub(super) loader: &'a Loader,
    functions: &'a Functions,
}

impl<'a> Executor<'a> {
    /// For the migrations of `loader`; `functions` are those that `run_rust` may name.
    pub fn new(db: &'a Database, loader: &'a Loader, functions: &'a Functions) -> Self {
        Executor { db, loader, functions }
    }

    /// What [`Executor::migrate`] would do, without doing it and without a lock. The database is only read.
    ///
    /// # Errors
    /// As [`Plan::new`]; [`Error::InconsistentHistory`]; [`Error::Database`].
    pub async fn plan(&self, targets: &[Target]) -> Result<Plan, Error> {
        let history = History::read(self.db).await?;
        let (_, plan, _) = self.plan_from(&history, targets)?;
        Ok(plan)
    }

    /// Goes to the targets. One process at a time: others wait, and then find it done.
    ///
    /// # Errors
    /// As [`Executor::plan`]; [`Error::Conflict`] when a module has several last migrations; whatever a migration
    /// fails with. What was applied before the failing one stays applied, the failing one leaves nothing behind
    /// (unless it says `atomic = false`).
    pub async fn migrate(
        &self,
        targets: &[Target],
        mode: Mode,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Outcome, Error> {
        let session = self.db.session().await?;
        let done = self.locked(&session, targets, mode, progress).await;
        let ended = session.end_session().await;
        let outcome = done?;
        ended?;
        Ok(outcome)
    }

    async fn locked(
        &self,
        session: &Database,
        targets: &[Target],
        mode: Mode,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Outcome, Error> {
        let lock = Lock::acquire(session).await?;
        let done = self.run(session, targets, mode, progress).await;
        let released = lock.release(session).await;
        let outcome = done?;
        released?;
        Ok(outcome)
    }

    async fn run(
        &self,
        session: &Database,
        targets: &[Target],
        mode: Mode,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Outcome, Error> {
        let recorder = Recorder::new(session, session.backend());
        let history = History::read(session).await?;
        let (loader, plan, present) = self.plan_from(&history, targets)?;
        loader.check_conflicts()?;
        let mut states = if plan.is_empty() {
            States::new(&loader, &present, &plan)?
        } else {
            progress(Progress::RenderStart);
            let states = States::new(&loader, &present, &plan)?;
            progress(Progress::RenderSuccess);
            recorder.prepare().await?;
            states
        };
        for step in &plan.steps {
            let migration = loader.migration(&step.key).ok_or_else(|| Error::UnknownNode(step.key.clone()))?;
            progress(match step.direction {
                Direction::Forwards => Progress::ApplyStart(&step.key),
                Direction::Backwards => Progress::UnapplyStart(&step.key),
            });
            let unfinished = history.unfinished.get(&step.key);
            let mode = match mode {
                Mode::FakeInitial if step.direction == Direction::Backwards || unfinished.is_some() => Mode::Run,
                Mode::FakeInitial => soft::mode(session, &step.key, migration, &states.current).await?,
                given => given,
            };
            if mode == Mode::Fake {
                if step.direction == Direction::Forwards {
                    migration.apply(&step.key, &mut states.current)?;
                }
                let tx = session.begin().await?;
                if unfinished.is_some() {
                    record(&tx, &loader, &step.key, Direction::Backwards).await?;
                    unfinished::clear(&tx, &step.key).await?;
                }
                record(&tx, &loader, &step.key, step.direction).await?;
                tx.commit().await?;
            } else {
                let mut without = states.remove(step);
                let run = Run::prepare(&loader, step, migration, self.functions, unfinished, &mut without)?;
                if let Some(found) = unfinished.filter(|found| !found.is_untouched()) {
                    let done = found.start(step.direction);
                    progress(Progress::Resuming { key: &step.key, done, total: found.total });
                }
                run.execute(session).await?;
                if step.direction == Direction::Forwards {
                    states.current = without;
                }
            }
            tracing::debug!(migration = %step.key, direction = ?step.direction, ?mode, "migrated");
            progress(match step.direction {
                Direction::Forwards => Progress::ApplySuccess(&step.key, mode),
                Direction::Backwards => Progress::UnapplySuccess(&step.key, mode),
            });
        }
        // Also when there was nothing to do: the squashed migration may be newer than what it replaces.
        for (key, checksum) in loader.completed(&recorder.applied().await?) {
            recorder.record(&key, &checksum).await?;
        }
        let mut edited = loader.edited(&history.applied);
        edited.retain(|key| !plan.steps.iter().any(|step| step.key == *key));
        Ok(Outcome { plan, state: states.current, edited })
    }

    /// The graph for what is applied, the plan in it, and the migrations that count as applied for that. What was left
    /// half-done counts as open for a plan that goes forwards, and as applied for one that takes it back.
    fn plan_from(&self, history: &History, targets: &[Target]) -> Result<(Loader, Plan, BTreeSet<NodeKey>), Error> {
        // Without the file it can neither go on nor back, and its tables are somewhere in between.
        let is_lost =
            |key: &NodeKey| self.loader.labels().contains(&key.module) && self.loader.migration(key).is_none();
        if let Some((key, found)) = history.unfinished.iter().find(|(key, found)| is_lost(key) && !found.is_untouched())
        {
            return Err(found.contradicted(key));
        }
        let half: Vec<NodeKey> = history.unfinished.keys().cloned().collect();
        let (loader, targets) = self.loader.for_targets(&history.applied, &half, targets)?;
        loader.check_history()?;
        let known = loader.applied();
        let half: BTreeSet<NodeKey> = half.into_iter().filter(|key| loader.graph().contains(key)).collect();
        if !half.is_empty() {
            let present = &known | &half;
            let plan = Plan::new(&loader, &present, &targets)?;
            if plan.direction() == Some(Direction::Backwards) {
                return Ok((loader, plan, present));
            }
        }
        let present = &known - &half;
        let plan = Plan::new(&loader, &present, &targets)?;
        Ok((loader, plan, present))
    }
}

/// What the database says about the past.
struct History {
    applied: BTreeMap<NodeKey, Applied>,
    unfinished: BTreeMap<NodeKey, Unfinished>,
}

impl History {
    async fn read(db: &Database) -> Result<History, Error> {
        Ok(History { applied: db.applied_migrations().await?, unfinished: db.unfinished_migrations().await? })
    }
}

/// The states that a plan needs.
#[derive(Default)]
struct States {
    /// With everything applied that the plan does not undo.
    current: ProjectState,
    /// Before each migration that it undoes.
    before: BTreeMap<NodeKey, ProjectState>,
}

impl States {
    /// Goes once through the applied migrations: the state that results, or, for a plan that goes back, the state
    /// before each migration that it undoes.
    fn new(loader: &Loader, present: &BTreeSet<NodeKey>, plan: &Plan) -> Result<States, Error> {
        let backwards = plan.steps.iter().filter(|step| step.direction == Direction::Backwards);
        let undone: BTreeSet<&NodeKey> = backwards.map(|step| &step.key).collect();
        let mut states = States::default();
        for key in loader.graph().full_plan() {
            let (true, Some(migration)) = (present.contains(&key), loader.migration(&key)) else { continue };
            if !undone.contains(&key) {
                migration.apply(&key, &mut states.current)?;
            }
        }
        // The way back, read backwards, is a way there: so each state is that of the tables when its turn comes, also
        // where modules that do not depend on each other went another way.
        let mut state = states.current.clone();
        for step in plan.steps.iter().rev().filter(|step| step.direction == Direction::Backwards) {
            let Some(migration) = loader.migration(&step.key) else { continue };
            states.before.insert(step.key.clone(), state.clone());
            migration.apply(&step.key, &mut state)?;
        }
        Ok(states)
    }

    /// The state without the step's migration.
    fn remove(&mut self, step: &Step) -> ProjectState {
        self.before.remove(&step.key).unwrap_or_else(|| self.current.clone())
    }
}
