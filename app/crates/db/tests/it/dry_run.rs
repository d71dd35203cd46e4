//! Doing everything and leaving nothing.

use db::{Database, Verb, Write};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait, TransactionTrait};

use crate::{
    entities::{create, user},
    support::{count, each, run},
};

fn write(verb: Verb, table: &str, rows: u64) -> Write {
    Write { verb, table: table.to_owned(), rows }
}

async fn add(db: &impl sea_orm::ConnectionTrait, email: &str) -> user::Model {
    user::ActiveModel { email: Set(email.to_owned()), ..user::active() }.insert(db).await.unwrap()
}

#[tokio::test]
async fn everything_happens_inside_and_nothing_stays() {
    each(async |fresh| {
        create(&fresh.db).await;
        add(&fresh.db, "before@example.com").await;
        let run_dry = fresh.db.dry_run().await.unwrap();
        let db = run_dry.database();
        add(&db, "a@example.com").await;
        let second = add(&db, "b@example.com").await;
        assert_eq!(user::Entity::find().count(&db).await.unwrap(), 3, "what was written is seen");
        run(&db, "UPDATE users_user SET is_active = FALSE").await;
        user::Entity::delete_by_id(second.id).exec(&db).await.unwrap();
        add(&db, "c@example.com").await;
        db.ping().await.unwrap();
        let writes = run_dry.rollback().await.unwrap();
        assert_eq!(
            writes,
            [
                write(Verb::Insert, "users_user", 3),
                write(Verb::Update, "users_user", 3),
                write(Verb::Delete, "users_user", 1),
            ]
        );
        assert_eq!(count(&fresh.db, "users_user").await, 1);
        let late = user::Entity::find().count(&db).await.expect_err("over");
        assert!(late.to_string().contains("the dry run is over"), "{late}");
    })
    .await;
}

#[tokio::test]
async fn transactions_in_it_are_savepoints_and_only_what_they_commit_counts() {
    each(async |fresh| {
        create(&fresh.db).await;
        let run_dry = fresh.db.dry_run().await.unwrap();
        let db = run_dry.database();
        let undone = db.begin().await.unwrap();
        add(&undone, "a@example.com").await;
        undone.rollback().await.unwrap();
        let kept = db.begin().await.unwrap();
        add(&kept, "b@example.com").await;
        let nested = kept.begin().await.unwrap();
        add(&nested, "c@example.com").await;
        nested.commit().await.unwrap();
        let dropped = kept.begin().await.unwrap();
        add(&dropped, "d@example.com").await;
        drop(dropped);
        kept.commit().await.unwrap();
        assert_eq!(user::Entity::find().count(&db).await.unwrap(), 2);
        assert!(db.dry_run().await.is_err(), "no dry run in a dry run");
        assert_eq!(run_dry.rollback().await.unwrap(), [write(Verb::Insert, "users_user", 2)]);
        assert_eq!(count(&fresh.db, "users_user").await, 0);
    })
    .await;
}

#[tokio::test]
async fn tasks_take_turns() {
    each(async |fresh| {
        create(&fresh.db).await;
        let run_dry = fresh.db.dry_run().await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let db: Database = run_dry.database();
                tokio::spawn(async move {
                    let tx = db.begin().await.unwrap();
                    add(&tx, &format!("user{n}@example.com")).await;
                    tokio::task::yield_now().await;
                    if n % 2 == 0 { tx.commit().await.unwrap() } else { tx.rollback().await.unwrap() }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(run_dry.rollback().await.unwrap(), [write(Verb::Insert, "users_user", 4)]);
        assert_eq!(count(&fresh.db, "users_user").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_that_is_dropped_leaves_nothing_either() {
    each(async |fresh| {
        create(&fresh.db).await;
        let run_dry = fresh.db.dry_run().await.unwrap();
        add(&run_dry.database(), "a@example.com").await;
        drop(run_dry);
        assert_eq!(count(&fresh.db, "users_user").await, 0);
    })
    .await;
}
