//! Files in the way: each is asked about, or one word decides about all.

use cli::ChangeOptions;

use super::{Person, Project, plain};

const MINE: &str = "//! Mine.\n";

/// A project with three files in the way of `blog`.
fn project() -> Project {
    let project = Project::new();
    for file in ["views.rs", "tests.rs", "templates/blog/index.html"] {
        project.write(&format!("app/src/modules/blog/{file}"), MINE);
    }
    project
}

/// Which of them were left.
fn left(project: &Project) -> Vec<String> {
    let files = project.files().into_iter().filter(|(_, text)| text == MINE);
    files.map(|(path, _)| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn each_is_asked_about() {
    for (typed, expected, questions) in [
        ("yyy", &[][..], 3),
        ("nyn", &["index.html", "views.rs"], 3),
        ("a", &[], 1),
        ("na", &["index.html"], 2),
        ("dyy?xy", &[], 6),
        ("nnn", &["index.html", "tests.rs", "views.rs"], 3),
    ] {
        let (project, mut person) = (project(), Person::who_types(typed));
        project.add("blog", plain(), &mut person).expect(typed);
        assert_eq!(left(&project), expected, "{typed}");
        assert_eq!(person.asked.len(), questions, "{typed}");
        assert_eq!(
            person.asked[0],
            "`app/src/modules/blog/templates/blog/index.html` is there already, with other content. Overwrite it? [y/n/a/q/d/?] "
        );
        assert!(project.read("app/src/modules/mod.rs").contains("pub mod blog;"), "{typed}");
        // An answer is not asked for again when it was to overwrite.
        let mut person = Person::absent();
        let again = project.add("blog", plain(), &mut person);
        assert_eq!(again.is_ok(), expected.is_empty(), "{typed}");
    }
}

#[test]
fn the_difference_is_shown_when_asked_for() {
    let (project, mut person) = (project(), Person::who_types("d?q"));
    project.add("blog", plain(), &mut person).expect_err("it was left off");
    assert!(
        person.noted[0].starts_with("diff --git a/app/src/modules/blog/templates/blog/index.html"),
        "{:?}",
        person.noted
    );
    assert!(person.noted[0].contains("\n-//! Mine.\n"), "{:?}", person.noted);
    // Where the question is: stdout may go to a file.
    assert!(person.said.is_empty(), "{:?}", person.said);
    assert!(person.noted[1].starts_with("y: overwrite it; n: leave it"), "{:?}", person.noted);
}

#[test]
fn who_breaks_off_has_changed_nothing() {
    for (typed, says) in
        [("q", "nothing was changed"), ("yyq", "nothing was changed"), ("y", "cancelled: nothing was changed")]
    {
        let project = project();
        let before = project.files();
        let error = project.add("blog", plain(), &mut Person::who_types(typed)).expect_err(typed);
        assert_eq!((error.to_string().as_str(), error.code()), (says, 1));
        assert_eq!(error.is_cancelled(), typed == "y");
        assert_eq!(project.files(), before);
        assert!(!project.root().join("var").exists());
    }
}

#[test]
fn where_nobody_is_asked_they_are_listed_overwritten_or_left() {
    let before = project().files();
    let list = "these files are there already, with other content:\n  app/src/modules/blog/templates/blog/index.html\n  \
                app/src/modules/blog/tests.rs\n  app/src/modules/blog/views.rs";
    for (options, person) in
        [(plain(), Person::absent()), (ChangeOptions { noinput: true, ..plain() }, Person::who_types("aaa"))]
    {
        let (project, mut person) = (project(), person);
        let error = project.add("blog", options, &mut person).expect_err("files in the way");
        assert_eq!((error.to_string().as_str(), error.code()), (list, 1));
        assert!(error.hint().is_some_and(|hint| hint.starts_with("`--force` overwrites them")));
        assert_eq!(project.files(), before);
    }
    let overwritten = project();
    overwritten.add("blog", super::force(), &mut Person::absent()).expect("files that are overwritten");
    assert!(left(&overwritten).is_empty());
    let (skipped, mut person) = (project(), Person::absent());
    skipped.add("blog", ChangeOptions { skip: true, ..plain() }, &mut person).expect("files that are left");
    assert_eq!(left(&skipped).len(), 3);
    assert_eq!(person.noted[0], "note: `app/src/modules/blog/templates/blog/index.html` is left as it is");
    assert!(skipped.read("app/src/modules/blog/mod.rs").contains("mod views;"));
    // What was overwritten comes back.
    overwritten.undo(plain(), &mut Person::absent()).expect("it is taken back");
    assert_eq!(overwritten.files(), before);
}

#[test]
fn a_registry_that_cannot_be_understood_is_named() {
    let project = Project::new();
    project.write("app/src/modules/mod.rs", "//! All.\n\nframework::modules!(mailings);\n");
    let before = project.files();
    let error = project.add("blog", plain(), &mut Person::absent()).expect_err("nowhere to register");
    assert!(error.to_string().contains("app/src/modules/mod.rs"), "{error}");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("pub mod blog;") && hint.contains("blog::module"), "{hint}");
    assert_eq!(project.files(), before);
}
