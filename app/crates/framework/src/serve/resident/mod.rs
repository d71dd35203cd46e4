//! The resident server. One program, several roles:
//!
//! `serve --detached` → [`launch`] (leaves the session, waits until it is ready) → [`keeper`] (`--restart-on-failure`) →
//! [`master`] (lock, sockets, control socket) → [`worker`], N times. Each starts the next one with the same arguments.

mod control;
mod crashes;
mod handover;
mod keeper;
mod launch;
mod lock;
mod master;
mod metrics;
mod notify;
mod program;
mod reports;
mod rollout;
mod sockets;
mod stopping;
mod succession;
mod worker;
mod workers;

use std::path::PathBuf;

use self::program::Program;
use crate::context::Context;
use crate::management::{Console, Output};

/// The variable that says which part a process has.
const ROLE: &str = "APP_SERVE_ROLE";

/// The part that a process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// What a person or a task runner started.
    Front,
    /// The same in a session of its own.
    Detached,
    /// It owns the sockets.
    Master,
    /// It serves.
    Worker,
}

impl Role {
    const ALL: [Self; 4] = [Self::Front, Self::Detached, Self::Master, Self::Worker];

    fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Detached => "detached",
            Self::Master => "master",
            Self::Worker => "worker",
        }
    }

    fn of(ctx: &Context) -> Self {
        let named = ctx.env().get(ROLE);
        Self::ALL.into_iter().find(|role| named.is_some_and(|name| name == role.name())).unwrap_or(Self::Front)
    }
}

/// Does the part of this process.
pub(super) async fn run(options: &cli::Serve, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    match Role::of(ctx) {
        Role::Worker => worker::run(ctx, console).await,
        Role::Front if options.detached => launch::run(&Program::of(ctx)?, ctx, console).await,
        Role::Front | Role::Detached if options.restart_on_failure => keeper::run(&Program::of(ctx)?, ctx).await,
        Role::Front | Role::Detached | Role::Master => master::run(options, ctx, console).await,
    }
}

/// Where the server keeps what others find it by.
fn run_directory(ctx: &Context) -> PathBuf {
    ctx.layout().var().join("run")
}
