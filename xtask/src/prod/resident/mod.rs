//! The server as these tasks see it from outside: who holds the lock, what it says on its control socket, and signals to
//! exactly that process.

mod control;
mod lock;
mod probe;
mod process;
mod restart;
mod start;
mod status;
mod stop;
mod waiting;

pub(super) use self::restart::{require_one, restart};
pub(super) use self::start::{foreground, refuse_a_second, start};
pub(super) use self::status::{is_running, status};
pub(super) use self::stop::stop;
