//! The decisions under random sequences of events.

use super::tests::{LONG, changed, done, ended, failed, ready, source};
use super::*;
use crate::dev::model::Kind;

/// What carries the decisions out, as slowly as chance wants it.
struct World {
    machine: Machine,
    random: u64,
    /// The version of the sources, and whether it builds.
    source: (u32, bool),
    build: Option<(u32, bool)>,
    binary: u32,
    prepares: bool,
    looks: bool,
    /// Process, version, whether it is ready, whether it was told to stop.
    processes: Vec<(ChildId, u32, bool, bool)>,
    /// Those that said that they accept nothing more.
    drained: Vec<ChildId>,
}

impl World {
    fn chance(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn tell(&mut self, event: Event) {
        let actions = self.machine.step(event);
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Build(_) => {
                    assert_eq!(self.build, None, "two builds at once");
                    self.build = Some(self.source);
                }
                Action::CancelBuild => assert!(self.build.is_some(), "nothing to cancel"),
                Action::Prepare(_) => {
                    assert!(!self.prepares, "prepared twice");
                    self.prepares = true;
                }
                Action::LookAtMigrations(_) => {
                    assert!(!self.looks, "looked twice at once");
                    self.looks = true;
                }
                Action::Start(id, _) => {
                    let starting = self.processes.iter().filter(|(_, _, ready, told)| !ready && !told);
                    assert_eq!(starting.count(), 0, "two processes start at once");
                    self.processes.push((id, self.binary, false, false));
                }
                Action::Stop(id) => {
                    let is_ready = |p: &&(ChildId, u32, bool, bool)| p.2 && !p.3 && p.0 != id;
                    let others = self.processes.iter().filter(is_ready).count();
                    let process = self.processes.iter_mut().find(|p| p.0 == id).expect("a process to stop");
                    assert!(!process.3, "told twice to stop");
                    assert!(!process.2 || others == 1, "the site is stopped before another process serves");
                    process.3 = true;
                }
                _ => {}
            }
        }
    }

    fn something_happens(&mut self) {
        match self.chance(12) {
            0 | 1 => {
                self.source = (self.source.0 + 1, self.chance(3) > 0);
                self.tell(source());
            }
            2 => self.tell(changed(Kind::Settings, "/p/.env")),
            3 => self.tell(changed(Kind::Migration, "/p/m.toml")),
            4 => self.tell(Event::Key(Key::Rebuild)),
            5 => {
                // One that dies before it is ready is a failure of its own, and has its test above.
                let is_ready = |world: &Self, id| world.processes.iter().any(|process| process.0 == id && process.2);
                if let Some(victim) = self.pick().filter(|id| is_ready(self, *id)) {
                    self.end(victim, LONG);
                }
            }
            _ => self.something_goes_on(),
        }
    }

    fn pick(&mut self) -> Option<ChildId> {
        let count = u64::try_from(self.processes.len()).ok().filter(|count| *count > 0)?;
        let index = usize::try_from(self.chance(count)).ok()?;
        self.processes.get(index).map(|process| process.0)
    }

    fn end(&mut self, id: ChildId, lived: Duration) {
        self.processes.retain(|process| process.0 != id);
        self.tell(ended(id, lived));
    }

    fn something_goes_on(&mut self) {
        match self.chance(4) {
            0 => self.finish_build(),
            1 if std::mem::take(&mut self.prepares) => self.tell(Event::Prepared(Ok(()))),
            2 if std::mem::take(&mut self.looks) => self.tell(Event::Pending(Ok(Vec::new()))),
            _ => {
                let Some(id) = self.pick() else { return };
                let Some(process) = self.processes.iter_mut().find(|process| process.0 == id) else { return };
                match (process.2, process.3) {
                    (false, _) => {
                        process.2 = true;
                        self.tell(ready(id));
                    }
                    (true, true) if !self.drained.contains(&id) => {
                        self.drained.push(id);
                        self.tell(Event::Child(id, Life::Draining));
                    }
                    (true, true) => self.end(id, LONG),
                    (true, false) => {}
                }
            }
        }
    }

    fn finish_build(&mut self) {
        match self.build.take() {
            Some((version, true)) => {
                self.binary = version;
                self.tell(done("a"));
            }
            Some((_, false)) => self.tell(failed()),
            None => {}
        }
    }

    fn is_quiet(&self) -> bool {
        let all_serve = self.processes.iter().all(|(_, _, ready, told)| *ready && !told);
        self.build.is_none() && !self.prepares && !self.looks && all_serve
    }
}

#[test]
fn whatever_happens_the_newest_good_source_is_served_in_the_end() {
    for seed in 0..2000 {
        let mut world = World {
            machine: Machine::new(),
            random: seed,
            source: (0, true),
            build: None,
            binary: 0,
            prepares: false,
            looks: false,
            processes: Vec::new(),
            drained: Vec::new(),
        };
        let first = world.machine.begin(None);
        world.carry_out(first);
        for _ in 0..60 {
            world.something_happens();
        }
        let mut steps = 0;
        while !world.is_quiet() {
            world.something_goes_on();
            steps += 1;
            assert!(steps < 10_000, "seed {seed}: it never comes to rest");
        }
        let status = world.machine.status();
        let served: Vec<u32> = world.processes.iter().map(|process| process.1).collect();
        if world.source.1 {
            assert_eq!((status.state, status.failure), (State::Serving, None), "seed {seed}");
            assert_eq!(served, [world.source.0], "seed {seed}");
        } else {
            assert_eq!(status.state, State::Failed, "seed {seed}");
            assert!(served.len() <= 1, "seed {seed}: {served:?}");
        }
    }
}
