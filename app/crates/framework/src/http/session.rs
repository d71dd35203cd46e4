//! What is remembered of a visitor between two requests. Read from the database when it is first asked for, and written
//! when the answer is ready.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use sea_orm::TransactionTrait as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Result;
use crate::clock::random_hex;
use crate::context::Context;
use crate::contrib::sessions;
use crate::contrib::sessions::service::{self, NewSession};

/// How many random bytes a key has.
const KEY_BYTES: usize = 32;

/// Whether a text can be a key at all: 64 hexadecimal digits. Anything else need not be looked up.
pub(super) fn is_key(text: &str) -> bool {
    text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A visitor's session: values by name, kept on the server. Begins when the first value is set.
pub struct Session {
    ctx: Context,
    /// What the visitor sent, when there was such a session.
    sent: Option<String>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The key from now on; nothing for a session that holds nothing.
    key: Option<String>,
    user_id: Option<i64>,
    data: Map<String, Value>,
    changed: bool,
}

/// What the visitor's browser is to do with its cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    Keep,
    Set(String),
    Forget,
}

impl Session {
    /// The session with this key; an empty one when there is none, or it has expired.
    pub(super) async fn load(ctx: &Context, key: Option<&str>) -> Result<Self> {
        let empty = Self { ctx: ctx.clone(), sent: None, inner: Mutex::default() };
        let Some(key) = key.filter(|_| sessions::is_installed(ctx)) else { return Ok(empty) };
        let Some(row) = service::find(&ctx.db().await?, key, ctx.now()).await? else { return Ok(empty) };
        let data = match serde_json::from_str(&row.data) {
            Ok(data) => data,
            Err(error) => {
                // An error would meet the visitor on every page, until the session expires.
                tracing::warn!(target: "http", session = row.id, "a session cannot be read, and is ended: {error}");
                return Ok(empty);
            }
        };
        let inner = Inner { key: Some(key.to_owned()), user_id: row.user_id, data, changed: false };
        Ok(Self { sent: Some(key.to_owned()), inner: Mutex::new(inner), ..empty })
    }

    /// The value with this name.
    ///
    /// # Errors
    /// When it cannot be read as `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let value = self.inner().data.get(name).cloned();
        let read = value.map(serde_json::from_value).transpose();
        Ok(read.with_context(|| format!("failed to read `{name}` of the session"))?)
    }

    /// Whether there is something to be written.
    pub(super) fn is_changed(&self) -> bool {
        self.inner().changed
    }

    /// Sets a value, in place of an earlier one.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn set(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let value = serde_json::to_value(value).with_context(|| format!("failed to keep `{name}` in the session"))?;
        let mut inner = self.inner();
        inner.data.insert(name.to_owned(), value);
        inner.changed = true;
        if inner.key.is_none() {
            inner.key = Some(self.new_key());
        }
        Ok(())
    }

    /// Forgets a value.
    pub fn remove(&self, name: &str) {
        let mut inner = self.inner();
        inner.changed |= inner.data.remove(name).is_some();
    }

    /// Who is logged in.
    pub(super) fn user_id(&self) -> Option<i64> {
        self.inner().user_id
    }

    /// The key from now on.
    pub(super) fn key(&self) -> Option<String> {
        self.inner().key.clone()
    }

    /// Makes it the session of this user, under a new key: whoever knew the old one has nothing. What a visitor without
    /// login had stays, what somebody else had does not.
    pub(super) fn begin(&self, user_id: i64) {
        let key = self.new_key();
        let mut inner = self.inner();
        if inner.user_id.is_some_and(|before| before != user_id) {
            inner.data.clear();
        }
        (inner.key, inner.user_id, inner.changed) = (Some(key), Some(user_id), true);
    }

    /// Forgets everything.
    pub(super) fn end(&self) {
        *self.inner() = Inner { changed: true, ..Inner::default() };
    }

    /// Writes what was changed.
    pub(super) async fn store(&self, cookie: Option<&str>) -> Result<Cookie> {
        let (key, user_id, data, changed) = {
            let inner = self.inner();
            (inner.key.clone(), inner.user_id, Value::from(inner.data.clone()).to_string(), inner.changed)
        };
        if !changed {
            // A cookie without a session is good for nothing.
            return Ok(if cookie.is_some() && self.sent.is_none() { Cookie::Forget } else { Cookie::Keep });
        }
        if !sessions::is_installed(&self.ctx) {
            return Err(anyhow::anyhow!("the module `sessions` is not installed").into());
        }
        let db = self.ctx.db().await?;
        let new = key.as_deref().map(|key| {
            let now = self.ctx.now();
            let age = i64::try_from(self.ctx.settings().auth.session_seconds).unwrap_or(i64::MAX);
            let expires_at = TimeDelta::try_seconds(age).and_then(|age| now.checked_add_signed(age));
            let expires_at = expires_at.unwrap_or(chrono::DateTime::<Utc>::MAX_UTC);
            NewSession { key, user_id, data, now, expires_at }
        });
        match new {
            Some(new) if self.sent == key => {
                if !service::update(&db, new).await? {
                    tracing::info!(target: "http", "a session ended while a page changed it: the change is lost");
                    return Ok(Cookie::Keep);
                }
            }
            new => {
                let transaction = db.begin().await?;
                if let Some(old) = &self.sent {
                    service::delete(&transaction, old).await?;
                }
                if let Some(new) = new {
                    service::create(&transaction, new).await?;
                }
                transaction.commit().await?;
            }
        }
        Ok(key.map_or(Cookie::Forget, Cookie::Set))
    }

    fn new_key(&self) -> String {
        random_hex(self.ctx.random(), KEY_BYTES)
    }

    /// A poisoned session is used as it is: each change of it is whole.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
