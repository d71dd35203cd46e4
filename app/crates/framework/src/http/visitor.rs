//! Who sends a request: session, account, token against forged requests. Each is found when it is first asked for, so that
//! a page that asks nothing costs nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use axum_core::body::Body;
use hmac::Mac as _;
use http::request::Parts;
use http::{HeaderValue, header};
use minijinja::{State, Value};
use tokio::sync::OnceCell;

use super::cookies::{self, Scripts};
use super::session::{Cookie, Session, is_key};
use super::{Result, csrf};
use crate::accounts::Account;
use crate::context::Context;
use crate::contrib::auth::service;
use crate::mac::{hex, mac};
use crate::templates::{Values, note_personal};

/// What a session remembers of the password hash that was in force at the login: another password ends it.
const AUTH_HASH: &str = "_auth_hash";

/// Who sends a request.
pub(super) struct Visitor {
    ctx: Context,
    session_cookie: Option<String>,
    csrf_cookie: Option<String>,
    session: OnceCell<Session>,
    known: Mutex<Known>,
}

/// What has been found out so far.
#[derive(Default)]
struct Known {
    /// The account, or that there is none.
    account: Option<Option<Arc<Account>>>,
    permissions: Option<Arc<BTreeSet<String>>>,
    /// The token that the answer holds.
    token: Option<String>,
}

impl Visitor {
    pub(super) fn of(parts: &Parts, ctx: &Context) -> Self {
        let cookie = |name| cookies::read(&parts.headers, name).map(str::to_owned);
        Self {
            ctx: ctx.clone(),
            session_cookie: cookie(cookies::SESSION).filter(|key| is_key(key)),
            csrf_cookie: cookie(cookies::CSRF),
            session: OnceCell::new(),
            known: Mutex::default(),
        }
    }

    pub(super) async fn session(&self) -> Result<&Session> {
        self.session.get_or_try_init(|| Session::load(&self.ctx, self.session_cookie.as_deref())).await
    }

    /// The key of the session as far as it is known: what the visitor sent, until something was found out.
    pub(super) fn session_key(&self) -> String {
        let key = match self.session.get() {
            Some(session) => session.key(),
            None => self.session_cookie.clone(),
        };
        key.unwrap_or_default()
    }

    /// Who is logged in: the account must be there, be active, and have the password of the login still.
    pub(super) async fn account(&self) -> Result<Option<Arc<Account>>> {
        if let Some(known) = &self.known().account {
            return Ok(known.clone());
        }
        let found = match (self.session().await?.user_id(), self.ctx.accounts()) {
            (Some(id), Some(accounts)) => accounts.by_id(&self.ctx.db().await?, id).await?,
            _ => None,
        };
        let account = match found.filter(|account| account.is_active) {
            Some(account) if self.is_of_login(&account).await? => Some(Arc::new(account)),
            _ => None,
        };
        self.known().account = Some(account.clone());
        Ok(account)
    }

    async fn is_of_login(&self, account: &Account) -> Result<bool> {
        let noted: Option<String> = self.session().await?.get(AUTH_HASH)?;
        // Both are ours and secret to nobody who could measure: this is a comparison of two macs.
        Ok(noted.is_some_and(|noted| noted == auth_hash(&self.ctx, account)))
    }

    /// What the account may do; nothing without one.
    pub(super) async fn permissions(&self) -> Result<Arc<BTreeSet<String>>> {
        if let Some(known) = &self.known().permissions {
            return Ok(Arc::clone(known));
        }
        let permissions = match (self.account().await?, self.ctx.accounts()) {
            (Some(account), Some(accounts)) => {
                service::permissions_of(&self.ctx.db().await?, accounts, &account).await?
            }
            _ => BTreeSet::new(),
        };
        let permissions = Arc::new(permissions);
        self.known().permissions = Some(Arc::clone(&permissions));
        Ok(permissions)
    }

