//! Writing squashed, merging and updated migrations.

use chrono::{DateTime, Utc};
use db::migrations::{
    Loader, NewMigration, NodeKey, Operation, Optimize, SquashOptions, Target, merge, squash, update,
};

use crate::support::{Files, applied, each, files, key, migrate, says, schema, tables};

fn now() -> DateTime<Utc> {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn create(model: &str) -> String {
    let table = format!("x_{}", model.to_lowercase());
    format!(
        "[[operations]]\nop = \"create_model\"\nmodel = \"{model}\"\ntable = \"{table}\"\nfields = [\n  \
         {{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }},\n]\n"
    )
}

fn add(model: &str, field: &str) -> String {
    format!(
        "[[operations]]\nop = \"add_field\"\nmodel = \"{model}\"\nfield = {{ name = \"{field}\", type = \"text\", null = true }}\n"
    )
}

fn names(keys: &[NodeKey]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_str()).collect()
}

/// x: 0001 Author and Tribble, 0002 takes Tribble away and adds Book, 0003 adds a field, 0004 SQL.
fn library() -> Files {
    files(&[
        (
            "x",
            "0001_initial",
            &format!("initial = true\ndependencies = [\"y.0001\"]\n{}{}", create("Author"), create("Tribble")),
        ),
        (
            "x",
            "0002_second",
            &format!(
                "dependencies = [\"x.0001_initial\", \"y.0002\"]\n{}{}",
                create("Tribble").replace("create_model", "delete_model"),
                create("Book"),
            ),
        ),
        ("x", "0003_name", &format!("dependencies = [\"x.0002_second\"]\n{}", add("Author", "name"))),
        (
            "x",
            "0004_data",
            "dependencies = [\"x.0003_name\"]\n[[operations]]\nop = \"run_sql\"\nsql = \"SELECT 1\"\nreverse = \"\"\n\
             [[operations]]\nop = \"run_rust\"\nfunction = \"x.fill\"\nelidable = true\n",
        ),
        ("y", "0001", ""),
        ("y", "0002", "dependencies = [\"y.0001\"]"),
    ])
}

fn squashed(loader: &Loader, start: Option<&str>, end: &str) -> Result<db::migrations::Squashed, db::Error> {
    squash(loader, "x", start.map(key).as_ref(), &key(end), &SquashOptions::default())
}

#[tokio::test]
async fn migrations_become_one_that_does_the_same() {
    let loader = library().load();
    let done = squashed(&loader, None, "x.0003_name").unwrap();
    assert_eq!(done.new.key, key("x.0001_squashed_0003_name"));
    assert_eq!(names(&done.squashed), ["0001_initial", "0002_second", "0003_name"]);
    let migration = &done.new.migration;
    assert_eq!((done.before, migration.operations.len()), (5, 2), "{:?}", migration.operations);
    assert!(migration.initial && migration.atomic && done.by_hand.is_empty());
    assert_eq!(migration.dependencies, [key("y.0001"), key("y.0002")], "those outside");
    assert_eq!(migration.replaces, done.squashed);
    each(async |fresh| {
        let (db, mut written) = (&fresh.db, library());
        migrate(db, &written.load(), &[Target::Node(key("x.0003_name"))]).await.unwrap();
        let full = schema(db).await;
        migrate(db, &written.load(), &[Target::Zero("x".to_owned())]).await.unwrap();
        written.add("x", &done.new.key.name, &done.new.text().unwrap());
        let outcome = migrate(db, &written.load(), &[Target::Node(done.new.key.clone())]).await.unwrap();
        assert_eq!(outcome.plan.steps.last().unwrap().key, done.new.key);
        assert_eq!(schema(db).await, full);
        assert_eq!(applied(db).await.len(), 6);
        migrate(db, &written.load(), &[Target::Zero("x".to_owned())]).await.unwrap();
        assert_eq!((applied(db).await.len(), tables(db).await.len()), (2, 0));
    })
    .await;
}

