//! Squashed migrations: what the graph looks like with them, and what applying and undoing them records.

use std::collections::BTreeMap;

use db::{
    Error,
    migrations::{Applied, Executor, Functions, Loader, Mode, NodeKey, ReplacementError, Target},
};

use crate::support::{Files, applied, each, files, key, migrate, migrate_aloud, node, run, says, schema, tables};

/// A history in which these are recorded.
fn recorded(names: &[&str]) -> BTreeMap<NodeKey, Applied> {
    let record = Applied { at: chrono::Utc::now(), checksum: String::new() };
    names.iter().map(|name| (key(name), record.clone())).collect()
}

/// The nodes of the graph, each with what it depends on, and a star where it counts as applied.
fn shape(loader: &Loader) -> Vec<String> {
    let line = |key: &NodeKey| {
        let parents: Vec<String> = loader.graph().parents(key).map(|parent| parent.name.clone()).collect();
        let star = if loader.is_applied(key) { "*" } else { "" };
        format!("{}{star} <- {}", key.name, parents.join(" "))
    };
    loader.graph().full_plan().iter().map(line).collect()
}

/// x: 1, 2, 3 in a row, the first two squashed; y depends on 1 and z on the squashed one.
fn squashed() -> Files {
    files(&[
        ("x", "1", "initial = true"),
        ("x", "2", "dependencies = [\"x.1\", \"w.1\"]"),
        ("x", "1_squashed_2", "initial = true\nreplaces = [\"x.1\", \"x.2\"]"),
        ("x", "3", "dependencies = [\"x.2\"]"),
        ("w", "w1", ""),
        ("y", "y1", "dependencies = [\"x.1\", \"x.__latest__\"]"),
        ("z", "z1", "dependencies = [\"x.1_squashed_2\", \"x.__first__\"]"),
    ])
}

#[test]
fn a_squashed_migration_stands_for_what_it_replaces_when_all_or_none_is_applied() {
    let mut written = squashed();
    written.add("w", "1", "dependencies = [\"w.w1\"]");
    let loader = written.load();
    let squash =
        ["w1 <- ", "1 <- w1", "1_squashed_2 <- 1", "3 <- 1_squashed_2", "y1 <- 1_squashed_2 3", "z1 <- 1_squashed_2"];
    assert_eq!(shape(&loader), squash, "without a database as on an empty one");
    assert_eq!(loader.squashed_by(&key("x.2")), Some(&key("x.1_squashed_2")));
    assert!(loader.check_conflicts().is_ok());

    let all = loader.for_applied(&recorded(&["w.w1", "w.1", "x.1", "x.2"])).unwrap();
    assert_eq!(
        shape(&all),
        [
            "w1* <- ",
            "1* <- w1",
            "1_squashed_2* <- 1",
            "3 <- 1_squashed_2",
            "y1 <- 1_squashed_2 3",
            "z1 <- 1_squashed_2"
        ],
        "counts as applied before it is recorded"
    );
    all.check_history().unwrap();
    let partly = loader.for_applied(&recorded(&["x.1", "x.1_squashed_2"])).unwrap();
    assert_eq!(
        shape(&partly),
        ["w1 <- ", "1 <- w1", "1* <- ", "2 <- 1 1", "3 <- 2", "y1 <- 1 3", "z1 <- 1 2"],
        "left out, whatever its own record says, and dependencies on it lead to the last one it replaces"
    );
    assert_eq!(partly.squashed_by(&key("x.2")), None);
    let old = loader.for_applied(&recorded(&["w.w1", "w.1", "x.1_squashed_2"])).unwrap();
    assert!(old.is_applied(&key("x.1_squashed_2")), "recorded when it replaced nothing yet");
    let hole = loader.for_applied(&recorded(&["x.1", "x.2"])).unwrap();
    says(&hole.check_history().unwrap_err(), &["Migration x.1_squashed_2 is applied before its dependency w.1"]);
}

