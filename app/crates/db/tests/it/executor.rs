//! Plans and what carrying them out does, says and leaves when it fails.

use db::{
    Backend, Error, ProjectState, Transaction,
    migrations::{DataFuture, Direction, Executor, Functions, Mode, Target},
};
use sea_orm::ConnectionTrait;

use crate::support::{
    Files, applied, count, each, files, key, migrate, migrate_aloud, node, run, says, schema, tables, texts,
};

fn create(model: &str, extra: &str) -> String {
    let table = format!("x_{}", model.to_lowercase());
    format!(
        "[[operations]]\nop = \"create_model\"\nmodel = \"{model}\"\ntable = \"{table}\"\nfields = [\n  \
         {{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }},\n  \
         {{ name = \"name\", type = \"text\", null = true }},\n{extra}]\n"
    )
}

/// x: 0001 creates Author, 0002 creates Book; y: 0001 depends on x.0001 and references its Author.
fn library() -> Files {
    let reference =
        "  { name = \"author_id\", type = \"big_integer\", references = { model = \"x.Author\", column = \"id\" } },\n";
    files(&[
        ("x", "0001_initial", &format!("initial = true\n{}", create("Author", ""))),
        ("x", "0002_second", &format!("dependencies = [\"x.0001_initial\"]\n{}", create("Book", ""))),
        ("y", "0001_initial", &format!("dependencies = [\"x.0001_initial\"]\n{}", create("Prize", reference))),
        ("empty", "", ""),
    ])
}

#[tokio::test]
async fn targets_lead_forwards_and_backwards() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, library().load());
        migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        assert_eq!(tables(db).await, ["x_author"], "only the tables of the target exist");
        let outcome = migrate(db, &loader, &[Target::Latest]).await.unwrap();
        assert_eq!(outcome.plan.steps.len(), 2);
        assert_eq!(outcome.state, loader.state().unwrap());
        assert_eq!(tables(db).await, ["x_author", "x_book", "x_prize"]);
        let full = schema(db).await;
        let nothing = migrate(db, &loader, &[Target::Latest]).await.unwrap();
        assert!(nothing.plan.is_empty());
        assert!(migrate_aloud(db, &loader, &[Target::Latest], Mode::Run).await.unwrap().is_empty());

        let functions = Functions::default();
        let plan = Executor::new(db, &loader, &functions).plan(&[Target::Zero("x".to_owned())]).await.unwrap();
        let steps: Vec<String> = plan.steps.iter().map(|step| step.key.to_string()).collect();
        assert_eq!(steps, ["x.0002_second", "y.0001_initial", "x.0001_initial"]);
        assert_eq!(plan.direction(), Some(Direction::Backwards));
        let outcome = migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        assert_eq!(outcome.plan.steps.len(), 1, "a dependent in another module stays");
        assert_eq!(tables(db).await, ["x_author", "x_prize"]);
        migrate(db, &loader, &[Target::Zero("x".to_owned())]).await.unwrap();
        assert_eq!(tables(db).await, Vec::<String>::new());
        assert_eq!(applied(db).await, Vec::<String>::new());
        migrate(db, &loader, &[Target::Module("y".to_owned())]).await.unwrap();
        assert_eq!(applied(db).await, ["x.0001_initial", "y.0001_initial"]);
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
        assert_eq!(schema(db).await, full);
        for target in [Target::Module("empty".to_owned()), Target::Zero("empty".to_owned())] {
            says(&migrate(db, &loader, &[target]).await.unwrap_err(), &["App 'empty' does not have migrations."]);
        }
        says(&migrate(db, &loader, &[Target::Module("no".to_owned())]).await.unwrap_err(), &["No installed app"]);
        let error = migrate(db, &loader, &[Target::Zero("y".to_owned()), Target::Latest]).await.unwrap_err();
        assert!(matches!(error, Error::MixedPlan));
        says(&error, &["both forwards and backwards migrations are not supported"]);
    })
    .await;
}

