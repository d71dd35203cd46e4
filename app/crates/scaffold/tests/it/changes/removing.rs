//! `remove-module` and `remove-command`: what was made goes, and nothing else.

use super::{Person, Project, force, plain};

#[test]
fn a_module_and_its_registration_go() {
    let project = Project::new();
    let before = project.files();
    project.add("cms adp", plain(), &mut Person::absent()).expect("modules");
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    let error = project.remove("cms", plain(), &mut Person::absent()).expect_err("a module below");
    assert_eq!(error.to_string(), "`cms` has modules in it:\n  cms/adp");
    assert!(error.hint().is_some_and(|hint| hint.contains("`cargo xtask remove-module cms adp`")));
    for words in ["cms adp", "cms", "blog"] {
        project.remove(words, plain(), &mut Person::absent()).expect(words);
    }
    assert_eq!(project.files(), before);
    assert!(!project.root().join("app/src/modules/cms").exists());
    let error = project.remove("cms", plain(), &mut Person::absent()).expect_err("no module");
    assert_eq!(error.to_string(), "there is no module `cms`");
}

#[test]
fn a_module_that_is_there_is_known_by_its_label_and_its_path() {
    let project = Project::new();
    let before = project.files();
    for typed in ["cms_adp", "cms/adp", "cms adp"] {
        project.add("cms adp", plain(), &mut Person::absent()).expect("modules");
        let mut person = Person::absent();
        // There is nothing to do, where a new module of this name would be refused.
        project.add(typed, plain(), &mut person).expect(typed);
        project.remove(typed, plain(), &mut Person::absent()).expect(typed);
        project.remove("cms", plain(), &mut Person::absent()).expect("cms");
        assert_eq!(project.files(), before);
    }
    let error = project.add("cms/adp", plain(), &mut Person::absent()).expect_err("no name");
    assert!(error.hint().is_some_and(|hint| hint.contains("`cms adp`")), "{error}");
}

