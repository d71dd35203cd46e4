//! Modules and commands, made by xtask itself while the app's binary is not fresh, and by the app when it is.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::pty::Pty;
use crate::sandbox::{BUILD, PATIENCE, Sandbox, app};

const REGISTRY: &str = "//! Registry.

pub mod mailings;

use framework::module::Module;

/// All.
pub const MODULES: &[fn() -> Module] = &[
    // One a line.
    mailings::module,
];
";

const NOTE: &str = "note: the app is not built from these sources; xtask does this itself\n";

/// Gives a sandbox modules.
fn with_modules(sandbox: Sandbox) -> Sandbox {
    sandbox.write("app/src/modules/mod.rs", REGISTRY);
    let mailings = REGISTRY.split("pub mod").next().expect("a text").to_owned()
        + "use framework::module::Module;\n\n/// The module.\npub fn module() -> Module {\n    let mut module = \
           Module::new(\"mailings\");\n    // Nothing yet.\n    module\n}\n";
    sandbox.write("app/src/modules/mailings/mod.rs", &mailings);
    sandbox
}

/// The app's sources, with their texts, and whatever lies beside them in the root.
fn files(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let (mut files, mut directories) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(sandbox.root().join(&directory)).expect("a list") {
            let path = directory.join(entry.expect("an entry").file_name());
            let full = sandbox.root().join(&path);
            if full.is_dir() && !["target", "bin", "var"].iter().any(|other| path.starts_with(other)) {
                directories.push(path);
            } else if full.is_file() {
                files.insert(path, std::fs::read_to_string(full).expect("a text"));
            }
        }
    }
    files
}

const BLOG: &str = "create app/src/modules/blog/mod.rs
create app/src/modules/blog/templates/blog/index.html
create app/src/modules/blog/tests.rs
create app/src/modules/blog/views.rs
change app/src/modules/mod.rs
";

#[test]
fn an_app_that_is_not_fresh_is_not_built_for_it() {
    let sandbox = with_modules(Sandbox::new());
    let stderr = format!("{NOTE}next: `cargo xtask dev` shows it at /blog/\n");
    sandbox.xtask(["add-module", "blog"]).stdout(BLOG).stderr(&stderr).run();
    sandbox.xtask(["add_module", "blog"]).stdout("nothing to do\n").stderr(NOTE).run();
    sandbox.xtask(["add-module", "blog", "-v", "0"]).run();
    sandbox.xtask(["add-command", "blog", "send", "-v", "0"]).run();
    sandbox.xtask(["remove-command", "blog", "send", "-v", "0"]).run();
    sandbox.xtask(["remove_module", "blog", "-v", "0"]).run();
    assert_eq!(files(&sandbox), files(&with_modules(Sandbox::new())));
    sandbox.xtask(["add-module", "--undo", "-v", "0"]).run();
    assert!(sandbox.root().join("app/src/modules/blog/views.rs").is_file());
    assert!(!sandbox.root().join("target/debug/app").exists());
}

#[test]
fn sources_that_do_not_compile_are_no_obstacle() {
    let sandbox = with_modules(Sandbox::new());
    sandbox.write("app/src/main.rs", "fn main( {");
    sandbox.write("app/src/modules/mailings/views.rs", "this is no Rust {");
    sandbox.xtask(["add-module", "mailings", "archive", "-v", "0"]).run();
    let text = std::fs::read_to_string(sandbox.root().join("app/src/modules/mailings/mod.rs")).expect("a text");
    assert!(text.contains("module.submodule(archive::module);"), "{text}");
    // Only where the registration belongs has to be Rust.
    sandbox.write("app/src/modules/mod.rs", &format!("{REGISTRY}fn main( {{"));
    let before = files(&sandbox);
    let failed = sandbox.xtask(["add-module", "blog"]).any_output().status(1).run();
    assert!(failed.stderr.contains("app/src/modules/mod.rs") && failed.stderr.contains("hint: "), "{}", failed.stderr);
    assert_eq!(files(&sandbox), before);
}

#[test]
fn a_fresh_app_does_it() {
    let sandbox = with_modules(Sandbox::new());
    sandbox.xtask(["version"]).stdout(&app(&["version"])).stderr(BUILD).run();
    for args in [&["add_module", "blog", "--dry-run"][..], &["remove_command", "blog", "x"], &["add_module", "--undo"]]
    {
        sandbox.xtask(args).stdout(&app(args)).run();
    }
    sandbox.xtask(["add-module", "--wrong-flag"]).any_output().status(2).run();
    let stale = with_modules(Sandbox::new());
    let migration = app(&["add_migration", "blog", "fill"]);
    stale.xtask(["add-migration", "blog", "fill"]).stdout(&migration).stderr(BUILD).run();
}

