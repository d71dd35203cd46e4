//! Simulated deletions, against what the database then does.

use std::collections::BTreeSet;

use db::{
    Backend, Database, ProjectState,
    bulk::{self, Deletion, Referencing},
    state::{Action, DefaultValue, Field, FieldType, ModelKey, ModelState, Reference},
};
use sea_orm::TransactionTrait;

use crate::{
    entities,
    random::Random,
    support::{each, run, texts},
};

fn key(name: &str) -> ModelKey {
    ModelKey::new("graph", name)
}

fn keys(ids: &[i64]) -> Vec<Vec<sea_orm::Value>> {
    ids.iter().map(|&id| vec![id.into()]).collect()
}

/// Models `A`, `B` … with foreign keys between all of them, also to themselves, with any action.
fn graph(round: usize, random: &mut Random) -> ProjectState {
    const ACTIONS: [Action; 7] = [
        Action::Cascade,
        Action::Cascade,
        Action::Cascade,
        Action::SetNull,
        Action::SetDefault,
        Action::Restrict,
        Action::NoAction,
    ];
    let names = ["A", "B", "C", "D"];
    let mut state = ProjectState::default();
    for name in names {
        let mut id = Field::new("id", FieldType::BigInteger);
        (id.primary_key, id.auto_increment) = (true, true);
        let code = Field { unique: true, null: true, ..Field::new("code", FieldType::String(Some(20))) };
        let mut fields = vec![id, code];
        for at in 0..random.below(3) + 1 {
            let column = if random.chance(75) { "id" } else { "code" };
            // In every other round nothing holds for certain, so that deletions run deep.
            let action = *random.pick(if round.is_multiple_of(2) { &ACTIONS } else { &ACTIONS[..5] });
            let text = column == "code";
            fields.push(Field {
                null: random.chance(80),
                default: random.chance(50).then(|| {
                    let id = random.below(9) as i64 + 1;
                    if text { DefaultValue::Text(format!("code {id}")) } else { DefaultValue::Integer(id) }
                }),
                references: Some(Reference {
                    model: format!("graph.{}", random.pick(&names)),
                    column: column.to_owned(),
                    on_delete: action,
                    on_update: Action::NoAction,
                }),
                ..Field::new(format!("to {at}"), if text { FieldType::String(Some(20)) } else { FieldType::BigInteger })
            });
        }
        let model = ModelState {
            table: format!("graph{round}_{}", name.to_lowercase()),
            comment: None,
            fields,
            indexes: vec![],
            constraints: vec![],
        };
        state.insert(key(name), model);
    }
    state
}

fn default(field: &Field) -> String {
    match &field.default {
        Some(DefaultValue::Integer(id)) => format!(" DEFAULT {id}"),
        Some(DefaultValue::Text(text)) => format!(" DEFAULT '{text}'"),
        _ => String::new(),
    }
}

/// The tables, made here and not by migrations, which refuse circles. The order of the foreign keys is left to chance: on
/// PostgreSQL it decides what is done first.
async fn create(db: &Database, state: &ProjectState, random: &mut Random) {
    let mut later = Vec::new();
    for (_, model) in state.models() {
        let mut columns = vec!["id INTEGER PRIMARY KEY, code VARCHAR(20) UNIQUE".to_owned()];
        if db.backend() == Backend::Postgres {
            columns[0] = "id BIGINT PRIMARY KEY, code VARCHAR(20) UNIQUE".to_owned();
        }
        for field in &model.fields[2..] {
            let kind = if matches!(field.kind, FieldType::String(_)) { "VARCHAR(20)" } else { "BIGINT" };
            let null = if field.null { "" } else { " NOT NULL" };
            let mut column = format!("\"{}\" {kind}{null}{}", field.name, default(field));
            let reference = field.references.as_ref().unwrap();
            let target: ModelKey = reference.model.parse().unwrap();
            let references = format!(
                "REFERENCES {} ({}) ON DELETE {} DEFERRABLE INITIALLY IMMEDIATE",
                state.model(&target).unwrap().table,
                reference.column,
                reference.on_delete.sql()
            );
            match db.backend() {
                Backend::Sqlite => column.push_str(&format!(" {references}")),
                Backend::Postgres => {
                    let at = random.below(later.len() + 1);
                    later.insert(
                        at,
                        format!("ALTER TABLE {} ADD FOREIGN KEY (\"{}\") {references}", model.table, field.name),
                    );
                }
            }
            columns.push(column);
        }
        run(db, &format!("CREATE TABLE {} ({})", model.table, columns.join(", "))).await;
    }
    for sql in later {
        run(db, &sql).await;
    }
}

