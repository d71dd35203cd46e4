//! Git, the terminal, the port.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _};
use std::num::NonZeroU16;

use cli::findings::Finding;
use cli::{AddrPort, Listen};

use super::packages;
use super::toolchain::{call, first_line};
use crate::project::Project;
use crate::system;

/// The id under which the app looks at the address of its settings.
pub(super) const ADDRESS: &str = "server.address";

pub(super) fn git(project: &Project) -> Vec<Finding> {
    let id = "git";
    vec![match first_line(&call(project, "git", &["--version"])) {
        Ok(version) if project.root.join(".git").exists() => Finding::ok(id, version),
        Ok(version) => Finding::warning(id, format!("{version}, but the project is in no repository"), "git init"),
        Err(reason) => Finding::warning(id, format!("git cannot be started: {reason}"), packages::git(project)),
    }]
}

/// What is written away from a terminal is plain, whatever it is.
pub(super) fn terminal(project: &Project) -> Vec<Finding> {
    let id = "terminal";
    if !io::stdout().is_terminal() {
        return vec![Finding::ok(id, "the output is no terminal: nothing is coloured")];
    }
    let variable = |name: &str| {
        let value = project.variables.get(OsStr::new(name)).map(|value| value.to_string_lossy().into_owned());
        value.filter(|value| !value.is_empty())
    };
    let columns = system::columns().map_or_else(|| "unknown width".to_owned(), |columns| format!("{columns} columns"));
    let shown = match (variable("TERM"), variable("NO_COLOR")) {
        (None, _) => {
            Finding::warning(id, "`TERM` is not set: nobody knows what the terminal can do", "export TERM=xterm")
        }
        (Some(term), _) if term == "dumb" => Finding::ok(id, format!("{columns}, no colours (TERM=dumb)")),
        (Some(_), Some(_)) => Finding::ok(id, format!("{columns}, no colours (NO_COLOR)")),
        (Some(term), None) => Finding::ok(id, format!("{columns}, colours ({term})")),
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| Some((name, variable(name)?)));
    let is_utf8 = |value: &str| ["utf-8", "utf8"].iter().any(|end| value.to_lowercase().contains(end));
    let letters = match locale {
        Some((name, value)) if is_utf8(&value) => Finding::ok("terminal.letters", format!("UTF-8 ({name}={value})")),
        Some((name, value)) => {
            let message = format!("{name}={value} is not UTF-8: letters of other languages may look wrong");
            Finding::warning("terminal.letters", message, format!("export {name}=C.UTF-8"))
        }
        None => {
            let message = "no locale is set: letters of other languages may look wrong";
            Finding::warning("terminal.letters", message, "export LANG=C.UTF-8")
        }
    };
    vec![shown, letters]
}

/// The address without settings, when the app cannot say which they name.
pub(super) fn usual_address() -> Finding {
    let default = AddrPort { host: Some("127.0.0.1".to_owned()), port: NonZeroU16::new(8000) };
    let listen = Listen { asked: None, default: &default, command: "cargo xtask dev" };
    match listen.bind() {
        Ok(_) => Finding::ok(ADDRESS, format!("port {} on {} is free", listen.port(), listen.host())),
        Err(error) => {
            let command = error.hint.unwrap_or_default().trim_matches('`').to_owned();
            Finding::warning(ADDRESS, error.message, command)
        }
    }
}
