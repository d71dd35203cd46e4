//! A look at the modules' `commands/`: which files are there, and whether the lists beside them seem to be in order. It
//! is done at every call, so nothing is parsed; a list that only looks odd is judged by [`scaffold::listing`].

use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// Where the modules are, from the root.
pub(super) const MODULES: &str = "app/src/modules";

/// The folder of a module in which its commands are.
pub(super) const COMMANDS: &str = "commands";

/// Folders of a module in which there are no modules.
const LEAVES: &[&str] = &["locale", "migrations", "static", "templates"];

/// What a look at a list gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It says what is there.
    Good,
    /// It may not.
    Doubtful,
}

/// A module that has commands, or says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// The module's folder, from the root.
    pub(super) module: PathBuf,
    /// The names of the files that may be commands, without `.rs`, sorted.
    pub(super) files: Vec<String>,
    /// How its lists look.
    pub(super) order: Order,
}

impl Folder {
    /// The module's label.
    pub(super) fn label(&self) -> String {
        label(&self.module)
    }

    /// The file of a command, from the root.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.module.join(COMMANDS).join(format!("{name}.rs"))
    }
}

/// The label of the module in this folder.
pub(super) fn label(module: &Path) -> String {
    let path = module.strip_prefix(MODULES).unwrap_or(module);
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("_")
}

/// Looks at all modules, sorted by their folders.
pub(super) fn folders(root: &Path) -> Vec<Folder> {
    let mut found = Vec::new();
    for name in directories(&root.join(MODULES)) {
        look_in(root, Path::new(MODULES).join(name), &mut found);
    }
    found.sort_unstable_by(|a, b| a.module.cmp(&b.module));
    found
}

/// The names of the directories in a directory that may be modules or hold commands.
fn directories(folder: &Path) -> Vec<String> {
    let is_directory = |entry: &DirEntry| entry.file_type().is_ok_and(|file_type| file_type.is_dir());
    let names = entries(folder).filter(is_directory).filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| !name.starts_with(['.', '_']) && !LEAVES.contains(&name.as_str())).collect()
}

/// What cannot be listed is not there, for us and for the compiler.
fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok)
}

fn look_in(root: &Path, module: PathBuf, found: &mut Vec<Folder>) {
    let mut has_commands = false;
    for name in directories(&root.join(&module)) {
        match name.as_str() {
            COMMANDS => has_commands = true,
            _ => look_in(root, module.join(name), found),
        }
    }
    let commands = root.join(&module).join(COMMANDS);
    let mut all: Vec<String> = if has_commands { names(&commands) } else { Vec::new() };
    let declaring = code(&text(&root.join(&module).join("mod.rs")));
    let is_declared = declared(&declaring).any(|name| name == COMMANDS);
    if !has_commands && (!is_declared || commands.with_extension("rs").exists()) {
        return;
    }
    all.sort_unstable();
    let (list, files) = (code(&text(&commands.join("mod.rs"))), files(&all));
    let is_used = is_declared && befores(&declaring, "::all").contains(&COMMANDS);
    let is_good = (is_used || files.is_empty()) && has_commands && is_in_order(&list, &all, &files, &commands);
    let order = if is_good { Order::Good } else { Order::Doubtful };
    found.push(Folder { module, files, order });
}

/// The names of the Rust files in a folder, without `.rs`.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let is_file = entry.file_type().is_ok_and(|file_type| !file_type.is_dir());
        name.strip_suffix(".rs").filter(|name| is_file && !name.starts_with('.')).map(str::to_owned)
    };
    entries(folder).filter_map(name).collect()
}

/// Those that may be commands.
fn files(names: &[String]) -> Vec<String> {
    names.iter().filter(|name| *name != "mod" && !name.starts_with('_')).cloned().collect()
}

