//! Join tables.

use db::bulk::{self, Links, Relinked};
use sea_orm::{ActiveValue::Set, TransactionTrait};

use crate::{
    bulk::{mailing, users},
    entities::{create, user},
    support::{count, each},
};

const RECIPIENTS: Links = Links::new("mailings_mailing_recipients", "mailing_id", "user_id");
const MAILINGS: Links = Links::new("mailings_mailing_recipients", "user_id", "mailing_id");

#[tokio::test]
async fn links_are_added_removed_and_set_from_both_sides() {
    each(async |fresh| {
        create(&fresh.db).await;
        let people = users(1..6).into_iter().zip(1..).map(|(row, id)| user::ActiveModel { id: Set(id), ..row });
        bulk::create(people.collect()).exec(&fresh.db).await.unwrap();
        bulk::create(vec![mailing(1, 1, None), mailing(2, 1, None)]).exec(&fresh.db).await.unwrap();
        let db = &fresh.db;
        assert!(RECIPIENTS.ids(db, 1).await.unwrap().is_empty());
        assert_eq!(RECIPIENTS.add(db, 1, [3, 1, 3]).await.unwrap(), 2);
        assert_eq!(RECIPIENTS.add(db, 1, [1, 2]).await.unwrap(), 1);
        assert_eq!(RECIPIENTS.add(db, 2, [2]).await.unwrap(), 1);
        assert_eq!(RECIPIENTS.ids(db, 1).await.unwrap(), [1, 2, 3]);
        assert_eq!(MAILINGS.ids(db, 2).await.unwrap(), [1, 2]);
        assert_eq!(RECIPIENTS.set(db, 1, [2, 4, 5]).await.unwrap(), Relinked { added: 2, removed: 2 });
        assert_eq!(RECIPIENTS.set(db, 1, [5, 4, 2]).await.unwrap(), Relinked::default());
        assert_eq!(RECIPIENTS.ids(db, 2).await.unwrap(), [2], "that of another row is left alone");
        assert_eq!(RECIPIENTS.remove(db, 1, [4, 1, 99]).await.unwrap(), 1);
        assert_eq!(RECIPIENTS.remove(db, 1, []).await.unwrap(), 0);
        RECIPIENTS.set(db, 1, [1, 99]).await.expect_err("nobody has the key 99");
        assert_eq!(RECIPIENTS.ids(db, 1).await.unwrap(), [2, 5], "all or nothing");
        let transaction = db.begin().await.unwrap();
        assert_eq!(MAILINGS.set(&transaction, 2, []).await.unwrap(), Relinked { added: 0, removed: 2 });
        transaction.rollback().await.unwrap();
        assert_eq!(count(db, "mailings_mailing_recipients").await, 3);
    })
    .await;
}
