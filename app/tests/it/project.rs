//! What must hold for the project as a whole: models and migrations agree, commands are well-formed, demo data is as
//! promised.

use std::sync::Arc;

use app::modules::mailings::demo;
use app::modules::mailings::models::mailing::Status;
use framework::clock::ManualClock;
use framework::conf::{Env, Layout, Settings, Source, load};
use framework::context::{Context, ContextBuilder};
use framework::migrations;
use framework::module::Module;

/// A context of the product with an in-memory database and open pages, or with the settings that `change` makes.
pub(crate) fn context(change: impl FnOnce(&mut Settings)) -> Context {
    context_at(clock(), change)
}

/// A clock that stands at 2026-01-02 03:04 UTC.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(chrono::DateTime::from_timestamp(1_767_323_040, 0).expect("a time")))
}

/// The same with a clock of the test's own.
pub(crate) fn context_at(clock: Arc<ManualClock>, change: impl FnOnce(&mut Settings)) -> Context {
    context_with(clock, Vec::new(), change)
}

/// The same with modules of the test's own, before the product's.
pub(crate) fn context_with(clock: Arc<ManualClock>, own: Vec<Module>, change: impl FnOnce(&mut Settings)) -> Context {
    let vars = [("APP__ENVIRONMENT", "test"), ("APP__DEBUG", "true"), ("APP__AUTH__ANONYMOUS_READ", "true")];
    let env = Env::new(env!("CARGO_MANIFEST_DIR"), vars.map(|(name, value)| (name.into(), value.into())));
    let layout = Layout::find(None, &env);
    let mut settings = load(&Source::default(), &env, &layout).expect("the product's settings");
    change(&mut settings);
    let project = app::project();
    ContextBuilder::new(settings, layout, [own, project.modules().to_vec()].concat())
        .project(project.name, project.version)
        .clock(clock)
        .build()
}

#[test]
fn models_and_migrations_agree() {
    let ctx = context(|_| {});
    let migrated = migrations::load(&ctx).expect("migrations").state().expect("a state");
    let reflected = migrations::reflected(ctx.modules()).expect("models");
    assert_eq!(migrated.diff(&reflected), [""; 0], "the models have changes without a migration");
}

#[test]
fn every_command_is_well_formed_for_clap() {
    for entry in context(|_| {}).registry().iter() {
        entry.spec.clap("app").debug_assert();
    }
}

#[test]
fn the_built_in_commands_are_those_that_xtask_knows() {
    let ctx = context(|_| {});
    let builtin: Vec<&str> =
        ctx.registry().iter().filter(|entry| entry.is_builtin()).map(|entry| entry.spec.name).collect();
    let known: Vec<&str> = framework::cli::BUILTINS.iter().map(|builtin| builtin.name).collect();
    assert_eq!(builtin, known);
}

#[test]
fn demo_data_is_as_promised() {
    let data = demo::data(chrono::DateTime::UNIX_EPOCH);
    assert_eq!(data.recipients.len(), 500);
    let mut emails: Vec<&str> = data.recipients.iter().map(|recipient| recipient.email.as_str()).collect();
    emails.sort_unstable();
    emails.dedup();
    assert_eq!(emails.len(), 500, "every address is there once");
    for status in [Status::Created, Status::Running, Status::Completed] {
        assert!(data.mailings.iter().filter(|mailing| mailing.status == status).count() >= 8);
    }
    let first = &data.mailings[0];
    assert_eq!((first.status, first.recipients.len()), (Status::Created, 500));
    for mailing in &data.mailings {
        assert!(mailing.attempts.len() <= mailing.recipients.len());
        assert_eq!(mailing.attempts.is_empty(), mailing.status == Status::Created);
    }
}
