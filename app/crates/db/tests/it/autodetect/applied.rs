//! What databases make of it where they differ; the random edits do the rest.

use db::{inspect::drift, migrations::Target};

use super::{but, detected, model, state, text};
use crate::support::{count, each, files, migrate, node, run, says};

#[tokio::test]
async fn names_that_differ_in_case_only() {
    each(async |fresh| {
        let db = &fresh.db;
        let old = model("x.Author", &[text("name")]);
        let new = but(&model("x.AuthoR", &[text("Name")]), |model| model.table = "X_author".to_owned());
        let mut written = files(&[("x", "", "")]);
        for (from, to) in [(state(&[]), state(&[&old])), (state(&[&old]), state(&[&new]))] {
            let (made, asked) = detected(&from, &to, &[]);
            assert_eq!(asked, Vec::<String>::new());
            written.add("x", &made[0].key.name, &made[0].text().unwrap());
            migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
            if from == state(&[]) {
                run(db, "INSERT INTO x_author (name) VALUES ('a')").await;
            }
            let drift = drift(db, &to).await.unwrap();
            assert!(drift.is_empty(), "{drift:?}");
        }
        assert_eq!(count(db, "X_author").await, 1);
        migrate(db, &written.load(), &[node("x.0001_initial")]).await.unwrap();
        assert!(drift(db, &state(&[&old])).await.unwrap().is_empty());
        assert_eq!(count(db, "x_author").await, 1);
    })
    .await;
}

#[test]
fn tables_that_swap_their_names_take_two_steps() {
    let table = |label: &str, table: &str| but(&model(label, &[]), |model| model.table = table.to_owned());
    let from = state(&[&table("x.A", "a"), &table("x.B", "b")]);
    let to = state(&[&table("x.A", "b"), &table("x.B", "a")]);
    let error = crate::support::detect(&from, &to).unwrap_err();
    says(&error, &["in two steps", "Rename table for a to b (x.A)", "Rename table for b to a (x.B)"]);
}
