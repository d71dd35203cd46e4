//! The decisions as tables.

use std::path::Path;

use super::*;
use crate::dev::model::{Diagnostic, Kind, Level};
use crate::process::Ended;

pub(super) const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

pub(super) fn changed(kind: Kind, path: &str) -> Event {
    Event::Changed(Changes { files: [(kind, PathBuf::from(path))].into() })
}

pub(super) fn source() -> Event {
    changed(Kind::Source, "/p/app/src/a.rs")
}

pub(super) fn done(binary: &str) -> Event {
    Event::Built(Built::Done { binary: binary.into(), fresh: false, warnings: Vec::new() })
}

pub(super) fn failed() -> Event {
    let message = Diagnostic { level: Level::Error, rendered: "error\n".to_owned(), place: None };
    Event::Built(Built::Failed { messages: vec![message] })
}

pub(super) fn ready(id: ChildId) -> Event {
    Event::Child(id, Life::Ready { url: String::new() })
}

pub(super) fn ended(id: ChildId, lived: Duration) -> Event {
    Event::Child(id, Life::Ended { ended: Ended::Exited(1), lived, last_words: "why\n".to_owned() })
}

fn starts(actions: &[Action]) -> Vec<ChildId> {
    let started = actions.iter().filter_map(|action| match action {
        Action::Start(id, _) => Some(*id),
        _ => None,
    });
    started.collect()
}

/// A machine that serves its first process, number 1, and has nothing else to do.
fn serving() -> Machine {
    let mut machine = Machine::new();
    assert_eq!(machine.begin(None), [Action::Build(None)]);
    assert_eq!(machine.step(done("a")), [Action::Prepare("a".into())]);
    assert_eq!(starts(&machine.step(Event::Prepared(Ok(())))), [1]);
    let actions = machine.step(ready(1));
    assert_eq!(actions, [Action::Companions("a".into()), Action::LookAtMigrations("a".into())]);
    assert_eq!(machine.step(Event::Pending(Ok(Vec::new()))), []);
    assert_eq!((machine.status().state, machine.status().generation), (State::Serving, 1));
    machine
}

#[test]
fn the_old_process_is_stopped_when_the_new_one_is_ready_and_counts_when_it_drains() {
    let mut machine = serving();
    assert!(matches!(machine.step(source())[..], [Action::Build(Some(_))]));
    assert_eq!(machine.status().state, State::Building);
    assert_eq!(starts(&machine.step(done("a"))), [2]);
    let actions = machine.step(ready(2));
    assert!(actions.contains(&Action::Stop(1)) && !actions.contains(&Action::Stop(2)));
    assert_eq!((machine.status().state, machine.status().generation), (State::Building, 1));
    machine.step(Event::Child(1, Life::Draining));
    assert_eq!((machine.status().state, machine.status().generation), (State::Serving, 2));
    assert_eq!(machine.step(ended(1, LONG)), []);
    assert_eq!(machine.status().generation, 2);
}

