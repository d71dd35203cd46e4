//! Questions, rows, relations: on both backends.

use super::{code, each, postgresql, refuses, shows, sqlite};

#[test]
fn lookups_find_what_they_say() {
    for sandbox in each() {
        let found = [
            ("", "[1, 2, 3]"),
            ("title: \"Notes\"", "[1]"),
            ("title__exact: \"notes\"", "[]"),
            ("title__iexact: \"notes\"", "[1]"),
            ("title__contains: \"otes\"", "[1, 2]"),
            ("title__contains: \"NOTES\"", "[]"),
            ("title__icontains: \"NOTES\"", "[1, 2]"),
            ("title__contains: \"%\"", "[3]"),
            ("title__icontains: \"r_A\"", "[3]"),
            ("title__startswith: \"No\"", "[1]"),
            ("title__istartswith: \"mo\"", "[2]"),
            ("title__endswith: \"all\"", "[3]"),
            ("title__iendswith: \"NOTES\"", "[1, 2]"),
            ("title__contains: \"*\"", "[]"),
            ("words__gt: 80", "[1]"),
            ("words__gte: 80", "[1, 2]"),
            ("words__lt: 80", "[3]"),
            ("words__lte: 80", "[2, 3]"),
            ("words__ne: 80", "[1, 3]"),
            ("words__contains: 2", "[1]"),
            ("pk__in: [1, 3, 7]", "[1, 3]"),
            ("pk__in: []", "[]"),
            ("editor__isnull: true", "[1, 3]"),
            ("editor_id__isnull: false", "[2]"),
            ("editor: null", "[1, 3]"),
            ("editor_id__ne: 2", "[1, 3]"),
            ("rating: 4.5", "[1]"),
            ("day: \"2026-02-03\"", "[2]"),
            ("price: \"1.50\"", "[2]"),
            ("published_at__lt: now(), title__startswith: \"N\"", "[1]"),
            ("published_at: moment(\"2026-01-02 03:04\")", "[1]"),
            ("published_at__gte: \"2026-01-03\"", "[]"),
            ("author: 2", "[3]"),
            ("author: Author.get(1)", "[1, 2]"),
            ("author__name__startswith: \"A\"", "[1, 2]"),
            ("editor__is_active: false", "[2]"),
            ("topics: 1", "[1]"),
            ("topics__module: \"math\"", "[1]"),
        ];
        // All at once: it is the lookups that are tested, not the start of the program.
        let line = |(filter, _): &(&str, &str)| {
            format!("print(`{filter}: ${{Article.filter(#{{{filter}}}).values(\"id\")}}`);")
        };
        let lines: Vec<String> = found.iter().map(line).collect();
        let expected: Vec<String> = found.iter().map(|(filter, ids)| format!("{filter}: {ids}\n")).collect();
        code(&sandbox, &lines.join("\n")).is(0, &expected.concat(), "");
        shows(
            &sandbox,
            &[
                ("Article.exclude(#{editor: 2}).values(\"id\")", "[1, 3]"),
                ("Article.exclude(#{words: 80, author: 1}).values(\"id\")", "[1, 3]"),
                ("Author.filter(#{article_author__title: \"Notes\"}).values(\"name\")", "[\"Ada\"]"),
                ("Topic.filter(#{article__author__name: \"Ada\"}).first().module", "\"math\""),
                ("Article.filter(#{title: \"'; DROP TABLE press_article; --\"}).count()", "0"),
            ],
        );
    }
}

#[test]
fn rows_come_in_order_and_in_parts() {
    for sandbox in each() {
        shows(
            &sandbox,
            &[
                ("Article.order(\"-words\").values(\"words\")", "[120, 80, 0]"),
                ("Article.order(\"author\", \"-id\").values(\"id\")", "[2, 1, 3]"),
                ("Article.order_by([\"-author_id\", \"words\"]).values(\"id\")", "[3, 2, 1]"),
                ("Article.order(\"-id\").limit(2).values(\"id\")", "[3, 2]"),
                ("Article.all().offset(1).values(\"id\")", "[2, 3]"),
                ("Article.limit(2).offset(1).values(\"id\")", "[2]"),
                ("Article.offset(1).count()", "2"),
                ("let most = 9223372036854775807; Article.offset(most).offset(most).offset(most).count()", "0"),
                ("Article.offset(9223372036854775807).offset(1).limit(1).values(\"id\")", "[]"),
                ("Article.limit(2).count()", "2"),
                ("Article.first().id", "1"),
                ("Article.last().id", "3"),
                ("Article.order(\"words\").last().words", "120"),
                ("Article.all()[1].title", "\"More notes\""),
                ("Article.filter(#{words: 7}).first()", ""),
                ("[Article.filter(#{words: 7}).exists(), Article.objects.exists()]", "[false, true]"),
                ("let n = 0; for article in Article.all() { n += article.words } n", "200"),
                ("Article.all().list().map(|article| article.words)", "[120, 80, 0]"),
                ("Article.get(#{title: \"Notes\"}) == Article.get(1)", "true"),
            ],
        );
    }
}

