//! `listkeys`: what completion in shells offers for an argument that is the key of a row.

use crate::binary::Root;

/// The first line, and how many there are.
fn newest(root: &Root, line: &str) -> (String, usize) {
    let ran = root.line(line);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{line}");
    (ran.out.lines().next().unwrap_or_default().to_owned(), ran.out.lines().count())
}

#[test]
fn the_newest_rows_come_first_with_what_tells_them_apart() {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root.line("listkeys mailings.mailing").is(0, "", "");
    root.line("load_demo -v 0").is(0, "", "");
    let (line, count) = newest(&root, "listkeys mailings.mailing");
    assert_eq!(count, 27);
    // The moment depends on the day of the test.
    let moment = line.strip_prefix("27\tcompleted, 2").unwrap_or_else(|| panic!("{line}"));
    assert_eq!(moment.len(), "026-11-21 20:00".len(), "{line}");
    assert_eq!(newest(&root, "listkeys mailings.message"), ("6\tWelcome aboard".to_owned(), 6));
    assert_eq!(newest(&root, "listkeys mailings.attempt").1, 50);
    // Of another module, when no other is called so. Nothing that sounds secret.
    assert_eq!(newest(&root, "listkeys mailings.user --database default").1, 3);
    let users = "3\tmark.weber@example.com, Mark\n2\tanna.petrova@example.com, Anna\n1\tadmin@example.com, Ada\n";
    root.line("listkeys users.User").is(0, users, "");
}

#[test]
fn it_makes_nothing_and_changes_nothing() {
    let root = Root::new();
    root.line("listkeys mailings.mailing").is(0, "", "");
    assert!(!root.path().join("var").exists());
    root.line("migrate -v 0").is(0, "", "");
    root.line("load_demo -v 0").is(0, "", "");
    let log = || std::fs::read(root.path().join("var/log/app.log")).expect("a log");
    let before = (std::fs::read(root.database()).expect("a database"), log());
    newest(&root, "listkeys mailings.mailing");
    assert!(before == (std::fs::read(root.database()).expect("a database"), log()));
}

#[test]
fn what_cannot_be_listed_is_an_error() {
    let root = Root::new();
    root.line("listkeys users.nobody").fails(1, &["there is no model `users.nobody`"]);
    root.line("listkeys users.user --database elsewhere").fails(2, &["invalid choice: 'elsewhere'"]);
    root.line("listkeys users.user").is(0, "", "");
    assert!(!root.line("help").out.contains("listkeys"), "it is for programs");
}
