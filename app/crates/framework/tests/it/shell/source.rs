//! Where code comes from, and what is shown of results.

use super::{blog, code, press, shows, sqlite};
use crate::sandbox::Sandbox;

#[test]
fn results_are_tables_listings_and_values() {
    let sandbox = sqlite();
    shows(
        &sandbox,
        &[
            ("1 + 1", "2"),
            ("1 + 1;", ""),
            ("print(\"a\")", "a"),
            ("\"a\\n\\\"\"", "\"a\\n\\\"\""),
            ("null", ""),
            (
                "Author.all()",
                " id | name | is_active\n----+------+-----------\n  1 | Ada  | true\n  2 | Bob  | false\n(2 rows)",
            ),
            (
                "print(Author.filter(#{id: 1}))",
                " id | name | is_active\n----+------+-----------\n  1 | Ada  | true\n(1 row)",
            ),
            ("Author.filter(#{id: 0})", " id | name | is_active\n----+------+-----------\n(0 rows)"),
            ("Author.get(2)", " id        | 2\n name      | Bob\n is_active | false"),
            (
                "Author.all().list().filter(|author| author.is_active)",
                " id | name | is_active\n----+------+-----------\n  1 | Ada  | true\n(1 row)",
            ),
            (
                "[#{a: 1, b: null}, #{a: 2, c: \"x\"}]",
                " a | b    | c\n---+------+------\n 1 | null | null\n 2 | null | x\n(2 rows)",
            ),
            ("[Author.get(1), 2]", "[Author(1), 2]"),
            (
                "Author",
                "press.Author, table press_author\n id                 | big_integer, key\n name               | string, unique\n \
                 is_active          | boolean\n article_author_set | relation to press.Article\n \
                 article_editor_set | relation to press.Article",
            ),
            (
                "let m = moment(\"2026-01-31 18:00\"); [m, m + days(1), m - m == hours(0), m < now()]",
                "[2026-01-31 18:00:00+00:00, 2026-02-01 18:00:00+00:00, true, true]",
            ),
            ("Article.get(2).published_at == None", "true"),
        ],
    );
    let many = "for n in 0..500 { Topic.create(#{module: `t${n}`}) } Topic.order(\"-id\")";
    let ran = code(&sandbox, many);
    assert!(ran.out.starts_with(" id  | module\n-----+--------\n 501 | t499\n"), "{}", ran.out);
    assert!(ran.out.ends_with(" 482 | t480\n… and 481 more\n"), "{}", ran.out);
}

#[test]
fn moments_are_shown_and_read_in_the_time_zone() {
    let sandbox = sqlite().var("APP__TIME_ZONE", "Europe/Riga");
    shows(
        &sandbox,
        &[
            ("Article.get(1).published_at", "2026-01-02 05:04:00+02:00"),
            ("Article.filter(#{published_at: \"2026-01-02 05:04\"}).count()", "1"),
            ("Article.filter(#{published_at: \"2026-01-02T03:04:00Z\"}).count()", "1"),
        ],
    );
}

#[test]
fn code_comes_from_a_file_or_from_standard_input() {
    let sandbox = sqlite().file("below/count.rhai", "let n = Author.count();\nprint(`${n} authors`);\n");
    sandbox.line("shell --file below/count.rhai").is(0, "2 authors\n", "");
    sandbox.at("below").line("shell -f count.rhai").is(0, "2 authors\n", "");
    let sandbox = sqlite().file("bad.rhai", "let n = 1;\nAuthor.get(n + 8);\n");
    sandbox.line("shell -f bad.rhai").is(
        1,
        "",
        "CommandError: Author matching query does not exist\n  bad.rhai:2: Author.get(n + 8);\n                     ^\n",
    );
    sandbox.line("shell -f none.rhai").is(
        1,
        "",
        "CommandError: cannot read none.rhai: No such file or directory (os error 2)\n",
    );
    sandbox.piped("Author.count()\n").line("shell").is(0, "2\n", "");
}

#[test]
fn a_name_that_two_modules_have_is_the_first_ones() {
    let sandbox = Sandbox::new(&[press, blog]);
    let ran = sandbox.run(["shell", "-v", "2", "-c", "print([Author, blog_Author, model(\"blog.author\")])"]);
    ran.is(
        0,
        "[press.Author, blog.Author, blog.Author]\n",
        "5 models imported automatically:\n\n  press: Author, Topic, Article, Article_topics\n  blog: blog_Author\n\
         note: `Author` is press.Author; blog.Author is `blog_Author`\n",
    );
}

#[test]
fn commands_are_called_and_their_output_is_seen() {
    let sandbox = sqlite();
    shows(
        &sandbox,
        &[
            ("call_command(\"version\"); 1", "1.2.3\n1"),
            ("call_command(\"migrate\", \"--plan\")", "Planned operations:\n  No planned migration operations."),
            (
                "call_command(\"migrate\", [\"--plan\", \"-v\", 1]); print(2)",
                "Planned operations:\n  No planned migration operations.\n2",
            ),
            ("call_command(\"shell\", \"-c\", \"Author.count()\")", "2"),
        ],
    );
    let ran = code(&sandbox, "call_command(\"mirgate\")");
    ran.says_on_err(1, "CommandError: Unknown command: 'mirgate'");
    code(&sandbox, "exit(7)").is(7, "", "");
    code(&sandbox, "print(1); exit(); print(2)").is(0, "1\n", "");
}

#[test]
fn an_unknown_database_is_a_usage_error() {
    let sandbox = sqlite();
    for line in ["shell --database deflaut -c 1", "dbshell --database deflaut"] {
        let ran = sandbox.line(line);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("invalid choice: 'deflaut' (choose from 'default')"), "{ran:?}");
    }
}
