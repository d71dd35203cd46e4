//! Commands by file: dropped, called, renamed, deleted, while nobody touches a list.

mod dropped;
mod help;
mod odd;
mod races;

use std::fmt::Write as _;

use crate::sandbox::Sandbox;

/// The module's list, and where it is.
const LIST: &str = "app/src/modules/mailings/commands/mod.rs";
const MODULE: &str = "app/src/modules/mailings/mod.rs";
const CATALOGUE: &str = "catalogue.json";

/// A workspace with the module `mailings`, which has the command `send_mailing`. The fake app knows it too.
fn mailings() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(MODULE, &module("mailings", &["commands"]));
    sandbox.write(LIST, &list(&["send_mailing"]));
    drop_command(&sandbox, "send_mailing", "Send a mailing");
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing"]));
    sandbox
}

/// A module's own file.
pub(crate) fn module(label: &str, parts: &[&str]) -> String {
    let declared: String = parts.iter().map(|part| format!("mod {part};\n")).collect();
    let used: String = parts.iter().map(|part| format!("    module.{part}({part}::all());\n")).collect();
    format!(
        "//! A module.\n\n{declared}{}use framework::module::Module;\n\n/// The module.\npub fn module() -> Module {{\n    \
         let mut module = Module::new(\"{label}\");\n{used}    module\n}}\n",
        if parts.is_empty() { "" } else { "\n" }
    )
}

/// A module's list of commands, as it is written for these files.
pub(crate) fn list(files: &[&str]) -> String {
    let declared: String = files.iter().map(|file| format!("mod {file};\n")).collect();
    let listed: String =
        files.iter().map(|file| format!("        management::command::<{file}::Command>(),\n")).collect();
    format!(
        "//! The module's commands, one file each.\n\n{declared}{}use framework::management;\n\n/// The commands.\n\
         pub(super) fn all() -> Vec<management::CommandSpec> {{\n    vec![\n        // One a line.\n{listed}    ]\n}}\n",
        if files.is_empty() { "" } else { "\n" }
    )
}

/// The text of a command's file.
pub(crate) fn command(about: &str) -> String {
    format!("//! A command.\n\n/// {about}\n#[derive(clap::Args)]\npub struct Command {{}}\n")
}

fn drop_command(sandbox: &Sandbox, file: &str, about: &str) {
    sandbox.write(&path(file), &command(about));
}

/// The file of a command of `mailings`.
fn path(file: &str) -> String {
    format!("app/src/modules/mailings/commands/{file}.rs")
}

fn read(sandbox: &Sandbox, path: &str) -> String {
    std::fs::read_to_string(sandbox.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn remove(sandbox: &Sandbox, path: &str) {
    std::fs::remove_file(sandbox.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// What the app says of itself when `mailings` has these commands.
fn catalogue(commands: &[&str]) -> String {
    let mut text = "{\"version\":1,\"commands\":[\n".to_owned();
    let builtin = |name: &str| {
        format!(r#"{{"name":"{name}","module":"framework","help":"{name}","hidden":false,"builtin":true,"args":[]}}"#)
    };
    text += &["migrate", "check"].map(builtin).join(",\n");
    for name in commands {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            ",\n{{\"name\":\"{name}\",\"module\":\"mailings\",\"help\":\"Built {name}\",\"hidden\":false,\
             \"builtin\":false,\"args\":[]}}"
        );
    }
    text + "]}"
}

/// What is said when the file is listed in `mailings`.
fn listed(file: &str) -> String {
    format!("note: listed `{file}` in `{LIST}`\n")
}

/// What is said when the file is taken out of `mailings`' list.
fn taken_out(file: &str) -> String {
    format!("note: took `{file}` out of `{LIST}`: its file is gone\n")
}
