//! What can be done with users. Only this file writes their rows.

use chrono::{DateTime, Utc};
use framework::accounts::{Account, Accounts, NewAccount, Pending, Rank};
use framework::db::Database;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, TransactionTrait as _,
};

use super::models::{user, user_group, user_permission};

/// A password that matches nothing: who has it cannot log in with one.
pub const UNUSABLE_PASSWORD: &str = "!";

/// How many users there are.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &Database) -> Result<u64, DbErr> {
    user::Entity::find().count(db).await
}

/// The user with this email; if there is none, one is made with the other values of `new`.
///
/// # Errors
/// When the database fails.
pub async fn get_or_create(db: &impl ConnectionTrait, new: user::Model) -> Result<user::Model, DbErr> {
    match by_column(db, user::Column::Email, &new.email).await? {
        Some(user) => Ok(user),
        None => create(db, new).await,
    }
}

/// Makes a user with these values; the id is the database's.
///
/// # Errors
/// When email or username are taken; when the database fails.
pub async fn create(db: &impl ConnectionTrait, new: user::Model) -> Result<user::Model, DbErr> {
    let row = user::ActiveModel {
        email: Set(new.email),
        username: Set(new.username),
        password: Set(new.password),
        first_name: Set(new.first_name),
        last_name: Set(new.last_name),
        phone: Set(new.phone),
        country: Set(new.country),
        is_active: Set(new.is_active),
        is_staff: Set(new.is_staff),
        is_superuser: Set(new.is_superuser),
        is_email_verified: Set(new.is_email_verified),
        last_login: Set(new.last_login),
        date_joined: Set(new.date_joined),
        ..Default::default()
    };
    row.insert(db).await
}

async fn by_column(db: &impl ConnectionTrait, column: user::Column, value: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().filter(column.eq(value)).one(db).await
}

/// The users as the framework reaches them.
pub struct Users;

/// See [`Users`].
pub static ACCOUNTS: Users = Users;

fn account(user: user::Model) -> Account {
    Account {
        id: user.id,
        email: user.email,
        username: user.username,
        first_name: user.first_name,
        last_name: user.last_name,
        password: user.password,
        is_active: user.is_active,
        is_staff: user.is_staff,
        is_superuser: user.is_superuser,
        last_login: user.last_login,
    }
}

fn user_to_be(new: NewAccount) -> user::Model {
    let is_superuser = new.rank == Rank::Superuser;
    user::Model {
        id: 0,
        email: new.email,
        username: new.username,
        password: new.password,
        first_name: String::new(),
        last_name: String::new(),
        phone: String::new(),
        country: String::new(),
        is_active: true,
        is_staff: is_superuser,
        is_superuser,
        is_email_verified: is_superuser,
        last_login: None,
        date_joined: new.joined,
    }
}

impl Accounts for Users {
    fn by_id<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Option<Account>> {
        Box::pin(async move { Ok(user::Entity::find_by_id(id).one(db).await?.map(account)) })
    }

    fn by_email<'a>(&'a self, db: &'a Database, email: &'a str) -> Pending<'a, Option<Account>> {
        Box::pin(async move { Ok(by_column(db, user::Column::Email, email).await?.map(account)) })
    }

    fn by_username<'a>(&'a self, db: &'a Database, username: &'a str) -> Pending<'a, Option<Account>> {
        Box::pin(async move { Ok(by_column(db, user::Column::Username, username).await?.map(account)) })
    }

    fn create<'a>(&'a self, db: &'a Database, new: NewAccount) -> Pending<'a, Account> {
        Box::pin(async move { Ok(account(create(db, user_to_be(new)).await?)) })
    }

    fn set_password<'a>(&'a self, db: &'a Database, id: i64, hash: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let row = user::ActiveModel { id: Unchanged(id), password: Set(hash.to_owned()), ..Default::default() };
            row.update(db).await.map(drop)
        })
    }

    fn set_permissions<'a>(&'a self, db: &'a Database, id: i64, permissions: &'a [i64]) -> Pending<'a, ()> {
        Box::pin(async move {
            let transaction = db.begin().await?;
            let held = user_permission::Entity::delete_many().filter(user_permission::Column::UserId.eq(id));
            held.exec(&transaction).await?;
            let rows = permissions.iter().map(|permission| user_permission::ActiveModel {
                user_id: Set(id),
                permission_id: Set(*permission),
                ..Default::default()
            });
            user_permission::Entity::insert_many(rows).exec_without_returning(&transaction).await?;
            transaction.commit().await
        })
    }

    fn note_login<'a>(&'a self, db: &'a Database, id: i64, at: DateTime<Utc>) -> Pending<'a, ()> {
        Box::pin(async move {
            let row = user::ActiveModel { id: Unchanged(id), last_login: Set(Some(at)), ..Default::default() };
            row.update(db).await.map(drop)
        })
    }

    fn group_ids<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Vec<i64>> {
        Box::pin(async move {
            let groups = user_group::Entity::find().select_only().column(user_group::Column::GroupId);
            groups.filter(user_group::Column::UserId.eq(id)).into_tuple().all(db).await
        })
    }

    fn permission_ids<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Vec<i64>> {
        Box::pin(async move {
            let held = user_permission::Entity::find().select_only().column(user_permission::Column::PermissionId);
            held.filter(user_permission::Column::UserId.eq(id)).into_tuple().all(db).await
        })
    }
}
