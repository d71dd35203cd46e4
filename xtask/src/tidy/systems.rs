//! The rule about operating systems: what only Unix has is named only where a `cfg` says so, by whole files, so that one
//! sees at a glance what the other systems have to do without. Tests are free.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Problem;
use super::layers::words;
use super::text::{Source, line_of};

/// What only Unix has, as it stands in a path.
const UNIX: &[&str] = &[
    "os::unix",
    "os::fd",
    "os::linux",
    "os::{",
    "signal::unix",
    "net::unix",
    "UnixStream",
    "UnixListener",
    "UnixDatagram",
    "rustix",
    "signal_hook",
    "libc",
];

/// What may stand before the `mod` line of such a file, or of one above it.
const GATES: &[&str] = &["#[cfg(unix)]", "#[cfg(target_os = \"linux\")]", "#[cfg(test)]"];

/// Checks all files.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let files: HashMap<&Path, &Source> = sources.iter().map(|source| (source.path.as_path(), source)).collect();
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test() && !is_gated(&source.path, &files)) {
        let code = source.product_code();
        for name in UNIX {
            let places = words(code, name);
            problems.extend(places.map(|byte| {
                let message =
                    format!("`{name}` is not there on every system: only in a file behind `#[cfg(unix)] mod …;`");
                Problem::new(&source.path, line_of(code, byte), message)
            }));
        }
    }
    problems
}

/// Whether the file is compiled only where a gate lets it.
fn is_gated(file: &Path, files: &HashMap<&Path, &Source>) -> bool {
    let Some((parents, name)) = parents(file) else { return false };
    let Some(parent) = parents.iter().find_map(|parent| files.get(parent.as_path())) else { return false };
    let line = format!("mod {name};");
    // Literals are needed here: the name of a system is one.
    let lines: Vec<&str> = parent.quoted.lines().map(str::trim).collect();
    let declared = lines.iter().position(|found| found.strip_suffix(&line).is_some_and(is_visibility));
    let attributes = lines[..declared.unwrap_or_default()].iter().rev().take_while(|line| line.starts_with("#["));
    attributes.into_iter().any(|attribute| GATES.contains(attribute)) || is_gated(&parent.path, files)
}

fn is_visibility(text: &str) -> bool {
    text.is_empty() || (text.starts_with("pub") && text.ends_with(' '))
}

/// Where the `mod` line of a file may stand, and the name of its module; nothing for the root of a crate.
fn parents(file: &Path) -> Option<(Vec<PathBuf>, String)> {
    let module = if file.ends_with("mod.rs") { file.parent()?.to_owned() } else { file.with_extension("") };
    let name = module.file_name()?.to_str()?.to_owned();
    if matches!(name.as_str(), "lib" | "main") {
        return None;
    }
    let folder = module.parent()?;
    let roots = ["mod.rs", "lib.rs", "main.rs"].map(|root| folder.join(root));
    Some((roots.into_iter().chain([folder.with_extension("rs")]).collect(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(*path, *text)).collect();
        check(&sources).iter().map(|problem| format!("{}:{}", problem.file.display(), problem.line)).collect()
    }

    #[test]
    fn what_only_unix_has_needs_a_gate() {
        let uses = "//! A.\n// rustix\nuse tokio::net::{TcpStream, UnixStream};\nfn f() { rustix::g() }\n";
        let gates = [
            ("mod a;", false),
            ("#[cfg(unix)]\nmod a;", true),
            ("#[cfg(unix)]\n#[doc(hidden)]\npub(crate) mod a;", true),
            ("#[cfg(target_os = \"linux\")]\npub mod a;", true),
            ("#[cfg(not(unix))]\nmod a;", false),
            ("#[cfg(any(test, not(unix)))]\nmod a;", false),
            ("#[cfg(unix)]\nmod b;\nmod a;", false),
            ("// #[cfg(unix)]\nmod a;", false),
        ];
        for (gate, is_gated) in gates {
            for (parent, file) in
                [("src/lib.rs", "src/a.rs"), ("src/x.rs", "src/x/a.rs"), ("src/x/mod.rs", "src/x/a/mod.rs")]
            {
                let expected = if is_gated { vec![] } else { vec![format!("{file}:3"), format!("{file}:4")] };
                assert_eq!(problems(&[(parent, gate), (file, uses)]), expected, "{parent}: {gate}");
            }
        }
    }

    #[test]
    fn a_gate_holds_for_all_that_is_below_it_and_tests_are_free() {
        let uses = "//! A.\nuse std::os::fd::OwnedFd;\n";
        let lib = ("src/lib.rs", "#[cfg(unix)]\nmod a;");
        assert_eq!(problems(&[lib, ("src/a.rs", "mod b;"), ("src/a/b.rs", uses)]), [""; 0]);
        assert_eq!(problems(&[lib, ("src/b/mod.rs", "mod c;"), ("src/b/c.rs", uses)]), ["src/b/c.rs:2"]);
        assert_eq!(
            problems(&[("tests/it/a.rs", uses), ("src/lib.rs", "#[cfg(test)]\nmod tests;"), ("src/tests.rs", uses)]),
            [""; 0]
        );
        assert_eq!(problems(&[("src/lib.rs", uses)]), ["src/lib.rs:2"]);
    }
}
