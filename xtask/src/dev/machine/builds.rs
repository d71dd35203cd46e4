//! What is decided about changed files and builds.

use std::path::Path;

use super::super::model::{Built, Changes, Failure, Kind, Level, Message};
use super::{Action, Binary, Machine, Task};

impl Machine {
    pub(super) fn changed(&mut self, changes: Changes) -> Vec<Action> {
        let mut actions = Vec::new();
        if changes.has(Kind::Migration) {
            actions.extend(self.look());
        }
        let page = changes.has(Kind::Page);
        let settings = changes.has(Kind::Settings);
        self.restart |= settings;
        self.companions |= settings;
        if changes.has(Kind::Source) {
            // The pages are loaded again when all of it is there.
            self.reload |= page || changes.has(Kind::Style);
            if let Some(unbuilt) = &mut self.unbuilt {
                unbuilt.files.extend(changes.files);
            }
            actions.extend(self.build_now());
            return actions;
        }
        // Whatever was saved may be what the start needed.
        let is_down = self.start_failure.is_some() && self.build == Task::Idle;
        if is_down || (self.restart && self.build == Task::Idle) {
            self.quick_deaths = 0;
            self.restart = true;
            actions.extend(self.start_if_wanted());
        }
        if page {
            actions.push(Action::Tell(Message::Reload));
        } else if changes.has(Kind::Style) {
            actions.push(Action::Tell(Message::Css(changes.of(Kind::Style).filter_map(|path| sheet(path)).collect())));
        }
        actions
    }

    pub(super) fn build_now(&mut self) -> Vec<Action> {
        match self.build {
            Task::Idle => {
                self.build = Task::UnderWay;
                vec![Action::Build(self.unbuilt.clone())]
            }
            Task::UnderWay => {
                self.build = Task::Again;
                vec![Action::CancelBuild]
            }
            Task::Again => Vec::new(),
        }
    }

    pub(super) fn built(&mut self, built: Built) -> Vec<Action> {
        // What was saved since it began is not in it.
        if std::mem::take(&mut self.build) == Task::Again {
            return self.build_now();
        }
        match built {
            // Nobody asked for it.
            Built::Cancelled => return Vec::new(),
            Built::Failed { messages } => {
                let errors = messages.iter().filter(|message| message.level == Level::Error).count();
                let title = if errors == 1 {
                    "the build failed".to_owned()
                } else {
                    format!("the build failed: {errors} errors")
                };
                self.build_failure = Some(Failure { title, messages });
            }
            Built::Done { binary, fresh, .. } => {
                self.build_failure = None;
                self.unbuilt = Some(Changes::default());
                let number = self.binary.as_ref().map_or(0, |newest| newest.number);
                let same = fresh && self.binary.as_ref().is_some_and(|newest| newest.path == binary);
                // Whatever was saved may be what the start needed.
                self.quick_deaths = 0;
                self.restart |= self.start_failure.is_some();
                if !same {
                    self.binary = Some(Binary { path: binary, number: number + 1 });
                }
            }
        }
        let started = self.start_if_wanted();
        let reload = std::mem::take(&mut self.reload) && started.is_empty();
        started.into_iter().chain(reload.then_some(Action::Tell(Message::Reload))).collect()
    }
}

/// The path of a style sheet below its `static` directory, which is what its address ends with.
pub(super) fn sheet(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.iter().collect();
    let last = parts.iter().rposition(|part| *part == "static")?;
    let parts: Vec<_> = parts[last + 1..].iter().map(|part| part.to_string_lossy()).collect();
    Some(parts.join("/"))
}
