//! The linker and the C compiler: not whether they are there, but whether they make a program that runs.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cli::findings::Finding;

use super::toolchain::{call, first_line, on_path};
use crate::environment::Variables;
use crate::output;
use crate::project::Project;

/// A directory in the target directory, which is gone afterwards: a program must run there, as build scripts do.
struct Scratch(PathBuf);

impl Scratch {
    fn new(project: &Project, name: &str) -> anyhow::Result<Self> {
        let path = project.state().join(format!("doctor-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("`{}` cannot be made", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is found in the target directory, which can be removed at any time.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) fn rust(project: &Project) -> Vec<Finding> {
    let id = "linker";
    let flags = flags(&project.variables);
    let compile = |source: &Path, program: &Path| {
        let mut step = call(project, "rustc", &["--edition", "2024", "--crate-name", "doctor"]);
        step.args.extend(flags.iter().map(Into::into));
        step.args.extend(["-o".into(), program.into(), source.into()]);
        step
    };
    if first_line(&call(project, "rustc", &["--version"])).is_err() {
        return vec![Finding::skipped(id, "linking is not tried without rustc")];
    }
    vec![match tried(project, "rs", "fn main() {}\n", compile) {
        Ok(()) => Finding::ok(id, "a program can be linked, and runs"),
        Err(error) => Finding::error(id, format!("no program can be linked: {error:#}"), tools(project)),
    }]
}

/// What cargo would hand to the compiler.
fn flags(variables: &Variables) -> Vec<String> {
    let flags = variables.get(std::ffi::OsStr::new("RUSTFLAGS")).map(|flags| flags.to_string_lossy().into_owned());
    flags.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

pub(super) fn c(project: &Project) -> Vec<Finding> {
    let id = "compiler.c";
    let cc = project.variables.get(std::ffi::OsStr::new("CC")).cloned().unwrap_or_else(|| "cc".into());
    let source = "#include <stdio.h>\nint main(void) { return 0; }\n";
    let compile = |source: &Path, program: &Path| {
        let mut step = call(project, &cc, &["-o"]);
        step.args.extend([program.into(), source.into()]);
        step
    };
    vec![match tried(project, "c", source, compile) {
        Ok(()) => Finding::ok(id, "C can be compiled"),
        Err(error) => {
            let message = format!("C cannot be compiled, which SQLite is written in: {error:#}");
            Finding::error(id, message, tools(project))
        }
    }]
}

fn tried(
    project: &Project,
    end: &str,
    text: &str,
    compile: impl FnOnce(&Path, &Path) -> crate::plan::Step,
) -> anyhow::Result<()> {
    let scratch = Scratch::new(project, end)?;
    let (source, program) = (scratch.0.join(format!("main.{end}")), scratch.0.join("main"));
    std::fs::write(&source, text).with_context(|| format!("`{}` cannot be written", source.display()))?;
    let step = compile(&source, &program);
    let said = step.unseen().stdout_null().stderr_capture().run().with_context(|| output::quote(&step.program))?;
    anyhow::ensure!(said.status.success(), "{}", reason(&String::from_utf8_lossy(&said.stderr)));
    let ran = call(project, &program, &[]).unseen().run().context("the program does not run")?;
    anyhow::ensure!(ran.status.success(), "the program does not run: it ended with {}", ran.status);
    Ok(())
}

/// The line that tells most: what the linker said last, or the compiler's error.
fn reason(said: &str) -> String {
    let line = |part: &str| said.lines().find(|line| line.contains(part));
    let told = line("ld: ").or_else(|| line("not found")).or_else(|| line("error"));
    told.or_else(|| said.lines().next()).unwrap_or("it says nothing").trim().to_owned()
}

/// The command that installs a C compiler, by what the system installs programs with.
fn tools(project: &Project) -> String {
    const INSTALLERS: &[(&str, &str)] = &[
        ("apt-get", "sudo apt-get install gcc libc6-dev"),
        ("dnf", "sudo dnf install gcc glibc-devel"),
        ("pacman", "sudo pacman -S gcc"),
        ("apk", "sudo apk add gcc musl-dev"),
        ("zypper", "sudo zypper install gcc glibc-devel"),
    ];
    let found = INSTALLERS.iter().find(|(installer, _)| on_path(project, installer).is_some());
    found.map_or("xcode-select --install", |(_, command)| command).to_owned()
}
