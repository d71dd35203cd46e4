//! A channel with a socket of a site, in a small project; the session is played by the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use tempfile::TempDir;
use xtask::dev::channel::{Channel, Editor};
use xtask::dev::model::{Diagnostic, Failure, Level, Message, Place, Request, State, Status};
use xtask::environment::{Changes, Variables};
use xtask::project::Project;

use crate::sandbox::PATIENCE;

/// The file in which the compiler finds its errors.
const SOURCE: &str = "app/src/modules/mailings/views.rs";

pub(crate) struct Stage {
    pub(crate) channel: Channel,
    pub(crate) asked: Receiver<Request>,
    pub(crate) listener: TcpListener,
    directory: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for file in ["Cargo.toml", SOURCE] {
            let path = directory.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            std::fs::write(path, "").expect("a file");
        }
        let (send, asked) = channel();
        let ask = move |request| send.send(request).unwrap_or_default();
        let editor = Editor::read(&project(directory.path(), "")).expect("an editor");
        let channel = Channel::start(editor, ask).expect("a channel");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self { channel, asked, listener, directory }
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.directory.path().join(SOURCE)
    }

    pub(crate) fn serving(generation: u64) -> Status {
        Status { generation, state: State::Serving, ..Status::default() }
    }

    /// Somebody listens to the events.
    pub(crate) fn wait_for_stream(&self) {
        assert_eq!(self.asked.recv_timeout(PATIENCE), Ok(Request::Opened));
    }

    /// The build of what follows the first generation fails.
    pub(crate) fn fail(&self, title: &str, messages: &[&str]) {
        let place = Place { file: self.source(), line: 42, column: 17 };
        let diagnostic = |text: &&str| Diagnostic {
            level: if text.contains("warning") { Level::Warning } else { Level::Error },
            rendered: (*text).to_owned(),
            place: Some(place.clone()),
        };
        let failure = Failure { title: title.to_owned(), messages: messages.iter().map(diagnostic).collect() };
        let failed = Status { state: State::Failed, failure: Some(failure), ..Self::serving(1) };
        self.channel.publish(&failed);
        self.channel.tell(&Message::Error);
    }
}

/// A project in this directory, with an editor named by the environment.
pub(crate) fn project(root: &Path, editor: &str) -> Project {
    Project {
        root: root.to_owned(),
        here: root.to_owned(),
        binaries: PathBuf::new(),
        cargo: "cargo".into(),
        variables: Variables::from([("XTASK_EDITOR".into(), editor.into())]),
        scrubbed: Changes::default(),
    }
}
