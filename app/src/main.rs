//! The app binary: one program, many roles.

use std::process::ExitCode;

use framework::conf::Env;

fn main() -> ExitCode {
    app::project().run(std::env::args_os(), Env::from_process())
}
