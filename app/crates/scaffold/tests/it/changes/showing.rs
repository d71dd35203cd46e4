//! What a run says: what it did, what it would do, and that there is nothing to do.

use std::process::Command;

use cli::ChangeOptions;

use super::{Person, Project, plain};

const BLOG: [&str; 4] = ["mod.rs", "templates/blog/index.html", "tests.rs", "views.rs"];

fn dry_run() -> ChangeOptions {
    ChangeOptions { dry_run: true, ..plain() }
}

#[test]
fn what_was_done_is_said_and_a_second_time_there_is_nothing_to_do() {
    let (project, mut person) = (Project::new(), Person::absent());
    project.add("blog", plain(), &mut person).expect("a module");
    let mut expected: Vec<String> = BLOG.iter().map(|file| format!("create app/src/modules/blog/{file}")).collect();
    expected.push("change app/src/modules/mod.rs".to_owned());
    assert_eq!(person.said, expected);
    assert_eq!(person.noted, ["next: `cargo xtask dev` shows it at /blog/"]);
    let (files, mut person) = (project.files(), Person::absent());
    project.add("blog", plain(), &mut person).expect("nothing to do");
    assert_eq!((person.said, person.noted), (vec!["nothing to do".to_owned()], Vec::new()));
    assert_eq!(project.files(), files);
}

#[test]
fn one_call_and_one_for_each_word_give_the_same_tree() {
    // Case 108.
    let (at_once, one_by_one) = (Project::new(), Project::new());
    at_once.add("cms adp roles", plain(), &mut Person::absent()).expect("modules");
    for words in ["cms", "cms adp", "cms adp roles"] {
        one_by_one.add(words, plain(), &mut Person::absent()).expect("a module");
    }
    assert_eq!(at_once.files(), one_by_one.files());
    for words in ["cms", "cms adp", "cms adp roles"] {
        let mut person = Person::absent();
        at_once.add(words, plain(), &mut person).expect("nothing to do");
        assert_eq!(person.said, ["nothing to do"]);
    }
    let registry = at_once.read("app/src/modules/mod.rs");
    let added: Vec<&str> = registry.lines().filter(|line| line.contains("cms")).collect();
    assert_eq!(added, ["pub mod cms;", "    cms::module,"]);
}

#[test]
fn a_dry_run_shows_the_tree_and_diffs_that_git_applies_and_changes_nothing() {
    let (project, mut person) = (Project::new(), Person::absent());
    let before = project.files();
    project.add("blog", dry_run(), &mut person).expect("a dry run");
    let tree = "app/src/modules/\n  blog/\n    mod.rs  (create)\n    templates/\n      blog/\n        index.html  \
                (create)\n    tests.rs  (create)\n    views.rs  (create)\n  mod.rs  (change)";
    assert_eq!(person.said[0], tree);
    assert_eq!(project.files(), before);
    assert!(!project.root().join("var").exists());
    // What was shown is what is done: git does it from the text alone.
    let patch = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(patch.path(), person.said.join("\n") + "\n").expect("a patch");
    let git = Command::new("git").arg("apply").arg(patch.path()).current_dir(project.root()).output().expect("git");
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    let mut person = Person::absent();
    project.add("blog", plain(), &mut person).expect("nothing to do");
    assert_eq!(person.said, ["nothing to do"]);
}

#[test]
fn a_dry_run_shows_what_is_in_the_way_and_fails_as_the_run_would() {
    let (project, mut person) = (Project::new(), Person::absent());
    project.write("app/src/modules/blog/views.rs", "//! Mine.\n");
    let error = project.add("blog", dry_run(), &mut person).expect_err("a file in the way").to_string();
    assert!(person.said[0].contains("    views.rs  (overwrite)"), "{}", person.said[0]);
    assert!(person.said.iter().any(|text| text.contains("\n-//! Mine.\n")));
    assert_eq!(error, "these files are there already, with other content:\n  app/src/modules/blog/views.rs");
    project.add("blog", ChangeOptions { force: true, ..dry_run() }, &mut Person::absent()).expect("a dry run");
    let mut person = Person::absent();
    project.add("blog", ChangeOptions { skip: true, ..dry_run() }, &mut person).expect("a dry run");
    assert!(!person.said[0].contains("views.rs"), "{}", person.said[0]);
}

#[test]
fn diffs_are_shown_beside_what_was_done() {
    let (project, mut person) = (Project::new(), Person::absent());
    project.add("blog", ChangeOptions { diff: true, ..plain() }, &mut person).expect("a module");
    let at = person.said.iter().position(|line| line == "change app/src/modules/mod.rs").expect("the registry");
    assert!(person.said[at + 1].starts_with("diff --git a/app/src/modules/mod.rs b/app/src/modules/mod.rs\n--- a/app"));
    assert!(
        person.said[at + 1].contains("\n+pub mod blog;\n") && person.said[at + 1].contains("\n+    blog::module,\n")
    );
}

#[test]
fn a_command_that_takes_the_place_of_another_is_said() {
    let (project, mut person) = (Project::new(), Person::absent());
    project.add_command("check", &mut person).expect("a command");
    assert_eq!(person.noted[0], "warning: `check` is a built-in command too; this one takes its place");
    project.add("blog", plain(), &mut person).expect("a module");
    let mut person = Person::absent();
    let args = cli::AddCommand { module: "blog".to_owned(), name: "check".to_owned(), ..cli::AddCommand::default() };
    scaffold::add_command(project.root(), &args, &mut person).expect("a command");
    assert_eq!(person.noted.len(), 2, "{:?}", person.noted);
}

#[test]
fn names_that_cannot_be_leave_no_trace() {
    let project = Project::new();
    let before = project.files();
    let long = "a".repeat(200);
    for (words, code, says) in [
        ("", 2, "You must provide an application name."),
        ("7testproject", 1, "'7testproject' is not a valid app name. Please make sure the name is a valid identifier."),
        ("../testproject", 1, "'../testproject' is not a valid app name."),
        ("/abs", 1, "'/abs' is not a valid app name."),
        ("cms ..", 1, "'..' is not a valid app name."),
        ("a-b", 1, "'a-b' is not a valid app name."),
        ("Cms", 1, "'Cms' is not a valid app name."),
        ("größe", 1, "'größe' is not a valid app name."),
        ("type", 1, "'type' is not a valid app name."),
        ("self", 1, "'self' is not a valid app name."),
        (&long, 1, "is not a valid app name."),
        ("std", 1, "'std' conflicts with the name of an existing crate. Please try another name."),
        ("cms models", 1, "'models' conflicts with the name of an existing part of a module."),
        ("mailings", 1, "'mailings' conflicts with the name of an existing module. Please try another name.\n"),
    ] {
        let error = project.add(words, plain(), &mut Person::absent()).expect_err(words);
        assert!(error.to_string().contains(says), "{words}: {error}");
        assert_eq!(error.code(), code, "{words}");
        assert_eq!(project.files(), before, "{words}");
        assert!(!project.root().join("var").exists(), "{words}");
    }
    let hint = project.add("a-b", plain(), &mut Person::absent()).expect_err("a hyphen");
    assert!(hint.hint().is_some_and(|hint| hint.contains("`a_b`")), "{:?}", hint.hint());
}
