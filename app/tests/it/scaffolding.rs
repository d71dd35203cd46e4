//! The commands that change the sources, by the real binary in a project of its own.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::binary::{PRODUCT, Root};
use crate::databases::copy;

/// A project whose sources are a copy.
fn project() -> Root {
    let root = Root::new();
    std::fs::remove_file(root.path().join("app")).expect("the link to the sources");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["config", "src"] {
        copy(&sources.join(part), &root.path().join("app").join(part));
    }
    for manifest in ["../Cargo.toml", "Cargo.toml"] {
        std::fs::copy(sources.join(manifest), root.path().join("app").join(manifest)).expect("a manifest");
    }
    take_away_others(&root.path().join("app/src/modules"));
    root
}

/// Only the product's modules stay: a project may have one of the name that is made here.
fn take_away_others(modules: &Path) {
    let registry = modules.join("mod.rs");
    let mut text = std::fs::read_to_string(&registry).expect("the registry");
    for entry in std::fs::read_dir(modules).expect("the modules").map(|entry| entry.expect("a module").path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if entry.is_dir() && !PRODUCT.contains(&name.as_str()) {
            std::fs::remove_dir_all(&entry).expect("a module that goes");
            text = text.replace(&format!("pub mod {name};\n"), "").replace(&format!("    {name}::module,\n"), "");
        }
    }
    std::fs::write(registry, text).expect("the registry");
}

fn read(root: &Root, path: &str) -> String {
    std::fs::read_to_string(root.path().join(path)).expect("a text")
}

const BLOG: &str = "create app/src/modules/blog/mod.rs
create app/src/modules/blog/templates/blog/index.html
create app/src/modules/blog/tests.rs
create app/src/modules/blog/views.rs
change app/src/modules/mod.rs
";

#[test]
fn modules_and_commands_come_and_go() {
    // Case 92.
    let root = project();
    let registry = read(&root, "app/src/modules/mod.rs");
    root.line("add_module blog").is(0, BLOG, "next: `cargo xtask dev` shows it at /blog/\n");
    assert!(read(&root, "app/src/modules/blog/mod.rs").contains("Module::new(\"blog\")"));
    assert!(read(&root, "app/src/modules/blog/views.rs").contains("struct BlogPage"));
    root.line("add_module blog").is(0, "nothing to do\n", "");
    root.line("add_command blog send -v 0").is(0, "", "");
    root.line("remove_command blog send -v 0").is(0, "", "");
    root.line("remove_module blog -v 0").is(0, "", "");
    assert_eq!(read(&root, "app/src/modules/mod.rs"), registry);
    assert!(!root.path().join("app/src/modules/blog").exists());
    root.line("add_module --undo -v 0").is(0, "", "");
    assert!(root.path().join("app/src/modules/blog/views.rs").exists());
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_made() {
    // Cases 93, 94 and 95.
    let root = project();
    let usage = root.line("add_module");
    usage.fails(2, &["error: You must provide an application name.", "Usage: app add_module"]);
    root.line("remove_module").fails(2, &["You must provide an application name."]);
    let valid = "Please make sure the name is a valid identifier.";
    root.line("add_module 7testproject").fails(1, &[&format!("'7testproject' is not a valid app name. {valid}")]);
    root.line("add_module ../testproject").fails(1, &["'../testproject' is not a valid app name."]);
    let taken = "'mailings' conflicts with the name of an existing module. Please try another name.";
    root.line("add_module mailings").fails(1, &[taken, "\n  app/src/modules/mailings/mod.rs\n", "hint: `--force`"]);
    root.line("add_module auth").fails(1, &["'auth' conflicts with the name of an existing module."]);
    root.line("add_module tokio").fails(1, &["'tokio' conflicts with the name of an existing crate."]);
    root.line("add_module blog --undo").fails(2, &["cannot be used with"]);
    root.line("add_module blog --force --skip").fails(2, &["cannot be used with"]);
    root.line("add_command blog send").fails(1, &["there is no module `blog`", "hint: there are `mailings`, `users`"]);
    assert!(!root.path().join("var").exists());
    assert!(!root.path().join("app/src/modules/blog").exists());
}

#[test]
fn broken_settings_are_no_obstacle() {
    let root = project();
    std::fs::write(root.path().join("app/config/test.toml"), "no = settings").expect("a file");
    let ran = root.line("add_module blog");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), BLOG), "{ran:?}");
}

