//! What is known, who listens to it, and who waits for migrations.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::editor::Editor;
use super::view::{self, View};
use crate::dev::model::{Message, Request, State, Status};

/// How many events a client may lag behind. One that lags more loses its stream, and comes again.
const QUEUE: usize = 64;

/// How many streams there may be at a time; some connections must be left for everything else.
const STREAMS: usize = 48;

/// Tells one listener from another.
pub(super) type Number = u64;

/// The shared state of the channel and the holding server.
pub(super) struct Hub {
    editor: Editor,
    asked: Box<dyn Fn(Request) + Send + Sync>,
    state: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Tells this session from others: to a page of another one, everything may be different.
    session: String,
    status: Status,
    /// The status, rendered.
    view: View,
    /// How often pages were told to load again, and to take style sheets anew: who missed one sees it by that.
    reloads: u64,
    styles: u64,
    /// Counts failures, so that one that was closed in a page is told from the next.
    failures: u64,
    listeners: Vec<Listener>,
    numbers: Number,
    waiting: Vec<Sender<Result<(), String>>>,
}

struct Listener {
    number: Number,
    holding: Option<Number>,
    send: SyncSender<Arc<str>>,
}

impl Hub {
    pub(super) fn new(editor: Editor, session: String, asked: impl Fn(Request) + Send + Sync + 'static) -> Self {
        let known = Known { session, ..Known::default() };
        Self { editor, asked: Box::new(asked), state: Mutex::new(known) }
    }

    /// The state. A thread that panicked with it has left it whole.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that was not given before.
    pub(super) fn number(&self) -> Number {
        let mut known = self.known();
        known.numbers += 1;
        known.numbers
    }

    pub(super) fn publish(&self, status: &Status) {
        // It comes with every event of the session, and to render it looks for the files that messages name.
        if self.known().status == *status {
            return;
        }
        let view = view::of(status, &self.editor);
        let mut known = self.known();
        let news = known.view.state != view.state || known.view.generation != view.generation;
        let has_failed_again = view.state == State::Failed && known.view.state != State::Failed;
        let differs = known.view.title != view.title || known.view.errors != view.errors;
        known.failures += u64::from(has_failed_again || differs);
        known.view = view;
        known.status = status.clone();
        if news {
            known.send_status("state");
        }
    }

    pub(super) fn tell(&self, message: &Message) {
        let mut known = self.known();
        match message {
            Message::Reload => {
                known.reloads += 1;
                let reloads = known.reloads;
                known.send(&json!({ "type": "reload", "reloads": reloads }));
            }
            Message::Css(paths) => {
                known.styles += 1;
                let styles = known.styles;
                known.send(&json!({ "type": "css", "paths": paths, "styles": styles }));
            }
            Message::Error => known.send_status("error"),
            Message::Clear => known.send_status("clear"),
            Message::Migrations => known.send_status("migrations"),
        }
    }

    /// What is known now.
    pub(super) fn view(&self) -> View {
        self.known().view.clone()
    }

    /// What `client.js` is to know from the begin: the generation behind the page, if that is known, and how
    /// things stand now.
    pub(super) fn given(&self, generation: Option<u64>) -> Value {
        let known = self.known();
        json!({
            "generation": generation.unwrap_or(known.view.generation),
            "session": known.session,
            "reloads": known.reloads,
            "styles": known.styles,
        })
    }

    /// The status as JSON.
    pub(super) fn status(&self) -> Value {
        self.known().status("status")
    }

    /// A new listener, who has `hello` in the queue already; none when there are too many. The sender goes away with
    /// [`Self::leave`] and [`Self::dismiss`], and then the queue ends.
    pub(super) fn join(&self, holding: Option<Number>) -> Option<(Number, Receiver<Arc<str>>)> {
        let (send, receive) = sync_channel(QUEUE);
        let mut known = self.known();
        if known.listeners.len() >= STREAMS {
            return None;
        }
        known.numbers += 1;
        let number = known.numbers;
        // It is empty, so that this cannot fail.
        let _ = send.try_send(event(&known.status("hello")));
        known.listeners.push(Listener { number, holding, send });
        drop(known);
        (self.asked)(Request::Opened);
        Some((number, receive))
    }

