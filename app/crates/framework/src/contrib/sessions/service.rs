//! What can be done with sessions. Only this file writes their rows.

use chrono::{DateTime, Utc};
use db::Database;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};
use sha2::{Digest as _, Sha256};

use super::models::session;
use crate::mac::hex;

/// A session to be stored.
pub struct NewSession<'a> {
    /// The key in the visitor's cookie.
    pub key: &'a str,
    /// Who is logged in.
    pub user_id: Option<i64>,
    /// A JSON object.
    pub data: String,
    /// The present.
    pub now: DateTime<Utc>,
    /// From when on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

/// What is stored in place of a key. The key has 256 random bits, so it needs neither salt nor a slow hash.
fn hashed(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

/// The session with this key, unless it has expired.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Database, key: &str, now: DateTime<Utc>) -> Result<Option<session::Model>, DbErr> {
    let row = session::Entity::find().filter(session::Column::KeyHash.eq(hashed(key))).one(db).await?;
    Ok(row.filter(|row| row.expires_at > now))
}

/// Stores a session under a new key.
///
/// # Errors
/// When the database fails.
pub async fn create(db: &impl ConnectionTrait, new: NewSession<'_>) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: NotSet,
        key_hash: Set(hashed(new.key)),
        user_id: Set(new.user_id),
        data: Set(new.data),
        created_at: Set(new.now),
        expires_at: Set(new.expires_at),
    };
    session::Entity::insert(row).exec_without_returning(db).await.map(drop)
}

/// Stores what changed in a session that is there. Says whether it still is: somebody may have logged out in between, and
/// that must last.
///
/// # Errors
/// When the database fails.
pub async fn update(db: &impl ConnectionTrait, new: NewSession<'_>) -> Result<bool, DbErr> {
    let row = session::ActiveModel {
        user_id: Set(new.user_id),
        data: Set(new.data),
        expires_at: Set(new.expires_at),
        ..Default::default()
    };
    let update = session::Entity::update_many().set(row).filter(session::Column::KeyHash.eq(hashed(new.key)));
    Ok(update.exec(db).await?.rows_affected > 0)
}

/// Deletes the session with this key, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &impl ConnectionTrait, key: &str) -> Result<(), DbErr> {
    let delete = session::Entity::delete_many().filter(session::Column::KeyHash.eq(hashed(key)));
    delete.exec(db).await.map(drop)
}

/// Deletes the sessions that have expired, and says how many those were.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let delete = session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now));
    Ok(delete.exec(db).await?.rows_affected)
}
