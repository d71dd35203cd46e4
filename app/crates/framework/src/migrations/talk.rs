//! Where a command that can be scripted talks: with `--scriptable`, stdout is for paths alone.

use crate::management::{Console, Stream};

/// Where the talk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    /// To stdout, as usual.
    Stdout,
    /// To stderr.
    Stderr,
}

impl Talk {
    /// The stream.
    pub(super) fn stream(self, console: &mut Console) -> &mut Stream {
        match self {
            Self::Stdout => &mut console.stdout,
            Self::Stderr => &mut console.stderr,
        }
    }
}
