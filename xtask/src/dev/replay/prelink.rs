//! Links everything that the app depends on into one shared object, once, so that linking the app after an edit takes a
//! tenth of the time. Rust has no stable ABI, but these are the very objects that a static link would take, made by the
//! same compiler for each other; the linker alone decides whether they come to lie in one file or in two.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::app;

/// Stands in for the linker and takes down its arguments. The objects are gone when rustc has ended; the last one
/// ties the program to its allocator and belongs into the shared object, with what it refers to.
const RECORDER: &str = r#"#!/bin/sh
folder=${0%/*}
printf '%s\0' "$@" >"$folder/link-args" || exit 1
for arg do
  case $arg in
    -o) next=1 ;;
    *.rcgu.o) last=$arg ;;
    *) [ -z "$next" ] || { : >"$arg" || exit 1; }; next= ;;
  esac
done
cp "$last" "$folder/allocator.o"
"#;

/// Links the app against the shared object: the libraries that are in it are left out, and nothing else may be.
const LINKER: &str = r#"#!/bin/sh
# Written by `cargo xtask dev`: links the app against what it depends on, which is linked already.
found=
allocator=
for arg do
  shift
  case $arg in
    */@app@) set -- "$@" "$arg" ;;
    *.@allocator@.*.o) cmp -s "$arg" @object@ && allocator=1 ;;
    *.rlib)
      [ -n "$found" ] || set -- "$@" -Wl,-Bdynamic @deps@ -Wl,-Bstatic
      found="$found $arg"
      case $arg in */libcompiler_builtins-*) set -- "$@" "$arg" ;; esac ;;
    *) set -- "$@" "$arg" ;;
  esac
done
if [ -z "$allocator" ] || [ "$found" != @rlibs@ ]; then
  echo "the app depends on other libraries than before, or has an allocator of its own" >&2
  exit 1
fi
exec cc "$@"
"#;

/// What the object that ties a program to the standard allocator refers to, and no other object can.
const DEFAULT_ALLOCATOR: &[u8] = b"___rdl_alloc_zeroed";

/// Crates that collect things from all over the program by the linker's help, which ends where the shared object does.
const COLLECTING: &[&str] = &["/liblinkme-"];

/// The files of one state of the dependencies.
pub(super) struct Prelink {
    folder: PathBuf,
    key: u64,
}

/// What the linker was called with, taken apart.
struct Call {
    /// The compiled crates, without the app's own.
    rlibs: Vec<OsString>,
    /// The arguments that make the shared object.
    args: Vec<OsString>,
    /// The part of the file name by which the allocator's object is known.
    allocator: String,
}

impl Prelink {
    pub(super) fn new(folder: &Path, key: u64) -> Self {
        Self { folder: folder.to_owned(), key }
    }

    /// The program to call in the linker's place.
    pub(super) fn linker(&self) -> PathBuf {
        self.folder.join(format!("link-{:016x}", self.key))
    }

    fn object(&self) -> PathBuf {
        self.folder.join(format!("libdeps-{:016x}.so", self.key))
    }

    /// What ties the program to its allocator.
    fn allocator(&self) -> PathBuf {
        self.folder.join("allocator.o")
    }

    /// Whether nobody has removed it.
    pub(super) fn is_there(&self) -> bool {
        self.linker().is_file() && self.object().is_file()
    }

    /// The program that takes down how the linker is called.
    pub(super) fn recorder(&self) -> anyhow::Result<PathBuf> {
        let path = self.folder.join("record");
        write_program(&path, RECORDER)?;
        Ok(path)
    }

    /// The call that makes the shared object, after the recorder was called.
    pub(super) fn command(&self, app: &str) -> anyhow::Result<std::process::Command> {
        let path = self.allocator();
        let object = std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        // With an allocator of its own, the program has no such object, and this is a part of the app.
        let is_default = object.windows(DEFAULT_ALLOCATOR.len()).any(|part| part == DEFAULT_ALLOCATOR);
        anyhow::ensure!(is_default, "the app has an allocator of its own");
        let call = self.call(app)?;
        let mut command = std::process::Command::new("nice");
        command.arg("cc").args(&call.args);
        Ok(command)
    }

    /// Writes the linker's replacement, and removes what is too old.
    pub(super) fn finish(&self, app: &str) -> anyhow::Result<()> {
        let call = self.call(app)?;
        let rlibs = call.rlibs.iter().flat_map(|rlib| [OsStr::new(" "), rlib]).collect::<OsString>();
        let text = LINKER
            .replace("@app@", app)
            .replace("@allocator@", &call.allocator)
            .replace("@object@", &quote(self.allocator().as_os_str())?)
            .replace("@deps@", &quote(self.object().as_os_str())?)
            .replace("@rlibs@", &quote(&rlibs)?);
        write_program(&self.linker(), &text)?;
        self.remove_old();
        Ok(())
    }

