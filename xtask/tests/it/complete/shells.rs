//! Real shells: what stands on the line after the Tab key. The functions `cargo` and `xtask` say what they are called
//! with.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::project;
use crate::pty::Pty;
use crate::sandbox::Sandbox;

/// What is typed, and what the command is called with. `\t` is the key.
const TYPED: &[(&str, &str)] = &[
    ("cargo xtask mig\t", "xtask|migrate"),
    ("xtask mig\t", "migrate"),
    ("cargo +nightly xtask --explain mig\t", "+nightly|xtask|--explain|migrate"),
    ("cargo --offline --color never xtask mig\t", "--offline|--color|never|xtask|migrate"),
    ("cargo xtask migrate us\t0002\t", "xtask|migrate|users|0002_names"),
    ("cargo xtask migrate --databas\trep\tus\t", "xtask|migrate|--database|reports|users"),
    ("cargo xtask check --fail-level=W\t", "xtask|check|--fail-level=WARNING"),
    ("cargo xtask dev --with check,migr\t", "xtask|dev|--with|check,migrate"),
    ("cargo xtask \"mig\t", "xtask|migrate"),
    ("cargo xtask 'migrate' 'us\t", "xtask|migrate|users"),
    ("cargo xtask two\t", "xtask|two words"),
    ("cargo xtask 'two\t", "xtask|two words"),
    ("cargo xtask migrate -- us\t", "xtask|migrate|--|users"),
    ("cargo xtask loaddata app/config/def\t", "xtask|loaddata|app/config/default.toml"),
    ("cargo xtask dumpdata --output=app/config/def\t", "xtask|dumpdata|--output=app/config/default.toml"),
    ("cargo xtask add-module x --model P a:str\tb:ref\tu", "xtask|add-module|x|--model|P|a:string|b:references=u"),
    ("cargo xtask zzz\t", "xtask|zzz"),
    // As before.
    ("cargo bui\t", "build"),
    ("cargo bui\tapp/config/def\t", "build|app/config/default.toml"),
];

/// The program of a shell; none, said on stderr, when it is not on this machine.
fn installed(name: &str) -> bool {
    let found = ["/bin", "/usr/bin", "/usr/local/bin"].iter().any(|folder| Path::new(folder).join(name).exists());
    if !found {
        // `.ci/run` installs what tests need; there a skipped test is a failed one.
        assert!(!xtask::environment::read().contains_key(OsStr::new("CI")), "{name} is not installed");
        // Not `eprintln!`, which the test harness would swallow.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name} is not installed, its completion is not tested");
    }
    found
}

