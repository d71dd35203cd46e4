//! Permissions of the models and of people (case 237), groups.

use std::collections::BTreeSet;

use framework::accounts::{Account, Accounts as _, NewAccount, Rank};
use framework::contrib::auth::models::permission;
use framework::contrib::auth::service::{self, Changes, Found};
use framework::db::Database;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};

use super::{each, wait};
use app::modules::users::service::ACCOUNTS;

/// All permissions of a module, as `codename: name`.
async fn of(db: &Database, module: &str) -> Vec<String> {
    let all = service::permissions(db).await.expect("permissions");
    let shown = |found: permission::Model| format!("{}: {}", found.codename, found.name);
    all.into_iter().filter(|found| found.module == module).map(shown).collect()
}

#[test]
fn every_model_has_permissions_after_migrate() {
    // Case 237.
    each(|root| {
        wait(async {
            let ctx = root.ctx();
            let db = ctx.db().await.expect("a database");
            let mailings = of(&db, "mailings").await;
            for found in [
                "view_mailing: Can view mailing",
                "add_mailing: Can add mailing",
                "change_recipient: Can change recipient",
                "delete_message: Can delete message",
                "can_view_all_recipients: Can view all recipients",
                "can_view_all_mailings: Can view all mailings",
                "can_disable_mailing: Can disable mailings",
            ] {
                assert!(mailings.iter().any(|known| known == found), "{found}: {mailings:?}");
            }
            // Four models with four each, and four of their own; the table that links two has none.
            assert_eq!(mailings.len(), 4 * 4 + 4, "{mailings:?}");
            let users = ["add_user: Can add user", "change_user: Can change user", "delete_user: Can delete user"];
            assert_eq!(of(&db, "users").await, [&users[..], &["view_user: Can view user"]].concat());
            assert_eq!((of(&db, "auth").await.len(), of(&db, "sessions").await.len()), (8, 4));
            // A second run makes nothing, one that is missing is made again, one that nobody wants is left alone.
            let before = service::permissions(&db).await.expect("permissions");
            assert_eq!(service::create_permissions(&db, ctx.modules()).await.expect("none"), 0);
            db.execute_unprepared("UPDATE auth_permission SET codename = 'old_user' WHERE codename = 'view_user'")
                .await
                .expect("an update");
            root.line("migrate -v 0").is(0, "", "");
            let after = service::permissions(&db).await.expect("permissions");
            assert_eq!(after.len(), before.len() + 1);
            // A flush empties the table, and they are made again.
            root.line("flush --noinput -v 0").is(0, "", "");
            assert_eq!(service::permissions(&db).await.expect("permissions").len(), before.len());
            // Several processes may migrate at once: each permission is made once, and nobody fails.
            permission::Entity::delete_many().exec(&db).await.expect("an empty table");
            let make = || service::create_permissions(&db, ctx.modules());
            let made = tokio::join!(make(), make(), make(), make());
            let made: u64 = [made.0, made.1, made.2, made.3].map(|made| made.expect("no failure")).iter().sum();
            assert_eq!(made, before.len() as u64);
            // Without its table there is nothing to do.
            root.line("migrate auth zero -v 0").is(0, "", "");
            root.line("migrate sessions -v 0").is(0, "", "");
            ctx.close().await;
        });
    });
}

#[test]
fn people_have_their_own_permissions_and_those_of_their_groups() {
    each(|root| {
        wait(async {
            let ctx = root.ctx();
            let db = ctx.db().await.expect("a database");
            let new = |email: &str, rank| NewAccount {
                email: email.to_owned(),
                username: email.to_owned(),
                password: "!".to_owned(),
                rank,
                joined: ctx.now(),
            };
            let user = ACCOUNTS.create(&db, new("joe@example.com", Rank::User)).await.expect("a user");
            let boss = ACCOUNTS.create(&db, new("ann@example.com", Rank::Superuser)).await.expect("a superuser");
            let of =
                async |account: &Account| service::permissions_of(&db, &ACCOUNTS, account).await.expect("permissions");
            assert_eq!(of(&user).await, BTreeSet::new());
            let (managers, found) = service::get_or_create_group(&db, "Managers").await.expect("a group");
            assert_eq!(found, Found::Created);
            let again = service::get_or_create_group(&db, "Managers").await.expect("a group");
            assert_eq!(again, (managers.clone(), Found::Existing));
            let set = async |labels: &[&str]| service::set_group_permissions(&db, managers.id, labels).await;
            let changes = set(&["users.view_user", "mailings.view_mailing"]).await.expect("two grants");
            assert_eq!(changes.added, ["mailings.view_mailing", "users.view_user"]);
            let changes = set(&["users.view_user", "mailings.can_disable_mailing"]).await.expect("one for another");
            let expected = Changes {
                added: vec!["mailings.can_disable_mailing".to_owned()],
                removed: vec!["mailings.view_mailing".to_owned()],
            };
            assert_eq!(changes, expected);
            let error = set(&["users.view_user", "users.fly"]).await.expect_err("no such permission");
            assert!(error.to_string().contains("`users.fly`"), "{error}");
            let view = service::permissions(&db).await.expect("permissions").into_iter();
            let view = view.filter(|found| found.codename == "view_attempt").map(|found| found.id).next();
            for sql in [
                format!("INSERT INTO users_user_groups (user_id, group_id) VALUES ({}, {})", user.id, managers.id),
                format!(
                    "INSERT INTO users_user_permissions (user_id, permission_id) VALUES ({}, {})",
                    user.id,
                    view.expect("a permission")
                ),
            ] {
                db.execute_unprepared(&sql).await.expect("a row");
            }
            let held = ["mailings.can_disable_mailing", "mailings.view_attempt", "users.view_user"];
            assert_eq!(of(&user).await, held.map(str::to_owned).into());
            let all = service::permissions(&db).await.expect("permissions");
            assert_eq!(of(&boss).await.len(), all.len());
            let gone = Account { is_active: false, ..boss };
            assert_eq!(of(&gone).await, BTreeSet::new());
            ctx.close().await;
        });
    });
}
