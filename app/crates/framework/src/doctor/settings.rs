//! The settings, the secrets in them, and the address that they name.

use std::process::{Command, Stdio};

use cli::Listen;

use super::{DoctorCheck, Finding, edit, typed};
use crate::conf::{Environment, Fault, production_problems};
use crate::context::Context;
use crate::system;

pub(super) const CHECKS: &[DoctorCheck] = &[
    DoctorCheck::new("settings", |ctx| Box::pin(async { settings(ctx) })).without_settings(),
    DoctorCheck::new("secrets.key", |ctx| Box::pin(async { secret_key(ctx) })),
    DoctorCheck::new("secrets.env", |ctx| Box::pin(async { dotenv_is_private(ctx) }))
        .repaired_by(|ctx| Box::pin(async { make_dotenv_private(ctx) }))
        .without_settings(),
    DoctorCheck::new("secrets.git", |ctx| Box::pin(async { dotenv_is_not_in_git(ctx) })).without_settings(),
    DoctorCheck::new("server.address", |ctx| Box::pin(async { address(ctx) })),
];

fn settings(ctx: &Context) -> Vec<Finding> {
    if !ctx.faults().is_empty() {
        return ctx.faults().iter().map(|fault| of_fault(ctx, fault)).collect();
    }
    let (environment, from) = (ctx.settings().environment.name(), &ctx.settings().origins.name);
    let named = if from == environment { String::new() } else { format!(", `{from}` in place of its file") };
    vec![Finding::ok("settings", format!("the settings of {environment}{named}"))]
}

fn of_fault(ctx: &Context, fault: &Fault) -> Finding {
    let hint = fault.hint.iter().map(|hint| format!("; {hint}"));
    let message: String = [format!("{}: {}", fault.place, fault.message)].into_iter().chain(hint).collect();
    Finding::error("settings", message, edit(ctx, &fault.place))
}

/// In production the system checks look at the key.
fn secret_key(ctx: &Context) -> Vec<Finding> {
    if ctx.settings().environment == Environment::Production {
        return Vec::new();
    }
    let problems = production_problems(ctx.settings());
    let problem = |id: &str| problems.iter().find(|problem| problem.id == id);
    vec![match (problem("security.E002"), problem("security.E003")) {
        (Some(_), _) => {
            Finding::ok("secrets.key", "the secret key is the one of development, which production refuses")
        }
        (_, Some(weak)) => Finding::warning("secrets.key", &weak.message, "openssl rand -hex 32"),
        (None, None) => Finding::ok("secrets.key", "the secret key is one of its own"),
    }]
}

fn dotenv_is_private(ctx: &Context) -> Vec<Finding> {
    let file = ctx.layout().root.join(".env");
    vec![match system::is_public(&file) {
        Err(_) => Finding::ok("secrets.env", "there is no `.env`"),
        Ok(false) => Finding::ok("secrets.env", "`.env` is not for the machine's other users"),
        Ok(true) => {
            let message = "`.env`, which may hold secrets, can be read or changed by every user of this machine";
            Finding::warning("secrets.env", message, format!("chmod o= {}", typed(ctx, &file)))
        }
    }]
}

fn make_dotenv_private(ctx: &Context) -> anyhow::Result<Vec<String>> {
    system::make_private(&ctx.layout().root.join(".env"))?;
    Ok(vec!["took `.env` away from the machine's other users".to_owned()])
}

fn dotenv_is_not_in_git(ctx: &Context) -> Vec<Finding> {
    let id = "secrets.git";
    let root = &ctx.layout().root;
    let says = |words: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(root).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        git.status().ok()?.code()
    };
    let at_root = format!("git -C {}", typed(ctx, root));
    let git = if ctx.env().current_dir == *root { "git" } else { &at_root };
    vec![match (says(&["ls-files", "--error-unmatch", ".env"]), says(&["check-ignore", "--quiet", ".env"])) {
        (Some(0), _) => {
            let message = "`.env` is in git, and its secrets are in the history: change them, and take it out";
            Finding::error(id, message, format!("{git} rm --cached .env"))
        }
        (Some(1), Some(1)) => {
            let file = typed(ctx, &root.join(".gitignore"));
            Finding::warning(id, "git does not ignore `.env`, which may hold secrets", format!("echo /.env >> {file}"))
        }
        (Some(1), _) => Finding::ok(id, "git ignores `.env`"),
        // No git, no repository, or one that belongs to somebody else.
        _ => Finding::ok(id, "no git repository that `.env` could be in"),
    }]
}

/// A server of ours that runs already is no mistake, so it is a warning at most.
fn address(ctx: &Context) -> Vec<Finding> {
    let id = "server.address";
    let command = if ctx.program() == "app" { "app runserver" } else { "cargo xtask dev" };
    let listen = Listen { asked: None, default: &ctx.settings().server.address, command };
    vec![match listen.bind() {
        Ok(_) => Finding::ok(id, format!("port {} on {} is free", listen.port(), listen.host())),
        Err(error) => {
            let otherwise = || format!("{} diffsettings", ctx.program());
            let command = error.hint.map_or_else(otherwise, |hint| hint.trim_matches('`').to_owned());
            Finding::warning(id, error.message, command)
        }
    }]
}