#[test]
fn the_replaced_files_may_be_gone() {
    let loader =
        files(&[("x", "1_squashed_2", "replaces = [\"x.1\", \"x.2\"]"), ("x", "3", "dependencies = [\"x.2\"]")]).load();
    assert_eq!(shape(&loader), ["1_squashed_2 <- ", "3 <- 1_squashed_2"]);
    let all = loader.for_applied(&recorded(&["x.1", "x.2"])).unwrap();
    assert_eq!(shape(&all), ["1_squashed_2* <- ", "3 <- 1_squashed_2"]);
    let text = "Migration x.3 depends on nonexistent node ('x', '2'). Tried to replace migration x.2 with any of \
                [x.1_squashed_2] but wasn't able to because some of the replaced migrations are already applied.";
    assert_eq!(loader.for_applied(&recorded(&["x.1"])).unwrap_err().to_string(), text);
    // Nothing depends on it: it is not left out in silence.
    let alone = files(&[("x", "1_squashed_2", "replaces = [\"x.1\", \"x.2\"]")]).load();
    let text = "the squashed migration x.1_squashed_2 cannot be used, because some of the migrations that it replaces are \
                applied and some are not, and the files of those are gone: x.2\nhint: put these files back, and delete them \
                when every database has them";
    assert_eq!(alone.for_applied(&recorded(&["x.1"])).unwrap_err().to_string(), text);
    assert_eq!(shape(&alone.for_applied(&recorded(&["x.1", "x.2"])).unwrap()), ["1_squashed_2* <- "]);
}

#[test]
fn squashes_of_squashes() {
    let nested = |outer: &str| {
        files(&[
            ("x", "1", ""),
            ("x", "2", "dependencies = [\"x.1\"]"),
            ("x", "3", "dependencies = [\"x.2\"]"),
            ("x", "1_squashed_2", "replaces = [\"x.1\", \"x.2\"]"),
            ("x", "1_squashed_3", &format!("replaces = [{outer}]")),
            ("y", "y1", "dependencies = [\"x.1_squashed_2\"]"),
            ("y", "y2", "dependencies = [\"x.1_squashed_3\", \"y.y1\"]"),
        ])
        .load()
    };
    for outer in ["\"x.1_squashed_2\", \"x.3\"", "\"x.1\", \"x.2\", \"x.3\""] {
        let loader = nested(outer);
        assert_eq!(shape(&loader), ["1_squashed_3 <- ", "y1 <- 1_squashed_3", "y2 <- 1_squashed_3 y1"]);
        assert_eq!(loader.squashed_by(&key("x.1_squashed_2")), Some(&key("x.1_squashed_3")));
        let two = loader.for_applied(&recorded(&["x.1", "x.2"])).unwrap();
        assert_eq!(
            shape(&two),
            ["1_squashed_2* <- ", "3 <- 1_squashed_2", "y1 <- 1_squashed_2", "y2 <- 3 y1"],
            "the inner one still stands"
        );
        let one = loader.for_applied(&recorded(&["x.1"])).unwrap();
        assert_eq!(shape(&one), ["1* <- ", "2 <- 1", "3 <- 2", "y1 <- 2", "y2 <- 3 y1"]);
    }
    let error = |all: &[(&str, &str, &str)]| Loader::load(&files(all).modules).unwrap_err();
    says(
        &error(&[
            ("x", "1", ""),
            ("x", "a", "replaces = [\"x.1\"]"),
            ("x", "b", "replaces = [\"x.1\", \"x.2\"]"),
            ("x", "c", "replaces = [\"x.2\", \"x.3\"]"),
        ]),
        &["x.b", "x.c", "replace some of the same migrations"],
    );
    says(&error(&[("x", "a", "replaces = [\"x.1\"]"), ("x", "b", "replaces = [\"x.1\"]")]), &["x.a", "x.b"]);
    let circle = error(&[("x", "a", "replaces = [\"x.b\"]"), ("x", "b", "replaces = [\"x.a\"]")]);
    assert!(matches!(&circle, Error::Replacement(ReplacementError::Circular(_))), "{circle}");
    says(&error(&[("x", "a", "replaces = [\"x.a\"]")]), &["x.a -> x.a"]);
}