#[test]
fn a_save_during_a_build_cancels_it_and_the_next_one_knows_all_files() {
    let mut machine = serving();
    machine.step(source());
    assert_eq!(machine.step(changed(Kind::Source, "/p/app/src/b.rs")), [Action::CancelBuild]);
    assert_eq!(machine.step(changed(Kind::Source, "/p/app/src/c.rs")), []);
    let actions = machine.step(Event::Built(Built::Cancelled));
    let [Action::Build(Some(changes))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(changes.files.len(), 3);
    // What failed is still to be built when the next file is saved.
    machine.step(failed());
    let actions = machine.step(changed(Kind::Source, "/p/app/src/d.rs"));
    let [Action::Build(Some(changes))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(changes.files.len(), 4);
    machine.step(done("a"));
    let actions = machine.step(source());
    let [Action::Build(Some(changes))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(changes.files.len(), 1);
}

#[test]
fn a_build_that_ended_in_the_moment_of_a_save_is_done_again() {
    let mut machine = serving();
    machine.step(source());
    machine.step(source());
    assert!(matches!(machine.step(done("a"))[..], [Action::Build(_)]));
}

#[test]
fn a_failed_build_leaves_the_old_process_alone_until_the_next_good_one() {
    let mut machine = serving();
    machine.step(source());
    assert_eq!(machine.step(failed()), []);
    assert_eq!(machine.status().state, State::Failed);
    assert!(machine.is_served());
    machine.step(source());
    assert!(machine.status().failure.is_some(), "it is shown until the next good build");
    assert_eq!(starts(&machine.step(done("a"))), [2]);
    assert_eq!(machine.status().failure, None);
}

#[test]
fn what_needs_no_build_gets_none() {
    for (kind, path, expected) in [
        (Kind::Page, "/p/app/templates/a.html", vec![Action::Tell(Message::Reload)]),
        (Kind::Style, "/p/app/static/css/a.css", vec![Action::Tell(Message::Css(vec!["css/a.css".to_owned()]))]),
        (Kind::Migration, "/p/m/0002.toml", vec![Action::LookAtMigrations("a".into())]),
    ] {
        assert_eq!(serving().step(changed(kind, path)), expected);
    }
    assert_eq!(starts(&serving().step(changed(Kind::Settings, "/p/.env"))), [2]);
    let both = [(Kind::Style, "/p/static/a.css".into()), (Kind::Page, "/p/templates/a.html".into())];
    let both = Event::Changed(Changes { files: both.into() });
    assert_eq!(serving().step(both), [Action::Tell(Message::Reload)]);
}

#[test]
fn templates_that_change_with_sources_wait_for_the_build() {
    for other in [(Kind::Page, "/p/templates/a.html".into()), (Kind::Style, "/p/static/a.css".into())] {
        let both = Event::Changed(Changes { files: [(Kind::Source, "/p/a.rs".into()), other].into() });
        let mut machine = serving();
        assert!(matches!(machine.step(both.clone())[..], [Action::Build(_)]));
        assert_eq!(machine.step(failed()), [Action::Tell(Message::Reload)]);
        machine.step(both);
        // The new process brings the pages to load themselves again.
        assert!(!machine.step(done("a")).contains(&Action::Tell(Message::Reload)));
    }
}

#[test]
fn three_quick_deaths_end_the_restarts_until_the_next_save() {
    let mut machine = serving();
    assert_eq!(starts(&machine.step(ended(1, SHORT))), [2]);
    assert_eq!(starts(&machine.step(ended(2, SHORT))), [3]);
    assert_eq!(machine.step(ended(3, SHORT)), []);
    let failure = machine.status().failure.expect("a failure");
    assert!(failure.title.contains("waiting for the next save"), "{}", failure.title);
    assert_eq!((machine.status().state, failure.messages[0].rendered.as_str()), (State::Failed, "why\n"));
    assert_eq!(starts(&machine.step(changed(Kind::Page, "/p/templates/a.html"))), [4]);
    assert_eq!(starts(&machine.step(ended(4, SHORT))), [5]);
    machine.step(ready(5));
    assert_eq!((machine.status().state, machine.status().failure), (State::Serving, None));
    // One that lived long starts the count anew.
    assert_eq!(starts(&machine.step(ended(5, LONG))), [6]);
    assert_eq!(starts(&machine.step(ended(6, SHORT))), [7]);
}

#[test]
fn companions_are_started_again_for_another_binary_or_other_settings_only() {
    let companions = |actions: Vec<Action>| actions.contains(&Action::Companions("a".into()));
    let mut machine = serving();
    machine.step(ended(1, LONG));
    assert!(!companions(machine.step(ready(2))), "the server died, and they did not");
    machine.step(changed(Kind::Settings, "/p/.env"));
    assert!(companions(machine.step(ready(3))));
    machine.step(source());
    machine.step(done("a"));
    assert!(companions(machine.step(ready(4))));
}

#[test]
fn a_new_process_that_dies_leaves_the_old_one_alone() {
    let mut machine = serving();
    machine.step(source());
    machine.step(done("a"));
    assert_eq!(machine.step(ended(2, SHORT)), []);
    let status = machine.status();
    assert_eq!(status.failure.expect("a failure").title, "the server exited with 1 before it was ready");
    assert!(machine.is_served());
    // A build without anything to compile tries it again all the same.
    machine.step(Event::Key(Key::Rebuild));
    let fresh = Event::Built(Built::Done { binary: "a".into(), fresh: true, warnings: Vec::new() });
    assert_eq!(starts(&machine.step(fresh)), [3]);
}

#[test]
fn a_process_that_hangs_is_killed_and_said_to_hang() {
    let mut machine = serving();
    machine.step(source());
    machine.step(done("a"));
    assert_eq!(machine.step(Event::Due(Timer::Readiness(2))), [Action::Kill(2)]);
    assert_eq!(machine.step(ended(2, LONG)), []);
    let title = machine.status().failure.expect("a failure").title;
    assert_eq!(title, "the server did not become ready within 60 s");
    assert_eq!(machine.step(Event::Due(Timer::Readiness(1))), [], "that one is long ready");
}

#[test]
fn one_that_is_ready_when_it_was_killed_for_not_being_ready_takes_over_nothing() {
    let mut machine = serving();
    machine.step(source());
    machine.step(done("a"));
    machine.step(Event::Due(Timer::Readiness(2)));
    assert_eq!(machine.step(ready(2)), []);
    assert_eq!(machine.step(ended(2, LONG)), []);
    assert!(machine.is_served(), "by the old one");
    machine.step(source());
    assert_eq!(starts(&machine.step(done("a"))), [3]);
}

#[test]
fn starts_that_fail_slowly_end_the_restarts_too() {
    let mut machine = serving();
    assert_eq!(starts(&machine.step(ended(1, LONG))), [2]);
    assert_eq!(starts(&machine.step(ended(2, LONG))), [3]);
    assert_eq!(starts(&machine.step(ended(3, LONG))), [4]);
    assert_eq!(machine.step(ended(4, LONG)), []);
}

#[test]
fn a_binary_that_is_gone_is_built_again() {
    let mut machine = serving();
    machine.step(changed(Kind::Settings, "/p/.env"));
    assert_eq!(machine.step(Event::Missing(2)), [Action::Build(None)]);
    assert_eq!(starts(&machine.step(done("a"))), [3]);
}

#[test]
fn a_process_that_somebody_else_stops_is_replaced() {
    let mut machine = serving();
    assert_eq!(starts(&machine.step(Event::Child(1, Life::Draining))), [2]);
    assert!(!machine.is_served());
    assert_eq!(machine.step(ended(1, LONG)), []);
    machine.step(ready(2));
    assert_eq!(machine.status().generation, 2);
}

#[test]
fn a_preparation_that_fails_is_done_again_after_the_next_save() {
    let mut machine = Machine::new();
    assert_eq!(machine.begin(Some("a".into())), [Action::Prepare("a".into())]);
    assert_eq!(machine.step(Event::Prepared(Err("no database\n".to_owned()))), []);
    assert_eq!(machine.status().state, State::Failed);
    assert_eq!(machine.step(changed(Kind::Settings, "/p/.env")), [Action::Prepare("a".into())]);
    assert_eq!(starts(&machine.step(Event::Prepared(Ok(())))), [1]);
}

#[test]
fn migrations_are_applied_once_at_a_time_and_looked_at_again() {
    let mut machine = serving();
    assert_eq!(machine.step(Event::Asked(Request::Migrate)), [Action::Migrate("a".into())]);
    assert_eq!(machine.step(Event::Key(Key::Migrate)), []);
    let actions = machine.step(Event::Migrated(Ok(())));
    assert_eq!(actions, [Action::Tell(Message::Reload), Action::LookAtMigrations("a".into())]);
    assert_eq!(machine.step(changed(Kind::Migration, "/p/1.toml")), []);
    let pending = Event::Pending(Ok(vec!["mailings.0002_x".to_owned()]));
    assert_eq!(machine.step(pending.clone()), [Action::LookAtMigrations("a".into())], "the file came meanwhile");
    assert_eq!(machine.step(pending), []);
    assert_eq!(machine.step(Event::Asked(Request::Opened)), [Action::LookAtMigrations("a".into())]);
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut machine = serving();
    machine.step(source());
    let actions = machine.step(Event::Signal(Signal::INT));
    assert!(actions.contains(&Action::CancelBuild) && actions.contains(&Action::Stop(1)));
    assert_eq!(actions.first(), Some(&Action::Quit(130)));
    assert_eq!(machine.step(done("a")), []);
    assert_eq!(machine.step(Event::Due(Timer::End(1))), [Action::Kill(1)]);
    assert_eq!(machine.step(Event::Signal(Signal::INT)), [Action::Abort(130)]);
    assert_eq!(serving().step(Event::Signal(Signal::TERM)).first(), Some(&Action::Quit(0)));
    assert_eq!(serving().step(Event::Signal(Signal::HUP)).first(), Some(&Action::Quit(129)));
}

#[test]
fn the_address_of_a_style_sheet_ends_with_its_path_below_static() {
    assert_eq!(builds::sheet(Path::new("/p/static/app/static/css/a.css")), Some("css/a.css".to_owned()));
    assert_eq!(builds::sheet(Path::new("/p/a.css")), None);
}