    pub(super) async fn log_in(&self, account: Account) -> Result<()> {
        let accounts = self.ctx.accounts().ok_or_else(|| anyhow!("no installed module has users"))?;
        accounts.note_login(&self.ctx.db().await?, account.id, self.ctx.now()).await?;
        let session = self.session().await?;
        session.begin(account.id);
        session.set(AUTH_HASH, &auth_hash(&self.ctx, &account))?;
        self.becomes(Some(Arc::new(account)));
        Ok(())
    }

    pub(super) async fn log_out(&self) -> Result<()> {
        self.session().await?.end();
        self.becomes(None);
        Ok(())
    }

    fn becomes(&self, account: Option<Arc<Account>>) {
        // A token of the session before is worth nothing in this one.
        *self.known() = Known { account: Some(account), permissions: None, token: None };
    }

    /// The token for a form of the answer. The one that the visitor has stays in force, so that other open pages do.
    pub(super) fn token(&self) -> String {
        let session = self.session_key();
        let mut known = self.known();
        let current = known.token.take().or_else(|| self.csrf_cookie.clone());
        let current = current.filter(|token| csrf::is_valid(self.ctx.settings(), &session, token));
        let token = current.unwrap_or_else(|| csrf::token(&self.ctx, &session));
        known.token.insert(token).clone()
    }

    /// The same as a page holds it.
    fn masked_token(&self) -> String {
        csrf::masked(&self.ctx, &self.token())
    }

    /// What templates see of the visitor: `csrf_field()`, `csrf_token()`, and `user`, if the page has asked for it (no
    /// such value otherwise; nothing for a visitor without login).
    pub(super) fn scope(self: &Arc<Self>) -> Values {
        let (field, token) = (Arc::clone(self), Arc::clone(self));
        let field = Value::from_function(move |state: &mut State| {
            note_personal(state);
            let (name, token) = (csrf::FIELD, field.masked_token());
            Value::from_safe_string(format!("<input type=\"hidden\" name=\"{name}\" value=\"{token}\">"))
        });
        let token = Value::from_function(move |state: &mut State| {
            note_personal(state);
            token.masked_token()
        });
        let values = Values::new().with_value("csrf_field", field).with_value("csrf_token", token);
        match &self.known().account {
            Some(account) => values.with("user", &account.as_deref()),
            None => values,
        }
    }

    /// Writes the session, and sets the cookies of the answer.
    pub(super) async fn finish(&self, response: &mut http::Response<Body>) -> Result<()> {
        let settings = self.ctx.settings();
        let (mut set, session) = (Vec::new(), self.session.get());
        if let Some(session) = session {
            match session.store(self.session_cookie.as_deref()).await? {
                Cookie::Keep => {}
                Cookie::Set(key) => {
                    let age = settings.auth.session_seconds;
                    set.push(cookies::set(cookies::SESSION, &key, age, Scripts::Refused, settings)?);
                }
                Cookie::Forget => set.push(cookies::set(cookies::SESSION, "", 0, Scripts::Refused, settings)?),
            }
        }
        let asked = self.known().token.is_some();
        // Who has a token gets one for the new session with it.
        let outdated = self.csrf_cookie.is_some() && !set.is_empty();
        if asked || outdated {
            let token = self.token();
            if self.csrf_cookie.as_ref() != Some(&token) {
                set.push(cookies::set(cookies::CSRF, &token, csrf::SECONDS, Scripts::Allowed, settings)?);
            }
        }
        if session.is_some() || asked {
            response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
        }
        for cookie in set {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(())
    }

    /// Whether the visitor has been given a session, be it over or not.
    pub(super) fn has_session(&self) -> bool {
        self.session_cookie.is_some()
    }

    /// Whether the answer is the same for everybody as far as this visitor is concerned: no token in it, no cookie with it.
    pub(super) fn leaves_no_trace(&self) -> bool {
        self.known().token.is_none() && self.session.get().is_none_or(|session| !session.is_changed())
    }

    /// What was found out is whole at any time.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for the password hash in a session, without giving it away.
fn auth_hash(ctx: &Context, account: &Account) -> String {
    hex(&mac(ctx.settings(), &["session", &account.password]).finalize().into_bytes())
}
