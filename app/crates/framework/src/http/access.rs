//! Who may see a page: the questions that a handler asks first.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::urls::SEGMENT;
use super::{Error, Request, Result, Session};
use crate::accounts::Account;

/// What need not be encoded in `?next=`.
const NEXT: &AsciiSet = &SEGMENT.remove(b'/');

/// The name of the route where people log in.
const LOGIN: &str = "login";

/// A future without its type: handlers of products hold it, and should not have to compile what is inside.
fn erased<'a, T>(
    future: impl Future<Output = Result<T>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> {
    Box::pin(future)
}

impl Request {
    /// What is remembered of the visitor. Read from the database at the first call, written after the handler.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self) -> Result<&Session> {
        erased(self.visitor().session()).await
    }

    /// Who is logged in. Templates see it as `user` from then on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self) -> Result<Option<Arc<Account>>> {
        erased(self.visitor().account()).await
    }

    /// What the visitor may do, as `module.codename`: own permissions and those of the groups; nothing without login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn permissions(&self) -> Result<Arc<BTreeSet<String>>> {
        erased(self.visitor().permissions()).await
    }

    /// Whether the visitor has this permission (`mailings.view_mailing`). A superuser has every one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_permission(&self, label: &str) -> Result<bool> {
        let superuser = self.user().await?.is_some_and(|account| account.is_superuser);
        Ok(superuser || self.permissions().await?.contains(label))
    }

    /// Lets a visitor go on who may see pages: who is logged in, and everybody where `auth.anonymous_read` is on.
    ///
    /// # Errors
    /// As [`Self::require_login`] otherwise.
    pub async fn require_read(&self) -> Result<Option<Arc<Account>>> {
        match self.user().await? {
            None if !self.ctx().settings().auth.anonymous_read => Err(self.login_first()),
            user => Ok(user),
        }
    }

    /// Lets a visitor go on who is logged in.
    ///
    /// # Errors
    /// Otherwise a page to be read leads to the login and back; anything else is a 403.
    pub async fn require_login(&self) -> Result<Arc<Account>> {
        self.user().await?.ok_or_else(|| self.login_first())
    }

    /// Lets staff go on.
    ///
    /// # Errors
    /// 403 for others; without login see [`Self::require_login`].
    pub async fn require_staff(&self) -> Result<Arc<Account>> {
        let account = self.require_login().await?;
        if account.is_staff { Ok(account) } else { Err(Error::forbidden("this page is for staff")) }
    }

    /// Lets a visitor go on who has this permission (`mailings.view_mailing`).
    ///
    /// # Errors
    /// 403 for others; without login see [`Self::require_login`].
    pub async fn require_permission(&self, label: &str) -> Result<Arc<Account>> {
        let account = self.require_login().await?;
        if self.has_permission(label).await? {
            return Ok(account);
        }
        Err(Error::forbidden(format!("this needs the permission `{label}`")))
    }

    /// Logs somebody in, under a new session key. Whether the password is right was asked before (see
    /// [`crate::accounts::authenticate`]).
    ///
    /// # Errors
    /// When the database fails, or sessions are not installed.
    pub async fn log_in(&self, account: Account) -> Result<()> {
        erased(self.visitor().log_in(account)).await
    }

    /// Logs the visitor out: the session and all in it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_out(&self) -> Result<()> {
        erased(self.visitor().log_out()).await
    }

    /// The way to the login, where there is one and the browser can come back to this page.
    fn login_first(&self) -> Error {
        let reads = matches!(*self.method(), Method::GET | Method::HEAD);
        match self.url(LOGIN, &[]) {
            Ok(login) if reads && self.wants_html() => {
                let next = utf8_percent_encode(self.path_and_query(), NEXT);
                Error::LoginNeeded(format!("{login}?next={next}"))
            }
            _ => Error::forbidden("this page is not open to visitors without login"),
        }
    }
}
