//! Carrying out plans.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::TransactionTrait;

use super::{
    Applied, Direction, Functions, Loader, NodeKey, Plan, Recorder, Step, Target,
    lock::Lock,
    run::{Run, record},
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
    db: &'a Database,
    loader: &'a Loader,
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
        Ok(self.plan_from(&history, targets)?.0)
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
        self.loader.check_conflicts()?;
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
        let (plan, present) = self.plan_from(&history, targets)?;
        let mut states = if plan.is_empty() {
            self.states(&present, &plan)?
        } else {
            progress(Progress::RenderStart);
            let states = self.states(&present, &plan)?;
            progress(Progress::RenderSuccess);
            recorder.prepare().await?;
            states
        };
        for step in &plan.steps {
            let migration = self.loader.migration(&step.key).ok_or_else(|| Error::UnknownNode(step.key.clone()))?;
            progress(match step.direction {
                Direction::Forwards => Progress::ApplyStart(&step.key),
                Direction::Backwards => Progress::UnapplyStart(&step.key),
            });
            let unfinished = history.unfinished.get(&step.key);
            match mode {
                Mode::Run => {
                    let mut without = states.remove(step);
                    let run =
                        Run::prepare(&step.key, migration, step.direction, self.functions, unfinished, &mut without)?;
                    if let Some(found) = unfinished {
                        let done = found.start(step.direction);
                        progress(Progress::Resuming { key: &step.key, done, total: found.total });
                    }
                    run.execute(session).await?;
                    if step.direction == Direction::Forwards {
                        states.current = without;
                    }
                }
                Mode::Fake => {
                    if step.direction == Direction::Forwards {
                        migration.apply(&step.key, &mut states.current)?;
                    }
                    let tx = session.begin().await?;
                    if unfinished.is_some() {
                        record(&tx, &step.key, migration, Direction::Backwards).await?;
                        unfinished::clear(&tx, &step.key).await?;
                    }
                    record(&tx, &step.key, migration, step.direction).await?;
                    tx.commit().await?;
                }
            }
            tracing::debug!(migration = %step.key, direction = ?step.direction, ?mode, "migrated");
            progress(match step.direction {
                Direction::Forwards => Progress::ApplySuccess(&step.key, mode),
                Direction::Backwards => Progress::UnapplySuccess(&step.key, mode),
            });
        }
        let mut edited = self.loader.edited(&history.applied);
        edited.retain(|key| !plan.steps.iter().any(|step| step.key == *key));
        Ok(Outcome { plan, state: states.current, edited })
    }

    /// The plan, and the migrations that count as applied for it. What was left half-done counts as open for a plan
    /// that goes forwards, and as applied for one that takes it back.
    fn plan_from(&self, history: &History, targets: &[Target]) -> Result<(Plan, BTreeSet<NodeKey>), Error> {
        let (graph, applied) = (self.loader.graph(), &history.applied);
        for migration in applied.keys() {
            if let Some(dependency) = graph.parents(migration).find(|parent| !applied.contains_key(*parent)) {
                return Err(Error::InconsistentHistory {
                    migration: migration.clone(),
                    dependency: dependency.clone(),
                });
            }
        }
        // Records of migrations whose files are gone say nothing about the graph.
        let known: BTreeSet<NodeKey> = applied.keys().filter(|key| graph.contains(key)).cloned().collect();
        let half: BTreeSet<NodeKey> = history.unfinished.keys().filter(|key| graph.contains(key)).cloned().collect();
        if !half.is_empty() {
            let present = &known | &half;
            let plan = Plan::new(self.loader, &present, targets)?;
            if plan.direction() == Some(Direction::Backwards) {
                return Ok((plan, present));
            }
        }
        let present = &known - &half;
        Ok((Plan::new(self.loader, &present, targets)?, present))
    }

    /// Goes once through the applied migrations: the state that results, or, for a plan that goes back, the state
    /// before each migration that it undoes.
    fn states(&self, present: &BTreeSet<NodeKey>, plan: &Plan) -> Result<States, Error> {
        let backwards = plan.steps.iter().filter(|step| step.direction == Direction::Backwards);
        let undone: BTreeSet<&NodeKey> = backwards.map(|step| &step.key).collect();
        let mut state = ProjectState::default();
        let mut states = States::default();
        for key in self.loader.graph().full_plan() {
            let (true, Some(migration)) = (present.contains(&key), self.loader.migration(&key)) else { continue };
            if undone.contains(&key) {
                states.before.insert(key.clone(), state.clone());
            } else {
                migration.apply(&key, &mut states.current)?;
            }
            migration.apply(&key, &mut state)?;
        }
        Ok(states)
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
    /// The state without the step's migration.
    fn remove(&mut self, step: &Step) -> ProjectState {
        self.before.remove(&step.key).unwrap_or_else(|| self.current.clone())
    }
}