/// A shell in the project that knows nothing but the script, and nothing of ours in its environment.
fn shell(sandbox: &Sandbox, name: &str) -> Command {
    let script = sandbox.xtask(["completions", name]).any_output().run().stdout;
    sandbox.write("completions", &script);
    let mut command = Command::new(name);
    command.current_dir(sandbox.root()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TERM", "dumb");
    command.env("HOME", sandbox.root()).env("ZDOTDIR", sandbox.root()).env("INPUTRC", "/dev/null");
    command
}

/// A shell at a terminal, which waits for a line.
struct Line {
    pty: Pty,
    child: Child,
}

impl Line {
    fn start(mut command: Command) -> Self {
        let mut pty = Pty::open();
        pty.read();
        command.stdin(Stdio::from(pty.slave())).stdout(Stdio::from(pty.slave())).stderr(Stdio::from(pty.slave()));
        let child = command.spawn().expect("a shell");
        pty.until("ready> ");
        Self { pty, child }
    }

    /// Types a line key by key, as a person does who looks at what comes, and gives the words that it has in the end.
    fn types(&self, line: &str) -> String {
        self.pty.press(&format!("{line}\n"));
        self.pty.until("words:");
        let words = self.pty.until(":end");
        self.pty.until("ready> ");
        words.trim_end_matches(":end").to_owned()
    }

    fn end(mut self) {
        self.pty.press("exit\n");
        assert!(self.child.wait().expect("an end").code().is_some());
    }
}

fn check(line: &Line) {
    for (typed, expected) in TYPED {
        assert_eq!(line.types(typed), format!("{expected}|"), "{typed}");
    }
}

/// Where the script looks for what was built, and that it says nothing where that is not.
fn look_for_the_binary(line: &Line) {
    for (change, expected) in [
        ("cd app/config", "migrate"),
        ("cd ../..", "migrate"),
        ("mkdir target/release; mv target/debug/xtask target/release", "migrate"),
        // Older than the code: it may not know the question.
        ("touch -d 2100-01-01 xtask/src/complete/mod.rs", "mig"),
        ("touch -d 1970-01-02 xtask/src/complete/mod.rs", "migrate"),
        ("export CARGO_TARGET_DIR=$PWD/elsewhere", "mig"),
        ("mv target elsewhere", "migrate"),
        // Another project's xtask is not asked.
        ("mv xtask/src/complete/mod.rs xtask/src/complete/moved.rs", "mig"),
        ("cd /", "mig"),
    ] {
        line.types(&format!("{change}; cargo"));
        assert_eq!(line.types("cargo xtask mig\t"), format!("xtask|{expected}|"), "{change}");
        assert_eq!(line.types("xtask mig\t"), format!("{expected}|"), "{change}");
    }
}

#[test]
fn bash() {
    if !installed("bash") {
        return;
    }
    let sandbox = project();
    let start = "\
PS1='ready> '
cargo() { printf 'words'; printf ':'; printf '%s|' \"$@\"; printf ':end\\n'; }
xtask() { cargo \"$@\"; }
_theirs() { COMPREPLY=(); [[ $COMP_CWORD != 1 ]] || COMPREPLY=($(compgen -W 'build xtask' -- \"$2\")); }
complete -o default -F _theirs cargo
. ./completions
. ./completions
";
    sandbox.write("start", start);
    let mut command = shell(&sandbox, "bash");
    command.args(["--noprofile", "--rcfile", "start", "-i"]);
    let line = Line::start(command);
    check(&line);
    look_for_the_binary(&line);
    line.end();
}

#[test]
fn zsh() {
    if !installed("zsh") {
        return;
    }
    let sandbox = project();
    let start = "\
PS1='ready> '
unsetopt zle_bracketed_paste prompt_sp 2>/dev/null
autoload -U compinit && compinit -u -D
cargo() { printf 'words'; printf ':'; printf '%s|' \"$@\"; printf ':end\\n'; }
xtask() { cargo \"$@\"; }
_theirs() { (( CURRENT != 2 )) && _files || compadd build xtask; }
compdef _theirs cargo
. ./completions
. ./completions
";
    sandbox.write(".zshrc", start);
    let mut command = shell(&sandbox, "zsh");
    command.arg("-i");
    let line = Line::start(command);
    check(&line);
    look_for_the_binary(&line);
    line.end();
}

#[test]
fn fish() {
    if !installed("fish") {
        return;
    }
    let sandbox = project();
    let cases: &[(&str, &str)] = &[
        ("cargo xtask mig", "migrate\tApply migrations\n"),
        ("xtask mig", "migrate\tApply migrations\n"),
        ("cargo +nightly xtask --explain mig", "migrate\tApply migrations\n"),
        ("cargo --offline --color never xtask mig", "migrate\tApply migrations\n"),
        ("cargo xtask migrate us", "users\tPeople\n"),
        ("cargo xtask migrate ", "cms\tPages\ncms_adp\tParts\nusers\tPeople\nauth\tGroups\n"),
        ("cargo xtask migrate adp", "cms_adp\tParts\n"),
        ("cargo xtask migrate users 0002", "0002_names\n"),
        ("cargo xtask check --fail-level=W", "--fail-level=WARNING\n"),
        ("cargo xtask \"mig", "migrate\tApply migrations\n"),
        ("cargo xtask two", "two words\techo 2\n"),
        ("cargo xtask migrate -- us", "users\tPeople\n"),
        ("cargo xtask loaddata app/config/def", "app/config/default.toml\n"),
        ("cargo xtask dumpdata --output=app/config/def", "--output=app/config/default.toml\n"),
        ("cargo xtask zzz", ""),
        ("cargo bui", "build\n"),
    ];
    let mut script = "complete -c cargo -n __fish_use_subcommand -f -a 'build xtask'\nsource completions\n".to_owned();
    for (line, _) in cases {
        script.push_str(&format!("echo '== {line}'\ncomplete -C '{line}'\n"));
    }
    let places = "\
cd app/config
complete -C 'xtask mig'
cd ../..
touch -d 2100-01-01 xtask/src/complete/mod.rs
complete -C 'xtask mig'
touch -d 1970-01-02 xtask/src/complete/mod.rs
set -gx CARGO_TARGET_DIR $PWD/elsewhere
complete -C 'xtask mig'
mkdir elsewhere target/release
mv target/debug/xtask target/release
mv target/release elsewhere
complete -C 'xtask mig'
cd /
complete -C 'xtask mig'
";
    script.push_str(&format!("echo '== elsewhere'\n{places}"));
    sandbox.write("script", &script);
    let mut command = shell(&sandbox, "fish");
    let output = command.args(["--no-config", "script"]).output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let expected: String = cases.iter().map(|(line, expected)| format!("== {line}\n{expected}")).collect();
    let found = "migrate\tApply migrations\n".repeat(2);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{expected}== elsewhere\n{found}"));
}
