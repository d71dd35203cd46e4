//! People who log in, as the framework sees them. The table is a module's own; the module says how to reach it with
//! [`Accounts`].

mod authenticate;
pub mod fields;
mod password;
mod validators;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use db::Database;
use sea_orm::DbErr;
use serde::Serialize;

pub use authenticate::authenticate;
pub use password::{Verdict, hash, is_usable, unusable, verify};
pub use validators::{Person, weaknesses};

use crate::context::Context;
use crate::management::CommandError;

/// Somebody who may log in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The primary key.
    pub id: i64,
    /// The login name.
    pub email: String,
    /// A unique name.
    pub username: String,
    /// The first name, or nothing.
    pub first_name: String,
    /// The last name, or nothing.
    pub last_name: String,
    /// The password hash. Never serialised, never shown.
    #[serde(skip)]
    pub password: String,
    /// Who is not active cannot log in, and has no permissions.
    pub is_active: bool,
    /// Whether the pages for staff are open.
    pub is_staff: bool,
    /// Has all permissions.
    pub is_superuser: bool,
    /// When the last login was.
    pub last_login: Option<DateTime<Utc>>,
}

/// Without the password hash, so that no log shows it.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// What an account has whom somebody may be beside a plain user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// May do what the permissions say.
    User,
    /// Staff, with all permissions.
    Superuser,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The login name, already checked (see [`fields`]).
    pub email: String,
    /// The unique name, already checked.
    pub username: String,
    /// The password hash (see [`hash`] and [`unusable`]).
    pub password: String,
    /// What the account may do from the start.
    pub rank: Rank,
    /// When it is made.
    pub joined: DateTime<Utc>,
}

/// An answer of [`Accounts`] on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

/// How the framework reaches the users, whose table belongs to a module. The module lists its implementation with
/// [`Module::accounts`](crate::module::Module::accounts).
pub trait Accounts: Send + Sync {
    /// The account with this primary key.
    fn by_id<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Option<Account>>;

    /// The account with exactly this email (see [`fields::normalized_email`]).
    fn by_email<'a>(&'a self, db: &'a Database, email: &'a str) -> Pending<'a, Option<Account>>;

    /// The account with exactly this username.
    fn by_username<'a>(&'a self, db: &'a Database, username: &'a str) -> Pending<'a, Option<Account>>;

    /// Makes an account. Email and username are unique: of two that are made at once one fails.
    fn create<'a>(&'a self, db: &'a Database, new: NewAccount) -> Pending<'a, Account>;

    /// Replaces the password hash.
    fn set_password<'a>(&'a self, db: &'a Database, id: i64, hash: &'a str) -> Pending<'a, ()>;

    /// Replaces the permissions that the account has beside those of its groups, by their ids.
    fn set_permissions<'a>(&'a self, db: &'a Database, id: i64, permissions: &'a [i64]) -> Pending<'a, ()>;

    /// Notes the time of a login.
    fn note_login<'a>(&'a self, db: &'a Database, id: i64, at: DateTime<Utc>) -> Pending<'a, ()>;

    /// The ids of the groups that the account is in.
    fn group_ids<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Vec<i64>>;

    /// The ids of the permissions that the account has beside those of its groups.
    fn permission_ids<'a>(&'a self, db: &'a Database, id: i64) -> Pending<'a, Vec<i64>>;
}

impl Context {
    /// The accounts of the first installed module that has them.
    pub fn accounts(&self) -> Option<&'static dyn Accounts> {
        self.modules().iter().find_map(|module| module.accounts)
    }

    /// The accounts, for a command that cannot do without.
    ///
    /// # Errors
    /// A [`CommandError`] when no installed module has any.
    pub fn require_accounts(&self) -> Result<&'static dyn Accounts, CommandError> {
        self.accounts().ok_or_else(|| {
            let hint = "hint: a module hands its users over with `Module::accounts`";
            CommandError::new(format!("no installed module has users\n{hint}"))
        })
    }
}
