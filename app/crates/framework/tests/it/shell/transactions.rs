//! Transactions, and a shell that only reads.

use framework::management::Call;

use super::{code, each, refuses, shows, sqlite};
use crate::sandbox::wait;

#[test]
fn a_transaction_is_kept_or_undone_as_a_whole() {
    for sandbox in each() {
        shows(
            &sandbox,
            &[
                ("begin(); Topic.create(#{module: \"x\"}); commit(); Topic.count()", "2"),
                ("begin(); Topic.all().delete(); rollback(); Topic.count()", "2"),
                // What fails takes nothing else with it.
                (
                    "begin(); Topic.create(#{module: \"y\"});\n\
                     try { Author.create(#{name: \"Ada\"}) } catch { print(\"refused\") }\n\
                     try { call_command(\"nope\") } catch { print(\"unknown\") }\n\
                     Topic.create(#{module: \"z\"}); commit(); Topic.count()",
                    "refused\nunknown\n4",
                ),
                // Commands are part of it.
                (
                    "begin(); Topic.all().delete(); call_command(\"dumpdata\", \"press.topic\"); rollback(); Topic.count()",
                    "[]\n4",
                ),
            ],
        );
        code(&sandbox, "begin(); Topic.all().delete(); Topic.count()").is(
            0,
            "0\n",
            "the open transaction was rolled back\n",
        );
        shows(&sandbox, &[("Topic.count()", "4")]);
        code(&sandbox, "begin(); Topic.all().delete(); foo").says_on_err(1, "the open transaction was rolled back\n");
        shows(&sandbox, &[("Topic.count()", "4")]);
    }
}

#[test]
fn begin_commit_and_rollback_go_together() {
    let sandbox = super::sqlite();
    super::refuses(
        &sandbox,
        &[
            ("commit()", "there is no open transaction for commit(); `begin()` opens one"),
            ("rollback()", "there is no open transaction for rollback(); `begin()` opens one"),
        ],
    );
    let ran = code(&sandbox, "begin(); begin()");
    ran.says_on_err(1, "there is an open transaction; end it with `commit()` or `rollback()` first");
}

#[test]
fn a_shell_that_only_reads_writes_nothing_by_any_way() {
    for sandbox in each() {
        let sandbox = sandbox.file("rows.json", r#"[{"model": "press.topic", "pk": 9, "fields": {"module": "no"}}]"#);
        for (piece, said) in [
            ("Topic.create(#{module: \"x\"})", "nothing is written: the shell was started with `--read-only`"),
            ("Topic.all().delete()", "nothing is written"),
            ("Topic.all().update(#{module: \"x\"})", "nothing is written"),
            ("let t = Topic.get(1); t.module = \"x\"; t.save()", "nothing is written"),
            ("Topic.get(1).delete()", "nothing is written"),
            ("call_command(\"loaddata\", \"rows.json\")", "read"),
            ("call_command(\"flush\", \"--noinput\")", "read"),
            ("call_command(\"migrate\", \"press\", \"zero\")", "read"),
            (
                "call_command(\"makemigrations\", \"press\", \"--empty\")",
                "`makemigrations` changes the project's sources",
            ),
            ("call_command(\"add_module\", \"cms\")", "hint: call it by itself: `app add_module`"),
            (
                "call_command(\"dbshell\", \"--\", \"-c\", \"DELETE FROM press_topic\")",
                "hint: call it by itself: `app dbshell`",
            ),
        ] {
            let ran = sandbox.run(["shell", "--read-only", "-c", piece]);
            assert_eq!(ran.code, 1, "{piece}: {ran:?}");
            assert!(ran.err.contains(said), "{piece}: {ran:?}");
        }
        sandbox.run(["shell", "--read-only", "-c", "Topic.values(\"module\")"]).is(0, "[\"math\"]\n", "");
    }
}

#[test]
fn the_databases_own_shell_does_not_take_the_place_of_a_process_that_calls_it() {
    let sandbox = sqlite();
    let refused = "`dbshell` takes the place of the whole process, so code cannot call it\n\
        hint: call it by itself: `app dbshell`";
    refuses(&sandbox, &[("call_command(\"dbshell\")", refused)]);
    let called = wait(Call::typed(cli::Dbshell::default()).run(&sandbox.ctx()));
    assert_eq!(called.expect_err("a refusal").to_string(), refused);
}