#[test]
fn a_module_that_overrides_the_command_is_asked_in_any_case() {
    let sandbox = with_modules(Sandbox::new());
    sandbox.write("app/src/modules/mailings/commands/add_module.rs", "//! Mine.\n\npub struct Command;\n");
    let args = ["add_module", "blog", "--other-flag"];
    let ran = sandbox.xtask(args).any_output().run();
    assert_eq!(ran.stdout, app(&args));
    assert!(ran.stderr.ends_with(BUILD), "{}", ran.stderr);
}

#[test]
fn explained_it_starts_no_process_or_the_app() {
    let sandbox = with_modules(Sandbox::new());
    let text = "`add-module` is done by xtask itself; it starts no process\n";
    sandbox.xtask(["--explain", "add-module", "blog"]).stdout(text).run();
    assert!(!sandbox.root().join("app/src/modules/blog").exists());
    sandbox.xtask(["version"]).any_output().run();
    let plan = sandbox.xtask(["--explain", "add-module", "blog"]).any_output().run().stdout;
    assert!(plan.contains("target/debug/app add_module blog\n"), "{plan}");
}

#[test]
fn names_that_cannot_be_create_nothing() {
    // Cases 93, 94, 95 and 109.
    let sandbox = with_modules(Sandbox::new());
    sandbox.write("app/src/modules/taken.rs", "//! In the way.\n");
    sandbox.write("app/src/modules/file", "in the way\n");
    let before = files(&sandbox);
    let (valid, conflict) = ("Please make sure the name is a valid identifier.", "Please try another name.");
    for (words, code, says) in [
        (&[][..], 2, &["You must provide an application name.", "Usage: cargo xtask add_module"][..]),
        (&[""], 1, &["'' is not a valid app name.", valid]),
        (&["7testproject"], 1, &["'7testproject' is not a valid app name.", valid]),
        (&["../testproject"], 1, &["'../testproject' is not a valid app name.", valid]),
        (&["/tmp/x"], 1, &["'/tmp/x' is not a valid app name."]),
        (&["cms", ".."], 1, &["'..' is not a valid app name."]),
        (&["cms", "a-b"], 1, &["'a-b' is not a valid app name.", "`a_b`"]),
        (&["Cms"], 1, &["'Cms' is not a valid app name.", "`cms`"]),
        (&["модуль"], 1, &["'модуль' is not a valid app name."]),
        (&[&*"x".repeat(200)], 1, &["is not a valid app name.", "50 characters"]),
        (&["crate"], 1, &["'crate' is not a valid app name."]),
        (&["self"], 1, &["'self' is not a valid app name."]),
        (&["gen"], 1, &["'gen' is not a valid app name."]),
        (&["std"], 1, &["'std' conflicts with the name of an existing crate.", conflict]),
        (&["mailings"], 1, &["'mailings' conflicts with the name of an existing module.", conflict]),
        (&["cms", "templates"], 1, &["'templates' conflicts with the name of an existing part of a module.", conflict]),
        (&["taken"], 1, &["'taken' conflicts with the name of an existing module.", "`app/src/modules/taken.rs`"]),
        (&["file"], 1, &["`app/src/modules/file` is a file, where a directory is needed"]),
    ] {
        let ran = sandbox.xtask(["add-module"].iter().chain(words)).any_output().status(code).run();
        assert_eq!(ran.stdout, "", "{words:?}");
        says.iter().for_each(|part| assert!(ran.stderr.contains(part), "{words:?}: {}", ran.stderr));
        assert_eq!(files(&sandbox), before, "{words:?}");
        assert!(!sandbox.root().join("var").exists(), "{words:?}");
    }
}

#[test]
fn a_journal_that_cannot_be_written_changes_nothing() {
    let sandbox = with_modules(Sandbox::new());
    sandbox.write("var", "in the way\n");
    let before = files(&sandbox);
    let stderr = "error: `var` is a file, where a directory is needed\nhint: move it away, and try again\n";
    sandbox.xtask(["add-module", "blog"]).status(1).stderr(stderr).run();
    assert_eq!(files(&sandbox), before);
}

#[test]
fn at_a_terminal_it_asks_about_files_in_the_way() {
    for (answers, code, last) in [(&["d", "y"][..], 0, "shows it at /blog/"), (&["q"], 1, "nothing was changed")] {
        let sandbox = with_modules(Sandbox::new());
        sandbox.write("app/src/modules/blog/views.rs", "//! Mine.\n");
        let mut pty = Pty::open();
        pty.read();
        let mut command = Command::from(sandbox.xtask(["add-module", "blog"]));
        command.stdin(pty.slave()).stdout(pty.slave()).stderr(pty.slave());
        let mut child = command.spawn().expect("xtask starts");
        for answer in answers {
            pty.until(
                "`app/src/modules/blog/views.rs` is there already, with other content. Overwrite it? [y/n/a/q/d/?] ",
            );
            pty.press(&format!("{answer}\n"));
            if *answer == "d" {
                pty.until("-//! Mine.\r\n");
            }
        }
        pty.until(last);
        assert_eq!(child.wait().expect("an end").code(), Some(code));
        let text = std::fs::read_to_string(sandbox.root().join("app/src/modules/blog/views.rs")).expect("a text");
        assert_eq!(text == "//! Mine.\n", code == 1);
        assert_eq!(sandbox.root().join("app/src/modules/blog/mod.rs").exists(), code == 0);
    }
}