    /// Removes what was made for other states, the one before excepted: the binary that is served may need it once more.
    fn remove_old(&self) {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        let others = entries
            .filter(|entry| entry.file_name().as_bytes().starts_with(b"libdeps-") && entry.path() != self.object());
        let mut others: Vec<_> = others
            .map(|entry| (entry.metadata().and_then(|metadata| metadata.modified()).ok(), entry.path()))
            .collect();
        others.sort();
        for (_, old) in others.iter().rev().skip(1) {
            // A process that has it loaded keeps it; that of somebody else may be faster.
            let name = old.file_stem().unwrap_or_default().to_string_lossy().replace("libdeps-", "link-");
            let _ = std::fs::remove_file(old).and_then(|()| std::fs::remove_file(self.folder.join(name)));
        }
    }

    fn call(&self, app: &str) -> anyhow::Result<Call> {
        let path = self.folder.join("link-args");
        let text = std::fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        let args: Vec<OsString> = text.split(|&byte| byte == 0).map(|arg| OsString::from_vec(arg.to_owned())).collect();
        self.taken_apart(&args[..args.len().saturating_sub(1)], app).context("the linker is called in an unknown way")
    }

    /// `None` when the call does not look as expected; nothing is prelinked then.
    fn taken_apart(&self, args: &[OsString], app: &str) -> Option<Call> {
        const DROPPED: &[&str] = &["-pie", "-static-pie", "-no-pie", "-Wl,--gc-sections"];
        let has_end = |arg: &OsStr, end: &str| arg.as_bytes().ends_with(end.as_bytes());
        let is_builtins = |arg: &OsStr| arg.to_string_lossy().contains("/libcompiler_builtins-");
        let allocator = args.iter().rfind(|arg| has_end(arg, ".rcgu.o"))?.to_str()?;
        let allocator = Path::new(allocator).file_name()?.to_str()?.split('.').nth(1)?.to_owned();
        let mut call = Call { rlibs: Vec::new(), args: Vec::new(), allocator };
        call.args.extend(["-shared", "-Wl,-Bsymbolic", "-Wl,-z,defs"].map(OsString::from));
        call.args.push(self.allocator().into());
        let mut is_output = false;
        for arg in args {
            if is_output {
                call.args.push(self.object().into());
                is_output = false;
                continue;
            }
            let is_dropped = DROPPED.iter().any(|dropped| arg == dropped) || has_end(arg, ".o");
            if has_end(arg, &format!("/{app}")) || is_dropped {
                continue;
            }
            if has_end(arg, ".rlib") {
                if COLLECTING.iter().any(|name| arg.to_string_lossy().contains(name)) {
                    return None;
                }
                call.rlibs.push(arg.clone());
                let is_whole = !is_builtins(arg);
                call.args.extend(is_whole.then(|| "-Wl,--whole-archive".into()));
                call.args.push(arg.clone());
                call.args.extend(is_whole.then(|| "-Wl,--no-whole-archive".into()));
                continue;
            }
            is_output = arg == "-o";
            call.args.push(arg.clone());
        }
        (!call.rlibs.is_empty() && call.args.contains(&self.object().into())).then_some(call)
    }
}

/// A word for the shell.
fn quote(text: &OsStr) -> anyhow::Result<String> {
    let text = text.to_str().context("a path is not UTF-8")?;
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

fn write_program(path: &Path, text: &str) -> anyhow::Result<()> {
    app::replace(path, text)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("failed to make `{}` a program", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(args: &str) -> Vec<OsString> {
        args.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn the_shared_object_takes_everything_but_the_app() {
        let prelink = Prelink::new(Path::new("/t"), 1);
        let linked = args(
            "-m64 /o/symbols.o /o/app-1.aaa.b.rcgu.o /o/app-1.zzz.b.rcgu.o -Wl,-Bstatic /o/libapp-2.rlib /d/libdb-3.rlib \
             /s/libcompiler_builtins-4.rlib -Wl,-Bdynamic -lc -o /o/app-1 -Wl,--gc-sections -pie -nodefaultlibs",
        );
        let call = prelink.taken_apart(&linked, "libapp-2.rlib").expect("a call");
        let expected = args(
            "-shared -Wl,-Bsymbolic -Wl,-z,defs /t/allocator.o -m64 -Wl,-Bstatic -Wl,--whole-archive /d/libdb-3.rlib \
             -Wl,--no-whole-archive /s/libcompiler_builtins-4.rlib -Wl,-Bdynamic -lc -o \
             /t/libdeps-0000000000000001.so -nodefaultlibs",
        );
        assert_eq!(call.args, expected);
        assert_eq!(call.allocator, "zzz");
        assert_eq!(call.rlibs, args("/d/libdb-3.rlib /s/libcompiler_builtins-4.rlib"));
    }

    #[test]
    fn what_is_not_known_is_not_prelinked() {
        let prelink = Prelink::new(Path::new("/t"), 1);
        for linked in [
            "",
            "/o/app-1.a.b.rcgu.o /d/libdb-3.rlib",
            "/o/app-1.a.b.rcgu.o -o /o/app-1",
            "/d/libdb-3.rlib -o /o/app-1",
            "/o/app-1.a.b.rcgu.o /d/liblinkme-3.rlib -o /o/app-1",
        ] {
            assert!(prelink.taken_apart(&args(linked), "libapp-2.rlib").is_none(), "{linked}");
        }
    }
}