#[test]
fn sources_that_lead_out_of_the_project_are_not_touched() {
    // Here `app` is a link to the product itself.
    Root::new().line("add_module led_astray").fails(1, &["leads out of the project"]);
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("src/modules/led_astray").exists());
}

#[test]
fn a_directory_that_is_read_only_is_named_and_nothing_is_made() {
    // Permissions do not stop root: then the app runs as nobody, from a copy that nobody can read.
    let root = project();
    let binary = root.path().join("app-binary");
    std::fs::copy(env!("CARGO_BIN_EXE_app"), &binary).expect("the binary");
    std::fs::create_dir(root.path().join("var")).expect("a directory");
    for (path, mode) in [("", 0o755), ("var", 0o777)] {
        std::fs::set_permissions(root.path().join(path), Permissions::from_mode(mode)).expect("a mode");
    }
    let modules = root.path().join("app/src/modules");
    std::fs::set_permissions(&modules, Permissions::from_mode(0o555)).expect("a mode");
    let registry = read(&root, "app/src/modules/mod.rs");
    let mut command = Command::new(binary);
    let app = root.command();
    command.current_dir(root.path()).env_clear();
    command.envs(app.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.args(["add_module", "blog"]).output().expect("the app starts");
    std::fs::set_permissions(&modules, Permissions::from_mode(0o755)).expect("a mode");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{err}");
    assert!(err.contains("app/src/modules/blog`: Permission denied"), "{err}");
    assert!(!modules.join("blog").exists());
    assert_eq!(read(&root, "app/src/modules/mod.rs"), registry);
    root.line("add_module --undo").is(0, "nothing to undo\n", "");
}

/// Runs `app add_module blog` at a terminal, types `answer` at its question, and gives back the exit code and the rest of
/// what was shown.
fn answered(root: &Root, answer: &[u8]) -> (Option<i32>, String) {
    const QUESTION: &str = "Overwrite it? [y/n/a/q/d/?] ";
    let app = root.command();
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &format!("exec '{}' add_module blog", app.get_program().display()), "/dev/null"]);
    terminal.env_clear().envs(app.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.env("SHELL", "/bin/sh").current_dir(root.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = terminal.spawn().expect("`script` of util-linux");
    let (mut keys, mut screen) = (running.stdin.take().expect("a pipe"), running.stdout.take().expect("a pipe"));
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !shown.ends_with(QUESTION.as_bytes()) {
        assert_eq!(screen.read(&mut byte).expect("output"), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    keys.write_all(answer).expect("a terminal that listens");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("UTF-8");
    (running.wait().expect("an end").code(), rest.replace('\r', ""))
}

#[test]
fn at_a_terminal_it_asks_about_files_in_the_way() {
    let root = project();
    let views = root.path().join("app/src/modules/blog/views.rs");
    std::fs::create_dir(views.parent().expect("a directory")).expect("a directory");
    std::fs::write(&views, "//! Mine.\n").expect("a file");
    assert_eq!(answered(&root, b"\x03"), (Some(1), "^C\nCancelled.\n".to_owned()));
    let (code, rest) = answered(&root, b"q\n");
    assert!(code == Some(1) && rest.contains("CommandError: nothing was changed"), "{rest}");
    assert_eq!(std::fs::read_to_string(&views).expect("a text"), "//! Mine.\n");
    assert!(!root.path().join("app/src/modules/blog/mod.rs").exists());
    let (code, rest) = answered(&root, b"y\n");
    let expected = "y\ncreate app/src/modules/blog/mod.rs\ncreate app/src/modules/blog/templates/blog/index.html\n";
    assert!(code == Some(0) && rest.starts_with(expected), "{rest}");
    assert_ne!(std::fs::read_to_string(&views).expect("a text"), "//! Mine.\n");
    root.line("add_module --undo -v 0").is(0, "", "");
    assert_eq!(std::fs::read_to_string(&views).expect("a text"), "//! Mine.\n");
}

#[test]
fn an_empty_migration_is_one_command() {
    let root = project();
    let ran = root.line("add_migration mailings fill_in");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("app/src/modules/mailings/migrations/0002_fill_in.toml"), "{ran:?}");
    root.line("add_migration nothing").fails(2, &["No installed app with label 'nothing'."]);
    root.line("add_migration").fails(2, &["<MODULE>"]);
}
