//! `cargo xtask dev`: build if necessary, prepare the database, serve. Following what is saved is [`crate::dev`]'s.

#[cfg(any(test, not(unix)))]
mod once;
mod options;

use std::ffi::OsString;

use crate::dispatch::Session;
use crate::output;
use crate::plan::{Plan, Role, Step};

#[cfg(not(unix))]
use self::once::follow;
pub use self::options::{Options, command};
pub(crate) use self::options::{shared, typed};
#[cfg(unix)]
use crate::dev::follow;

/// Runs the task.
///
/// # Errors
/// When a program cannot be started at all.
pub fn run(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let options = match Options::parse(args) {
        Ok(options) => options,
        Err(error) => return output::clap_error(&error),
    };
    if options.dev.release && session.project.profile() != "release" {
        let project = session.project.in_profile("release");
        return session.over(&project, |session| begin(session, &options));
    }
    begin(session, &options)
}

fn begin(session: &mut Session<'_>, options: &Options) -> anyhow::Result<u8> {
    if options.dev.no_reload || options.base.version { serve_once(session, options) } else { follow(session, options) }
}

fn serve_once(session: &mut Session<'_>, options: &Options) -> anyhow::Result<u8> {
    let steps = steps(session, options)?;
    session.carry_out(&Plan { task: "dev".to_owned(), steps })
}

/// What is started.
///
/// # Errors
/// Those of [`Session::build_if_stale`].
pub(crate) fn steps(session: &mut Session<'_>, options: &Options) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::from_iter(session.build_if_stale()?);
    if options.base.version {
        steps.push(options.run(session.project, Role::App, &["runserver", "--version"]));
    } else {
        steps.extend(options.prepare(session.project));
        steps.push(options.serve(session.project));
    }
    Ok(steps)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn both_have_the_same_functions() {
        let _: [fn(&mut Session<'_>, &Options) -> anyhow::Result<u8>; 2] = [follow, self::once::follow];
    }
}