#[test]
fn a_command_cannot_be_called_like_a_task() {
    let project = Project::new();
    let before = project.files();
    for name in ["dev", "stop_prod"] {
        let error = project.add_command(name, &mut Person::absent()).expect_err(name);
        let expected = format!("'{name}' conflicts with the name of a task of `cargo xtask`. Please try another name.");
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(project.files(), before);
    // The app is to have one, which the task stands in front of.
    project.add_command("worker", &mut Person::absent()).expect("a command");
}

#[test]
fn foreign_and_edited_files_are_listed() {
    let project = Project::new();
    let before = project.files();
    project.add("cms adp", plain(), &mut Person::absent()).expect("modules");
    project.write("app/src/modules/cms/adp/views.rs", "//! Mine.\n");
    project.write("app/src/modules/cms/adp/more.rs", "//! Mine too.\n");
    let edited = project.files();
    let error = project.remove("cms adp", plain(), &mut Person::absent()).expect_err("edited files");
    let list = "these files of `cms/adp` were not made by `add-module`, or were edited since:\n  \
                app/src/modules/cms/adp/more.rs\n  app/src/modules/cms/adp/views.rs";
    assert_eq!(error.to_string(), list);
    assert_eq!(project.files(), edited);
    project.remove("cms", force(), &mut Person::absent()).expect("everything");
    assert_eq!(project.files(), before);
    project.undo(plain(), &mut Person::absent()).expect("everything again");
    assert_eq!(project.files(), edited);
}

#[test]
fn an_edit_is_not_forgotten_when_a_later_change_writes_the_same_file() {
    let project = Project::new();
    project.add("cms", plain(), &mut Person::absent()).expect("a module");
    let file = "app/src/modules/cms/mod.rs";
    project.write(file, &(project.read(file) + "\nfn mine() {}\n"));
    let edited = project.files();
    project.add("cms adp", plain(), &mut Person::absent()).expect("a module");
    project.remove("cms adp", plain(), &mut Person::absent()).expect("a module less");
    let error = project.remove("cms", plain(), &mut Person::absent()).expect_err("an edited file");
    assert!(error.to_string().ends_with("edited since:\n  app/src/modules/cms/mod.rs"), "{error}");
    assert_eq!(project.files(), edited);
}

#[test]
fn a_module_that_nobody_made_stays_when_it_was_given_a_command() {
    let project = Project::new();
    project.add_command("send", &mut Person::absent()).expect("a command");
    let before = project.files();
    let error = project.remove("mailings", plain(), &mut Person::absent()).expect_err("a module of somebody's");
    assert!(error.to_string().ends_with("edited since:\n  app/src/modules/mailings/mod.rs"), "{error}");
    assert_eq!(project.files(), before);
}

#[test]
fn a_module_that_nobody_made_stays() {
    let project = Project::new();
    let before = project.files();
    let error = project.remove("mailings", plain(), &mut Person::absent()).expect_err("a module of somebody's");
    assert!(error.to_string().ends_with("\n  app/src/modules/mailings/mod.rs"), "{error}");
    // What is not text could not be brought back.
    std::fs::write(project.root().join("app/src/modules/mailings/logo.png"), [0x89, 0xff]).expect("a file");
    let error = project.remove("mailings", force(), &mut Person::absent()).expect_err("not text");
    let says =
        "`app/src/modules/mailings/logo.png` is not text, and nothing else can be changed, removed and brought back";
    assert_eq!((error.to_string().as_str(), error.hint()), (says, Some("move it away, and try again")));
    std::fs::remove_file(project.root().join("app/src/modules/mailings/logo.png")).expect("a file");
    assert_eq!(project.files(), before);
}

#[test]
fn tables_that_stay_are_said() {
    let project = Project::new();
    let model = ["Post", "title:string"].map(str::to_owned).to_vec();
    let args = cli::AddModule { path: vec!["blog".to_owned()], model, ..cli::AddModule::default() };
    let mut person = Person::absent();
    scaffold::add_module(project.root(), &args, &mut person).expect("a module");
    let next = "next: `cargo xtask migrate` makes its table, `cargo xtask dev` shows it at /blog/";
    assert_eq!(person.noted, [next]);
    let mut person = Person::absent();
    project.remove("blog", plain(), &mut person).expect("a module less");
    let warning = "warning: the tables of `blog` stay in the database; `cargo xtask migrate blog zero` before this \
                   removes them";
    assert_eq!(person.noted[0], warning);
}

#[test]
fn what_uses_the_module_is_said() {
    let project = Project::new();
    project.add("blog", plain(), &mut Person::absent()).expect("a module");
    project.write("app/src/modules/mailings/a.rs", "//! A.\n\nuse crate::modules::blog::service;\n");
    project.write("app/src/modules/mailings/b.rs", "//! B.\n\nuse crate::modules::blogs;\n");
    let mut person = Person::absent();
    project.remove("blog", plain(), &mut person).expect("a module less");
    let warning = "warning: `app/src/modules/mailings/a.rs` uses `blog`, and does not compile without it";
    assert_eq!(person.noted[..1], [warning]);
    assert_eq!(person.noted.len(), 2, "{:?}", person.noted);
}

#[test]
fn the_last_command_takes_its_list_with_it() {
    let project = Project::new();
    let before = project.files();
    project.add_command("send", &mut Person::absent()).expect("a command");
    let one = project.files();
    assert!(project.read("app/src/modules/mailings/mod.rs").contains("mod commands;"));
    project.add_command("report", &mut Person::absent()).expect("a command");
    let mut person = Person::absent();
    project.add_command("report", &mut person).expect("nothing to do");
    assert_eq!(person.said, ["nothing to do"]);
    project.remove_command("report", plain(), &mut Person::absent()).expect("a command less");
    assert_eq!(project.files(), one);
    project.remove_command("send", plain(), &mut Person::absent()).expect("a command less");
    assert_eq!(project.files(), before);
    let error = project.remove_command("send", plain(), &mut Person::absent()).expect_err("no command");
    assert_eq!(error.to_string(), "`mailings` has no command `send`");
}

#[cfg(unix)]
#[test]
fn a_command_that_is_a_link_is_known_and_only_the_link_goes() {
    let project = Project::new();
    let before = project.files();
    project.add_command("send", &mut Person::absent()).expect("a command");
    let file = project.root().join("app/src/modules/mailings/commands/send.rs");
    let target = project.root().join("sending.rs");
    std::fs::rename(&file, &target).expect("another place");
    std::os::unix::fs::symlink(&target, &file).expect("a link");
    project.remove_command("send", plain(), &mut Person::absent()).expect("a command less");
    std::fs::remove_file(&target).expect("only the link is gone");
    assert_eq!(project.files(), before);
}

#[test]
fn an_edited_command_stays() {
    let project = Project::new();
    project.add_command("send", &mut Person::absent()).expect("a command");
    let file = "app/src/modules/mailings/commands/send.rs";
    project.write(file, &(project.read(file) + "// Mine.\n"));
    let edited = project.files();
    let error = project.remove_command("send", plain(), &mut Person::absent()).expect_err("an edited file");
    assert_eq!(error.to_string(), format!("`{file}` was not made by `add-command`, or was edited since"));
    assert_eq!(project.files(), edited);
    project.remove_command("send", force(), &mut Person::absent()).expect("a command less");
    assert!(!project.root().join(file).exists());
}
