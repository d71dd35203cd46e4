//! `runserver`: the development server.

use super::dev;
use super::listener::{Bound, listen};
use super::ready::{Ready, write_port_file};
use super::server::serve;
use super::site::Site;
use crate::checks::{self, Deploy, Selection};
use crate::conf::Environment;
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Interrupted, Output, Role, SystemChecks};
use crate::migrations;
use crate::process::{Stop, stops};

impl Command for cli::Runserver {
    const NAME: &'static str = "runserver";
    // It runs them itself, to say that it does.
    const CHECKS: Checks = Checks::None;
    const HIDDEN_OPTIONS: &'static [&'static str] = cli::RUNSERVER_HIDDEN_OPTIONS;
    const DRAINS: bool = true;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let settings = ctx.settings();
        let production = settings.environment == Environment::Production;
        // In production the checks say so, together with all else that is unsafe.
        if !settings.debug && settings.allowed_hosts.is_empty() && !production {
            return Err(CommandError::new("You must set settings.ALLOWED_HOSTS if DEBUG is False.").into());
        }
        let mut ready = Ready::of(ctx.handover())?;
        // A task runner that watches the sources says where it serves, and which migrations are missing.
        let announce = !dev::is_on(ctx);
        if console.system_checks() == SystemChecks::Run {
            if announce {
                console.stdout.write("Performing system checks...\n\n");
            }
            let deploy = Deploy::in_environment(settings.environment);
            checks::run(&Selection { announce, deploy, ..Selection::default() }, ctx, console).await?;
        }
        let site = Site::new(ctx.clone())?;
        let Bound { listener, local, url } = listen(ctx, self.addrport.as_ref())?;
        if announce {
            migrations::warn_unapplied(ctx, console).await;
        } else if let Err(error) = ctx.db().await {
            tracing::warn!("cannot reach the database: {error:#}");
        }
        let stops = stops(ctx.handover())?;
        if announce {
            banner(ctx, console, &url);
        }
        if let Some(file) = &self.port_file {
            write_port_file(&ctx.env().current_dir.join(file), local)?;
        }
        if announce {
            console.stderr.write(format!("ready: {url}"));
        }
        ready.report(&url)?;
        match serve(site, vec![listener], stops, ready).await.stop {
            Some(Stop::Interrupt) => Err(Interrupted.into()),
            _ => Ok(Output::None),
        }
    }
}

fn banner(ctx: &Context, console: &mut Console, url: &str) {
    let settings = ctx.settings();
    let now = ctx.now().with_timezone(&settings.time_zone).format("%B %d, %Y - %H:%M:%S");
    console.stdout.write(format!(
        "{now}\n{} version {}, using settings '{}'\nStarting development server at {url}\nQuit the server with CONTROL-C.\n\n",
        ctx.name(),
        ctx.version(),
        settings.origins.name,
    ));
    if !settings.server.hide_development_warning {
        let warning = "WARNING: This is a development server. Do not use it in a production setting.";
        console.stdout.styled(Role::Warning, warning);
    }
}
