//! `runserver`: the development server.

use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::listener::{Bound, listen};
use super::ready::{Ready, write_port_file};
use super::server::serve;
use super::site::Site;
use crate::checks::{self, Selection};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output, Role, SystemChecks};
use crate::migrations;
use crate::process::stops;

impl Command for cli::Runserver {
    const NAME: &'static str = "runserver";
    // It runs them itself, to say that it does.
    const CHECKS: Checks = Checks::None;
    const HIDDEN_OPTIONS: &'static [&'static str] = &["verbosity", "traceback"];

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let settings = ctx.settings();
        if !settings.debug && settings.allowed_hosts.is_empty() {
            return Err(CommandError::new("You must set settings.ALLOWED_HOSTS if DEBUG is False.").into());
        }
        let ready = Ready::from_env(ctx.env())?;
        if console.system_checks() == SystemChecks::Run {
            console.stdout.write("Performing system checks...\n");
            checks::run(&Selection { announce: true, ..Selection::default() }, ctx, console).await?;
        }
        let site = Site::new(ctx.clone())?;
        let bound = listen(ctx, self.addrport.as_ref())?;
        migrations::warn_unapplied(ctx, console).await;
        let stops = stops(ctx.env())?;
        let listener =
            TcpListener::from_std(bound.listener.try_clone()?).context("failed to watch the listening socket")?;
        banner(ctx, console, &bound);
        if let Some(file) = &self.port_file {
            write_port_file(&ctx.env().current_dir.join(file), bound.local)?;
        }
        console.stderr.write(format!("ready: {}", bound.url));
        ready.report(&bound.url)?;
        let drain = Duration::from_secs(settings.server.drain_seconds);
        serve(listener, bound.ownership, site, drain, stops).await;
        Ok(Output::None)
    }
}

fn banner(ctx: &Context, console: &mut Console, bound: &Bound) {
    let settings = ctx.settings();
    let now = ctx.now().with_timezone(&settings.time_zone).format("%B %d, %Y - %H:%M:%S");
    console.stdout.write(format!(
        "{now}\n{} version {}, using settings '{}'\nStarting development server at {}\nQuit the server with CONTROL-C.\n",
        ctx.name(),
        ctx.version(),
        settings.origins.name,
        bound.url,
    ));
    if !settings.server.hide_development_warning {
        console.stdout.styled(
            Role::Warning,
            format!(
                "WARNING: This is a development server. Do not use it in a production setting. Use `{} {}` instead.",
                ctx.program(),
                if ctx.program().ends_with("xtask") { "prod" } else { "serve" },
            ),
        );
    }
}
