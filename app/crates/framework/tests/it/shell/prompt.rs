//! The prompt, without an editor: what is typed, and what is answered.

use super::{blog, press, sqlite};
use crate::sandbox::Sandbox;

const GREETING: &str =
    "4 models imported automatically (use -v 2 for details).\nType help() for what there is, Ctrl-D to leave.\n";

#[test]
fn what_is_typed_is_run_line_by_line() {
    let sandbox = sqlite().typed(
        "let n = Author.count()\nn + 1\nfn twice(x) {\n  x * 2\n}\ntwice(n)\nfoo\n\nAuthor.filter(#{\n  id: 1,\n}).first().name\n",
    );
    sandbox.line("shell").is(
        0,
        ">>> >>> 3\n>>> ... ... >>> 4\n>>> >>> >>> ... ... \"Ada\"\n>>> \n",
        &format!("{GREETING}error: there is no variable `foo`\n  line 1: foo\n          ^\n"),
    );
}

#[test]
fn a_failed_statement_leaves_the_transaction_and_the_shell_usable() {
    let typed = "begin()\nAuthor.create(#{name: \"Ada\"})\nTopic.create(#{module: \"x\"}).id\nTopic.count()\n";
    for sandbox in super::each() {
        let ran = sandbox.typed(typed).line("shell -v 0");
        assert_eq!((ran.code, ran.out.as_str()), (0, ">>> >>> >>> 2\n>>> 2\n>>> \n"), "{ran:?}");
        assert!(
            ran.err.starts_with("error: ") && ran.err.ends_with("\nthe open transaction was rolled back\n"),
            "{ran:?}"
        );
    }
}

#[test]
fn there_are_several_ways_to_leave() {
    for (typed, code) in [("exit\n1\n", 0), ("quit()\n1\n", 0), ("exit()\n1\n", 0), ("exit(3)\n1\n", 3)] {
        sqlite().typed(typed).line("shell -v 0").is(code, ">>> ", "");
    }
}

#[test]
fn names_are_said_before_the_prompt() {
    Sandbox::new(&[press, blog]).typed("").line("shell -v 2").is(
        0,
        ">>> \n",
        "5 models imported automatically:\n\n  press: Author, Topic, Article, Article_topics\n  blog: blog_Author\n\
         note: `Author` is press.Author; blog.Author is `blog_Author`\nType help() for what there is, Ctrl-D to leave.\n",
    );
}

#[test]
fn help_names_all_there_is() {
    let ran = sqlite().typed("help\n").line("shell -v 0");
    assert!(ran.out.starts_with(">>> Models: Author, Topic, Article, Article_topics\n"), "{}", ran.out);
    assert!(ran.out.contains("\n  call_command(name, …)"), "{}", ran.out);
}
