//! From a login name and a password to an account.

use super::{Account, Verdict, fields, hash, verify};
use crate::context::Context;

/// The account with this email and password; nothing when one of them is wrong, or the account is not active. It takes as
/// long whether there is such an account or not. A hash that was made with another cost is made again.
///
/// # Errors
/// When the database fails.
pub async fn authenticate(ctx: &Context, email: &str, password: &str) -> anyhow::Result<Option<Account>> {
    let Some(accounts) = ctx.accounts() else { return Ok(None) };
    let db = ctx.db().await?;
    let found = accounts.by_email(&db, &fields::normalized_email(email)).await?;
    let verdict = verify(password, found.as_ref().map(|account| account.password.as_str()), ctx.random()).await?;
    let Some(account) = found.filter(|account| account.is_active && verdict != Verdict::Wrong) else {
        return Ok(None);
    };
    if verdict == Verdict::Right {
        return Ok(Some(account));
    }
    let password = hash(password, ctx.random()).await?;
    accounts.set_password(&db, account.id, &password).await?;
    Ok(Some(Account { password, ..account }))
}
