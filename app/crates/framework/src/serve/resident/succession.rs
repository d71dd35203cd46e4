//! The master becomes the next version of itself, and goes on.

use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rustix::process::Pid;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::control::{Client, Control};
use super::handover::{self, Kept, descriptor};
use super::lock::{Holder, Lock};
use super::master::{Alive, Event, Master};
use super::notify::Notifier;
use super::program::{Program, Source};
use super::sockets::Sockets;
use super::workers::{Figures, Start, State, Worker};
use super::{Role, run_directory};
use crate::context::Context;
use crate::management::Console;
use crate::process::PARENT_FD;

impl<'a> Master<'a> {
    /// Puts the program of the newest generation in this process's place. Comes back only when that fails: then all is as
    /// it was.
    pub(super) fn become_next(&mut self, source: &Source, client: Option<&Client>) -> anyhow::Error {
        match self.prepared(source, client) {
            Ok((command, state, passed)) => {
                tracing::info!(target: "serve", "the resident process becomes the program of generation {}", self.generation);
                let directory: PathBuf = run_directory(self.ctx);
                let error = handover::become_next(command, &directory, &state, passed);
                anyhow::Error::new(error).context("failed to become the new program")
            }
            Err(error) => error,
        }
    }

    fn prepared(
        &self,
        source: &Source,
        client: Option<&Client>,
    ) -> anyhow::Result<(std::process::Command, handover::State, Vec<OwnedFd>)> {
        let failed = "failed to copy a descriptor";
        let mut passed = Vec::new();
        let mut pass = |descriptor: std::io::Result<OwnedFd>| -> anyhow::Result<i32> {
            let descriptor = descriptor.context(failed)?;
            let number = descriptor.as_raw_fd();
            passed.push(descriptor);
            Ok(number)
        };
        let workers = self.workers.iter().map(|worker| {
            anyhow::Ok(Kept {
                pid: worker.pid.as_raw_nonzero().get(),
                generation: worker.generation,
                since: worker.since.clone(),
                restarts: worker.restarts,
                draining: worker.is_draining(),
                control: pass(worker.figures.descriptor())?,
                counted: worker.figures.latest.borrow().clone(),
            })
        });
        let workers = workers.collect::<anyhow::Result<Vec<_>>>()?;
        let metrics = self.metrics.as_ref().map(|listener| pass(listener.try_clone().map(Into::into))).transpose()?;
        let parent = self.parent.as_ref().map(|pipe| pass(pipe.try_clone())).transpose()?;
        let client = client.map(|client| pass(client.descriptor())).transpose()?;
        let state = handover::State {
            lock: pass(self.lock.file.try_clone().map(Into::into))?,
            control: pass(self.control.listener.try_clone().map(Into::into))?,
            alive: [pass(self.alive.read.try_clone())?, pass(self.alive.write.try_clone())?],
            sockets: self.sockets.numbers(),
            files: self.sockets.files.clone(),
            exe: self.program.path.clone(),
            since: self.holder.since.clone(),
            generation: self.generation,
            next_id: self.next_id,
            crashes: self.crashes,
            ended: self.ended.clone(),
            metrics,
            parent,
            client,
            workers,
        };
        let mut command = self.program.command(source, Role::Master);
        self.sockets.hand_over(&mut command);
        // Whoever watches the parent finds the pipe where it always is.
        if let Some(number) = state.parent {
            command.env(PARENT_FD, number.to_string());
        }
        Ok((command, state, passed))
    }

    /// Goes on with what the version before this one left.
    pub(super) fn adopted(
        options: &'a cli::Serve,
        ctx: &'a Context,
        console: &'a mut Console,
        parent: Option<OwnedFd>,
        sender: UnboundedSender<Event>,
        left: handover::State,
    ) -> anyhow::Result<Self> {
        let take = |number| descriptor(ctx, number);
        let program = Program { path: left.exe, ..Program::of(ctx)? };
        let sockets = ctx.handover().listeners()?.into_iter().map(OwnedFd::from).collect();
        let sockets = Sockets::adopted(sockets, left.files)?;
        let [read, write] = left.alive;
        let holder = Holder { addresses: sockets.texts(), since: left.since, ..Holder::this(ctx, &program.path) };
        let notifier = Notifier::of(ctx);
        let mut master = Self {
            source: Source::Running,
            lock: Lock { file: take(left.lock)?.into() },
            control: Control { listener: UnixListener::from(take(left.control)?) },
            metrics: left.metrics.map(|number| take(number).map(TcpListener::from)).transpose()?,
            alive: Alive { read: Arc::new(take(read)?), write: take(write)? },
            workers: Vec::new(),
            target: options.workers.unwrap_or(ctx.settings().server.workers) as usize,
            generation: left.generation,
            next_id: left.next_id,
            due: Vec::new(),
            failures: 0,
            crashes: left.crashes,
            ended: left.ended,
            rollout: None,
            stopping: None,
            is_started: true,
            ready: None,
            next_ping: notifier.watchdog.map(|every| Instant::now() + every),
            ctx,
            console,
            program,
            sockets,
            holder,
            parent,
            notifier,
            options,
            sender,
        };
        let kill_at = master.kill_at(None);
        for kept in left.workers {
            let pid = Pid::from_raw(kept.pid).context("a process without a number was passed on")?;
            let state = if kept.draining { State::Draining(kill_at) } else { State::Serving };
            let figures = Figures::watch(UnixStream::from(take(kept.control)?), kept.counted);
            let figures = figures.context("failed to watch a socket")?;
            let start =
                Start { id: master.next_id, generation: kept.generation, since: kept.since, restarts: kept.restarts };
            master.next_id += 1;
            master.workers.push(Worker::adopted(start, pid, state, figures));
        }
        master.set_state("serving");
        master.notifier.ready("serving");
        if let Some(number) = left.client {
            Client::adopted(take(number)?).done();
        }
        Ok(master)
    }
}
