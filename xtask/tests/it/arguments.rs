//! Arguments: judged for built-in commands, otherwise passed on byte for byte.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::commands;
use crate::sandbox::{BUILD, Sandbox, app};

#[test]
fn a_wrong_flag_of_a_built_in_command_fails_before_any_build() {
    let sandbox = Sandbox::new();
    for (args, part) in [
        (&["showmigrations", "--wrong-flag"][..], "unexpected argument '--wrong-flag'"),
        (&["migrate", "a", "b", "c"], "unexpected argument 'c'"),
        (&["migrate", "-v", "loud"], "invalid value 'loud'"),
        (&["migrate", "-v", "4"], "invalid value '4'"),
        (&["runserver", "80000"], "\"80000\" is not a valid port"),
        (&["check", "--fail-level", "WORSE"], "invalid value 'WORSE'"),
        (&["dev", "--wrong-flag"], "unexpected argument '--wrong-flag'"),
        (&["dev", "nonsense"], "\"nonsense\" is not a valid port"),
        (&["bench", "task-overhead", "--runs", "1"], "invalid value '1'"),
        (&["--wrong-flag"], "unexpected argument '--wrong-flag'"),
        (&["--json", "migrate"], "--explain"),
    ] {
        let output = sandbox.xtask(args).any_output().status(2).run();
        assert!(output.stderr.contains(part), "{args:?}: {}", output.stderr);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
    assert!(!sandbox.root().join("target/debug/app").exists());
}

#[test]
fn a_module_that_overrides_a_built_in_command_judges_for_itself() {
    let sandbox = Sandbox::built();
    sandbox.write("app/src/modules/cms/adp/mod.rs", &commands::module("cms_adp", &["commands"]));
    sandbox.write("app/src/modules/cms/adp/commands/mod.rs", &commands::list(&["check"]));
    sandbox.write("app/src/modules/cms/adp/commands/check.rs", &commands::command("Check it our way"));
    let call = sandbox.xtask(["check", "--wrong-flag"]);
    call.stdout(&app(&["check", "--wrong-flag"])).stderr(BUILD).run();

    let text = std::fs::read_to_string(sandbox.root().join("catalogue.json")).expect("a file");
    sandbox.write("catalogue.json", &text.replacen("\"builtin\":true", "\"builtin\":false", 1));
    sandbox.xtask(["zzzzzz"]).any_output().status(1).run();
    sandbox.xtask(["migrate", "--wrong-flag"]).stdout(&app(&["migrate", "--wrong-flag"])).run();
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let sandbox = Sandbox::built();
    let nasty = ["$(touch pwned)", "a  b", "'\"`;|&*?", "--explain", "--json", "--", "", "é☃", "a\nb", "\\", "-"];
    let expected: Vec<&str> = std::iter::once("send_mailing").chain(nasty).collect();
    sandbox.xtask(std::iter::once("send-mailing").chain(nasty)).stdout(&app(&expected)).run();
    // What looks like xtask's own options belongs to the task once its name is there, even first.
    sandbox.xtask(["migrate", "--", "x"]).stdout(&app(&["migrate", "--", "x"])).run();
    assert!(!sandbox.root().join("pwned").exists());
}

#[test]
fn arguments_that_are_not_utf8_arrive_too() {
    let sandbox = Sandbox::built();
    let args = [OsString::from("send-mailing"), OsString::from_vec(b"a\xff\xfeb".to_vec())];
    let stdout = app(&["send_mailing", "@"]).replace("\"@\"", "[97,255,254,98]");
    sandbox.xtask(args).stdout(&stdout).run();
    let output = sandbox.xtask([OsString::from_vec(vec![0xff])]).any_output().status(2).run();
    assert!(output.stderr.contains("invalid UTF-8"), "{}", output.stderr);
}

/// A generator good enough for arguments; the seed is printed, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn random_arguments_arrive_byte_for_byte() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let seed = u64::from(now.subsec_nanos()) + 1;
    println!("seed {seed}");
    let mut random = Random(seed);
    let sandbox = Sandbox::built();
    for _ in 0..10 {
        let mut args = vec![b"send_mailing".to_vec()];
        for _ in 0..random.below(8) {
            // Any byte but the one that no argument can hold.
            let length = random.below(12);
            args.push((0..length).map(|_| u8::try_from(random.below(255) + 1).expect("a byte")).collect());
        }
        let output = sandbox.xtask(args.iter().cloned().map(OsString::from_vec)).any_output().run();
        let line: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let arrived: Vec<Vec<u8>> = line["app"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|arg| match arg.as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => serde_json::from_value(arg.clone()).expect("bytes"),
            })
            .collect();
        assert_eq!(arrived, args);
    }
}

#[test]
fn from_a_subdirectory_the_child_stands_there_and_knows_the_root() {
    let sandbox = Sandbox::new();
    let show = "APP_ROOT APP_PROG CARGO CARGO_MANIFEST_DIR CARGO_PKG_NAME CARGO_TARGET_DIR RUSTFLAGS APP__ENVIRONMENT";
    for variables in [&[][..], &["CARGO_MANIFEST_DIR"]] {
        let call = sandbox.xtask(["version"]).current_dir("app/src").env("FAKE_SHOW", show);
        let call = variables.iter().fold(call, |call, name| call.env_remove(name));
        let output = call.any_output().run();
        let line: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let root = sandbox.root().to_str().expect("UTF-8");
        assert_eq!(line["in"], "app/src");
        let expected = serde_json::json!({
            "APP_ROOT": root, "APP_PROG": "cargo xtask", "CARGO": null, "CARGO_MANIFEST_DIR": null,
            "CARGO_PKG_NAME": null, "CARGO_TARGET_DIR": format!("{root}/target"), "RUSTFLAGS": null,
            "APP__ENVIRONMENT": null,
        });
        assert_eq!(line["env"], expected);
    }
}

#[test]
fn the_tests_run_in_the_test_environment_with_their_arguments() {
    let sandbox = Sandbox::new();
    let stderr = "cargo test -p db -- --nocapture\n{\"APP__ENVIRONMENT\":\"test\",\"CARGO\":null}\n";
    let call = sandbox.xtask(["test", "-p", "db", "--", "--nocapture"]);
    call.env("FAKE_SHOW", "APP__ENVIRONMENT CARGO").stderr(stderr).run();
    let failed = "cargo test --workspace\nerror: `cargo test --workspace` exited with 101\n";
    sandbox.xtask(["test"]).env("FAKE_CARGO", "exit 101").status(101).stderr(failed).run();
}

#[test]
fn help_with_options_is_the_apps() {
    let sandbox = Sandbox::new();
    sandbox.xtask(["help", "--commands"]).stdout(&app(&["help", "--commands"])).stderr(BUILD).run();
}

#[test]
fn tasks_without_arguments_take_none() {
    let sandbox = Sandbox::new();
    for (task, word) in [("tidy", "--nonsense"), ("tidy", "extra"), ("codegen", "--x")] {
        let output = sandbox.xtask([task, word]).status(2).any_output().run();
        assert!(output.stderr.contains(&format!("unexpected argument '{word}'")), "{}", output.stderr);
        assert!(output.stdout.is_empty());
    }
}