fn create(model: &str) -> String {
    let table = format!("x_{}", model.to_lowercase());
    format!(
        "[[operations]]\nop = \"create_model\"\nmodel = \"{model}\"\ntable = \"{table}\"\nfields = [\n  \
         {{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }},\n]\n"
    )
}

/// x: 0001 creates Author, 0002 Book; squashed into one. y depends on 0002 and creates a table of its own.
fn library() -> Files {
    files(&[
        ("x", "0001_initial", &format!("initial = true\n{}", create("Author"))),
        ("x", "0002_second", &format!("dependencies = [\"x.0001_initial\"]\n{}", create("Book"))),
        (
            "x",
            "0001_squashed_0002_second",
            &format!(
                "initial = true\nreplaces = [\"x.0001_initial\", \"x.0002_second\"]\n{}{}",
                create("Author"),
                create("Book")
            ),
        ),
        ("y", "0001_initial", "dependencies = [\"x.0002_second\"]"),
    ])
}

const SQUASH: [&str; 3] = ["x.0001_initial", "x.0001_squashed_0002_second", "x.0002_second"];

#[tokio::test]
async fn on_an_empty_database_only_the_squashed_one_runs_and_undoing_it_removes_all_records() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, library().load());
        let said = migrate_aloud(db, &loader, &[Target::Module("x".to_owned())], Mode::Run).await.unwrap();
        assert_eq!(
            said[2..],
            ["apply x.0001_squashed_0002_second", "applied x.0001_squashed_0002_second Run"],
            "the replaced ones do not run"
        );
        assert_eq!((applied(db).await, tables(db).await.len()), (SQUASH.map(str::to_owned).to_vec(), 2));
        let records = db.applied_migrations().await.unwrap();
        for (key, record) in &records {
            assert_eq!(record.checksum, loader.migration(key).unwrap().checksum, "{key}");
        }
        let said = migrate_aloud(db, &loader, &[Target::Zero("x".to_owned())], Mode::Run).await.unwrap();
        assert_eq!(said[2..], ["unapply x.0001_squashed_0002_second", "unapplied x.0001_squashed_0002_second Run"]);
        assert_eq!((applied(db).await, tables(db).await), (Vec::new(), Vec::new()));
        migrate_aloud(db, &loader, &[Target::Latest], Mode::Fake).await.unwrap();
        assert_eq!((applied(db).await.len(), tables(db).await.len()), (4, 0));
    })
    .await;
}

#[tokio::test]
async fn where_all_replaced_ones_are_applied_the_squashed_one_is_recorded_without_running() {
    each(async |fresh| {
        let (db, written) = (&fresh.db, library());
        let loader = written.load();
        for name in ["0001_initial", "0002_second"] {
            let target = node(&format!("x.{name}"));
            assert_eq!(migrate(db, &loader, &[target]).await.unwrap().plan.steps.len(), 1, "named, so it runs itself");
        }
        assert_eq!(applied(db).await, SQUASH, "recorded as soon as the last one was applied");
        run(db, "DELETE FROM migration_history WHERE name = '0001_squashed_0002_second'").await;
        let full = schema(db).await;
        let outcome = migrate(db, &loader, &[Target::Module("x".to_owned())]).await.unwrap();
        assert!(outcome.plan.is_empty());
        assert_eq!(outcome.state, loader.state_after(&[key("x.0001_squashed_0002_second")]).unwrap());
        assert_eq!((applied(db).await, schema(db).await), (SQUASH.map(str::to_owned).to_vec(), full));
        let now = loader.for_applied(&db.applied_migrations().await.unwrap()).unwrap();
        assert!(now.is_applied(&key(SQUASH[1])) && !now.is_applied(&key("y.0001_initial")));
        migrate(db, &loader, &[Target::Latest]).await.unwrap();

        // Back to one that was replaced: the squashed one is no longer applied as a whole.
        let back = migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        assert_eq!(
            back.plan.steps.iter().map(|step| step.key.to_string()).collect::<Vec<_>>(),
            ["y.0001_initial", "x.0002_second"]
        );
        assert_eq!((applied(db).await, tables(db).await), (vec![SQUASH[0].to_owned()], vec!["x_author".to_owned()]));
        // Partly applied: the old ones go on, also when the squashed one is named.
        let outcome = migrate(db, &loader, &[node(SQUASH[1])]).await.unwrap();
        assert_eq!(outcome.plan.steps.iter().map(|step| step.key.to_string()).collect::<Vec<_>>(), ["x.0002_second"]);
        assert_eq!(applied(db).await, SQUASH);
    })
    .await;
}

