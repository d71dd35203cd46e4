//! `--undo`: the last change goes, and no edit of anybody else with it.

use std::path::Path;

use cli::ChangeOptions;

use super::{Person, Project, force, plain};

#[test]
fn changes_are_taken_back_from_the_last_to_the_first() {
    let project = Project::new();
    let mut states = vec![project.files()];
    let mut person = Person::absent();
    project.add("cms", plain(), &mut person).expect("a module");
    states.push(project.files());
    project.add_command("send", &mut person).expect("a command");
    states.push(project.files());
    project.add("cms adp roles", plain(), &mut person).expect("modules");
    states.push(project.files());
    project.remove("cms adp roles", plain(), &mut person).expect("a module less");
    states.push(project.files());
    project.remove_command("send", plain(), &mut person).expect("a command less");
    for state in states.iter().rev() {
        project.undo(plain(), &mut person).expect("it is taken back");
        assert_eq!(&project.files(), state);
    }
    let mut person = Person::absent();
    project.undo(plain(), &mut person).expect("nothing to undo");
    assert_eq!(person.said, ["nothing to undo"]);
    // A change that was taken back can be made again, and taken back again.
    project.add("cms", plain(), &mut person).expect("a module");
    project.undo(plain(), &mut person).expect("it is taken back");
    assert_eq!(project.files(), states[0]);
    assert_eq!(person.noted.last().map(String::as_str), Some("took back `add-module cms`"));
}

#[test]
fn files_that_were_edited_since_are_listed_and_nothing_is_changed() {
    let project = Project::new();
    let before = project.files();
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    project.write("app/src/modules/blog/views.rs", "//! Mine.\n");
    project.write("app/src/modules/blog/more.rs", "//! Mine too.\n");
    let edited = project.files();
    let error = project.undo(plain(), &mut Person::absent()).expect_err("an edited file");
    let list = "`add-module blog` cannot be taken back: these files were edited since, or are not its own:\n  \
                app/src/modules/blog/more.rs\n  app/src/modules/blog/views.rs";
    assert_eq!((error.to_string().as_str(), error.code()), (list, 1));
    assert_eq!(project.files(), edited);
    let mut person = Person::absent();
    project.undo(ChangeOptions { dry_run: true, ..force() }, &mut person).expect("a dry run");
    assert!(person.said.iter().any(|text| text.ends_with("\n-//! Mine.")), "{:?}", person.said);
    assert_eq!(project.files(), edited);
    project.undo(force(), &mut Person::absent()).expect("it is taken back all the same");
    assert_eq!(person.noted, ["warning: `app/src/modules/blog/more.rs` is not its own, and stays"]);
    // A file that no change made is nobody's to remove.
    let mut left = project.files();
    assert_eq!(left.remove(Path::new("app/src/modules/blog/more.rs")).as_deref(), Some("//! Mine too.\n"));
    assert_eq!(left, before);
}

#[test]
fn what_a_module_leaves_behind_is_said() {
    let project = Project::new();
    let before = project.files();
    let model = ["Post", "title:string"].map(str::to_owned).to_vec();
    let args = cli::AddModule { path: vec!["blog".to_owned()], model, ..cli::AddModule::default() };
    scaffold::add_module(project.root(), &args, &mut Person::absent()).expect("a module");
    let migration = "app/src/modules/blog/migrations/0002_more.toml";
    project.write(migration, "operations = []\n");
    project.write("app/src/modules/mailings/a.rs", "//! A.\n\nuse crate::modules::blog::service;\n");
    let added = project.files();
    let error = project.undo(plain(), &mut Person::absent()).expect_err("a second migration");
    assert!(error.to_string().ends_with(&format!("edited since, or are not its own:\n  {migration}")), "{error}");
    assert_eq!(project.files(), added);
    std::fs::remove_file(project.root().join(migration)).expect("a file");
    let mut person = Person::absent();
    project.undo(plain(), &mut person).expect("it is taken back");
    let tables = "warning: the tables of `blog` stay in the database; `cargo xtask migrate blog zero` before this \
                  removes them";
    let users = "warning: `app/src/modules/mailings/a.rs` uses `blog`, and does not compile without it";
    assert_eq!(person.noted[..2], [tables, users]);
    std::fs::remove_file(project.root().join("app/src/modules/mailings/a.rs")).expect("a file");
    assert_eq!(project.files(), before);
}

#[test]
fn what_others_wrote_into_a_registry_stays() {
    let project = Project::new();
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    let registry = "app/src/modules/mod.rs";
    let edited = project.read(registry).replace("// Mine.", "// Mine, and nobody else's.") + "\n// The end.\n";
    project.write(registry, &edited);
    project.undo(plain(), &mut Person::absent()).expect("it is taken back");
    let expected = super::REGISTRY.replace("// Mine.", "// Mine, and nobody else's.") + "\n// The end.\n";
    assert_eq!(project.read(registry), expected);
}

#[test]
fn a_registry_whose_very_lines_were_edited_is_listed() {
    let project = Project::new();
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    let registry = "app/src/modules/mod.rs";
    project.write(registry, &project.read(registry).replace("    blog::module,\n", "    blog::module, // the blog\n"));
    let edited = project.files();
    let error = project.undo(plain(), &mut Person::absent()).expect_err("an edited line");
    assert!(error.to_string().ends_with("edited since, or are not its own:\n  app/src/modules/mod.rs"), "{error}");
    assert_eq!(project.files(), edited);
}

#[test]
fn what_is_gone_already_does_not_have_to_go() {
    let project = Project::new();
    let before = project.files();
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    std::fs::remove_dir_all(project.root().join("app/src/modules/blog")).expect("a directory");
    project.undo(plain(), &mut Person::absent()).expect("it is taken back");
    assert_eq!(project.files(), before);
    // Not even when everything is: then only the journal changes.
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    std::fs::remove_dir_all(project.root().join("app/src/modules/blog")).expect("a directory");
    project.write("app/src/modules/mod.rs", super::REGISTRY);
    project.undo(plain(), &mut Person::absent()).expect("it is taken back");
    let mut person = Person::absent();
    project.undo(plain(), &mut person).expect("nothing to undo");
    assert_eq!(person.said, ["nothing to undo"]);
}

#[test]
fn a_journal_that_cannot_be_read_is_named() {
    let project = Project::new();
    project.write("var/scaffold/changes/0001.json", "{");
    let error = project.undo(plain(), &mut Person::absent()).expect_err("no journal");
    assert!(error.to_string().contains("`var/scaffold/changes/0001.json`"), "{error}");
    project.write("var/scaffold/pending.json", "{}");
    let error = project.add("blog", plain(), &mut Person::absent()).expect_err("no journal");
    assert!(error.to_string().contains("`var/scaffold/pending.json`"), "{error}");
}
