//! Rows of several models at once.

use db::bulk::{self, Created, Import};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use crate::{
    bulk::{mailing, users},
    entities::{create, recipient, user},
    support::{count, each, run, says},
};

#[tokio::test]
async fn an_import_brings_the_models_into_order_and_is_all_or_nothing() {
    each(async |fresh| {
        create(&fresh.db).await;
        let import = |owner: i64, many: i64| {
            let links = (1..=many).map(|n| recipient::ActiveModel { mailing_id: Set(n), user_id: Set(1) });
            // The last points at the first, each at the one after it: the rows have an order too, but not this one.
            let mailings = (1..=many).map(|n| mailing(n, owner, (n < many).then_some(n + 1)));
            let user = user::ActiveModel { id: Set(1), ..users([1]).remove(0) };
            Import::new()
                .batch_size(if many < 10 { 2 } else { 1000 })
                .with(bulk::create(links.collect()))?
                .with(bulk::create(mailings.collect()))?
                .with(bulk::create(vec![user]))
        };
        let failed = import(2, 5).unwrap().exec(&fresh.db).await.expect_err("nobody has the key 2");
        assert!(failed.to_string().to_lowercase().contains("foreign key"), "{failed}");
        assert_eq!(count(&fresh.db, "users_user").await, 0);
        for many in [5, 10_000] {
            let created = import(1, many).unwrap().exec(&fresh.db).await.unwrap();
            let expected = [("users_user", 1), ("mailings_mailing", many), ("mailings_mailing_recipients", many)]
                .map(|(table, rows)| Created { table: table.to_owned(), rows: rows as u64 });
            assert_eq!(created, expected);
            if many == 5 {
                run(&fresh.db, "DELETE FROM users_user").await;
                assert_eq!(count(&fresh.db, "mailings_mailing_recipients").await, 0);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn rows_of_one_model_may_point_at_each_other_in_a_circle() {
    each(async |fresh| {
        create(&fresh.db).await;
        let owner = user::ActiveModel { id: Set(1), ..users([1]).remove(0) };
        owner.insert(&fresh.db).await.unwrap();
        let circle = (1..=5).map(|n| mailing(n, 1, Some(n % 5 + 1)));
        let rows = circle.chain([mailing(6, 1, Some(1)), mailing(7, 1, Some(7))]).collect();
        let import = Import::new().batch_size(2).with(bulk::create(rows)).unwrap();
        assert_eq!(import.exec(&fresh.db).await.unwrap()[0].rows, 7);
        run(&fresh.db, "DELETE FROM mailings_mailing").await;
        // A dry run finds what only the end of a transaction would.
        let dry = fresh.db.dry_run().await.unwrap();
        let mut rows = vec![mailing(1, 1, Some(2)), mailing(2, 1, Some(1)), mailing(3, 1, Some(99))];
        rows.rotate_left(1);
        let import = Import::new().batch_size(1).with(bulk::create(rows)).unwrap();
        import.exec(&dry.database()).await.expect_err("no mailing 99");
        dry.rollback().await.unwrap();
        assert_eq!(count(&fresh.db, "mailings_mailing").await, 0);
    })
    .await;
}

mod left {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "circle_left")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub right_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::right::Entity", from = "Column::RightId", to = "super::right::Column::Id")]
        Right,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod right {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "circle_right")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub left_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::left::Entity", from = "Column::LeftId", to = "super::left::Column::Id")]
        Left,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::test]
async fn models_that_reference_each_other_are_named() {
    each(async |fresh| {
        let import = Import::new()
            .with(bulk::create(vec![left::ActiveModel { id: Set(1), right_id: Set(None) }]))
            .unwrap()
            .with(bulk::create(vec![right::ActiveModel { id: Set(1), left_id: Set(None) }]))
            .unwrap();
        let refused = import.exec(&fresh.db).await.expect_err("a circle");
        says(&refused, &["the models circle_left, circle_right reference each other in a circle"]);
    })
    .await;
    let models = vec![db::model::<left::Entity>("Left"), db::model::<right::Entity>("Right")];
    let circle = [db::ModuleModels { label: "circle".to_owned(), models }];
    let state = db::ProjectState::reflect(&circle).unwrap();
    says(&state.creation_order().expect_err("a circle"), &["the models circle.Left, circle.Right reference"]);
    let state = db::ProjectState::reflect(&crate::entities::modules()).unwrap();
    let order: Vec<String> = state.creation_order().unwrap().into_iter().map(ToString::to_string).collect();
    assert_eq!(order, ["users.User", "mailings.Mailing", "mailings.MailingRecipient"]);
}
