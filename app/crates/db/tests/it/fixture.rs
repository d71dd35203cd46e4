//! Two modules with everything a history can have: branches and their merge, a data migration, one that is not atomic,
//! one that cannot be undone, and a squashed one.

use std::path::Path;

use db::{
    Error, ProjectState, Transaction,
    migrations::{
        DataFuture, Direction, Executor, Functions, Loader, Mode, ModuleMigrations, Optimize, Plan, Source,
        SquashOptions, Target, merge, squash,
    },
};
use sea_orm::ConnectionTrait;

use crate::support::{Fresh, applied, each, key, node, schema, tables, texts};

const MERGE: &str = "library.0003_merge_0002_a_born_0002_b_isbn";

fn load() -> Loader {
    let module = |label: &str| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(label);
        ModuleMigrations { label: label.to_owned(), source: Source::Dir(directory) }
    };
    Loader::load(&[module("library"), module("loans")]).unwrap()
}

fn functions() -> Functions {
    fn add_author<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
        Box::pin(async move {
            let (_, author) = state.by_table("library_author").ok_or("no authors")?;
            assert!(author.field("born").is_some() && author.field("name").is_some(), "the state of that time");
            tx.execute_unprepared("INSERT INTO library_author (name) VALUES ('Ada')").await?;
            Ok(())
        })
    }
    fn remove_authors<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
        Box::pin(async move {
            tx.execute_unprepared("DELETE FROM library_author").await?;
            Ok(())
        })
    }
    let mut functions = Functions::default();
    functions.insert("library.add_author", add_author);
    functions.insert("library.remove_authors", remove_authors);
    functions
}

fn names(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.key.to_string()).collect()
}

/// Goes there, after the plan said the same; returns the plan.
async fn go(fresh: &Fresh, target: &Target, mode: Mode) -> Result<Vec<String>, Error> {
    let (loader, functions) = (load(), functions());
    let executor = Executor::new(&fresh.db, &loader, &functions);
    let targets = std::slice::from_ref(target);
    let before = (applied(&fresh.db).await, schema(&fresh.db).await);
    let planned = executor.plan(targets).await?;
    assert_eq!((applied(&fresh.db).await, schema(&fresh.db).await), before, "a plan changes nothing");
    let outcome = executor.migrate(targets, mode, &mut |_| {}).await?;
    assert_eq!(outcome.plan, planned);
    let now = loader.for_applied(&fresh.db.applied_migrations().await.unwrap()).unwrap();
    let nodes: Vec<_> = now.graph().full_plan().into_iter().filter(|key| now.is_applied(key)).collect();
    assert_eq!(outcome.state, now.state_after(&nodes).unwrap());
    Ok(names(&outcome.plan))
}

fn zero(module: &str) -> Target {
    Target::Zero(module.to_owned())
}

