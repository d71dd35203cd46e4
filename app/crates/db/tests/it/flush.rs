//! Emptying all tables, on both backends (case 238).

use db::{
    Backend,
    migrations::{HISTORY_TABLE, Target},
};

use crate::support::{Fresh, count, each, files, migrate, run, says};

const INITIAL: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "x_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "mentor_id", type = "big_integer", null = true, references = { model = "x.Author", column = "id", on_delete = "restrict" } },
]

[[operations]]
op = "create_model"
model = "Book"
table = "x_book"
fields = [
  { name = "isbn", type = "string", primary_key = true },
  { name = "author_id", type = "big_integer", references = { model = "x.Author", column = "id" } },
]
"#;

#[tokio::test]
async fn every_table_of_the_state_is_emptied_and_keys_start_again() {
    each(async |Fresh { db, .. }| {
        let loader = files(&[("x", "0001_initial", INITIAL)]).load();
        let state = migrate(&db, &loader, &[Target::Latest]).await.unwrap().state;
        let fill = "INSERT INTO x_author (mentor_id) VALUES (NULL), (1)";
        run(&db, fill).await;
        run(&db, "INSERT INTO x_book VALUES ('a', 2)").await;
        run(&db, "CREATE TABLE other (id integer)").await;
        run(&db, "INSERT INTO other VALUES (1)").await;
        db.flush(&state).await.unwrap();
        for (table, rows) in [("x_author", 0), ("x_book", 0), ("other", 1), (HISTORY_TABLE, 1)] {
            assert_eq!(count(&db, table).await, rows, "{table}");
        }
        // The second row points at the first, so this fails unless the numbers start at 1.
        run(&db, fill).await;
    })
    .await;
}

#[tokio::test]
async fn rows_that_no_migration_knows_keep_what_they_reference() {
    each(async |Fresh { db, .. }| {
        let loader = files(&[("x", "0001_initial", INITIAL)]).load();
        let state = migrate(&db, &loader, &[Target::Latest]).await.unwrap().state;
        run(&db, "INSERT INTO x_author (mentor_id) VALUES (NULL)").await;
        run(&db, "CREATE TABLE other (author_id bigint REFERENCES x_author (id) ON DELETE CASCADE)").await;
        run(&db, "INSERT INTO other VALUES (1)").await;
        let error = db.flush(&state).await.unwrap_err();
        says(
            &error,
            match db.backend() {
                Backend::Sqlite => &["rows of `other` (first rowid 1) reference rows of `x_author`"],
                Backend::Postgres => &["cannot truncate a table referenced in a foreign key constraint"],
            },
        );
        assert_eq!((count(&db, "x_author").await, count(&db, "other").await), (1, 1));
    })
    .await;
}
