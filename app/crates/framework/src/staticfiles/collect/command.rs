//! The command: what it asks, does and says.

use std::path::Path;

use super::Error;
use super::existing::Existing;
use super::places::{Places, resolved};
use super::plan::{Original, Plan, Way};
use super::publish::{clean, publish};
use super::stage::Modes;
use crate::context::Context;
use crate::management::{Answer, Checks, Command, CommandError, Console, Output, Role};
use crate::staticfiles::build::{Problem, scan};
use crate::staticfiles::{Listing, Patterns, list, places, prefix, root};
use crate::system;

impl Command for cli::Collectstatic {
    const NAME: &'static str = "collectstatic";
    const CHECKS: Checks = Checks::Tags(&["staticfiles"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let root = root(ctx).ok_or_else(|| {
            CommandError::new(
                "You're using the staticfiles app without having set the STATIC_ROOT setting to a filesystem path.\n\
                 hint: set `static.root` in `config/default.toml`, or `APP__STATIC__ROOT`",
            )
        })?;
        if self.noinput {
            console.set_answer(Answer::Never);
        }
        let refused = |error: Error| refused(ctx, error);
        if !self.dry_run && console.answers() == Answer::Ask {
            confirm(&self, &resolved(&root).map_err(refused)?, console)?;
        }
        let found = find(&self, ctx, console);
        let (root, places) = if self.dry_run {
            (resolved(&root).map_err(refused)?, None)
        } else {
            let places = Places::take(&root, || say(console, 1, "Another collectstatic is at work there; waiting."));
            let places = places.map_err(refused)?;
            (places.root.clone(), Some(places))
        };
        let existing = if self.clear {
            Existing::cleared(&root)
        } else {
            let sources: Vec<&str> = found.sources.iter().map(|source| source.path.as_str()).collect();
            Existing::look(&root, &sources, ctx.settings().static_files.file_mode)
        };
        let existing = existing.map_err(refused)?;
        let plan = plan(&self, ctx, console, found, &existing)?;
        let in_the_way = plan.in_the_way();
        if !in_the_way.is_empty() {
            return Err(blocked(ctx, &root, &in_the_way).into());
        }
        announce(if self.dry_run { Mood::Pretending } else { Mood::Doing }, &plan, console);
        match places {
            None => {}
            Some(places) if plan.is_done(&existing) => clean(&places).map_err(refused)?,
            Some(places) => {
                let settings = &ctx.settings().static_files;
                let modes = Modes { files: settings.file_mode, directories: settings.dir_mode };
                publish(&places, &plan, &existing, modes, system::exchange).map_err(refused)?;
            }
        }
        say(console, 1, &summary(&plan, &root));
        Ok(Output::None)
    }
}

#[derive(Clone, Copy)]
enum Mood {
    Doing,
    Pretending,
}

/// The files to collect; says which are passed over.
fn find(options: &cli::Collectstatic, ctx: &Context, console: &mut Console) -> Listing {
    let configured = ctx.settings().static_files.ignore.iter().filter(|_| !options.no_default_ignore);
    let ignored = Patterns::new(configured.chain(&options.ignore).map(String::as_str));
    let found = list(&places(ctx), &ignored);
    for path in &found.hidden {
        let text = format!(
            "Found another file with the destination path '{path}'. It will be ignored since only the first \
             encountered file is collected. If this is not what you want, make sure every static file has a unique \
             path."
        );
        say(console, 1, &text);
    }
    warn(ctx, console, &found.warnings);
    found
}

/// What is to be done; all that is wrong with the files is one error.
fn plan(
    options: &cli::Collectstatic,
    ctx: &Context,
    console: &mut Console,
    found: Listing,
    existing: &Existing,
) -> anyhow::Result<Plan> {
    let settings = &ctx.settings().static_files;
    let way = if options.link { Way::Link } else { Way::Copy };
    let is_plain = options.no_post_process || settings.storage == "plain";
    let mut problems = found.problems;
    let scanned = scan(found.sources, &prefix(ctx.settings()));
    let plan = if is_plain {
        scanned.originals().map(|originals| Plan::plain(originals, way, existing))
    } else {
        scanned.build().map(|built| {
            warn(ctx, console, &built.warnings);
            let keep = options.keep.unwrap_or(settings.keep) as usize;
            Plan::hashed(built, way, keep, existing)
        })
    };
    match plan {
        Ok(plan) if problems.is_empty() => Ok(plan),
        plan => {
            problems.extend(plan.err().into_iter().flat_map(|failure| failure.problems));
            Err(wrong(ctx, &problems).into())
        }
    }
}

/// What is done with each file.
fn announce(mood: Mood, plan: &Plan, console: &mut Console) {
    let (level, copying, linking, deleting) = match mood {
        Mood::Pretending => (1, "Pretending to copy", "Pretending to link", "Pretending to delete"),
        Mood::Doing => (2, "Copying", "Linking", "Deleting"),
    };
    for name in &plan.removed {
        say(console, 1, &format!("{deleting} '{name}'"));
    }
    for file in &plan.files {
        match &file.original {
            Original::Stays | Original::Completed => {
                say(console, 2, &format!("Skipping '{}' (not modified)", file.path));
            }
            Original::Linked(source) => say(console, level, &format!("{linking} '{}'", source.display())),
            Original::Copied => {
                let source = file.content.path().map_or_else(|| file.path.clone(), |path| path.display().to_string());
                say(console, level, &format!("{copying} '{source}'"));
            }
        }
    }
    for file in &plan.files {
        if let Some(hashed) = file.hashed.as_ref().filter(|hashed| hashed.stays.is_none()) {
            say(console, 2, &format!("Post-processed '{}' as '{}'", file.path, hashed.name));
        }
    }
}

fn summary(plan: &Plan, root: &Path) -> String {
    let unmodified = plan.files.iter().filter(|file| file.is_unmodified()).count();
    let modified = plan.files.len() - unmodified;
    let processed = plan.files.iter().filter_map(|file| file.hashed.as_ref());
    let processed = processed.filter(|hashed| hashed.stays.is_none()).count();
    let files = if modified == 1 { "file" } else { "files" };
    let done = if plan.is_linking() { "symlinked" } else { "copied" };
    let mut text = format!("{modified} static {files} {done} to '{}'", root.display());
    if unmodified > 0 {
        text.push_str(&format!(", {unmodified} unmodified"));
    }
    if processed > 0 {
        text.push_str(&format!(", {processed} post-processed"));
    }
    text + "."
}

fn say(console: &mut Console, level: u8, text: &str) {
    if console.verbosity() >= level {
        console.stdout.write(text);
    }
}

fn warn(ctx: &Context, console: &mut Console, warnings: &[Problem]) {
    if console.verbosity() > 0 {
        for warning in warnings {
            console.stderr.styled(Role::Warning, format!("warning: {}", warning.shown(&ctx.env().current_dir)));
        }
    }
}

fn confirm(options: &cli::Collectstatic, root: &Path, console: &mut Console) -> anyhow::Result<()> {
    let is_empty = root.read_dir().map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    let warning = if options.clear {
        "This will DELETE ALL FILES in this location!"
    } else {
        "This will overwrite existing files!"
    };
    let question = format!(
        "You have requested to collect static files at the destination\nlocation as specified in your settings:\n\n    \
         {}\n\n{warning}\nAre you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: ",
        root.display()
    );
    if console.ask(&question)? == "yes" {
        Ok(())
    } else {
        Err(CommandError::new("Collecting static files cancelled.").into())
    }
}

/// The one error for everything that is wrong with the files.
fn wrong(ctx: &Context, problems: &[Problem]) -> CommandError {
    let number = if problems.len() == 1 { "1 error".to_owned() } else { format!("{} errors", problems.len()) };
    let lines = problems.iter().map(|problem| format!("\n  {}", problem.shown(&ctx.env().current_dir)));
    CommandError::new(format!(
        "{number} in the static files, nothing was changed:{}\nhint: mend them, or leave files out with `--ignore`",
        lines.collect::<String>()
    ))
}

fn blocked(ctx: &Context, root: &Path, names: &[&str]) -> CommandError {
    let lines: String = names.iter().map(|name| format!("\n  {}", root.join(name).display())).collect();
    CommandError::new(format!(
        "what others put into the static root is in the way of files and directories:{lines}\nhint: move it away, or \
         run `{} collectstatic --clear`, which removes everything there",
        ctx.program()
    ))
}

fn refused(ctx: &Context, error: Error) -> CommandError {
    let hint = match &error {
        Error::Manifest(_) => {
            format!("`{} collectstatic --clear` makes everything anew, without earlier generations", ctx.program())
        }
        Error::Changed { .. } => format!("run `{} collectstatic` again", ctx.program()),
        Error::NoDirectory { .. } => "the setting `static.root` must name a directory".to_owned(),
        Error::Io { .. } | Error::Json(_) => {
            format!("what is served is whole; run `{} collectstatic` again when this is mended", ctx.program())
        }
    };
    CommandError::new(format!("{error}\nhint: {hint}")).source(error)
}