/// A file that cannot be read has no text; whoever needs it more will say why.
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn is_in_order(list: &str, all: &[String], files: &[String], folder: &Path) -> bool {
    let (declared, used): (Vec<&str>, _) = (declared(list).collect(), befores(list, "::Command"));
    let is_there = |name: &str| all.iter().any(|file| file == name) || folder.join(name).join("mod.rs").exists();
    declared.iter().all(|name| is_there(name))
        && files.iter().all(|file| declared.contains(&file.as_str()) && used.contains(&file.as_str()))
}

/// The names in lines like `mod x;` and `pub(super) mod x;`.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (before, name) = line.trim().strip_suffix(';')?.rsplit_once(' ')?;
        let visibility = before.trim_end().strip_suffix("mod")?;
        (visibility.is_empty() || visibility.starts_with("pub")).then_some(name)
    })
}

/// The text without comments and without what is in strings. Nothing that it takes for one of them by mistake does harm:
/// the list is then parsed.
fn code(text: &str) -> String {
    let (mut code, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['/', '"']) {
        let (before, found) = rest.split_at(at);
        code.push_str(before);
        rest = if found.starts_with("//") {
            found.find('\n').map_or("", |end| &found[end..])
        } else if found.starts_with("/*") {
            after_comment(found)
        } else if found.starts_with('"') && !before.ends_with(['\'', '\\']) {
            after_string(found)
        } else {
            code.push_str(&found[..1]);
            &found[1..]
        };
    }
    code + rest
}

/// What follows the block comment that begins here; there may be others in it.
fn after_comment(text: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text[at..].find(['/', '*']) {
        at += next;
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") if depth == 1 => return &text[at + 2..],
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    ""
}

/// What follows the string that begins here.
fn after_string(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or("", |end| &text[end + 2..])
}

/// The names before `::Command` and the like, except in imports. One pass: there may be many.
fn befores<'a>(code: &'a str, after: &str) -> Vec<&'a str> {
    let is_around = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let lines = code.lines().filter(|line| !line.trim_start().starts_with(['u', 'p']) || !is_import(line));
    let ends = lines.flat_map(|line| line.match_indices(after).map(move |(end, _)| line.split_at(end)));
    let whole = ends.filter(|(_, rest)| rest[after.len()..].chars().next().is_none_or(is_around));
    whole.filter_map(|(before, _)| before.rsplit(is_around).next()).collect()
}