#[test]
fn rows_are_made_changed_and_deleted() {
    for sandbox in each() {
        shows(
            &sandbox,
            &[
                ("let a = Author.get(1); a.name = \"Eve\"; a.save(); Author.get(1).name", "\"Eve\""),
                ("let a = Author.get(1); a.name = \"Ida\"; a.refresh(); a.name", "\"Eve\""),
                (
                    "let a = Article.get(2); a.editor = null; a.author = Author.get(2); a.save(); [a.editor_id, a.author.name]",
                    "[null, \"Bob\"]",
                ),
                ("let a = Article.get(2); a.author.name = \"Rob\"; a.author.save(); Author.get(2).name", "\"Rob\""),
                (
                    "let a = Article.get(1); a.extra = #{b: [true, ()]}; a.day = now(); a.save(); a.extra.b",
                    "[true, null]",
                ),
                ("Article.filter(#{author: 2}).update(#{words: 5, rating: null})", "2"),
                ("Article.values(\"words\")", "[120, 5, 5]"),
                ("Article.get(3).delete()", "1"),
                ("Article.filter(#{words: 5}).delete()", "1"),
                ("Author.get(1).delete(); Article.count()", "0"),
            ],
        );
    }
}

#[test]
fn relations_lead_both_ways() {
    for sandbox in each() {
        shows(
            &sandbox,
            &[
                ("Article.get(2).author.name + Article.get(2).editor.name", "\"AdaBob\""),
                ("Article.get(1).editor", ""),
                ("Author.get(1).article_author_set.order(\"-id\").values(\"id\")", "[2, 1]"),
                ("Author.get(2).article_editor_set.first().title", "\"More notes\""),
                ("Article.get(1).topics.values(\"module\")", "[\"math\"]"),
                ("Topic.get(1).article_set.values(\"title\")", "[\"Notes\"]"),
                ("Author.get(2).article_author_set.create(#{title: \"New\"}).author_id", "2"),
            ],
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = sqlite();
    let fields = "id, name, is_active, article_author_set, article_editor_set";
    refuses(
        &sandbox,
        &[
            ("Author.filter(#{nmae: 1})", &format!("press.Author has no field `nmae`; it has: {fields}")),
            ("Author.get(1).nmae", &format!("press.Author has no field `nmae`; it has: {fields}")),
            ("Author.order(\"nmae\")", &format!("press.Author has no field `nmae`; it has: {fields}")),
            ("Author.create(#{nmae: 1})", &format!("press.Author has no field `nmae`; it has: {fields}")),
            ("Author.get(7)", "Author matching query does not exist"),
            ("Author.get(#{id__gt: 0})", "get() returned more than one Author"),
            ("Author.all", "`all` is a method: write `all(…)`"),
            ("Author.all().cuont()", "there is no function `cuont(Query)`; did you mean `count`?"),
            ("Auhtor.all()", "there is no variable `Auhtor`; did you mean `Author`?"),
            ("Author.delete()", "`Author.all().delete()` deletes all rows of Author"),
            ("Author.limit(1).delete()", "`delete` cannot be used after `limit` or `offset`"),
            ("Author.limit(1).filter(#{id: 1})", "rows cannot be filtered after `limit` or `offset`: filter first"),
            ("Author.filter(#{is_active: 1})", "is_active: expected true or false, got 1"),
            ("Author.filter(#{id__in: 1})", "id__in: `in` takes an array, such as [1, 2]"),
            ("Author.create(#{name: \"Ada\"})", "UNIQUE constraint failed: press_author.name"),
            ("let a = Author.get(1); a.id = \"x\"", "field id of press.Author: expected a whole number, got \"x\""),
            (
                "let a = Author.get(1); Author.get(1).delete(); a.name = \"x\"; a.save()",
                "Author(1) is not in the database any more",
            ),
            ("fn f(n) { f(n + 1) } f(0)", "stack overflow"),
        ],
    );
    // What failed before the place is not shown, what follows it is.
    code(&sandbox, "let x = 1;\n  foo + x").is(
        1,
        "",
        "CommandError: there is no variable `foo`\n  line 2:   foo + x\n            ^\n",
    );
}

#[test]
fn what_postgresql_refuses_is_said_in_its_words() {
    let Some(sandbox) = postgresql() else { return };
    refuses(
        &sandbox,
        &[(
            "Author.create(#{name: \"Ada\"})",
            "duplicate key value violates unique constraint \"press_author_name_key\": Key (name)=(Ada) already exists",
        )],
    );
}
