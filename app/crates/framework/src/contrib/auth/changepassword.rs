//! `changepassword`: a new password for somebody, asked for at the terminal.

use anyhow::Context as _;

use crate::accounts::{self, Person, fields};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output};

/// How often somebody may be mistaken.
const ATTEMPTS: usize = 3;

impl Command for cli::Changepassword {
    const NAME: &'static str = "changepassword";
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let alias = self.database.as_deref().unwrap_or("default");
        ctx.check_alias(alias)?;
        let accounts = ctx.require_accounts()?;
        let on_machine = || ctx.env().get("USER").map(|name| name.to_string_lossy().into_owned());
        let user = self.user.or_else(on_machine).ok_or_else(|| {
            CommandError::new(format!("whose password?\nhint: `{} changepassword joe@example.com`", ctx.program()))
        })?;
        let db = ctx.database(alias).await?;
        let failed = || format!("failed to look for users (`{} migrate` makes their table)", ctx.program());
        // Said as it was typed: by either name.
        let by_email = accounts.by_email(&db, &fields::normalized_email(&user)).await.with_context(failed)?;
        let account = match by_email {
            Some(account) => Some(account),
            None => accounts.by_username(&db, &user).await.with_context(failed)?,
        };
        let account = account.ok_or_else(|| CommandError::new(format!("user '{user}' does not exist")))?;
        let person = Person {
            username: &account.username,
            first_name: &account.first_name,
            last_name: &account.last_name,
            email: &account.email,
        };
        if !console.is_interactive() {
            let program = ctx.program();
            let message = format!(
                "cannot ask for a password: standard input is not a terminal\nhint: `{program} changepassword {user}` at a terminal"
            );
            return Err(CommandError::new(message).code(3).into());
        }
        console.stdout.write(format!("Changing password for user '{user}'"));
        let password = ask(&user, &person, console)?;
        let hash = accounts::hash(&password, ctx.random()).await?;
        accounts.set_password(&db, account.id, &hash).await.context("failed to change the password")?;
        Ok(format!("Password changed successfully for user '{user}'").into())
    }
}

fn ask(user: &str, person: &Person<'_>, console: &mut Console) -> anyhow::Result<String> {
    for _ in 0..ATTEMPTS {
        let password = typed("Password: ", console)?;
        if password != typed("Password (again): ", console)? {
            console.stdout.write("Passwords do not match. Please try again.");
            continue;
        }
        let weaknesses = accounts::weaknesses(&password, person);
        if weaknesses.is_empty() {
            return Ok(password);
        }
        console.error(&weaknesses.join("\n"));
    }
    let message = format!("Aborting password change for user '{user}' after {ATTEMPTS} attempts");
    Err(CommandError::new(message).into())
}

fn typed(prompt: &str, console: &mut Console) -> anyhow::Result<String> {
    let password = console.ask_secret(prompt)?;
    if password.is_empty() { Err(CommandError::new("aborted").into()) } else { Ok(password) }
}