/// A few rows in each table that point at each other in any way, circles and themselves included.
async fn fill(db: &Database, state: &ProjectState, random: &mut Random) {
    let transaction = db.begin().await.unwrap();
    match db.backend() {
        Backend::Sqlite => run(&transaction, "PRAGMA defer_foreign_keys = ON").await,
        Backend::Postgres => run(&transaction, "SET CONSTRAINTS ALL DEFERRED").await,
    };
    let count = random.below(8) + 2;
    for (_, model) in state.models() {
        for id in 1..=count {
            let mut values = vec![id.to_string(), format!("'code {id}'")];
            for field in &model.fields[2..] {
                let to = random.below(count) + 1;
                values.push(match field.references.as_ref().unwrap().column.as_str() {
                    _ if field.null && random.chance(40) => "NULL".to_owned(),
                    "id" => to.to_string(),
                    _ => format!("'code {to}'"),
                });
            }
            run(&transaction, &format!("INSERT INTO {} VALUES ({})", model.table, values.join(", "))).await;
        }
    }
    transaction.commit().await.unwrap();
}

/// All rows: model, id, and everything else in one text.
async fn rows(db: &Database, state: &ProjectState) -> BTreeSet<(ModelKey, String, String)> {
    let mut rows = BTreeSet::new();
    for (key, model) in state.models() {
        let shown: Vec<String> =
            model.fields.iter().map(|field| format!("coalesce(CAST(\"{}\" AS text), '-')", field.name)).collect();
        for line in texts(db, &format!("SELECT {} FROM {}", shown.join(" || '|' || "), model.table)).await {
            let (id, rest) = line.split_once('|').unwrap();
            rows.insert((key.clone(), id.to_owned(), rest.to_owned()));
        }
    }
    rows
}

/// The rows as they would be after a deletion.
fn after(
    before: &BTreeSet<(ModelKey, String, String)>,
    state: &ProjectState,
    deletion: &Deletion,
) -> BTreeSet<(ModelKey, String, String)> {
    let gone = |key: &ModelKey, id: &str| {
        deletion.deleted.get(key).is_some_and(|rows| rows.iter().any(|row| row.0 == [id.to_owned()]))
    };
    let mut rows = BTreeSet::new();
    for (key, id, rest) in before.iter().filter(|(key, id, _)| !gone(key, id)) {
        let mut values: Vec<String> = rest.split('|').map(str::to_owned).collect();
        let model = state.model(key).unwrap();
        for change in deletion.changed.iter().filter(|change| change.model == *key) {
            if change.rows.iter().any(|row| row.0 == [id.clone()]) {
                let at = model.fields.iter().position(|field| field.name == change.field).unwrap();
                let default = match (&model.fields[at].default, change.action) {
                    (Some(DefaultValue::Integer(id)), Action::SetDefault) => id.to_string(),
                    (Some(DefaultValue::Text(text)), Action::SetDefault) => text.clone(),
                    _ => "-".to_owned(),
                };
                values[at - 1] = default;
            }
        }
        rows.insert((key.clone(), id.clone(), values.join("|")));
    }
    rows
}