/// True for lines like `use x;` and `pub(super) use x;`.
fn is_import(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.find(|word| !word.starts_with("pub")) == Some("use")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "//! Commands.\n\nmod one;\npub(super) mod two;\n\npub(super) fn all() -> Vec<CommandSpec> {\n    \
                        vec![\n        // three::Command\n        command::<one::Command>(),\n        \
                        command_as::<two::Command>(\"zwei\"),\n    ]\n}\n";

    /// The looks of a module `a` with these files, by their paths below it.
    fn look(files: &[(&str, &str)]) -> Vec<Folder> {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = root.path().join(MODULES).join("a").join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            std::fs::write(path, text).expect("a file");
        }
        folders(root.path())
    }

    const DECLARING: (&str, &str) = ("mod.rs", "mod commands;\nfn module() { module.commands(commands::all()); }\n");

    fn order(more: &[(&str, &str)]) -> Order {
        let both = [("commands/one.rs", ""), ("commands/two.rs", "")];
        let files: Vec<(&str, &str)> = both.into_iter().chain([DECLARING]).chain(more.iter().copied()).collect();
        look(&files)[0].order
    }

    #[test]
    fn a_list_is_in_order_when_it_has_exactly_the_files() {
        assert_eq!(order(&[("commands/mod.rs", LIST)]), Order::Good);
        for beside in ["commands/_three.rs", "commands/three.txt", "commands/.three.rs", "commands/x/three.rs"] {
            assert_eq!(order(&[("commands/mod.rs", LIST), (beside, "")]), Order::Good, "{beside}");
        }
        assert_eq!(order(&[("commands/mod.rs", LIST), ("commands/three.rs", "")]), Order::Doubtful);
        for (what, list) in [
            ("not declared", LIST.replace("mod one;\n", "// mod one;\n")),
            ("not listed", LIST.replace("command::<one", "command::<zone")),
            ("commented out", LIST.replace("command::<one", "// command::<one")),
            (
                "in a block comment",
                LIST.replace("command::<one::Command>(),", "/* x /* y */ command::<one::Command>(), */"),
            ),
            ("after code", LIST.replace("command::<one::Command>(),", "two(), // command::<one::Command>(),")),
            ("in a string", LIST.replace("command::<one::Command>()", "\"a \\\" one::Command\"")),
            ("something else of it", LIST.replace("command::<one::Command>(),", "one::FORMAT,")),
            ("a longer name", LIST.replace("one::Command>", "one::CommandLine>")),
            (
                "imported",
                LIST.replace("command::<one::Command>(),", "").replace("mod one;", "mod one;\nuse one::Command;"),
            ),
            ("gone", LIST.replace("mod one;\n", "mod one;\nmod none;\n")),
            ("gone, with an underscore", LIST.replace("mod one;\n", "mod one;\nmod _none;\n")),
            ("empty", String::new()),
        ] {
            assert_eq!(order(&[("commands/mod.rs", &list)]), Order::Doubtful, "{what}");
        }
        assert_eq!(order(&[]), Order::Doubtful);
        let folder = LIST.replace("mod one;\n", "mod one;\nmod parts;\n");
        assert_eq!(order(&[("commands/mod.rs", &folder), ("commands/parts/mod.rs", "")]), Order::Good);
    }

    #[test]
    fn the_module_has_to_use_its_list() {
        for (text, expected) in [
            ("pub mod commands;\nmodule.commands(self::commands::all());\n", Order::Good),
            ("mod commands;\n", Order::Doubtful),
            ("mod commands;\nuse commands::FORMAT;\n", Order::Doubtful),
            ("mod commands;\nlet format = commands::FORMAT;\n", Order::Doubtful),
            ("mod commands;\n/* module.commands(commands::all()); */\n", Order::Doubtful),
            ("let quote = '\"';\nmod commands;\nmodule.commands(commands::all());\n", Order::Good),
            ("// mod commands;\nmodule.commands(commands::all());\n", Order::Doubtful),
            ("", Order::Doubtful),
        ] {
            assert_eq!(order(&[("commands/mod.rs", LIST), ("mod.rs", text)]), expected, "{text}");
        }
        // Without commands, it need not.
        let empty = look(&[("commands/mod.rs", ""), ("mod.rs", "")]);
        assert_eq!(empty, [Folder { module: "app/src/modules/a".into(), files: Vec::new(), order: Order::Good }]);
    }

    #[test]
    fn modules_without_commands_are_none_of_its_business_unless_they_declare_them() {
        assert!(look(&[("mod.rs", "pub mod models;\n"), ("commands.rs", "")]).is_empty());
        assert!(look(&[DECLARING, ("commands.rs", "")]).is_empty());
        assert!(look(&[("templates/commands/x.rs", ""), ("migrations/commands/x.rs", "")]).is_empty());
        let gone = look(&[DECLARING]);
        assert_eq!(gone, [Folder { module: "app/src/modules/a".into(), files: Vec::new(), order: Order::Doubtful }]);
    }

    #[test]
    fn nested_modules_have_their_own_lists_and_labels() {
        let found = look(&[("b/c/commands/x.rs", ""), ("commands/y.rs", ""), ("b/commands/2z.rs", "")]);
        let found: Vec<(String, Vec<String>)> =
            found.iter().map(|found| (found.label(), found.files.clone())).collect();
        let expected = [("a", "y"), ("a_b", "2z"), ("a_b_c", "x")];
        assert_eq!(found, expected.map(|(label, file)| (label.to_owned(), vec![file.to_owned()])));
    }
}
