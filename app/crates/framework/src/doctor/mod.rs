//! `doctor`: what can be wrong around a project that stops it from working, found while all else is broken too. Modules
//! register checks as they register system checks; those look at the code, these at the machine and the data.

mod cache;
mod checks;
mod command;
mod database;
mod files;
mod leftovers;
mod migrations;
mod settings;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::context::Context;

pub use cli::findings::{Finding, Level};

/// Looks at something, and says what it found: at least one [`Finding`], also when all is well.
pub type Examine = for<'a> fn(&'a Context) -> Pin<Box<dyn Future<Output = Vec<Finding>> + 'a>>;

/// Repairs what can be repaired without losing anything, and says what it did, a line each. Not an error: what it has to
/// leave alone, which [`Examine`] then finds again.
pub type Repair = for<'a> fn(&'a Context) -> Pin<Box<dyn Future<Output = anyhow::Result<Vec<String>>> + 'a>>;

/// Whoever does not answer by then is not waited for.
const LIMIT: Duration = Duration::from_secs(10);

/// As long as a repair may take: migrations of a large database are among them.
const REPAIR_LIMIT: Duration = Duration::from_secs(600);

/// A thing that `doctor` looks at.
///
/// ```ignore
/// DoctorCheck::new("mail.server", |ctx| Box::pin(server(ctx)))
/// ```
#[derive(Clone, Copy)]
pub struct DoctorCheck {
    id: &'static str,
    examine: Examine,
    repair: Option<Repair>,
    needs_settings: bool,
}

impl DoctorCheck {
    /// A check of this name, under which it is listed when it cannot run. It is skipped while the settings are broken.
    pub const fn new(id: &'static str, examine: Examine) -> Self {
        Self { id, examine, repair: None, needs_settings: true }
    }

    /// The same with a repair for `doctor --fix`. It runs only when something is wrong, and must do nothing the second
    /// time.
    pub const fn repaired_by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// The same for one that asks no settings, so that it runs while they are broken.
    pub const fn without_settings(self) -> Self {
        Self { needs_settings: false, ..self }
    }

    /// What it finds; a check that hangs or panics is itself a finding.
    async fn findings(&self, ctx: &Context) -> Vec<Finding> {
        if self.needs_settings && !ctx.faults().is_empty() {
            return vec![Finding::skipped(
                self.id,
                format!("{} is not examined while the settings are broken", self.id),
            )];
        }
        let examined = AssertUnwindSafe(async { (self.examine)(ctx).await }).catch_unwind();
        let failed = |what: &str| {
            let message = format!("the check `{}` {what}", self.id);
            vec![Finding::error(self.id, message, format!("{} doctor", ctx.program()))]
        };
        match tokio::time::timeout(LIMIT, examined).await {
            Ok(Ok(findings)) => findings,
            Ok(Err(_)) => failed("panicked"),
            Err(_) => failed(&format!("had no answer after {} s", LIMIT.as_secs())),
        }
    }

    /// Repairs what it can, and what it finds afterwards.
    async fn repaired(&self, ctx: &Context) -> Vec<Finding> {
        let before = self.findings(ctx).await;
        let Some(repair) = self.repair.filter(|_| before.iter().any(Finding::is_wrong)) else { return before };
        let repaired = AssertUnwindSafe(async { repair(ctx).await }).catch_unwind();
        let (done, failed) = match tokio::time::timeout(REPAIR_LIMIT, repaired).await {
            Ok(Ok(Ok(done))) => (done, None),
            Ok(Ok(Err(error))) => (Vec::new(), Some(format!("failed to repair it: {error:#}"))),
            Ok(Err(_)) => (Vec::new(), Some(format!("the repair of `{}` panicked", self.id))),
            Err(_) => {
                let seconds = REPAIR_LIMIT.as_secs();
                (Vec::new(), Some(format!("the repair of `{}` did not end within {seconds} s", self.id)))
            }
        };
        let done = done.into_iter().map(|what| Finding::fixed(self.id, what));
        let failed = failed.map(|why| Finding::error(self.id, why, format!("{} doctor", ctx.program())));
        done.chain(failed).chain(self.findings(ctx).await).collect()
    }
}

/// All checks, the framework's first, in the order in which repairs need each other.
fn registered(ctx: &Context) -> Vec<DoctorCheck> {
    let own = [
        settings::CHECKS,
        files::CHECKS,
        leftovers::CHECKS,
        migrations::CHECKS,
        database::CHECKS,
        cache::CHECKS,
        checks::CHECKS,
    ];
    let modules = ctx.modules().iter().flat_map(|module| module.doctor.iter().copied());
    own.concat().into_iter().chain(modules).collect()
}

/// A path as it stands in a command that a person types where they are.
fn typed(ctx: &Context, path: &Path) -> String {
    let path = path.strip_prefix(&ctx.env().current_dir).unwrap_or(path).display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./,@%+".contains(&byte);
    if path.bytes().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// A path as messages show it: from the project's root where it is below.
fn shown(ctx: &Context, path: &Path) -> String {
    path.strip_prefix(&ctx.layout().root).unwrap_or(path).display().to_string()
}

/// The command that changes what stands at this place: `app/config/default.toml:3:1`, `.env:4`, `APP__DEBUG` (perhaps in
/// backticks).
fn edit(ctx: &Context, place: &str) -> String {
    let mut parts = place.trim_matches('`').split(':');
    let (place, line) = (parts.next().unwrap_or_default(), parts.next().and_then(|line| line.parse::<usize>().ok()));
    let file = ctx.layout().root.join(place);
    match line {
        _ if place.starts_with("APP__") => format!("unset {place}"),
        Some(line) => format!("${{EDITOR:-vi}} +{line} {}", typed(ctx, &file)),
        None if file.is_file() => format!("${{EDITOR:-vi}} {}", typed(ctx, &file)),
        None => format!("{} diffsettings --all -v 2", ctx.program()),
    }
}
