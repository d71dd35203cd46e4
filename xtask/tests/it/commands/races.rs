//! Several xtasks at once, and one that is killed.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{LIST, command, drop_command, list, listed, mailings, module, read};
use crate::random::Random;
use crate::sandbox::{BUILD, PATIENCE, Sandbox, app};

#[test]
fn two_at_once_lose_no_line() {
    let sandbox = mailings();
    sandbox.xtask(["check"]).any_output().run();
    let names: Vec<String> = (0..8).map(|number| format!("hello_{number}")).collect();
    let started: Vec<_> = names
        .iter()
        .map(|name| {
            drop_command(&sandbox, name, "Say hello");
            sandbox.xtask(["check"]).env("FAKE_CARGO", "exit 0").start()
        })
        .collect();
    let said: Vec<String> = started
        .into_iter()
        .map(|running| {
            let (code, _, stderr) = running.end();
            assert_eq!(code, Some(0), "{stderr}");
            stderr
        })
        .collect();
    let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
    all.push("send_mailing");
    assert_eq!(read(&sandbox, LIST), list(&all));
    // Each was listed by one of them.
    let said = said.concat();
    for name in &names {
        assert_eq!(said.matches(&listed(name)).count(), 1, "{name}: {said}");
    }
}

/// Modules, each with a command that is not listed.
fn many(sandbox: &Sandbox) -> Vec<String> {
    let names: Vec<String> = (0..40).map(|number| format!("m{number:02}")).collect();
    for name in &names {
        sandbox.write(&format!("app/src/modules/{name}/mod.rs"), &module(name, &[]));
        sandbox.write(&format!("app/src/modules/{name}/commands/hello.rs"), &command("Say hello"));
    }
    names
}

/// How often it has to be killed in the midst of its work.
const KILLS: u32 = 6;

#[test]
fn whenever_it_is_killed_the_next_call_finds_whole_files_and_goes_on() {
    let sandbox = mailings();
    let names = many(&sandbox);
    let file = |name: &str| format!("app/src/modules/{name}/commands/mod.rs");
    let done = || names.iter().filter(|name| sandbox.root().join(file(name)).exists()).count();
    let mut random = Random::new();
    let (mut killed, mut rounds) = (0, 0);
    let deadline = Instant::now() + PATIENCE;
    while killed < KILLS {
        rounds += 1;
        assert!(Instant::now() < deadline, "killed in time {killed} times in {rounds} rounds");
        let before = done();
        if before == names.len() {
            for name in &names {
                super::remove(&sandbox, &file(name));
                sandbox.write(&format!("app/src/modules/{name}/mod.rs"), &module(name, &[]));
            }
            continue;
        }
        let mut command: Command = sandbox.xtask(["check"]).into();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask starts");
        // At another moment each time, and not before it has begun to write.
        let enough = before + 1 + usize::try_from(random.below(10)).expect("a small number");
        while done() < enough && child.try_wait().expect("a child").is_none() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        child.kill().expect("xtask runs, or is over");
        child.wait().expect("it ended");
        killed += u32::from((before + 1..names.len()).contains(&done()));
        for name in &names {
            let of_module = read(&sandbox, &format!("app/src/modules/{name}/mod.rs"));
            assert!([module(name, &[]), module(name, &["commands"])].contains(&of_module), "{of_module}");
            if sandbox.root().join(file(name)).exists() {
                assert_eq!(read(&sandbox, &file(name)), list(&["hello"]));
            }
        }
    }
    sandbox.xtask(["check"]).any_output().run();
    for name in &names {
        let folder = format!("app/src/modules/{name}");
        assert_eq!(read(&sandbox, &format!("{folder}/mod.rs")), module(name, &["commands"]));
        assert_eq!(read(&sandbox, &format!("{folder}/commands/mod.rs")), list(&["hello"]));
    }
    let left = walkdir::WalkDir::new(sandbox.root().join("app")).into_iter().filter_map(Result::ok);
    let left: Vec<_> = left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn readers_never_see_half_a_list() {
    let sandbox = mailings();
    sandbox.xtask(["check"]).any_output().run();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (old, new) = (list(&["send_mailing"]), list(&["hello", "send_mailing"]));
            while !over.load(Ordering::Relaxed) {
                let text = read(&sandbox, LIST);
                assert!(text == old || text == new, "{text}");
            }
        });
        for _ in 0..5 {
            drop_command(&sandbox, "hello", "Say hello");
            sandbox.xtask(["check"]).any_output().run();
            super::remove(&sandbox, &super::path("hello"));
            sandbox.xtask(["check"]).any_output().run();
        }
        over.store(true, Ordering::Relaxed);
        reader.join().expect("whole lists");
    });
}

#[test]
fn what_a_crash_of_add_module_left_is_taken_back_before_a_build() {
    let sandbox = mailings();
    let half = "app/src/modules/half/mod.rs";
    sandbox.write(half, "//! Half.\n");
    let pending = format!(
        r#"{{"version":1,"title":"add-module half","undoes":false,"edits":[{{"path":"{half}","before":null,"after":"//! Half.\n"}}]}}"#
    );
    sandbox.write("var/scaffold/pending.json", &pending);
    sandbox.xtask(["help"]).any_output().run();
    assert!(sandbox.root().join(half).exists());
    let stderr = format!("note: `add-module half` was stopped midway; its changes have been taken back\n{BUILD}");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&stderr).run();
    assert!(!sandbox.root().join("app/src/modules/half").exists());
    assert!(!sandbox.root().join("var/scaffold/pending.json").exists());
}