    pub(super) fn leave(&self, number: Number) {
        self.known().listeners.retain(|listener| listener.number != number);
    }

    /// Ends the streams of one holding server.
    pub(super) fn dismiss(&self, holding: Number) {
        self.known().listeners.retain(|listener| listener.holding != Some(holding));
    }

    /// Ends all streams, and lets nobody wait any longer.
    pub(super) fn close(&self) {
        let mut known = self.known();
        known.listeners.clear();
        known.waiting.clear();
    }

    /// Asks for migrations, if nobody has; the receiver has the answer.
    pub(super) fn migrate(&self) -> Receiver<Result<(), String>> {
        let (send, receive) = channel();
        let mut known = self.known();
        known.waiting.push(send);
        let first = known.waiting.len() == 1;
        drop(known);
        if first {
            (self.asked)(Request::Migrate);
        }
        receive
    }

    pub(super) fn migrated(&self, result: &Result<(), String>) {
        for waiting in self.known().waiting.drain(..) {
            // Who has gone meanwhile wants no answer.
            let _ = waiting.send(result.clone());
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Known {
    fn status(&self, kind: &str) -> Value {
        let mut value = self.view.json();
        value["type"] = kind.into();
        value["session"] = self.session.as_str().into();
        value["failure"] = self.failures.into();
        value["reloads"] = self.reloads.into();
        value["styles"] = self.styles.into();
        value
    }

    fn send_status(&mut self, kind: &str) {
        self.send(&self.status(kind));
    }

    fn send(&mut self, value: &Value) {
        let event = event(value);
        self.listeners.retain(|listener| listener.send.try_send(Arc::clone(&event)).is_ok());
    }
}

/// A server-sent event. JSON has no line breaks of its own.
fn event(value: &Value) -> Arc<str> {
    format!("data: {value}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_asked_for_once_and_everybody_gets_the_answer() {
        let (send, asked) = channel();
        let hub = Hub::new(Editor::none(), String::new(), move |request| send.send(request).unwrap_or_default());
        for result in [Ok(()), Err("no table".to_owned())] {
            let waiting = [hub.migrate(), hub.migrate()];
            assert_eq!(asked.try_iter().collect::<Vec<_>>(), [Request::Migrate]);
            hub.migrated(&result);
            for waiting in waiting {
                assert_eq!(waiting.recv().as_ref(), Ok(&result));
            }
        }
        let waiting = hub.migrate();
        hub.close();
        assert!(waiting.recv().is_err());
    }

    #[test]
    fn there_is_an_end_to_the_number_of_streams() {
        let hub = Hub::new(Editor::none(), String::new(), |_| {});
        let streams: Vec<_> = (0..STREAMS).filter_map(|_| hub.join(None)).collect();
        assert!(streams.len() == STREAMS && hub.join(None).is_none());
        hub.leave(streams[0].0);
        assert!(hub.join(Some(1)).is_some());
    }

    #[test]
    fn a_failure_has_a_number_that_another_build_of_the_same_does_not_share() {
        let hub = Hub::new(Editor::none(), String::new(), |_| {});
        let failure = crate::dev::model::Failure { title: "no".to_owned(), messages: Vec::new() };
        let publish = |state, failure: Option<&_>| {
            hub.publish(&Status { state, failure: failure.cloned(), ..Status::default() });
            hub.status()["failure"].as_u64()
        };
        let first = publish(State::Failed, Some(&failure));
        assert_eq!(publish(State::Failed, Some(&failure)), first);
        assert_eq!(publish(State::Building, Some(&failure)), first);
        assert!(publish(State::Failed, Some(&failure)) > first);
    }
}