#[tokio::test]
async fn progress_is_told_in_order() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, library().load());
        let said = migrate_aloud(db, &loader, &[Target::Module("x".to_owned())], Mode::Run).await.unwrap();
        assert_eq!(
            said,
            [
                "render",
                "rendered",
                "apply x.0001_initial",
                "applied x.0001_initial Run",
                "apply x.0002_second",
                "applied x.0002_second Run",
            ]
        );
        let said = migrate_aloud(db, &loader, &[node("x.0001_initial")], Mode::Fake).await.unwrap();
        assert_eq!(said[2..], ["unapply x.0002_second", "unapplied x.0002_second Fake"]);
        assert_eq!(tables(db).await, ["x_author", "x_book"], "a fake touches no table");
        assert_eq!(applied(db).await, ["x.0001_initial"]);
        let said = migrate_aloud(db, &loader, &[Target::Module("x".to_owned())], Mode::Fake).await.unwrap();
        assert_eq!(said[2..], ["apply x.0002_second", "applied x.0002_second Fake"]);
        let record = &db.applied_migrations().await.unwrap()[&key("x.0002_second")];
        assert_eq!(record.checksum, loader.migration(&key("x.0002_second")).unwrap().checksum);
        assert!((chrono::Utc::now() - record.at).num_seconds().abs() < 60);
    })
    .await;
}

#[tokio::test]
async fn a_history_with_a_hole_is_refused() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, library().load());
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
        run(db, "DELETE FROM migration_history WHERE module = 'x' AND name = '0001_initial'").await;
        let before = applied(db).await;
        let error = migrate(db, &loader, &[Target::Latest]).await.unwrap_err();
        says(&error, &["Migration x.0002_second is applied before its dependency x.0001_initial"]);
        assert_eq!(applied(db).await, before);
        run(db, "DELETE FROM migration_history").await;
        run(db, "INSERT INTO migration_history VALUES ('gone', '0001', '2024-01-01 00:00:00+00:00', '')").await;
        migrate_aloud(db, &loader, &[Target::Latest], Mode::Fake).await.expect("a record without file is no hole");
    })
    .await;
}