#[test]
fn it_asks_where_it_is_seen() {
    let sandbox = with_modules(Sandbox::new());
    sandbox.write("app/src/modules/blog/views.rs", "//! Mine.\n");
    let mut pty = Pty::open();
    pty.read();
    let start = |stdout: Stdio, stderr: Stdio| {
        let mut command = Command::from(sandbox.xtask(["add-module", "blog"]));
        command.stdin(pty.slave()).stdout(stdout).stderr(stderr).spawn().expect("xtask starts")
    };
    // Without a place for the question there is none.
    let ended = start(pty.slave().into(), Stdio::piped()).wait_with_output().expect("an end");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("with other content:\n  app/src/modules/blog/views.rs\n"), "{stderr}");
    // Only what was done goes to the file.
    let child = start(Stdio::piped(), pty.slave().into());
    pty.until("Overwrite it? [y/n/a/q/d/?] ");
    pty.press("d\ny\n");
    pty.until("-//! Mine.\r\n");
    let ended = child.wait_with_output().expect("an end");
    let expected =
        BLOG.replace("create app/src/modules/blog/views.rs\n", "") + "change app/src/modules/blog/views.rs\n";
    let mut lines: Vec<&str> = expected.lines().collect();
    let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
    let mut found: Vec<&str> = stdout.lines().collect();
    lines.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, lines);
}

#[test]
fn yes_is_no_word_for_refusing() {
    let sandbox = with_modules(Sandbox::new());
    let ran = sandbox.xtask(["add-module", "blog", "--yes"]).any_output().status(2).run();
    assert!(ran.stderr.contains("unexpected argument '--yes'"), "{}", ran.stderr);
    sandbox.xtask(["add-module", "blog", "--no_input", "-v", "0"]).run();
}

#[test]
fn several_at_once_wait_for_each_other() {
    let sandbox = with_modules(Sandbox::new());
    let names = ["blog", "cms", "shop", "wiki"];
    let start = |name| Command::from(sandbox.xtask(["add-module", name])).spawn().expect("xtask starts");
    let running: Vec<_> = names.map(start).into_iter().collect();
    for child in running {
        let ended = child.wait_with_output().expect("an end");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let registry = std::fs::read_to_string(sandbox.root().join("app/src/modules/mod.rs")).expect("a text");
    let list = ["blog", "cms", "mailings", "shop", "wiki"].map(|name| format!("    {name}::module,\n")).concat();
    assert!(registry.contains(&list), "{registry}");
    for _ in names {
        sandbox.xtask(["add-module", "--undo"]).any_output().run();
    }
    assert_eq!(std::fs::read_to_string(sandbox.root().join("app/src/modules/mod.rs")).expect("a text"), REGISTRY);
}

#[test]
fn killed_at_any_moment_it_leaves_all_or_nothing() {
    let given = xtask::environment::read().get(OsStr::new("SEED")).and_then(|seed| seed.to_str()?.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| std::process::id().into());
    println!("SEED={seed}");
    let sandbox = with_modules(Sandbox::new());
    let old = files(&sandbox);
    let call = || {
        let mut command = Command::from(sandbox.xtask(["add-module", "cms", "adp"]));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(call().status().expect("xtask starts").success());
    let new = files(&sandbox);
    sandbox.xtask(["add-module", "--undo", "-v", "0"]).run();
    let pending = sandbox.root().join("var/scaffold/pending.json");
    let (mut random, mut rounds, mut recovered) = (seed | 1, 0, 0);
    let end = Instant::now() + PATIENCE;
    // At least once in the middle, which is not for us to say when the machine is busy.
    while rounds < 12 || recovered == 0 {
        assert!(Instant::now() < end || rounds < 12, "SEED={seed}: never killed in the middle in {rounds} rounds");
        rounds += 1;
        let mut child = call().spawn().expect("xtask starts");
        let deadline = Instant::now() + PATIENCE;
        while !pending.exists() && child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "SEED={seed}: nothing happens");
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Instant::now() + Duration::from_micros(random % 10_000);
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        child.kill().and_then(|()| child.wait()).expect("an end");
        recovered += usize::from(pending.exists());
        // The next call of a task that changes sources puts things right, whatever it is.
        sandbox.xtask(["remove-module", "nothing_of_this_name"]).any_output().status(1).run();
        let found = files(&sandbox);
        assert!(found == old || found == new, "SEED={seed}: {found:?}");
        assert!(!pending.exists(), "SEED={seed}");
        if found == new {
            sandbox.xtask(["add-module", "--undo", "-v", "0"]).run();
        }
    }
}
