//! `createsuperuser`: the first account of a project, asked for at the terminal or taken from options and environment.

use anyhow::Context as _;
use db::Database;

use crate::accounts::{self, Accounts, NewAccount, Person, Rank, fields};
use crate::context::Context;
use crate::management::{Cancelled, Checks, Command, CommandError, Console, Output};

impl Command for cli::Createsuperuser {
    const NAME: &'static str = "createsuperuser";
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let alias = self.database.as_deref().unwrap_or("default");
        ctx.check_alias(alias)?;
        let accounts = ctx.require_accounts()?;
        if !self.noinput && !console.is_interactive() {
            let message = format!(
                "Superuser creation skipped due to not running in a TTY. You can run `{} createsuperuser` in your project \
                 to create one manually.",
                ctx.program()
            );
            return Err(CommandError::unlabelled(message).code(3).into());
        }
        let making = Making { ctx, db: ctx.database(alias).await?, accounts };
        let new = if self.noinput { making.given(&self).await } else { making.asked(&self, console).await };
        let new = new.map_err(|error| match error.is::<Cancelled>() {
            true => CommandError::unlabelled("\nOperation cancelled.").into(),
            false => error,
        })?;
        accounts.create(&making.db, new).await.context("failed to create the superuser")?;
        if console.verbosity() > 0 {
            console.stdout.write("Superuser created successfully.");
        }
        Ok(Output::None)
    }
}

/// Django's text.
const BLANK_PASSWORD: &str = "Error: Blank passwords aren't allowed.";

/// A field that must be unique.
#[derive(Clone, Copy)]
enum Field {
    Email,
    Username,
}

impl Field {
    /// The option without its dashes.
    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Username => "Username",
        }
    }

    fn faults(self, value: &str) -> Vec<String> {
        match self {
            Self::Email => fields::email_faults(value),
            Self::Username => fields::username_faults(value),
        }
    }

    /// The value as it is stored.
    fn normalized(self, value: &str) -> String {
        match self {
            Self::Email => fields::normalized_email(value),
            Self::Username => value.to_owned(),
        }
    }
}

struct Making<'a> {
    ctx: &'a Context,
    db: Database,
    accounts: &'static dyn Accounts,
}

impl Making<'_> {
    /// The account that options and environment describe.
    async fn given(&self, options: &cli::Createsuperuser) -> anyhow::Result<NewAccount> {
        let email = options.email.clone().or_else(|| self.variable("EMAIL"));
        let email = email.ok_or_else(|| CommandError::new("You must use --email with --noinput."))?;
        let email = Field::Email.normalized(&email);
        self.check(Field::Email, &email).await?.map_err(CommandError::new)?;
        let username = options.username.clone().or_else(|| self.variable("USERNAME")).unwrap_or_else(|| email.clone());
        self.check(Field::Username, &username).await?.map_err(CommandError::new)?;
        let password = match self.variable("PASSWORD") {
            // A secret that a pipeline lost must not become a door without a lock.
            Some(password) if password.trim().is_empty() => {
                return Err(CommandError::new(BLANK_PASSWORD).into());
            }
            Some(password) => accounts::hash(&password, self.ctx.random()).await?,
            None => accounts::unusable(self.ctx.random()),
        };
        Ok(self.account(email, username, password))
    }

    /// The account that somebody at the terminal describes; options spare questions.
    async fn asked(&self, options: &cli::Createsuperuser, console: &mut Console) -> anyhow::Result<NewAccount> {
        let email = self.ask(Field::Email, options.email.as_deref(), None, console).await?;
        let is_free = Field::Username.faults(&email).is_empty() && !self.is_taken(Field::Username, &email).await?;
        let suggestion = is_free.then_some(email.as_str());
        let username = self.ask(Field::Username, options.username.as_deref(), suggestion, console).await?;
        let password = ask_password(&email, &username, console)?;
        let hash = accounts::hash(&password, self.ctx.random()).await?;
        Ok(self.account(email, username, hash))
    }

    /// A field's value: that of the option when it can be used, else what is typed.
    async fn ask(
        &self,
        field: Field,
        option: Option<&str>,
        suggestion: Option<&str>,
        console: &mut Console,
    ) -> anyhow::Result<String> {
        if let Some(value) = option {
            let value = field.normalized(value);
            if value.is_empty() {
                return Err(blank(field).into());
            }
            match self.check(field, &value).await? {
                Ok(()) => return Ok(value),
                Err(fault) => console.error(&fault),
            }
        }
        let hint = suggestion.map(|value| format!(" (leave blank to use '{value}')")).unwrap_or_default();
        loop {
            let typed = console.ask(&format!("{}{hint}: ", field.label()))?;
            let value = match suggestion {
                Some(suggestion) if typed.is_empty() => suggestion.to_owned(),
                _ => field.normalized(&typed),
            };
            let faults = field.faults(&value);
            if !faults.is_empty() {
                console.error(&format!("Error: {}", faults.join("; ")));
            } else if self.is_taken(field, &value).await? {
                console.error(&taken(field));
            } else {
                return Ok(value);
            }
        }
    }

    /// What is wrong with a value that was given on the command line or in the environment.
    async fn check(&self, field: Field, value: &str) -> anyhow::Result<Result<(), String>> {
        if value.is_empty() {
            return Ok(Err(blank(field).to_string()));
        }
        if self.is_taken(field, value).await? {
            return Ok(Err(taken(field)));
        }
        let faults = field.faults(value);
        Ok(if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) })
    }

    async fn is_taken(&self, field: Field, value: &str) -> anyhow::Result<bool> {
        let found = match field {
            Field::Email => self.accounts.by_email(&self.db, value).await,
            Field::Username => self.accounts.by_username(&self.db, value).await,
        };
        let failed = || format!("failed to look for users (`{} migrate` makes their table)", self.ctx.program());
        Ok(found.with_context(failed)?.is_some())
    }

    fn variable(&self, name: &str) -> Option<String> {
        let value = self.ctx.env().get(&format!("APP_SUPERUSER_{name}"))?;
        Some(value.to_string_lossy().into_owned())
    }

    fn account(&self, email: String, username: String, password: String) -> NewAccount {
        NewAccount { email, username, password, rank: Rank::Superuser, joined: self.ctx.now() }
    }
}

fn blank(field: Field) -> CommandError {
    CommandError::new(format!("{} cannot be blank.", field.label()))
}

fn taken(field: Field) -> String {
    format!("Error: That {} is already taken.", field.name())
}

/// A password that was typed twice; a weak one only when that is wanted.
fn ask_password(email: &str, username: &str, console: &mut Console) -> anyhow::Result<String> {
    let person = Person { email, username, ..Person::default() };
    loop {
        let password = console.ask_secret("Password: ")?;
        if password != console.ask_secret("Password (again): ")? {
            console.error("Error: Your passwords didn't match.");
            continue;
        }
        if password.trim().is_empty() {
            console.error(BLANK_PASSWORD);
            continue;
        }
        let weaknesses = accounts::weaknesses(&password, &person);
        if !weaknesses.is_empty() {
            console.error(&weaknesses.join("\n"));
            let answer = console.ask("Bypass password validation and create user anyway? [y/N]: ")?;
            if !answer.eq_ignore_ascii_case("y") {
                continue;
            }
        }
        return Ok(password);
    }
}
