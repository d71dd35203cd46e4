//! Tables as the database has them, against what the migrations say.

use db::{
    Backend, ProjectState,
    inspect::{PartKind, drift, tables},
    state::{DefaultValue, Field, FieldType, Index, ModelKey, ModelState, SqlExpression},
};

use crate::{
    entities,
    support::{Fresh, each, postgres, run, sqlite, texts},
};

fn state() -> ProjectState {
    ProjectState::reflect(&entities::modules()).unwrap()
}

/// An edit of a model.
type Change<'a> = &'a dyn Fn(&mut ModelState);

async fn lines(fresh: &Fresh, state: &ProjectState) -> Vec<String> {
    drift(&fresh.db, state).await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_was_migrated_has_not_drifted() {
    each(async |fresh| {
        entities::create(&fresh.db).await;
        assert_eq!(lines(&fresh, &state()).await, [""; 0]);
        for foreign in ["\"Jobs\"", "\"Workers\"", "_sqlx_migrations", "apalis_jobs"] {
            run(&fresh.db, &format!("CREATE TABLE {foreign} (id integer)")).await;
        }
        assert_eq!(lines(&fresh, &state()).await, [""; 0], "tables of libraries are known by name");
        let left = match fresh.db.backend() {
            Backend::Sqlite => "SELECT name FROM sqlite_temp_master",
            Backend::Postgres => "SELECT relname::text FROM pg_class WHERE relpersistence = 't'",
        };
        assert_eq!(texts(&fresh.db, left).await, [""; 0], "nothing is left behind");
    })
    .await;
}

#[tokio::test]
async fn what_the_database_has_more_or_less_is_said() {
    each(async |fresh| {
        entities::create(&fresh.db).await;
        // On one connection: another of the pool may know an index that is gone for a moment longer.
        let statements = [
            "CREATE TABLE stray (id integer)",
            "ALTER TABLE users_user ADD COLUMN stray text",
            "DROP INDEX users_user_country_idx",
            "CREATE INDEX by_name ON users_user (first_name DESC) WHERE is_active",
            "DROP INDEX mailings_mailing_due",
            "CREATE INDEX mailings_mailing_due ON mailings_mailing (start_datetime, end_datetime)",
            "ALTER TABLE mailings_mailing RENAME COLUMN status TO state",
            "DROP TABLE mailings_mailing_recipients",
        ];
        run(&fresh.db, &statements.join(";")).await;
        let found = lines(&fresh, &state()).await;
        let (due, descending) = match fresh.db.backend() {
            Backend::Sqlite => ("status = 'created'", "(first_name desc) where is_active"),
            Backend::Postgres => ("((status)::text = 'created'::text)", "(first_name DESC) WHERE is_active"),
        };
        let word = if fresh.db.backend() == Backend::Sqlite { "where" } else { "WHERE" };
        let due = format!(
            "index mailings_mailing_due is (start_datetime, end_datetime) in the database, (start_datetime, end_datetime) \
             {word} {due} in the migrations"
        );
        let extra = "is in the database, but not in the migrations";
        let missing = "is in the migrations, but not in the database";
        assert_eq!(
            found,
            [
                format!("table stray {extra}"),
                format!("mailings.Mailing: {due}"),
                "mailings.Mailing: index mailings_mailing_status_idx is (state) in the database, (status) in the migrations"
                    .to_owned(),
                format!("mailings.Mailing: column state {extra}"),
                format!("mailings.Mailing: column status {missing}"),
                format!("mailings.MailingRecipient: table mailings_mailing_recipients {missing}"),
                format!("users.User: index by_name {descending} {extra}"),
                format!("users.User: column stray {extra}"),
                format!("users.User: index users_user_country_idx (country) {missing}"),
            ]
        );
        let found = drift(&fresh.db, &state()).await.unwrap();
        assert_eq!((found[0].model.as_ref(), found[0].name.as_str()), (None, "stray"));
        assert_eq!(found[6].name, "by_name");
    })
    .await;
}

#[tokio::test]
async fn every_property_of_a_column_counts() {
    each(async |fresh| {
        entities::create(&fresh.db).await;
        let change = |change: Change<'_>| {
            let mut state = state();
            let key = ModelKey::new("users", "User");
            let mut user = state.model(&key).unwrap().clone();
            change(&mut user);
            state.insert(key, user);
            state
        };
        let postgres = fresh.db.backend() == Backend::Postgres;
        fn field<'a>(model: &'a mut ModelState, name: &str) -> &'a mut Field {
            model.fields.iter_mut().find(|field| field.name == name).unwrap()
        }
        let cases: [(Change<'_>, &str, &str); 6] = [
            (
                &|user| field(user, "first_name").kind = FieldType::String(Some(20)),
                "column first_name is varchar(150) in the database, varchar(20) in the migrations",
                "column first_name is character varying(150) in the database, character varying(20) in the migrations",
            ),
            (
                &|user| field(user, "country").null = false,
                "column country may be NULL in the database, may not be NULL in the migrations",
                "column country may be NULL in the database, may not be NULL in the migrations",
            ),
            (
                &|user| {
                    let now = SqlExpression { sql: "CURRENT_TIMESTAMP".to_owned() };
                    field(user, "date_joined").default = Some(DefaultValue::Sql(now));
                },
                "column date_joined has no default in the database, has the default strftime ( '%Y-%m-%dT%H:%M:%f+00:00' , 'now' ) \
                    in the migrations",
                "column date_joined has no default in the database, has the default CURRENT_TIMESTAMP in the migrations",
            ),
            (
                &|user| field(user, "id").auto_increment = false,
                "column id numbers its rows in the database, does not number its rows in the migrations",
                "column id numbers its rows in the database, does not number its rows in the migrations",
            ),
            (
                &|user| field(user, "email").unique = false,
                "unique constraint (email) is in the database, but not in the migrations",
                "unique constraint users_user_email_key (email) is in the database, but not in the migrations",
            ),
            (
                &|user| user.indexes[0] = Index { name: "other".to_owned(), ..user.indexes[0].clone() },
                "index (country) is called users_user_country_idx in the database, other in the migrations",
                "index (country) is called users_user_country_idx in the database, other in the migrations",
            ),
        ];
        for (alter, on_sqlite, on_postgres) in cases {
            let said = if postgres { on_postgres } else { on_sqlite };
            assert_eq!(lines(&fresh, &change(alter)).await, [format!("users.User: {said}")]);
        }
        // Only PostgreSQL stores comments.
        let said = "users.User: the table's comment is `people who log in` in the database, missing in the migrations";
        let expected = if postgres { vec![said] } else { Vec::new() };
        assert_eq!(lines(&fresh, &change(&|user| user.comment = None)).await, expected);
        assert_eq!(lines(&fresh, &change(&|user| user.fields.reverse())).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn references_and_checks_count_with_all_they_say() {
    each(async |fresh| {
        entities::create(&fresh.db).await;
        let found = tables(&fresh.db).await.unwrap();
        let names: Vec<&str> = found.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["mailings_mailing", "mailings_mailing_recipients", "migration_history", "users_user"]);
        let parts = |kind| found[0].parts.iter().filter(move |part| part.kind == kind);
        assert_eq!(parts(PartKind::ForeignKey).count(), 2);
        assert!(parts(PartKind::ForeignKey).any(|part| part.definition.contains("ON DELETE CASCADE")));
        assert_eq!(parts(PartKind::PrimaryKey).map(|part| part.definition.as_str()).collect::<Vec<_>>(), ["(id)"]);
        assert_eq!(
            parts(PartKind::Check).map(|part| part.name.as_deref()).collect::<Vec<_>>(),
            [Some("mailings_mailing_dates")]
        );
        let unique = parts(PartKind::Unique).next().unwrap();
        assert_eq!(
            (unique.name.as_deref(), unique.definition.as_str()),
            (Some("mailings_mailing_run_uniq"), "(owner_id, token)")
        );
        assert_eq!(parts(PartKind::Index).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_postgresql_alone_has_is_handled() {
    let Some(fresh) = postgres().await else { return };
    entities::create(&fresh.db).await;
    run(&fresh.db, "CREATE SCHEMA apalis; CREATE TABLE apalis.jobs (id integer)").await;
    run(&fresh.db, "ALTER TABLE mailings_mailing RENAME CONSTRAINT mailings_mailing_owner_id_fkey TO odd").await;
    let found = lines(&fresh, &state()).await;
    let said = "mailings.Mailing: foreign key (owner_id) REFERENCES users_user(id) ON DELETE CASCADE DEFERRABLE is called odd in the \
                database, mailings_mailing_owner_id_fkey in the migrations";
    assert_eq!(found, [said]);
}

#[tokio::test]
async fn names_in_any_alphabet_are_compared() {
    let mut state = ProjectState::default();
    let mut id = Field::new("Schlüssel \"x\"", FieldType::BigInteger);
    id.primary_key = true;
    let model = ModelState {
        table: "Täble (1), \"CHECK\"".to_owned(),
        comment: None,
        fields: vec![id, Field::new("naïve", FieldType::Text)],
        indexes: Vec::new(),
        constraints: Vec::new(),
    };
    state.insert(ModelKey::new("x", "T"), model);
    let mut fresh = vec![sqlite().await];
    fresh.extend(postgres().await);
    for fresh in fresh {
        let missing = "x.T: table Täble (1), \"CHECK\" is in the migrations, but not in the database";
        assert_eq!(lines(&fresh, &state).await, [missing]);
        run(&fresh.db, "CREATE TABLE \"Täble (1), \"\"CHECK\"\"\" (\"Schlüssel \"\"x\"\"\" bigint PRIMARY KEY, naïve text NOT NULL)").await;
        let found = lines(&fresh, &state).await;
        // SQLite keeps the spelling of types, and a primary key of another type than INTEGER takes NULL.
        let kind = "x.T: column Schlüssel \"x\" is bigint in the database, integer in the migrations";
        let null = "x.T: column Schlüssel \"x\" may be NULL in the database, may not be NULL in the migrations";
        let key = "x.T: primary key (\"Schlüssel \"\"x\"\"\") is called";
        match fresh.db.backend() {
            Backend::Sqlite => assert_eq!(found, [kind, null]),
            Backend::Postgres => {
                assert!(found.is_empty() || found.len() == 1 && found[0].starts_with(key), "{found:?}")
            }
        }
    }
}
