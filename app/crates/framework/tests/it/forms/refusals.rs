//! What the database has against the values: said beside the field, on both backends.

use framework::db::{Database, Violation, violation};
use framework::forms::{Choices, Errors, Form, labels};
use sea_orm::{ConnectionTrait as _, DbErr};

use super::registry::{module, sandbox};
use crate::postgres;
use crate::sandbox::{Sandbox, wait};

const TABLES: &str = "
    CREATE TABLE author (id BIGINT PRIMARY KEY, name VARCHAR(50));
    CREATE TABLE book (
        id BIGINT PRIMARY KEY, isbn VARCHAR(50) NOT NULL UNIQUE, shelf BIGINT NOT NULL, \"order\" BIGINT NOT NULL,
        author_id BIGINT NOT NULL REFERENCES author (id) ON DELETE RESTRICT,
        editor_id BIGINT REFERENCES author (id),
        UNIQUE (shelf, \"order\")
    );
    INSERT INTO author VALUES (1, 'Ann'), (2, ''), (3, NULL), (4, 'Zoe'), (5, 'Bob');
    INSERT INTO book VALUES (1, '978-1', 1, 1, 1, 5);
";

/// Runs the test with the tables on SQLite, and on PostgreSQL where that is installed.
fn each<F: AsyncFn(&Sandbox, &Database)>(test: F) {
    let run = |sandbox: &Sandbox| {
        wait(async {
            let db = sandbox.ctx().db().await.expect("a database");
            db.execute_unprepared(TABLES).await.expect("tables");
            test(sandbox, &db).await;
            db.close().await.expect("the end");
        });
    };
    run(&sandbox());
    let Some(server) = postgres::server() else { return };
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", server.port);
    run(&Sandbox::new(&[module]).var("APP__DATABASE__URL", &url));
}

async fn refused(db: &Database, sql: &str) -> DbErr {
    db.execute_unprepared(sql).await.expect_err("a refusal")
}

fn beside(field: &str, message: &str) -> Errors {
    Errors { form: Vec::new(), fields: vec![(field.to_owned(), vec![message.to_owned()])] }
}

fn whole(message: &str) -> Errors {
    Errors { form: vec![message.to_owned()], fields: Vec::new() }
}

/// What a form with these fields makes of the error.
fn noted(sandbox: &Sandbox, keys: &[&'static str], error: DbErr) -> Errors {
    let mut form = Form::empty(&sandbox.ctx());
    form.text("isbn").label("ISBN").required();
    form.integer::<i64>("shelf").required();
    for key in keys {
        form.choice::<i64>(key, &Choices::unlisted()).required();
    }
    form.note_refusal("Book", error).expect("an error of a field");
    form.errors()
}

#[test]
fn values_that_another_row_has() {
    each(async |sandbox, db| {
        let error = refused(db, "INSERT INTO book VALUES (2, '978-1', 1, 2, 1, NULL)").await;
        assert_eq!(violation(&error), Some(Violation::Unique { columns: vec!["isbn".to_owned()] }));
        assert_eq!(noted(sandbox, &[], error), beside("isbn", "Book with this ISBN already exists."));
        let error = refused(db, "INSERT INTO book VALUES (2, '978-2', 1, 1, 1, NULL)").await;
        assert_eq!(noted(sandbox, &[], error), whole("Book with this Shelf and order already exists."));
        let error = refused(db, "INSERT INTO book VALUES (1, '978-2', 1, 2, 1, NULL)").await;
        assert_eq!(noted(sandbox, &[], error), whole("Book with this id already exists."));
    });
}

#[test]
fn rows_that_are_not_there_or_are_in_use() {
    let choice = "Select a valid choice. That choice is not one of the available choices.";
    each(async |sandbox, db| {
        let insert = "INSERT INTO book VALUES (2, '978-2', 1, 2, 9, NULL)";
        let error = refused(db, insert).await;
        assert_eq!(noted(sandbox, &["author_id"], error), beside("author_id", choice));
        let named = matches!(db.backend(), framework::db::Backend::Postgres);
        let expected = if named { beside("author_id", choice) } else { whole(choice) };
        assert_eq!(noted(sandbox, &["author_id", "editor_id"], refused(db, insert).await), expected);
        assert_eq!(noted(sandbox, &[], refused(db, insert).await), whole(choice));
        for author in [1, 5] {
            let error = refused(db, &format!("DELETE FROM author WHERE id = {author}")).await;
            assert!(matches!(violation(&error), Some(Violation::ForeignKey { .. })), "{error}");
        }
    });
}

#[test]
fn other_errors_are_no_business_of_a_form() {
    each(async |sandbox, db| {
        for sql in ["INSERT INTO nowhere VALUES (1)", "INSERT INTO book (id) VALUES (7)"] {
            let error = refused(db, sql).await;
            assert_eq!(violation(&error), None, "{error}");
            let mut form = Form::empty(&sandbox.ctx());
            let text = error.to_string();
            let back = form.note_refusal("Book", error).expect_err("no violation");
            assert_eq!((back.to_string(), form.has_errors()), (text, false));
        }
    });
}

mod author {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "author")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) name: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn rows_to_choose_from_are_in_order_of_what_people_read() {
    use author::Column::{Id, Name};
    let html = "{% from 'forms/fields.html' import fields %}{{ fields(form) }}";
    each(async |sandbox, db| {
        let names = labels(db, Id, Name, [1, 2, 3, 3, 9]).await.expect("labels");
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            [(1, "Ann".to_owned()), (2, "2".to_owned()), (3, "3".to_owned())]
        );
        assert!(labels(db, Id, Name, []).await.expect("none").is_empty());
        let draw = async || {
            let mut form = Form::empty(&sandbox.ctx());
            let authors = Choices::load(db, Id, Name).await.expect("authors");
            form.choice::<i64>("author_id", &authors).required();
            framework::templates::Engine::new(&sandbox.ctx())
                .render("page.html", framework::templates::context! { form })
                .expect("a form")
        };
        std::fs::create_dir_all(sandbox.dir.path().join("templates")).expect("a directory");
        std::fs::write(sandbox.dir.path().join("templates/page.html"), html).expect("a template");
        let page = draw().await;
        let options: Vec<&str> = page
            .lines()
            .filter_map(|line| line.trim().strip_prefix("<option value=")?.strip_suffix("</option>"))
            .collect();
        assert_eq!(options[0], "\"\" selected>---------");
        assert_eq!(options[1..], ["\"2\">2", "\"3\">3", "\"1\">Ann", "\"5\">Bob", "\"4\">Zoe"]);
        let many: Vec<String> = (10..10 + Choices::LIMIT).map(|id| format!("({id}, 'x')")).collect();
        db.execute_unprepared(&format!("INSERT INTO author VALUES {}", many.join(", "))).await.expect("rows");
        assert!(draw().await.contains("<input type=\"text\" value=\"\" id=\"id_author_id\""));
    });
}