#[test]
fn names_ends_and_options() {
    let loader = library().load();
    let with = |start: Option<&str>, end: &str, optimize: Optimize, name: Option<&str>| {
        let options = SquashOptions { optimize, name: name.map(str::to_owned) };
        squash(&loader, "x", start.map(key).as_ref(), &key(end), &options)
    };
    let plain = with(None, "x.0002_second", Optimize::No, None).unwrap();
    assert_eq!((plain.before, plain.new.migration.operations.len()), (4, 4));
    let named = with(None, "x.0002_second", Optimize::Yes, Some("all")).unwrap();
    assert_eq!(named.new.key.name, "0001_all");
    let later = with(Some("x.0002_second"), "x.0003_name", Optimize::Yes, None).unwrap();
    assert_eq!(later.new.key.name, "0002_second_squashed_0003_name");
    assert_eq!(later.new.migration.dependencies, [key("x.0001_initial"), key("y.0002")]);
    assert!(!later.new.migration.initial);
    let later = with(Some("x.0002_second"), "x.0003_name", Optimize::Yes, Some("rest")).unwrap();
    assert_eq!(later.new.key.name, "0002_rest");
    let hand = with(None, "x.0004_data", Optimize::Yes, None).unwrap();
    assert_eq!(hand.by_hand, [(key("x.0004_data"), "Raw SQL operation".to_owned())]);
    assert!(!hand.new.migration.operations.iter().any(Operation::is_elidable));

    assert_eq!(
        with(Some("x.0003_name"), "x.0002_second", Optimize::Yes, None).unwrap_err().to_string(),
        "The migration 'x.0003_name' cannot be found. Maybe it comes after the migration 'x.0002_second'?"
    );
    assert_eq!(
        with(None, "x.0002_second", Optimize::Yes, Some("initial")).unwrap_err().to_string(),
        "Migration 0001_initial already exists. Use a different name."
    );
    says(&with(None, "x.0009", Optimize::Yes, None).unwrap_err(), &["Node ('x', '0009') not a valid node"]);
}

#[test]
fn a_squashed_migration_is_atomic_unless_something_in_it_cannot_be() {
    let index = "[[operations]]\nop = \"add_index\"\nmodel = \"Author\"\nindex = { name = \"i\", fields = [\"id\"] }\n\
                 concurrently = true\n";
    let sql = "[[operations]]\nop = \"run_sql\"\nsql = \"VACUUM\"\n";
    for (operation, start, atomic) in [(index, None, true), (index, Some("x.0002"), false), (sql, None, false)] {
        let loader = files(&[
            ("x", "0001", &create("Author")),
            ("x", "0002", &format!("atomic = false\ndependencies = [\"x.0001\"]\n{operation}")),
        ])
        .load();
        let done = squashed(&loader, start, "x.0002").unwrap();
        assert_eq!(done.new.migration.atomic, atomic, "{operation}");
        done.new.text().unwrap();
    }
}

#[test]
fn squashed_migrations_are_squashed_again() {
    let mut written = library();
    let first = squashed(&written.load(), None, "x.0002_second").unwrap();
    written.add("x", &first.new.key.name, &first.new.text().unwrap());
    let loader = written.load();
    says(
        &squashed(&loader, None, "x.0002_second").unwrap_err(),
        &["x.0002_second is already replaced by x.0001_squashed_0002_second"],
    );
    let second = squashed(&loader, None, "x.0003_name").unwrap();
    assert_eq!(names(&second.squashed), ["0001_squashed_0002_second", "0003_name"]);
    assert_eq!(second.new.migration.dependencies, [key("y.0001"), key("y.0002")]);
    assert!(second.new.migration.initial);
    written.add("x", &second.new.key.name, &second.new.text().unwrap());
    let twice = written.load();
    assert_eq!(twice.squashed_by(&key("x.0001_initial")), Some(&second.new.key));
    assert_eq!(twice.state().unwrap(), loader.state().unwrap());
}

