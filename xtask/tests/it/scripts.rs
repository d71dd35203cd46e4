//! Named scripts.

use crate::sandbox::Sandbox;

fn sandbox(scripts: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", &format!("[workspace]\n[workspace.metadata.xtask.scripts]\n{scripts}\n"));
    sandbox
}

#[test]
fn a_script_is_a_line_or_a_list_and_gets_more_arguments_exactly() {
    let sandbox = sandbox("line = \"printf '<%s>' one\"\nlist = [\"printf\", \"<%s>\", \"a b\"]");
    sandbox.xtask(["line", "", "$HOME", "*", "--x"]).stdout("<one><><$HOME><*><--x>").run();
    sandbox.xtask(["list", "--help"]).stdout("<a b><--help>").run();
}

#[test]
fn a_script_runs_where_one_stands_by_both_spellings_and_keeps_its_code() {
    let sandbox =
        sandbox("where-am-i = 'pwd -P'\nfails = ['sh', '-c', 'exit 7']\ndies = ['sh', '-c', 'kill -TERM $$']");
    let here = sandbox.root().join("app/src");
    sandbox.xtask(["where_am_i"]).current_dir("app/src").stdout(&format!("{}\n", here.display())).run();
    sandbox.xtask(["fails"]).status(7).stderr("error: `sh -c 'exit 7'` exited with 7\n").run();
    sandbox.xtask(["dies"]).status(143).stderr("error: `sh -c 'kill -TERM $$'` was killed by SIGTERM\n").run();
}

#[test]
fn a_program_with_a_slash_is_the_projects() {
    let sandbox = sandbox("tool = './bin/cargo version'");
    sandbox.xtask(["tool"]).current_dir("app").stderr("cargo version\n").run();
}

#[test]
fn a_script_gets_a_scrubbed_environment() {
    let sandbox = sandbox("show = \"sh -c 'echo ${CARGO:-none} ${CARGO_PKG_NAME:-none}'\"");
    sandbox.xtask(["show"]).stdout("none none\n").run();
}

#[test]
fn a_program_that_is_not_there_or_no_program_is_named() {
    let sandbox = sandbox("gone = 'no-such-program x'\nfile = './app/Cargo.toml'");
    sandbox.xtask(["gone"]).status(127).stderr("error: there is no program `no-such-program`\n").run();
    let stderr = "error: `{root}/./app/Cargo.toml` is not a program that can be run\n";
    sandbox.xtask(["file"]).status(126).stderr(stderr).run();
}

#[test]
fn a_script_of_the_wrong_kind_is_an_error_and_harms_no_task() {
    let sandbox = sandbox("odd = 3");
    let stderr = "error: script `odd` is neither a command line with closed quotes nor a list of words\n\
                  hint: write `odd = [\"program\", \"argument\"]` in `Cargo.toml`\n";
    sandbox.xtask(["odd"]).status(1).stderr(stderr).run();
    let list = sandbox.xtask(["help"]).any_output().run().stdout;
    assert!(list.contains("Scripts cannot be listed: script `odd`"), "{list}");
    sandbox.xtask(["migrate", "--help"]).any_output().run();
}

#[test]
fn scripts_are_listed() {
    let list = sandbox("lint = 'cargo clippy'").xtask(["help"]).any_output().run().stdout;
    // As wide as the longest name in the list, which is none of this test's business.
    let line = list.split_once("\nScripts (Cargo.toml):\n").and_then(|(_, rest)| rest.lines().next());
    let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    assert_eq!(words, ["lint", "cargo", "clippy"], "{list}");
}

#[test]
fn asking_for_the_help_of_a_script_does_not_run_it() {
    let sandbox = sandbox("made = ['touch', 'made it']");
    let about = "A script of this project (`Cargo.toml`): touch 'made it'\n\nUsage: cargo xtask made [ARGUMENTS]...\n\n\
                 What is typed after its name is added at the end.\n";
    sandbox.xtask(["help", "made"]).stdout(about).run();
    sandbox.xtask(["--help", "made"]).stdout(about).run();
    assert!(!sandbox.root().join("made it").exists());
}

#[test]
fn a_script_that_is_written_wrongly_harms_no_other_name() {
    let sandbox = sandbox("odd = \"echo 'open\"\nfine = 'true'");
    sandbox.xtask(["fine"]).run();
    let stderr = "error: script `odd` is neither a command line with closed quotes nor a list of words\n\
                  hint: write `odd = [\"program\", \"argument\"]` in `Cargo.toml`\n";
    sandbox.xtask(["odd"]).status(1).stderr(stderr).run();
}

#[test]
fn a_signal_reaches_everything_that_a_script_started() {
    let sandbox = sandbox("left = ['sh', '-c', 'sleep 300 & echo ready; wait']");
    let running = sandbox.xtask(["left"]).start();
    running.wait_for("ready");
    running.signal(rustix::process::Signal::TERM);
    // It ends when nobody holds its output any more: neither the shell nor what the shell started.
    let (code, _, stderr) = running.end();
    assert_eq!(code, Some(143), "{stderr}");
}
