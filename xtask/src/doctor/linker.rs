//! The linker and the C compiler: not whether they are there, but whether they make a program that runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use cli::findings::Finding;

use super::toolchain::{call, first_line};
use super::{packages, target};
use crate::output;
use crate::plan::Step;
use crate::project::Project;

/// A directory in the target directory, which is gone afterwards: a program must run there, as build scripts do.
struct Scratch(PathBuf);

impl Scratch {
    fn new(project: &Project, name: &str) -> io::Result<Self> {
        let path = project.state().join(format!("doctor-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).map(|()| Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is found in the target directory, which can be removed at any time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How a program came to be, or not.
enum Tried {
    Runs,
    /// There is no place for it, which is a finding about the target directory.
    NoPlace,
    /// It cannot be compiled or linked.
    NotMade(String),
    /// It was made, and cannot be run.
    DoesNotRun(String),
}

pub(super) fn rust(project: &Project) -> Vec<Finding> {
    let id = "linker";
    if first_line(&call(project, "rustc", &["--version"])).is_err() {
        return vec![Finding::skipped(id, "linking is not tried without rustc")];
    }
    let tried = tried(project, "rs", "fn main() {}\n", |source, program| {
        let mut step = call(project, "rustc", &["--edition", "2024", "--crate-name", "doctor"]);
        step.args.extend(flags(project).iter().map(Into::into));
        step.args.extend(["-o".into(), program.into(), source.into()]);
        step
    });
    vec![match tried {
        Tried::Runs => Finding::ok(id, "a program can be linked, and runs"),
        Tried::NotMade(reason) => {
            Finding::error(id, format!("no program can be linked: {reason}"), packages::compiler(project))
        }
        other => without_place(project, id, other),
    }]
}

/// What `RUSTFLAGS` has for the compiler. The flags of cargo's configuration are not looked up.
fn flags(project: &Project) -> Vec<String> {
    let flags = project.variables.get(OsStr::new("RUSTFLAGS")).map(|flags| flags.to_string_lossy().into_owned());
    flags.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

pub(super) fn c(project: &Project) -> Vec<Finding> {
    let id = "compiler.c";
    let chosen = project.variables.get(OsStr::new("CC")).filter(|cc| !cc.is_empty());
    let source = "#include <stdio.h>\nint main(void) { return 0; }\n";
    let tried = tried(project, "c", source, |source, program| {
        let mut step = call(project, chosen.map_or(OsStr::new("cc"), |cc| cc.as_os_str()), &["-o"]);
        step.args.extend([program.into(), source.into()]);
        step
    });
    vec![match tried {
        Tried::Runs => Finding::ok(id, "C can be compiled"),
        Tried::NotMade(reason) => {
            let command = chosen.map_or_else(|| packages::compiler(project), |_| "unset CC".to_owned());
            Finding::error(id, format!("C cannot be compiled, which SQLite is written in: {reason}"), command)
        }
        other => without_place(project, id, other),
    }]
}

/// The finding when the compiler is not to blame.
fn without_place(project: &Project, id: &str, tried: Tried) -> Finding {
    match tried {
        Tried::DoesNotRun(reason) => {
            let message = format!("what is compiled into the target directory does not run: {reason}");
            Finding::error(id, message, target::remount(target::path(project), "exec"))
        }
        _ => Finding::skipped(id, "compiling is not tried without a target directory that can be written"),
    }
}

fn tried(project: &Project, end: &str, text: &str, compile: impl FnOnce(&Path, &Path) -> Step) -> Tried {
    let Ok(scratch) = Scratch::new(project, end) else { return Tried::NoPlace };
    let (source, program) = (scratch.0.join(format!("main.{end}")), scratch.0.join("main"));
    if fs::write(&source, text).is_err() {
        return Tried::NoPlace;
    }
    let step = compile(&source, &program);
    match step.unseen().stdout_null().stderr_capture().run() {
        Err(error) => return Tried::NotMade(format!("{}: {error}", output::quote(&step.program))),
        Ok(said) if !said.status.success() => return Tried::NotMade(reason(&String::from_utf8_lossy(&said.stderr))),
        Ok(_) => {}
    }
    match call(project, &program, &[]).unseen().run() {
        Err(error) => Tried::DoesNotRun(error.to_string()),
        Ok(ran) if !ran.status.success() => Tried::DoesNotRun(format!("it ended with {}", ran.status)),
        Ok(_) => Tried::Runs,
    }
}

/// The line that tells most: what the linker said, or the compiler's error.
fn reason(said: &str) -> String {
    let line = |part: &str| said.lines().find(|line| line.contains(part));
    let told = line("ld: ").or_else(|| line("not found")).or_else(|| line("error"));
    told.or_else(|| said.lines().next()).unwrap_or("it says nothing").trim().to_owned()
}