#[test]
fn a_migration_of_another_module_in_between_is_noticed() {
    let loader = files(&[
        ("x", "0001", ""),
        ("y", "0001", "dependencies = [\"x.0001\"]"),
        ("x", "0002", "dependencies = [\"x.0001\", \"y.0001\"]"),
    ])
    .load();
    let error = squashed(&loader, None, "x.0002").unwrap_err();
    says(&error, &["circular dependency", "x.0001_squashed_0002", "y.0001"]);
}

#[test]
fn branches_are_merged() {
    let mut written = library();
    assert_eq!(merge(&written.load(), "x", None, now()).unwrap(), None);
    written.add("x", "0005_a", &format!("dependencies = [\"x.0004_data\", \"y.0002\"]\n{}", add("Author", "a")));
    written.add("x", "0006_more", &format!("dependencies = [\"x.0005_a\"]\n{}", add("Author", "more")));
    written.add("x", "0005_b", &format!("dependencies = [\"x.0004_data\"]\n{}", add("Book", "b")));
    let loader = written.load();
    let merged = merge(&loader, "x", None, now()).unwrap().unwrap();
    assert_eq!(merged.new.key.name, "0007_merge_0005_b_0006_more");
    assert_eq!(names(&merged.new.migration.dependencies), ["0005_b", "0006_more"]);
    assert!(merged.new.migration.operations.is_empty());
    let shown: Vec<(Vec<&str>, Vec<String>)> = merged
        .branches
        .iter()
        .map(|branch| (names(&branch.migrations), branch.operations.iter().map(Operation::describe).collect()))
        .collect();
    assert_eq!(
        shown,
        [
            (vec!["0005_b"], vec!["Add field b to book".to_owned()]),
            (
                vec!["0005_a", "0006_more"],
                vec!["Add field a to author".to_owned(), "Add field more to author".to_owned()]
            ),
        ]
    );
    assert!(loader.with(&merged.new).unwrap().check_conflicts().is_ok());
    assert_eq!(merge(&loader, "x", Some("again"), now()).unwrap().unwrap().new.key.name, "0007_again");
    written.add("x", &format!("0005_{}", "long".repeat(8)), "dependencies = [\"x.0004_data\"]");
    let merged = merge(&written.load(), "x", None, now()).unwrap().unwrap();
    assert_eq!((merged.new.key.name.as_str(), merged.branches.len()), ("0007_merge_20260203_0405", 3));
    let apart = files(&[("x", "0001_a", ""), ("x", "0001_b", "")]).load();
    assert_eq!(
        merge(&apart, "x", None, now()).unwrap_err().to_string(),
        "Could not find common ancestor of 0001_a, 0001_b in x"
    );
}

fn new(text: &str) -> NewMigration {
    let migration = db::migrations::Migration::parse(text, "new").unwrap();
    NewMigration { key: key("x.0009_new"), migration }
}

#[test]
fn the_last_migration_is_updated() {
    let written = library();
    let loader = written.load();
    let one = |loader: &Loader, new: &NewMigration, name: Option<&str>| {
        update(loader, "x", std::slice::from_ref(new), name, now()).unwrap()
    };
    let more = new(&format!("dependencies = [\"x.0004_data\", \"y.0002\"]\n{}", add("Book", "title")));
    let updated = one(&loader, &more, Some("named"));
    assert_eq!((updated.previous, updated.new.key), (key("x.0004_data"), key("x.0004_named")));
    assert_eq!(updated.new.migration.dependencies, [key("x.0003_name"), key("y.0002")]);

    std::fs::remove_file(written.root.path().join("x/migrations/0004_data.toml")).unwrap();
    let loader = written.load();
    let more = new(&format!("dependencies = [\"x.0003_name\"]\n{}", add("Book", "title")));
    let updated = one(&loader, &more, None);
    assert_eq!(updated.new.key, key("x.0003_author_name_book_title"), "a name that says it all");
    let again = loader.with(&NewMigration { key: key("x.0004_book_title"), ..more.clone() }).unwrap();
    let nothing = new("dependencies = [\"x.0004_book_title\"]");
    let updated = one(&again, &nothing, None);
    assert_eq!(updated.previous.name, "0004_book_title");
    assert_eq!(updated.new.key.name, "0004_book_title_updated");
}