#[tokio::test]
async fn a_failing_migration_leaves_neither_tables_nor_record() {
    each(async |fresh| {
        let db = &fresh.db;
        let mut written = library();
        let bad = format!(
            "dependencies = [\"x.0002_second\"]\n{}\n[[operations]]\nop = \"run_sql\"\nsql = \"INSERT INTO nowhere VALUES (1)\"\n",
            create("Extra", "")
        );
        written.add("x", "0003_bad", &bad);
        let error = migrate(db, &written.load(), &[Target::Latest]).await.unwrap_err();
        says(&error, &["migration x.0003_bad, operation 2 (Raw SQL operation)", "nowhere", "statement: INSERT"]);
        assert_eq!(applied(db).await, ["x.0001_initial", "x.0002_second"]);
        assert!(!tables(db).await.contains(&"x_extra".to_owned()));
        written.add("x", "0003_bad", &bad.replace("nowhere VALUES (1)", "x_extra (name) VALUES ('a')"));
        migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
        assert_eq!(count(db, "x_extra").await, 1);
        says(
            &migrate(db, &written.load(), &[Target::Zero("x".to_owned())]).await.unwrap_err(),
            &["x.0003_bad cannot be unapplied", "Raw SQL operation is irreversible"],
        );
        assert_eq!(tables(db).await.len(), 4, "found out before anything was undone");

        // The record fails: the table goes too.
        let trap = match db.backend() {
            Backend::Sqlite => "CREATE TRIGGER trap BEFORE INSERT ON migration_history BEGIN SELECT RAISE(ABORT, 'trap'); END",
            Backend::Postgres => "ALTER TABLE migration_history ADD CONSTRAINT trap CHECK (name <> '0004_more')",
        };
        run(db, trap).await;
        written.add("x", "0004_more", &format!("dependencies = [\"x.0003_bad\"]\n{}", create("More", "")));
        says(&migrate(db, &written.load(), &[Target::Latest]).await.unwrap_err(), &["x.0004_more", "trap"]);
        assert!(!tables(db).await.contains(&"x_more".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn what_only_fails_at_the_end_leaves_nothing_either() {
    each(async |fresh| {
        let db = &fresh.db;
        let defer = match db.backend() {
            Backend::Sqlite => "PRAGMA defer_foreign_keys = ON",
            Backend::Postgres => "SET CONSTRAINTS ALL DEFERRED",
        };
        let mut written = library();
        let sql = format!("{defer}; INSERT INTO x_prize (author_id) VALUES (99)");
        let text = format!("{}\n[[operations]]\nop = \"run_sql\"\nsql = \"{sql}\"\n", create("Extra", ""));
        written.add("x", "0003_late", &format!("dependencies = [\"x.0002_second\", \"y.0001_initial\"]\n{text}"));
        let error = migrate(db, &written.load(), &[Target::Latest]).await.unwrap_err();
        assert!(matches!(error, Error::Incomplete { .. }), "{error}");
        says(&error, &["x.0003_late", "nothing of it was kept"]);
        assert_eq!(tables(db).await, ["x_author", "x_book", "x_prize"]);
        assert_eq!(applied(db).await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn operations_that_do_not_fit_are_refused_before_anything_is_done() {
    each(async |fresh| {
        for (operation, parts) in [
            ("op = \"add_index\"\nmodel = \"Nope\"\nindex = { name = \"i\", fields = [\"id\"] }", &["no model x.Nope"][..]),
            ("op = \"add_index\"\nmodel = \"Author\"\nindex = { name = \"i\", fields = [\"no\"] }", &["i is over the field no"]),
            ("op = \"rename_field\"\nmodel = \"Author\"\nfrom = \"no\"\nto = \"yes\"", &["no field no"]),
            ("op = \"remove_field\"\nmodel = \"Author\"\nfield = { name = \"name\", type = \"string\" }", &["not as the operation says"]),
            (
                "op = \"add_field\"\nmodel = \"Author\"\nfield = { name = \"y_id\", type = \"integer\", references = { model = \"y.Y\", column = \"id\" } }",
                &["references y.Y", "add a dependency"],
            ),
            ("op = \"create_model\"\nmodel = \"K\"\ntable = \"k\"\nfields = [{ name = \"a\", type = \"text\" }]", &["no primary key"]),
            ("op = \"run_rust\"\nfunction = \"x.fill\"", &["`x.fill`", "not registered", "known are: none"]),
        ] {
            let mut written = library();
            let text = format!("dependencies = [\"x.0002_second\"]\n{}\n[[operations]]\n{operation}\n", create("Extra", ""));
            written.add("x", "0003_bad", &text);
            let error = migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap_err();
            says(&error, parts);
            says(&error, &["x.0003_bad"]);
            assert!(!tables(&fresh.db).await.contains(&"x_extra".to_owned()));
        }
    })
    .await;
}

fn fill<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        let (_, author) = state.by_table("x_author").ok_or("no table x_author at this point")?;
        assert!(author.field("name").is_some());
        tx.execute_unprepared("INSERT INTO x_author (name) VALUES ('filled')").await?;
        Ok(())
    })
}

fn empty<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        tx.execute_unprepared("DELETE FROM x_author").await?;
        Ok(())
    })
}

fn fail<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        tx.execute_unprepared("INSERT INTO x_author (name) VALUES ('lost')").await?;
        Err("on purpose".into())
    })
}

