//! `shell`: code that is run at once, at a prompt or from a text, with every model at hand by its name.
//!
//! ```text
//! >>> User.filter(#{is_active: true, email__icontains: "ada"}).order("-id")
//! >>> let mailing = Mailing.get(1); mailing.is_active = false; mailing.save()
//! >>> mailing.message.subject
//! >>> User.get(1).mailing_set.count()
//! >>> call_command("migrate", "--plan")
//! ```
//!
//! The language is Rhai's. Rows are read and written by the models' state (`db::rows`), past the modules' services, as
//! are those of fixtures. Without the feature `shell` the command is there, and says how to get it.

#[cfg(feature = "shell")]
mod command;
#[cfg(feature = "shell")]
mod complete;
#[cfg(feature = "shell")]
mod editor;
#[cfg(feature = "shell")]
mod engine;
#[cfg(feature = "shell")]
mod failure;
#[cfg(feature = "shell")]
mod functions;
#[cfg(feature = "shell")]
mod interrupt;
#[cfg(feature = "shell")]
mod lookups;
#[cfg(feature = "shell")]
mod models;
#[cfg(feature = "shell")]
mod moment;
#[cfg(feature = "shell")]
mod query;
#[cfg(feature = "shell")]
mod repl;
#[cfg(feature = "shell")]
mod results;
#[cfg(feature = "shell")]
mod row;
#[cfg(feature = "shell")]
mod session;
#[cfg(feature = "shell")]
mod syntax;
#[cfg(feature = "shell")]
mod table;
#[cfg(feature = "shell")]
mod value;
#[cfg(not(feature = "shell"))]
mod without;