#[tokio::test]
async fn records_without_files_are_pruned_unless_a_squashed_migration_needs_them() {
    each(async |fresh| {
        let (db, written, functions) = (&fresh.db, library(), Functions::default());
        migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
        let prune = async |module: &str| Executor::new(db, &written.load(), &functions).prune(module).await;
        assert_eq!(prune("x").await.unwrap(), []);
        for name in ["0001_initial", "0002_second"] {
            std::fs::remove_file(written.root.path().join(format!("x/migrations/{name}.toml"))).unwrap();
        }
        says(
            &prune("x").await.unwrap_err(),
            &[
                "Cannot use --prune because the following squashed migrations have their 'replaces'",
                "\n    x.0001_squashed_0002_second\n",
            ],
        );
        assert_eq!(applied(db).await.len(), 4);
        let path = written.root.path().join("x/migrations/0001_squashed_0002_second.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.lines().filter(|line| !line.starts_with("replaces")).collect::<Vec<_>>().join("\n");
        std::fs::write(&path, text).unwrap();
        std::fs::write(
            written.root.path().join("y/migrations/0001_initial.toml"),
            "dependencies = [\"x.0001_squashed_0002_second\"]",
        )
        .unwrap();
        assert_eq!(prune("y").await.unwrap(), []);
        assert_eq!(prune("x").await.unwrap(), [key(SQUASH[0]), key(SQUASH[2])]);
        assert_eq!(applied(db).await, [SQUASH[1], "y.0001_initial"]);
        assert!(migrate(db, &written.load(), &[Target::Latest]).await.unwrap().plan.is_empty());
        says(&prune("nope").await.unwrap_err(), &["No installed app with label 'nope'."]);
    })
    .await;
}

#[tokio::test]
async fn a_first_migration_whose_tables_exist_is_only_recorded() {
    let add = "[[operations]]\nop = \"add_field\"\nmodel = \"Author\"\nfield = { name = \"born\", type = \"date\", null = true }\n";
    each(async |fresh| {
        let db = &fresh.db;
        let mut written = library();
        written.add("x", "0003_more", &format!("dependencies = [\"x.0002_second\"]\n{}", create("Prize")));
        let text = format!("initial = true\ndependencies = [\"x.0003_more\"]\n{add}");
        written.add("x", "0004_born", &text);
        let loader = written.load();
        let latest = [Target::Latest];
        let fake = async || migrate_aloud(db, &loader, &latest, Mode::FakeInitial).await;
        run(db, "CREATE TABLE x_author (id integer)").await;
        let error = fake().await.unwrap_err();
        says(&error, &["x.0001_squashed_0002_second", "x_author"]);
        assert_eq!(applied(db).await, Vec::<String>::new(), "one of two tables is not enough");

        run(db, "CREATE TABLE x_book (id integer)").await;
        let said = fake().await.unwrap();
        assert_eq!(
            said.iter().filter(|line| line.starts_with("applied")).collect::<Vec<_>>(),
            [
                "applied x.0001_squashed_0002_second Fake",
                "applied x.0003_more Run",
                "applied x.0004_born Run",
                "applied y.0001_initial Run"
            ]
        );
        run(db, "DELETE FROM migration_history WHERE name > '0004'").await;
        let said = fake().await.unwrap();
        assert_eq!(said[2..], ["apply x.0004_born", "applied x.0004_born Fake"], "the column is there");
        run(db, "DELETE FROM migration_history WHERE name = '0004_born'").await;
        run(db, "DROP TABLE x_author").await;
        run(db, "CREATE TABLE x_author (id integer)").await;
        assert_eq!(fake().await.unwrap()[2..], ["apply x.0004_born", "applied x.0004_born Run"]);
    })
    .await;
}
