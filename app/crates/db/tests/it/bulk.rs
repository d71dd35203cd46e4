//! Many rows at once: create, update, delete, import, difference.

use db::{
    Verb, Write,
    bulk::{self, OnConflict, Updated},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, QueryOrder, TransactionTrait,
    prelude::DateTimeUtc,
};

use crate::{
    entities::{create, mailing, recipient, user},
    support::{count, each, says, texts},
};

pub fn users(names: impl IntoIterator<Item = usize>) -> Vec<user::ActiveModel> {
    names
        .into_iter()
        .map(|n| user::ActiveModel { email: Set(format!("user{n}@example.com")), ..user::active() })
        .collect()
}

/// A mailing with a key of its own.
pub fn mailing(id: i64, owner: i64, previous: Option<i64>) -> mailing::ActiveModel {
    mailing::ActiveModel {
        id: Set(id),
        start_datetime: Set("2024-05-06T07:00:00Z".parse().unwrap()),
        end_datetime: Set("2024-05-07T07:00:00Z".parse().unwrap()),
        status: Set(mailing::Status::Created),
        owner_id: Set(owner),
        previous_id: Set(previous),
        ..Default::default()
    }
}

#[tokio::test]
async fn steps_of_any_size_create_the_same_rows() {
    each(async |fresh| {
        create(&fresh.db).await;
        for (at, size) in [Some(1), Some(7), Some(100_000), None].into_iter().enumerate() {
            let rows = users(at * 20..at * 20 + 20);
            assert_eq!(bulk::create(rows).batch_size(size).exec(&fresh.db).await.unwrap(), 20);
        }
        assert_eq!(count(&fresh.db, "users_user").await, 80);
        assert_eq!(bulk::create(users([])).exec(&fresh.db).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn keys_and_defaults_come_back_in_the_order_given() {
    each(async |fresh| {
        create(&fresh.db).await;
        let mut rows = users([3, 1, 2]);
        rows[0].is_active = Set(false);
        rows[2].country = Set(Some("NL".to_owned()));
        let made = bulk::create(rows).batch_size(2).exec_with_models(&fresh.db).await.unwrap();
        let seen: Vec<_> =
            made.iter().map(|user| (user.email.as_str(), user.is_active, user.country.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("user3@example.com", false, None),
                ("user1@example.com", true, None),
                ("user2@example.com", true, Some("NL"))
            ]
        );
        let stored = user::Entity::find().order_by_asc(user::Column::Id).all(&fresh.db).await.unwrap();
        assert_eq!(made, stored);
    })
    .await;
}

#[tokio::test]
async fn rows_that_set_different_columns_may_be_mixed() {
    each(async |fresh| {
        create(&fresh.db).await;
        let mixed = |from: usize, count: usize| {
            let mut rows = users(from..from + count);
            for (n, row) in rows.iter_mut().enumerate() {
                match n % 5 {
                    0 => row.is_active = Set(false),
                    1 => row.country = Set(Some("NL".to_owned())),
                    2 => (row.first_name, row.country) = (Set("Eva".to_owned()), Set(None)),
                    _ => {}
                }
            }
            rows
        };
        bulk::create(mixed(0, 20)).exec(&fresh.db).await.unwrap();
        bulk::create(mixed(20, 300)).exec(&fresh.db).await.unwrap();
        let sql = "SELECT CAST(COUNT(*) AS text) FROM users_user GROUP BY is_active, country, first_name ORDER BY 1";
        assert_eq!(texts(&fresh.db, sql).await, ["128", "64", "64", "64"]);
        let order = "SELECT email FROM users_user ORDER BY id LIMIT 30";
        let expected: Vec<String> = (0..30).map(|n| format!("user{n}@example.com")).collect();
        assert_eq!(texts(&fresh.db, order).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_failure_in_a_later_step_leaves_nothing() {
    each(async |fresh| {
        create(&fresh.db).await;
        // Of this size, PostgreSQL gets them through `COPY`.
        for (rows, step) in [(10, 3), (10_500, 4000)] {
            let mut rows = users(0..rows);
            // The last one is there twice.
            rows.push(rows[0].clone());
            let failed = bulk::create(rows).batch_size(step).exec(&fresh.db).await.expect_err("twice");
            assert!(failed.to_string().to_lowercase().contains("unique"), "{failed}");
            assert_eq!(count(&fresh.db, "users_user").await, 0);
        }
        // The connection of the failed `COPY` is as good as before.
        let odd = user::ActiveModel { country: Set(Some("NL".to_owned())), ..users([0]).remove(0) };
        let rows = [odd]
            .into_iter()
            .chain(users(1..10_200))
            .chain(users(10_200..10_210).into_iter().map(|row| user::ActiveModel { is_active: Set(false), ..row }));
        assert_eq!(bulk::create(rows.collect()).exec(&fresh.db).await.unwrap(), 10_210);
        let sql = "SELECT CAST(COUNT(*) AS text) FROM users_user GROUP BY is_active, country ORDER BY 1";
        assert_eq!(texts(&fresh.db, sql).await, ["1", "10", "10199"]);
    })
    .await;
}

#[tokio::test]
async fn conflicts_are_ignored_or_update_given_fields() {
    each(async |fresh| {
        create(&fresh.db).await;
        bulk::create(users(0..3)).exec(&fresh.db).await.unwrap();
        let ignore = bulk::create(users(2..5)).on_conflict(OnConflict::Ignore);
        let made = ignore.exec_with_models(&fresh.db).await.unwrap();
        assert_eq!(made.iter().map(|user| user.email.as_str()).collect::<Vec<_>>(), ["user3@example.com", "user4@example.com"]);
        let mut rows = users(4..6);
        for row in &mut rows {
            (row.first_name, row.country) = (Set("Ann".to_owned()), Set(Some("NL".to_owned())));
        }
        let update = OnConflict::Update { unique: vec![user::Column::Email], fields: vec![user::Column::Country] };
        assert_eq!(bulk::create(rows).on_conflict(update).exec(&fresh.db).await.unwrap(), 2);
        let sql = "SELECT email || ' ' || first_name || ' ' || coalesce(country, '-') FROM users_user WHERE id > 3 OR country = 'NL' ORDER BY email";
        let found = texts(&fresh.db, sql).await;
        assert_eq!(found[1..], ["user4@example.com  NL", "user5@example.com Ann NL"]);
        let nothing = OnConflict::Update { unique: vec![], fields: vec![user::Column::Country] };
        let refused = bulk::create(users([9])).on_conflict(nothing).exec(&fresh.db).await.expect_err("no columns");
        says(&refused, &["table users_user", "needs the columns of a constraint"]);
    })
    .await;
}

#[tokio::test]
async fn an_update_gives_each_row_its_own_values_and_counts_the_missing() {
    each(async |fresh| {
        create(&fresh.db).await;
        let made = bulk::create(users(0..20)).exec_with_models(&fresh.db).await.unwrap();
        let mut rows: Vec<user::ActiveModel> = made
            .iter()
            .map(|user| user::ActiveModel {
                id: Set(user.id),
                first_name: Set(format!("Name {}", user.id)),
                country: Set((user.id % 2 == 0).then(|| "NL".to_owned())),
                date_joined: Set("2001-02-03T04:05:06Z".parse().unwrap()),
                is_active: Set(false),
                ..Default::default()
            })
            .collect();
        rows.push(user::ActiveModel { id: Set(999), ..rows[0].clone() });
        let fields = [user::Column::FirstName, user::Column::Country, user::Column::DateJoined];
        let updated = bulk::update(rows.clone(), fields).batch_size(6).exec(&fresh.db).await.unwrap();
        assert_eq!(updated, Updated { rows: 20, missing: 1 });
        for user in user::Entity::find().all(&fresh.db).await.unwrap() {
            assert_eq!(user.first_name, format!("Name {}", user.id));
            assert_eq!(user.country.as_deref(), (user.id % 2 == 0).then_some("NL"));
            assert_eq!(user.date_joined, "2001-02-03T04:05:06Z".parse::<DateTimeUtc>().unwrap());
            assert!(user.is_active, "not among the fields");
        }

        let refusal = async |rows: Vec<user::ActiveModel>, fields: &[user::Column]| {
            bulk::update(rows, fields.iter().copied()).batch_size(2).exec(&fresh.db).await.expect_err("refused")
        };
        let mut changed = rows[..3].to_vec();
        changed[0].country = Set(Some("changed".to_owned()));
        changed[2].country = NotSet;
        says(&refusal(changed, &[user::Column::Country]).await, &["row 3 does not set country"]);
        says(&refusal(vec![rows[0].clone(); 3], &[user::Column::Country]).await, &["two rows have the key 1;"]);
        says(&refusal(rows.clone(), &[user::Column::Id]).await, &["column id is part of the primary key"]);
        says(&refusal(rows, &[]).await, &["at least one field"]);
        let sql = "SELECT CAST(COUNT(*) AS text) FROM users_user WHERE country = 'changed'";
        assert_eq!(texts(&fresh.db, sql).await, ["0"], "what was refused left nothing");
    })
    .await;
}

#[tokio::test]
async fn rows_are_deleted_by_key_and_by_condition() {
    each(async |fresh| {
        create(&fresh.db).await;
        let made = bulk::create(users(0..40)).exec_with_models(&fresh.db).await.unwrap();
        let ids: Vec<i64> = made.iter().map(|user| user.id).collect();
        let keys = ids[..15].iter().copied().chain([777]);
        assert_eq!(bulk::delete::<user::Entity>(keys).batch_size(4).exec(&fresh.db).await.unwrap(), 15);
        bulk::create(vec![mailing(1, ids[20], None)]).exec(&fresh.db).await.unwrap();
        let links: Vec<_> =
            ids[20..30].iter().map(|id| recipient::ActiveModel { mailing_id: Set(1), user_id: Set(*id) }).collect();
        bulk::create(links).exec(&fresh.db).await.unwrap();
        let keys = ids[25..30].iter().map(|id| (1, *id)).chain([(2, 3)]);
        assert_eq!(bulk::delete::<recipient::Entity>(keys).batch_size(2).exec(&fresh.db).await.unwrap(), 5);
        for condition in [
            Condition::all().add(recipient::Column::UserId.gt(ids[22])),
            Condition::all().add(recipient::Column::UserId.gt(ids[29])),
        ] {
            bulk::delete_where::<recipient::Entity>(condition).batch_size(1).exec(&fresh.db).await.unwrap();
        }
        assert_eq!(count(&fresh.db, "mailings_mailing_recipients").await, 3);
        // With the owner goes the mailing, and with it what is left of the links.
        let condition = Condition::all().add(user::Column::Email.ne("x"));
        assert_eq!(bulk::delete_where::<user::Entity>(condition).batch_size(9).exec(&fresh.db).await.unwrap(), 25);
        assert_eq!(count(&fresh.db, "mailings_mailing_recipients").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_and_a_transaction_do_the_same_and_keep_nothing() {
    each(async |fresh| {
        create(&fresh.db).await;
        let work = async |db: &db::Database| {
            let made = bulk::create(users(0..700)).batch_size(300).exec_with_models(db).await.unwrap();
            let rows = made[..10].iter().map(|user| user::ActiveModel {
                id: Set(user.id),
                is_active: Set(false),
                ..Default::default()
            });
            bulk::update(rows.collect(), [user::Column::IsActive]).exec(db).await.unwrap();
            bulk::delete::<user::Entity>(made[..4].iter().map(|user| user.id)).exec(db).await.unwrap();
            bulk::create(users(700..1400)).exec(db).await.unwrap();
        };
        let dry = fresh.db.dry_run().await.unwrap();
        work(&dry.database()).await;
        let write = |verb, rows| Write { verb, table: "users_user".to_owned(), rows };
        let expected = [write(Verb::Insert, 1400), write(Verb::Update, 10), write(Verb::Delete, 4)];
        assert_eq!(dry.rollback().await.unwrap(), expected);
        assert_eq!(count(&fresh.db, "users_user").await, 0);
        let transaction = fresh.db.begin().await.unwrap();
        bulk::create(users(0..700)).exec(&transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(count(&fresh.db, "users_user").await, 0);
        work(&fresh.db).await;
        assert_eq!(count(&fresh.db, "users_user").await, 1396);
    })
    .await;
}

#[tokio::test]
async fn a_difference_says_what_to_do_and_does_it() {
    each(async |fresh| {
        create(&fresh.db).await;
        let existing = bulk::create(users(0..6)).exec_with_models(&fresh.db).await.unwrap();
        let mut wanted = users([1, 2, 3, 8, 9]);
        wanted[0].first_name = Set("Ann".to_owned());
        wanted[1].first_name = Set(String::new());
        wanted[2].country = Set(Some("NL".to_owned()));
        let (by, fields) = ([user::Column::Email], [user::Column::FirstName, user::Column::Country]);
        let difference = bulk::difference(existing.clone(), wanted.clone(), &by, &fields).unwrap();
        let emails = |users: &[user::Model]| users.iter().map(|user| user.email[4..5].to_owned()).collect::<String>();
        assert_eq!((emails(&difference.delete), emails(&difference.unchanged)), ("045".to_owned(), "2".to_owned()));
        assert_eq!((difference.create.len(), difference.update.len()), (2, 2));
        let applied = difference.apply(&fresh.db, Some(2)).await.unwrap();
        assert_eq!((applied.created, applied.updated, applied.deleted), (2, Updated { rows: 2, missing: 0 }, 3));
        let now = user::Entity::find().order_by_asc(user::Column::Id).all(&fresh.db).await.unwrap();
        assert_eq!(emails(&now), "12389");
        assert_eq!(now[..3].iter().map(|user| user.id).collect::<Vec<_>>(), [2, 3, 4], "the rows are the same ones");
        assert!(bulk::difference(now, wanted.clone(), &by, &fields).unwrap().is_empty());

        wanted.push(wanted[0].clone());
        let twice = bulk::difference(existing.clone(), wanted.clone(), &by, &fields).expect_err("twice");
        says(&twice, &["table users_user: two rows have the same email: user1@example.com"]);
        wanted[0].email = NotSet;
        // NULL is a value like others, and not that of an empty text.
        let (mut nowhere, mut empty) = (users([10]).remove(0), users([11]).remove(0));
        (nowhere.country, empty.country) = (Set(None), Set(Some(String::new())));
        let by_country = |wanted| bulk::difference(Vec::new(), wanted, &[user::Column::Country], &fields);
        assert_eq!(by_country(vec![nowhere.clone(), empty]).unwrap().create.len(), 2);
        says(&by_country(vec![nowhere.clone(), nowhere]).unwrap_err(), &["two rows have the same country: NULL"]);
        let unset = bulk::difference(existing, wanted, &by, &fields).expect_err("unset");
        says(&unset, &["row 1 does not set all of email"]);
    })
    .await;
}
