//! What all values of a shell share: the models, the database and the open transaction, the console, Ctrl-C.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use chrono_tz::Tz;
use db::{Access, Backend, Database};
use rhai::{Dynamic, EvalAltResult, Position};
use sea_orm::TransactionTrait as _;

use super::interrupt::Interrupt;
use super::models::Models;
use crate::context::{Context, DryRuns};
use crate::management::{Call, Console, Role};

/// What a function that code calls gives back.
pub(super) type Answer<T> = Result<T, Box<EvalAltResult>>;

/// The shared part of a shell.
pub(super) struct Session {
    pub(super) models: Models,
    pub(super) interrupt: Interrupt,
    pub(super) console: RefCell<Console>,
    /// Columns of the terminal; nothing where no person looks.
    pub(super) width: Cell<Option<usize>>,
    ctx: Context,
    alias: String,
    access: Access,
    transaction: RefCell<Option<DryRuns>>,
    /// The server's process that works for us.
    process: Cell<Option<i32>>,
}

impl Session {
    /// A session on the database with this alias.
    pub(super) fn new(ctx: &Context, alias: &str, access: Access, console: Console) -> anyhow::Result<Self> {
        let ctx = match access {
            Access::ReadWrite => ctx.clone(),
            Access::ReadOnly => ctx.read_only(),
        };
        Ok(Self {
            models: Models::installed(&ctx)?,
            interrupt: Interrupt::default(),
            console: RefCell::new(console),
            width: Cell::new(None),
            ctx,
            alias: alias.to_owned(),
            access,
            transaction: RefCell::new(None),
            process: Cell::new(None),
        })
    }

    /// The time zone in which moments are shown.
    pub(super) fn zone(&self) -> Tz {
        self.ctx.settings().time_zone
    }

    /// The context; inside a transaction one whose databases are part of it.
    pub(super) fn ctx(&self) -> Context {
        match &*self.transaction.borrow() {
            Some(runs) => self.ctx.with_transactions(runs.clone()),
            None => self.ctx.clone(),
        }
    }

    /// Asks the database.
    pub(super) fn read<T>(&self, ask: impl AsyncFnOnce(Database) -> Result<T, db::Error>) -> Answer<T> {
        let ctx = self.ctx();
        if self.is_in_transaction() {
            return self.wait(async {
                let database = ctx.database(&self.alias).await?;
                // PostgreSQL gives a whole transaction up after an error, unless there is a point to go back to.
                let savepoint = database.begin().await?;
                let result = ask(database).await;
                match &result {
                    Ok(_) => savepoint.commit().await?,
                    Err(_) => savepoint.rollback().await?,
                }
                Ok(result?)
            });
        }
        let answer = self.wait(async {
            let database = ctx.database(&self.alias).await?;
            if database.backend() == Backend::Sqlite {
                return Ok(ask(database).await?);
            }
            // On one connection, so that it is known which of the server's processes works for it.
            let run = database.dry_run().await?;
            self.process.set(run.database().server_process().await?);
            let result = ask(run.database()).await;
            match &result {
                Ok(_) => run.commit().await?,
                Err(_) => drop(run.rollback().await?),
            }
            Ok(result?)
        });
        self.process.set(None);
        answer
    }

    /// Changes the database, unless it is only to be read.
    pub(super) fn write<T>(&self, change: impl AsyncFnOnce(Database) -> Result<T, db::Error>) -> Answer<T> {
        if self.access == Access::ReadOnly {
            return Err("nothing is written: the shell was started with `--read-only`".into());
        }
        self.read(change)
    }

    /// Begins a transaction, of which everything is part until it ends.
    pub(super) fn begin(&self) -> Answer<()> {
        if self.is_in_transaction() {
            return Err("there is an open transaction; end it with `commit()` or `rollback()` first".into());
        }
        let runs = DryRuns::default();
        let ctx = self.ctx.with_transactions(runs.clone());
        let process = self.wait(async { Ok(ctx.database(&self.alias).await?.server_process().await?) })?;
        self.process.set(process);
        self.transaction.replace(Some(runs));
        Ok(())
    }

    /// Makes the transaction lasting.
    pub(super) fn commit(&self) -> Answer<()> {
        let runs = self.end("commit()")?;
        self.ended("committed", async { Ok(runs.commit().await?) })
    }

    /// Undoes the transaction.
    pub(super) fn rollback(&self) -> Answer<()> {
        let runs = self.end("rollback()")?;
        self.ended("rolled back", async { Ok(runs.rollback().await.map(drop)?) })
    }

    /// Whether a transaction is open.
    pub(super) fn is_in_transaction(&self) -> bool {
        self.transaction.borrow().is_some()
    }

    fn end(&self, by: &str) -> Answer<DryRuns> {
        let none = || format!("there is no open transaction for {by}; `begin()` opens one").into();
        self.transaction.take().ok_or_else(none)
    }

    /// Waits for the end of a transaction, which Ctrl-C does not stop: nobody would know what became of it.
    fn ended(&self, how: &str, work: impl Future<Output = anyhow::Result<()>>) -> Answer<()> {
        let result = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
        self.process.set(None);
        result.map_err(|error| explained(&error))?;
        // The code ends with Ctrl-C all the same.
        if self.interrupt.is_asked()
            && let Ok(mut console) = self.console.try_borrow_mut()
        {
            console.stderr.styled(Role::Notice, format!("note: the transaction was {how}"));
        }
        Ok(())
    }

    /// Runs a command of the project.
    pub(super) fn call(&self, name: &str, arguments: &[String]) -> Answer<()> {
        let ctx = self.ctx();
        // The console is out of reach for what runs meanwhile, except by way of the command.
        let mut console = self.console.try_borrow_mut().map_err(|_| "a command is running already")?;
        self.wait(Call::named(name, arguments).run_on(&ctx, &mut console))
    }

    /// Has the server end what it does for us. Says whether there is a server that does something.
    async fn cancel(&self) -> anyhow::Result<bool> {
        let Some(process) = self.process.get() else { return Ok(false) };
        self.ctx.database(&self.alias).await?.cancel(process).await?;
        Ok(true)
    }

    /// Waits for work, or for Ctrl-C.
    fn wait<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> Answer<T> {
        let interruptible = async {
            let mut work = pin!(work);
            tokio::select! {
                biased;
                () = self.interrupt.asked() => {}
                result = &mut work => return Some(result),
            }
            // What the server was doing fails then, and is undone in order.
            if self.cancel().await.is_ok_and(|is_told| is_told) {
                let _ = tokio::time::timeout(PATIENCE, work).await;
            }
            None
        };
        let result = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(interruptible));
        match result {
            None => Err(interrupted()),
            Some(result) => result.map_err(|error| explained(&error).into()),
        }
    }
}

/// How long the server may take to end a statement.
const PATIENCE: Duration = Duration::from_secs(3);

/// What ends the code after Ctrl-C.
pub(super) fn interrupted() -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into()
}

/// An error with its causes, each said once.
fn explained(error: &anyhow::Error) -> String {
    if let Some(error) = error.downcast_ref::<db::Error>() {
        return error.to_string();
    }
    let mut text = String::new();
    for part in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = part;
        } else if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
    }
    text
}