#[tokio::test]
async fn forwards_and_backwards_in_parts() {
    each(async |fresh| {
        let run = async |target: &Target| go(&fresh, target, Mode::Run).await.unwrap();
        let db = &fresh.db;
        assert_eq!(
            run(&node("library.0002_b_isbn")).await,
            ["library.0001_initial", "library.0002_b_isbn"],
            "one branch"
        );
        assert_eq!(run(&node(MERGE)).await, ["library.0002_a_born", MERGE], "the other, and the merge");
        let merged = schema(db).await;
        assert_eq!(run(&node("library.0004_first_author")).await, ["library.0004_first_author"]);
        assert_eq!(texts(db, "SELECT name FROM library_author").await, ["Ada!"]);
        assert_eq!(
            run(&Target::Latest).await,
            ["library.0005_by_name", "library.0006_upper_case", "loans.0001_squashed_0002_due"]
        );
        assert_eq!(texts(db, "SELECT full_name FROM library_author").await, ["ADA!"]);
        assert_eq!(applied(db).await.len(), 10, "with what the squashed one replaces");
        assert!(run(&Target::Latest).await.is_empty());

        // What cannot be undone is found before anything is.
        let before = (applied(db).await, schema(db).await, texts(db, "SELECT full_name FROM library_author").await);
        for target in [node("library.0005_by_name"), zero("library")] {
            let error = go(&fresh, &target, Mode::Run).await.unwrap_err();
            assert!(error.to_string().contains("library.0006_upper_case cannot be unapplied"), "{error}");
            let now = (applied(db).await, schema(db).await, texts(db, "SELECT full_name FROM library_author").await);
            assert_eq!(now, before);
        }
        let fake = go(&fresh, &node("library.0005_by_name"), Mode::Fake).await.unwrap();
        assert_eq!((fake, schema(db).await), (vec!["library.0006_upper_case".to_owned()], before.1));

        assert_eq!(run(&node(MERGE)).await, ["library.0005_by_name", "library.0004_first_author"]);
        assert_eq!(texts(db, "SELECT name FROM library_author").await, Vec::<String>::new());
        assert_eq!(run(&zero("loans")).await, ["loans.0001_squashed_0002_due"]);
        assert_eq!(schema(db).await, merged);
        assert_eq!(run(&node("library.0002_a_born")).await, [MERGE], "what is beside it stays");
        assert_eq!(run(&zero("library")).await, ["library.0002_a_born", "library.0002_b_isbn", "library.0001_initial"]);
        assert_eq!((applied(db).await, tables(db).await), (Vec::new(), Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn dependents_in_other_modules_go_first_and_fakes_touch_nothing() {
    each(async |fresh| {
        let db = &fresh.db;
        let target = Target::Module("loans".to_owned());
        let run = go(&fresh, &target, Mode::Run).await.unwrap();
        assert_eq!(run, ["library.0001_initial", "loans.0001_squashed_0002_due"], "only what is needed");
        let full = schema(db).await;
        let fake = go(&fresh, &Target::Latest, Mode::Fake).await.unwrap();
        assert_eq!((fake.len(), schema(db).await), (6, full.clone()));
        let back = go(&fresh, &node("library.0001_initial"), Mode::Fake).await.unwrap();
        assert_eq!(
            back,
            [
                "library.0006_upper_case",
                "library.0005_by_name",
                "library.0004_first_author",
                MERGE,
                "library.0002_a_born",
                "library.0002_b_isbn"
            ]
        );
        assert_eq!(schema(db).await, full);
        let loader = load();
        let no_functions = Functions::default();
        let plan = Executor::new(db, &loader, &no_functions).plan(&[zero("library")]).await.unwrap();
        assert_eq!(names(&plan), ["loans.0001_squashed_0002_due", "library.0001_initial"]);
        assert_eq!(plan.direction(), Some(Direction::Backwards));
        let error = Executor::new(db, &loader, &no_functions).migrate(&[Target::Latest], Mode::Run, &mut |_| {}).await;
        assert!(error.unwrap_err().to_string().contains("`library.add_author`, which is not registered"));
        go(&fresh, &zero("library"), Mode::Run).await.unwrap();
        assert_eq!(tables(db).await, Vec::<String>::new());
    })
    .await;
}

#[test]
fn branches_of_the_fixture_are_squashed_with_their_merge() {
    let loader = load();
    assert_eq!(merge(&loader, "library", None, chrono::Utc::now()).unwrap(), None, "it is merged");
    let options = SquashOptions { optimize: Optimize::Yes, name: None };
    let all = squash(&loader, "library", None, &key("library.0006_upper_case"), &options).unwrap();
    assert_eq!((all.squashed.len(), all.before, all.new.migration.operations.len()), (7, 10, 7));
    assert!(!all.new.migration.atomic, "one of them is not");
    let by_hand: Vec<String> = all.by_hand.iter().map(|(key, what)| format!("{}: {what}", key.name)).collect();
    assert_eq!(
        by_hand,
        [
            "0004_first_author: Rust function library.add_author",
            "0004_first_author: Raw SQL operation",
            "0006_upper_case: Raw SQL operation"
        ]
    );
    let with = loader.with(&all.new).unwrap();
    assert_eq!(with.state().unwrap(), loader.state().unwrap());
}
