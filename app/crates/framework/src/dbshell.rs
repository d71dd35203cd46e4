//! `dbshell`: the database's own shell, `sqlite3` or `psql`, on the database of the settings.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::Context as _;
use db::{Access, Client};

use crate::conf::Env;
use crate::context::Context;
use crate::management::{Calls, Checks, Command, CommandError, Console, Output};
use crate::system;

impl Command for cli::Dbshell {
    const NAME: &'static str = "dbshell";
    const CHECKS: Checks = Checks::None;
    const CALLS: Calls = Calls::Never;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let client = ctx.client(self.database.as_deref().unwrap_or("default"))?;
        let (name, package) = match &client {
            Client::Sqlite { .. } => ("sqlite3", "sqlite3"),
            Client::Postgres { .. } => ("psql", "postgresql-client"),
        };
        let program = find(name, ctx.env()).ok_or_else(|| {
            CommandError::new(format!(
                "You appear not to have the '{name}' program installed or on your path.\nhint: install it: `apt install {package}`"
            ))
        })?;
        let mut program = process::Command::new(program);
        program.env_clear().envs(ctx.env().iter()).current_dir(&ctx.env().current_dir);
        match client {
            Client::Sqlite { file, access } => {
                if access == Access::ReadOnly {
                    program.arg("-readonly");
                }
                program.arg(file).args(&self.arguments);
            }
            // In the environment, which only the same user can read; the command line is everybody's.
            Client::Postgres { environment } => {
                program.envs(environment).args(&self.arguments);
            }
        }
        console.finish().context("failed to write output")?;
        // Where a program can take this one's place, it comes back only with an error.
        let status = system::become_program(program).with_context(|| format!("failed to start `{name}`"))?;
        match u8::try_from(status.code().unwrap_or(1)) {
            Ok(0) => Ok(Output::None),
            code => Err(CommandError::silent().code(code.unwrap_or(1)).into()),
        }
    }
}

/// Finds a program as a shell would, by the path of the environment that the command was started in.
fn find(name: &str, env: &Env) -> Option<PathBuf> {
    let path = env.get("PATH").map(OsStr::to_owned).unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path)
        .map(|folder| env.current_dir.join(folder).join(&file))
        .find(|candidate| is_program(candidate))
}

fn is_program(candidate: &Path) -> bool {
    candidate.metadata().is_ok_and(|metadata| metadata.is_file())
}