#[tokio::test]
async fn data_migrations_run_functions_and_sql_per_backend_both_ways() {
    each(async |fresh| {
        let db = &fresh.db;
        let mut written = library();
        let data = "dependencies = [\"x.0002_second\"]\n\
            [[operations]]\nop = \"run_rust\"\nfunction = \"x.fill\"\nreverse = \"x.empty\"\n\
            [[operations]]\nop = \"run_sql\"\n\
            sql = { sqlite = \"UPDATE x_author SET name = 'sqlite'; UPDATE x_author SET name = name || '!'\", \
            postgres = \"UPDATE x_author SET name = 'postgres'; UPDATE x_author SET name = name || '!'\" }\nreverse = \"\"\n";
        written.add("x", "0003_data", data);
        let loader = written.load();
        let mut functions = Functions::default();
        functions.insert("x.fill", fill);
        functions.insert("x.empty", empty);
        let executor = Executor::new(db, &loader, &functions);
        executor.migrate(&[Target::Latest], Mode::Run, &mut |_| {}).await.unwrap();
        let expected = if db.backend() == Backend::Sqlite { "sqlite!" } else { "postgres!" };
        assert_eq!(texts(db, "SELECT name FROM x_author").await, [expected]);
        executor.migrate(&[node("x.0002_second")], Mode::Run, &mut |_| {}).await.unwrap();
        assert_eq!(count(db, "x_author").await, 0);

        functions.insert("x.fill", fail);
        let executor = Executor::new(db, &loader, &functions);
        let error = executor.migrate(&[Target::Latest], Mode::Run, &mut |_| {}).await.unwrap_err();
        says(&error, &["x.0003_data", "`x.fill`", "on purpose"]);
        assert_eq!(count(db, "x_author").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_non_atomic_migration_runs_its_sql_outside_any_transaction() {
    each(async |fresh| {
        let db = &fresh.db;
        let sql = match db.backend() {
            Backend::Sqlite => "VACUUM",
            Backend::Postgres => "CREATE INDEX CONCURRENTLY by_name ON x_author (name)",
        };
        let mut written = library();
        let text = |atomic: bool| {
            format!("atomic = {atomic}\ndependencies = [\"x.0002_second\"]\n[[operations]]\nop = \"run_sql\"\nsql = \"{sql}\"\n")
        };
        written.add("x", "0003_index", &text(true));
        says(&migrate(db, &written.load(), &[Target::Latest]).await.unwrap_err(), &["transaction"]);
        written.add("x", "0003_index", &text(false));
        migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
        assert!(applied(db).await.contains(&"x.0003_index".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn applied_migrations_whose_file_was_edited_are_named() {
    each(async |fresh| {
        let db = &fresh.db;
        let mut written = library();
        assert!(migrate(db, &written.load(), &[Target::Latest]).await.unwrap().edited.is_empty());
        written.add(
            "x",
            "0002_second",
            &format!("dependencies = [\"x.0001_initial\"] # edited\n{}", create("Book", "")),
        );
        let outcome = migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
        assert_eq!(outcome.edited, [key("x.0002_second")]);
        assert!(outcome.plan.is_empty());
        let again = [(node("x.0001_initial"), 0), (Target::Latest, 0)];
        for (target, edited) in again {
            migrate_aloud(db, &written.load(), &[target], Mode::Fake).await.unwrap();
            let applied = db.applied_migrations().await.unwrap();
            assert_eq!(written.load().edited(&applied).len(), edited, "recording it anew accepts the edit");
        }
        run(db, "UPDATE migration_history SET checksum = ''").await;
        assert!(migrate(db, &written.load(), &[Target::Latest]).await.unwrap().edited.is_empty());
    })
    .await;
}

#[tokio::test]
async fn conflicts_and_dry_runs_are_refused() {
    each(async |fresh| {
        let mut written = library();
        written.add("x", "0002_other", "dependencies = [\"x.0001_initial\"]");
        let error = migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap_err();
        says(&error, &["0002_other, 0002_second in x"]);
        let dry = fresh.db.dry_run().await.unwrap();
        let error = migrate(&dry.database(), &library().load(), &[Target::Latest]).await.unwrap_err();
        assert!(matches!(error, Error::InDryRun), "{error}");
        dry.rollback().await.unwrap();
        assert_eq!(fresh.db.table_names().await.unwrap(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_database_in_memory_migrates_too() {
    let options = db::ConnectOptions::new("sqlite::memory:", ".");
    let db = db::Database::connect(options).await.unwrap();
    let loader = library().load();
    migrate(&db, &loader, &[Target::Latest]).await.unwrap();
    assert_eq!(tables(&db).await, ["x_author", "x_book", "x_prize"]);
    assert_eq!(texts(&db, "SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys").await, ["1"]);
}
