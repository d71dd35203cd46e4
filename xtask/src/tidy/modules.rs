//! Rules about the modules' directories: what is there is declared and listed, so that nothing lies about unused.

use std::path::Path;

use super::Problem;
use super::text::Source;

const MODULES: &str = "app/src/modules";

/// Checks all files under the modules' directory.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let inside = sources.iter().filter(|source| source.path.starts_with(MODULES));
    // What is in a folder `tests` is declared in the `tests.rs` beside it.
    let inside = inside.filter(|source| !source.is_test() || source.path.ends_with("tests.rs"));
    inside.filter_map(|source| check_file(source, sources)).collect()
}

fn check_file(source: &Source, sources: &[Source]) -> Option<Problem> {
    let file = source.path.as_path();
    let stem = file.file_stem()?.to_str()?;
    // A `mod.rs` is declared by the directory above under the directory's name.
    let (name, directory) = match stem {
        "mod" => (file.parent()?.file_name()?.to_str()?, file.parent()?.parent()?),
        _ => (stem, file.parent()?),
    };
    if name.starts_with('_') || directory == Path::new("app/src") {
        return None;
    }
    let parent = directory.join("mod.rs");
    let Some(declaring) = sources.iter().find(|source| source.path == parent) else {
        return Some(Problem::new(file, 0, format!("`{}` is missing, which would declare it", parent.display())));
    };
    let is_command = directory.ends_with("commands") && stem != "mod" && source.code.contains("struct Command");
    if !declares(&declaring.code, name) {
        let adds = if is_command { "; whatever builds the app adds it" } else { "" };
        return Some(Problem::new(file, 0, format!("`mod {name};` is missing in `{}`{adds}", parent.display())));
    }
    let is_module = directory == Path::new(MODULES) && stem == "mod";
    let listed = declaring.code.contains(&format!("{name}::"));
    ((is_command || is_module) && !listed)
        .then(|| Problem::new(file, 0, format!("is declared, but not listed, in `{}`", parent.display())))
}

fn declares(code: &str, name: &str) -> bool {
    let declaration = format!("mod {name};");
    code.lines().any(|line| {
        let line = line.trim();
        line == declaration || line.strip_suffix(&declaration).is_some_and(|before| before.starts_with("pub"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_declared_and_commands_and_modules_are_listed() {
        let sources = [
            ("app/src/modules/mod.rs", "pub mod users;\npub mod idle;\nconst MODULES: X = [users::MODULE];"),
            ("app/src/modules/users/mod.rs", "mod models;\nmod commands;"),
            ("app/src/modules/users/models.rs", ""),
            ("app/src/modules/users/views.rs", ""),
            ("app/src/modules/users/tests.rs", ""),
            ("app/src/modules/users/tests/pages.rs", ""),
            ("app/src/modules/users/_draft.rs", ""),
            ("app/src/modules/users/commands/mod.rs", "mod a;\npub(crate) mod b;\nmod parts;\ncommand::<a::Command>()"),
            ("app/src/modules/users/commands/a.rs", "pub struct Command;"),
            ("app/src/modules/users/commands/b.rs", "pub struct Command;"),
            ("app/src/modules/users/commands/c.rs", "pub struct Command;"),
            ("app/src/modules/users/commands/parts.rs", "struct Part;"),
            ("app/src/modules/idle/mod.rs", ""),
            ("app/src/modules/lost/views.rs", ""),
        ]
        .map(|(path, text)| Source::new(path, text));
        let found: Vec<String> = check(&sources).iter().map(ToString::to_string).collect();
        let expected = [
            "app/src/modules/users/views.rs: `mod views;` is missing in `app/src/modules/users/mod.rs`",
            "app/src/modules/users/tests.rs: `mod tests;` is missing in `app/src/modules/users/mod.rs`",
            "app/src/modules/users/commands/b.rs: is declared, but not listed, in `app/src/modules/users/commands/mod.rs`",
            "app/src/modules/users/commands/c.rs: `mod c;` is missing in `app/src/modules/users/commands/mod.rs`; whatever \
             builds the app adds it",
            "app/src/modules/idle/mod.rs: is declared, but not listed, in `app/src/modules/mod.rs`",
            "app/src/modules/lost/views.rs: `app/src/modules/lost/mod.rs` is missing, which would declare it",
        ];
        assert_eq!(found, expected);
    }
}
