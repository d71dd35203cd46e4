//! What can be done with users. Only this file writes their rows.

use framework::db::Database;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};

use super::models::user;

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
    if let Some(user) = user::Entity::find().filter(user::Column::Email.eq(&new.email)).one(db).await? {
        return Ok(user);
    }
    let row = user::ActiveModel {
        id: sea_orm::ActiveValue::NotSet,
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
    };
    row.insert(db).await
}