/// Random models and rows. What was certain to be refused is; what was certain not to be is done exactly so; and what
/// depends on the database's order of work ends in one of the two.
#[tokio::test]
async fn a_simulated_deletion_is_what_the_database_does() {
    each(async |fresh| {
        let mut random = Random::from_environment();
        let (mut done, mut refused, mut cascaded, mut disputed) = (0, 0, 0, 0);
        let rounds = if fresh.db.backend() == Backend::Sqlite { 60 } else { 40 };
        for round in 0..rounds {
            let state = graph(round, &mut random);
            create(&fresh.db, &state, &mut random).await;
            fill(&fresh.db, &state, &mut random).await;
            for _ in 0..3 {
                let before = rows(&fresh.db, &state).await;
                let name = *random.pick(&["A", "B", "C", "D"]);
                let ids: BTreeSet<i64> = (0..random.below(3) + 1).map(|_| random.below(10) as i64 + 1).collect();
                let ids: Vec<i64> = ids.into_iter().collect();
                let deletion = bulk::simulate_delete(&fresh.db, &state, &key(name), keys(&ids)).await.unwrap();
                assert_eq!(rows(&fresh.db, &state).await, before, "nothing is written");
                let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let sql =
                    format!("DELETE FROM {} WHERE id IN ({})", state.model(&key(name)).unwrap().table, list.join(", "));
                let result = sea_orm::ConnectionTrait::execute_unprepared(&fresh.db, &sql).await;
                let now = rows(&fresh.db, &state).await;
                let context = format!(
                    "{} round {round}: {sql}\n{state:#?}\n{before:#?}\n{deletion:#?}\n{result:?}",
                    fresh.db.backend()
                );
                assert!(!(deletion.is_refused() && result.is_ok()), "should be refused: {context}");
                let certain = deletion.disputed.is_empty();
                disputed += usize::from(!certain && !deletion.is_refused());
                assert!(deletion.is_refused() || !certain || result.is_ok(), "should be done: {context}");
                match result {
                    Ok(_) => {
                        assert_eq!(now, after(&before, &state, &deletion), "{context}");
                        done += 1;
                        cascaded += usize::from(before.len() - now.len() > ids.len());
                    }
                    Err(_) => {
                        assert_eq!(now, before, "{context}");
                        refused += 1;
                    }
                }
            }
        }
        // Most must be certain, or nothing is tested.
        assert!(
            done > 15 && refused > 5 && cascaded > 5 && disputed < rounds / 2,
            "{done} done, {refused} refused, {cascaded} cascaded, {disputed} disputed"
        );
    })
    .await;
}

#[tokio::test]
async fn what_would_go_change_and_hold_is_said_by_name() {
    each(async |fresh| {
        entities::create(&fresh.db).await;
        let state = ProjectState::reflect(&entities::modules()).unwrap();
        run(&fresh.db, "INSERT INTO users_user (id, email, date_joined) VALUES (1, 'a', '2024-01-01'), (2, 'b', '2024-01-01')").await;
        for (id, previous) in [(1, "NULL"), (2, "1"), (3, "2")] {
            let owner = if id == 3 { 2 } else { 1 };
            run(&fresh.db, &format!("INSERT INTO mailings_mailing (id, start_datetime, end_datetime, status, owner_id, previous_id) VALUES ({id}, '2024-01-01', '2024-01-02', 'created', {owner}, {previous})")).await;
            run(&fresh.db, &format!("INSERT INTO mailings_mailing_recipients VALUES ({id}, 2)")).await;
        }
        let user = ModelKey::new("users", "User");
        let deletion = bulk::simulate_delete(&fresh.db, &state, &user, keys(&[1, 77])).await.unwrap();
        let deleted: Vec<String> = deletion
            .deleted
            .iter()
            .map(|(model, rows)| format!("{model}: {}", rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
            .collect();
        assert_eq!(deleted, ["mailings.Mailing: 1; 2", "mailings.MailingRecipient: 1, 2; 2, 2", "users.User: 1"]);
        let changed: Vec<String> = deletion.changed.iter().map(Referencing::to_string).collect();
        assert_eq!(changed, ["mailings.Mailing 3 by previous_id → mailings.Mailing (SET NULL)"]);
        assert!(!deletion.is_refused() && deletion.disputed.is_empty());

        // The link table has a key of two columns.
        let link = ModelKey::new("mailings", "MailingRecipient");
        let both = vec![vec![1_i64.into(), 2_i64.into()], vec![9_i64.into(), 2_i64.into()]];
        let deletion = bulk::simulate_delete(&fresh.db, &state, &link, both).await.unwrap();
        assert_eq!(deletion.deleted[&link].len(), 1);
        let nothing = bulk::simulate_delete(&fresh.db, &state, &user, keys(&[77])).await.unwrap();
        assert_eq!(nothing, Deletion::default());
        let unknown = bulk::simulate_delete(&fresh.db, &state, &key("A"), keys(&[1])).await.expect_err("unknown");
        assert_eq!(unknown.to_string(), "model graph.A: there is no such model");
    })
    .await;
}
