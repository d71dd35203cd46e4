//! Whether the app builds. It is built, unless it is fresh or cannot be.

use cli::findings::Finding;
use scaffold::journal;

use super::{Asked, target};
use crate::app::{self, Begun, Freshness};
use crate::output;
use crate::project::Project;

/// What became of the build.
pub(super) struct Build {
    /// What to say of it.
    pub(super) finding: Option<Finding>,
    /// Whether the binary, if there is one, was built from the sources as they are.
    pub(super) is_current: bool,
}

/// Builds the app where that is needed.
pub(super) fn build(project: &Project, asked: &Asked<'_>) -> Build {
    let id = "app.build";
    let with = |is_current, finding| Build { finding: Some(finding), is_current };
    if app::freshness(project) == Freshness::Fresh {
        return with(true, Finding::ok(id, "the app is built from the sources as they are"));
    }
    if journal::has_pending(&project.root) {
        return with(false, Finding::skipped(id, "the app is not built while a change of the sources is interrupted"));
    }
    if target::held(project).is_some() {
        return with(
            false,
            Finding::skipped(id, "the app is not built while somebody else builds in its target directory"),
        );
    }
    let step = app::build_step(project);
    if asked.verbosity > 0 {
        output::note("building the app …");
    }
    match run(project) {
        Ok(None) => with(true, Finding::ok(id, "the app builds")),
        Ok(Some(error)) => with(false, Finding::error(id, format!("the app does not build: {error}"), step.short())),
        Err(error) => with(false, Finding::error(id, format!("the app cannot be built: {error:#}"), step.short())),
    }
}

/// The first error, if there is one.
fn run(project: &Project) -> anyhow::Result<Option<String>> {
    let begun = Begun::now(project)?;
    let mut step = app::build_step(project);
    step.env = step.env.with("CARGO_TERM_COLOR", "never");
    let said = step.unseen().stdout_null().stderr_capture().run()?;
    if said.status.success() {
        begun.succeeded(project)?;
        return Ok(None);
    }
    Ok(Some(first_error(&String::from_utf8_lossy(&said.stderr))))
}

/// The first error of cargo or the compiler, with its place or its cause.
fn first_error(said: &str) -> String {
    let mut lines = said.lines().skip_while(|line| !line.starts_with("error"));
    let Some(error) = lines.next() else { return said.lines().last().unwrap_or("cargo says nothing").to_owned() };
    let below: Vec<&str> = lines.map(str::trim).take_while(|line| !line.starts_with("error")).collect();
    if let Some(place) = below.iter().find_map(|line| line.strip_prefix("--> ")) {
        return format!("{error} ({place})");
    }
    let causes = below.windows(2).filter(|pair| pair[0] == "Caused by:").map(|pair| pair[1]);
    [error].into_iter().chain(causes).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_has_its_place_or_its_causes() {
        let rustc = "   Compiling app\nwarning: unused\n --> a.rs:1:1\n\nerror[E0425]: cannot find `x`\n --> b.rs:2:1\n  |\n\
            error: aborting\n";
        assert_eq!(first_error(rustc), "error[E0425]: cannot find `x` (b.rs:2:1)");
        let cargo = "error: failed to load manifest for workspace member `/w/app`\n\nCaused by:\n  failed to parse\n\n\
            Caused by:\n  missing field `name`\n";
        let expected =
            "error: failed to load manifest for workspace member `/w/app`: failed to parse: missing field `name`";
        assert_eq!(first_error(cargo), expected);
        assert_eq!((first_error("killed\n"), first_error("")), ("killed".to_owned(), "cargo says nothing".to_owned()));
    }
}
