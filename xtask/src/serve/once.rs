//! `cargo xtask dev` where no process can inherit a listening socket: it serves once, as with `--no-reload`.

use super::{Options, serve_once};
use crate::dispatch::Session;
use crate::failure::Failure;
use crate::output;

/// Says so, and serves once.
pub(super) fn follow(session: &mut Session<'_>, options: &Options) -> anyhow::Result<u8> {
    if options.dev.open || options.dev.poll || !options.dev.with.is_empty() {
        let text = "`--open`, `--poll` and `--with` need Unix\nhint: use `cargo xtask dev` without them";
        return Err(Failure::new(text).code(2).into());
    }
    output::note("note: on this system `dev` does not follow what is saved (`--no-reload`)");
    serve_once(session, options)
}