#[test]
fn modules_that_are_updated_together_depend_on_each_others_new_names() {
    let loader = files(&[
        ("x", "0001_initial", &format!("initial = true\n{}", create("Author"))),
        ("x", "0002_name", &format!("dependencies = [\"x.0001_initial\"]\n{}", add("Author", "name"))),
        ("y", "0001_initial", "initial = true"),
    ])
    .load();
    let new = |key_text: &str, dependencies: &str, operations: &str| {
        let text = format!("dependencies = [{dependencies}]\n{operations}");
        NewMigration { key: key(key_text), migration: db::migrations::Migration::parse(&text, "new").unwrap() }
    };
    let author = new("x.0003_more", "\"x.0002_name\"", &add("Author", "more"));
    let book = new("y.0002_book", "\"y.0001_initial\", \"x.0002_name\"", &create("Book"));
    let both = [author.clone(), book];
    let done = ["x", "y"].map(|module| update(&loader, module, &both, None, now()).unwrap());
    let found: Vec<(String, String)> =
        done.iter().map(|one| (one.new.key.to_string(), format!("{:?}", one.new.migration.dependencies))).collect();
    assert_eq!(
        found,
        [
            ("x.0002_author_name_author_more".to_owned(), "[('x', '0001_initial')]".to_owned()),
            ("y.0001_initial_updated".to_owned(), "[('x', '0002_author_name_author_more')]".to_owned()),
        ]
    );
    let book = new("y.0002_book", "\"x.0003_more\"", &create("Book"));
    let back = new("x.0003_more", "\"y.0002_book\"", &add("Author", "more"));
    let updated = update(&loader, "y", &[author, book.clone()], None, now()).unwrap();
    assert_eq!(updated.new.migration.dependencies, [key("x.0002_author_name_author_more")]);
    says(
        &update(&loader, "x", &[back, book], None, now()).unwrap_err(),
        &["circular dependency", "y.0001_initial_updated"],
    );
}

#[test]
fn what_others_have_is_not_updated() {
    let more = new(&add("Book", "title"));
    let refused =
        |loader: &Loader| update(loader, "x", std::slice::from_ref(&more), None, now()).unwrap_err().to_string();
    let mut written = library();
    let records = [
        key("y.0001"),
        key("y.0002"),
        key("x.0001_initial"),
        key("x.0002_second"),
        key("x.0003_name"),
        key("x.0004_data"),
    ];
    let record = db::migrations::Applied { at: now(), checksum: String::new() };
    let all = records.into_iter().map(|key| (key, record.clone())).collect();
    let loader = written.load().for_applied(&all).unwrap();
    assert_eq!(refused(&loader), "Cannot update applied migration 'x.0004_data'.");
    written.add("y", "0003", "dependencies = [\"x.0004_data\", \"y.0002\"]");
    assert_eq!(refused(&written.load()), "Cannot update migration 'x.0004_data' that migrations 'y.0003' depend on.");
    let one = squashed(&written.load(), None, "x.0004_data").unwrap();
    written.add("x", &one.new.key.name, &one.new.text().unwrap());
    assert_eq!(refused(&written.load()), "Cannot update squash migration 'x.0001_squashed_0004_data'.");
    let empty = files(&[("x", "", "")]).load();
    assert_eq!(refused(&empty), "App x has no migration, cannot update last migration.");
}
