//! How editors and tools save a file, call by call: whatever they do, the file itself is all that is sent.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use xtask::dev::model::Kind;
use xtask::dev::watch::Mode;

use super::watch::{PAGE, Watched, only};

/// One call of an editor, in the directory of the file.
type Step = (&'static str, fn(&Path) -> std::io::Result<()>);

/// The file's name in that directory.
const NAME: &str = "base.html";

/// What is saved.
const NEW: &str = "new content\n";

const VIM: &[Step] = &[
    ("swap file", |at| fs::write(at.join(".base.html.swp"), "b0VIM")),
    ("probe", |at| File::create_new(at.join("4913")).map(drop)),
    ("probe", |at| fs::remove_file(at.join("4913"))),
    ("backup", |at| fs::rename(at.join(NAME), at.join("base.html~"))),
    ("write", |at| fs::write(at.join(NAME), NEW)),
    ("backup", |at| fs::remove_file(at.join("base.html~"))),
    ("swap file", |at| fs::remove_file(at.join(".base.html.swp"))),
];

const EMACS: &[Step] = &[
    ("lock", |at| symlink("me@machine.123:456", at.join(".#base.html"))),
    ("automatic save", |at| fs::write(at.join("#base.html#"), "half")),
    ("backup", |at| fs::copy(at.join(NAME), at.join("base.html~")).map(drop)),
    ("write", |at| fs::write(at.join(NAME), NEW)),
    ("automatic save", |at| fs::remove_file(at.join("#base.html#"))),
    ("lock", |at| fs::remove_file(at.join(".#base.html"))),
];

const JETBRAINS: &[Step] = &[
    ("write", |at| fs::write(at.join("base.html___jb_tmp___"), NEW)),
    ("old", |at| fs::rename(at.join(NAME), at.join("base.html___jb_old___"))),
    ("rename", |at| fs::rename(at.join("base.html___jb_tmp___"), at.join(NAME))),
    ("old", |at| fs::remove_file(at.join("base.html___jb_old___"))),
];

const VS_CODE: &[Step] = &[
    ("truncate", |at| File::options().write(true).truncate(true).open(at.join(NAME)).map(drop)),
    ("write", |at| File::options().write(true).open(at.join(NAME))?.write_all(NEW.as_bytes())),
];

const HELIX: &[Step] = &[
    ("backup", |at| fs::rename(at.join(NAME), at.join("base.htmlXa3b9Q.bck"))),
    ("write", |at| fs::write(at.join(NAME), NEW)),
    ("backup", |at| fs::remove_file(at.join("base.htmlXa3b9Q.bck"))),
];

const SED: &[Step] = &[
    ("write", |at| fs::write(at.join("sedXa3b9Q"), NEW)),
    ("rename", |at| fs::rename(at.join("sedXa3b9Q"), at.join(NAME))),
];

const GEDIT: &[Step] = &[
    ("write", |at| fs::write(at.join(".goutputstream-XA3B9Q"), NEW)),
    ("backup", |at| fs::hard_link(at.join(NAME), at.join("base.html~"))),
    ("rename", |at| fs::rename(at.join(".goutputstream-XA3B9Q"), at.join(NAME))),
];

const EDITORS: &[(&str, &[Step])] = &[
    ("vim", VIM),
    ("emacs", EMACS),
    ("JetBrains", JETBRAINS),
    ("VS Code", VS_CODE),
    ("helix", HELIX),
    ("sed -i", SED),
    ("gedit", GEDIT),
];

fn carry_out(editor: &str, (what, step): &Step, at: &Path) {
    step(at).unwrap_or_else(|error| panic!("{editor}, {what}: {error}"));
}

#[test]
fn a_save_is_one_message_with_the_file_alone() {
    for (editor, steps) in EDITORS {
        let mut watched = Watched::new(Mode::Events);
        let at = watched.path("app/templates");
        steps.iter().for_each(|step| carry_out(editor, step, &at));
        let messages = watched.mark();
        let files: Vec<_> = messages.iter().flatten().collect();
        assert!(files.iter().all(|file| **file == (Kind::Page, PAGE.to_owned())), "{editor}: {messages:?}");
        assert!(!files.is_empty(), "{editor}");
        assert_eq!(fs::read_to_string(watched.path(PAGE)).expect("a file"), NEW, "{editor}");
    }
}

#[test]
fn an_editor_that_takes_its_time_sends_nothing_but_the_file() {
    for (editor, steps) in EDITORS {
        let mut watched = Watched::new(Mode::Events);
        let at = watched.path("app/templates");
        let mut saved = 0;
        for step in *steps {
            carry_out(editor, step, &at);
            // Until what it did was looked at.
            for message in watched.mark() {
                assert_eq!(message, only(Kind::Page, PAGE), "{editor}, {}", step.0);
                saved += 1;
            }
        }
        // Some take the file away for a moment, or empty it.
        assert!((1..=2).contains(&saved), "{editor}: {saved}");
    }
}

#[test]
fn a_save_without_change_sends_nothing() {
    for (editor, steps) in EDITORS {
        let mut watched = Watched::with(Mode::Events, |root| fs::write(root.join(PAGE), NEW).expect("a file"));
        let at = watched.path("app/templates");
        steps.iter().for_each(|step| carry_out(editor, step, &at));
        let messages = watched.mark();
        // On a busy machine a look may fall between two calls; then the file is sent, and once more.
        assert!(messages.is_empty() || messages.len() == 2, "{editor}: {messages:?}");
    }
}
