//! Reading migration files: what is good, what is bad and where, and the way back to text.

use db::{
    Error,
    migrations::{Loader, Migration, ModuleMigrations, Operation, Source},
};

use crate::{
    random::Random,
    support::{files, key, says},
};

const GOOD: &str = r#"
initial = true
dependencies = ["users.0001_initial"]

[[operations]]
op = "create_model"
model = "Author"
table = "x_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string(100)", default = "Ünïcode 'quoted'" },
]

[[operations]]
op = "run_sql"
sql = '''
UPDATE x_author SET name = 'x';
'''
reverse = { sqlite = "", postgres = "SELECT 1" }
"#;

/// The error for a text, with its place.
fn bad(text: &str) -> (usize, usize, String) {
    match Migration::parse(text, "x/0001.toml") {
        Err(Error::File { line, column, message, file }) => {
            assert_eq!(file, "x/0001.toml");
            (line, column, message)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_file_is_read() {
    let migration = Migration::parse(GOOD, "good").unwrap();
    assert!(migration.initial && migration.atomic);
    assert_eq!(migration.dependencies, [key("users.0001_initial")]);
    let words: Vec<String> = migration.operations.iter().map(Operation::describe).collect();
    assert_eq!(words, ["Create model Author", "Raw SQL operation"]);
    let empty = Migration::parse("", "empty").unwrap();
    assert!(empty.operations.is_empty() && !empty.initial);
    let crlf = Migration::parse(&GOOD.replace('\n', "\r\n"), "good").unwrap();
    assert_eq!(crlf.checksum, migration.checksum, "line ends are no edit");
    assert_ne!(Migration::parse(&GOOD.replace("100", "101"), "good").unwrap().checksum, migration.checksum);
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for (from, to, line, column, parts) in [
        ("initial = true", "initial = 1", 2, 11, &["invalid type", "boolean"][..]),
        ("initial = true", "inital = true", 2, 1, &["`inital`", "initial, atomic, dependencies, replaces, operations"]),
        ("\"users.0001_initial\"", "\"users\"", 3, 17, &["`users`", "module.0001_name"]),
        (
            "dependencies = [\"users.0001_initial\"]",
            "replaces = [\"x.0001\", \"x\"]",
            3,
            23,
            &["`x`", "module.0001_name"],
        ),
        ("dependencies = [\"users.0001_initial\"]", "replaces = \"x.0001\"", 3, 12, &["invalid type", "sequence"]),
        ("op = \"create_model\"", "op = \"create_modle\"", 6, 6, &["`create_modle`", "create_model", "run_rust"]),
        ("op = \"create_model\"\n", "", 5, 1, &["op = "]),
        ("table =", "tabel =", 8, 1, &["tabel", "table"]),
        ("big_integer", "bigint", 10, 25, &["`bigint`", "big_integer", "decimal(p,s)"]),
        ("primary_key = true", "primary = true", 10, 40, &["primary", "primary_key"]),
        ("\"Ünïcode 'quoted'\"", "[]", 11, 52, &["a number, a text"]),
        ("sql = '''\nUPDATE x_author SET name = 'x';\n'''", "sql = 5", 16, 7, &["a text, or { sqlite"]),
        ("postgres = \"SELECT 1\"", "postgre = 1", 19, 11, &["a text, or { sqlite"]),
        (
            "op = \"run_sql\"",
            "op = \"add_index\"\nmodel = \"A\"\nindex = { name = \"i\", fields = [\"id\"] }\nconcurrently = true\n\
             [[operations]]\nop = \"run_sql\"",
            14,
            1,
            &["`concurrently`", "`atomic = false`"],
        ),
        ("[[operations]]\nop = \"create", "[[operations]\nop = \"create", 5, 14, &["]"]),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let (at_line, at_column, message) = bad(&text);
        for part in parts {
            assert!(message.contains(part), "{to}: {part:?} is not in {message:?}");
        }
        found.push((to, at_line, at_column));
        expected.push((to, line, column));
    }
    assert_eq!(found, expected);
}

#[test]
fn random_operations_survive_the_way_to_text_and_back() {
    let mut random = Random::from_environment();
    for _ in 0..500 {
        let migration = random.migration();
        let text = migration.to_toml();
        let read = Migration::parse(&text, "random").unwrap_or_else(|error| panic!("{error}\n{text}"));
        let read = Migration { checksum: String::new(), ..read };
        assert_eq!(read, migration, "{text}");
        assert_eq!(read.to_toml(), text, "writing is deterministic");
        for operation in &migration.operations {
            if let Some(reverse) = operation.reversed() {
                assert_eq!(reverse.reversed().as_ref(), Some(operation));
            }
        }
    }
}

#[test]
fn the_loader_reads_folders_and_passes_over_what_is_no_migration() {
    let mut written = files(&[
        ("x", "0001_initial", "initial = true"),
        ("x", "0002_second", "dependencies = [\"x.0001_initial\", \"y.__latest__\"]"),
        ("x", "_draft", "not toml"),
        ("x", "~backup", "not toml"),
        ("x", ".hidden", "not toml"),
        ("y", "0001_initial", "dependencies = [\"empty.__first__\"]"),
        ("y", "0002_later", "dependencies = [\"y.0001_initial\", \"x.__first__\"]"),
        ("empty", "", ""),
    ]);
    std::fs::write(written.root.path().join("x/migrations/readme.md"), "no migration").unwrap();
    written.modules.push(ModuleMigrations {
        label: "built_in".to_owned(),
        source: Source::Embedded(&[("0001_initial", "initial = true"), ("_draft", "not toml")]),
    });
    let loader = written.load();
    let names: Vec<String> = loader.of_module("x").map(|(key, _)| key.to_string()).collect();
    assert_eq!(names, ["x.0001_initial", "x.0002_second"]);
    assert_eq!(loader.labels(), ["x", "y", "empty", "built_in"]);
    let plan = loader.graph().forwards_plan(&key("x.0002_second")).unwrap();
    let plan: Vec<String> = plan.iter().map(ToString::to_string).collect();
    assert_eq!(plan, ["x.0001_initial", "y.0001_initial", "y.0002_later", "x.0002_second"]);

    assert_eq!(loader.find("x", "0001").unwrap(), key("x.0001_initial"));
    assert_eq!(loader.find("x", "0002_second").unwrap(), key("x.0002_second"));
    assert_eq!(
        loader.find("x", "00").unwrap_err().to_string(),
        "More than one migration matches '00' in app 'x'. Please be more specific."
    );
    assert_eq!(
        loader.find("x", "nonexistent").unwrap_err().to_string(),
        "Cannot find a migration matching 'nonexistent' from app 'x'."
    );
    assert_eq!(loader.find("empty", "0001").unwrap_err().to_string(), "App 'empty' does not have migrations.");
    assert_eq!(loader.find("nope", "0001").unwrap_err().to_string(), "No installed app with label 'nope'.");
}

#[test]
fn a_broken_file_is_its_own_error() {
    let written = files(&[("x", "0001_initial", "initial = true"), ("x", "0002_bad", "initial = true\noperation = 1")]);
    let error = Loader::load(&written.modules).unwrap_err();
    says(&error, &["x/migrations/0002_bad.toml:2:1", "`operation`"]);
    let missing = files(&[("x", "0001_initial", "dependencies = [\"y.0007_gone\"]")]);
    says(&Loader::load(&missing.modules).unwrap_err(), &["x.0001_initial", "('y', '0007_gone')"]);
    let unknown = files(&[("x", "0001_initial", "dependencies = [\"nope.__first__\"]")]);
    says(&Loader::load(&unknown.modules).unwrap_err(), &["('nope', '__first__')"]);
    let circle = files(&[("x", "0001", "dependencies = [\"x.0002\"]"), ("x", "0002", "dependencies = [\"x.0001\"]")]);
    says(&Loader::load(&circle.modules).unwrap_err(), &["x.0001 -> x.0002"]);
    let mut twice = files(&[("x", "0001", "")]);
    twice.modules.push(twice.modules[0].clone());
    says(&Loader::load(&twice.modules).unwrap_err(), &["label `x`"]);
    let conflict = files(&[
        ("x", "0001", ""),
        ("x", "0002_a", "dependencies = [\"x.0001\"]"),
        ("x", "0002_b", "dependencies = [\"x.0001\"]"),
    ]);
    let error = conflict.load().check_conflicts().unwrap_err();
    says(&error, &["Conflicting migrations detected; multiple leaf nodes", "(0002_a, 0002_b in x)"]);
}

#[test]
fn mutilated_files_are_refused_with_a_place_and_never_crash_the_reader() {
    let mut random = Random::from_environment();
    let mut refused = 0;
    for _ in 0..3000 {
        let mut text = random.migration().to_toml();
        for _ in 0..=random.below(3) {
            text = mutilated(&mut random, &text);
        }
        match Migration::parse(&text, "x/0001.toml") {
            // Some mutilations only change a name; then the text still goes there and back.
            Ok(read) => {
                let again =
                    Migration::parse(&read.to_toml(), "again").unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!(again.operations, read.operations, "{text}");
            }
            Err(Error::File { line, column, message, .. }) => {
                refused += 1;
                assert!(
                    line >= 1 && column >= 1 && line <= text.matches('\n').count() + 1,
                    "{line}:{column} of {text}"
                );
                assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
            }
            Err(other) => panic!("{other}\n{text}"),
        }
    }
    assert!(refused > 300, "only {refused} were refused");
}

/// Takes a piece away, doubles one, or puts a strange one in.
fn mutilated(random: &mut Random, text: &str) -> String {
    const STRANGE: [&str; 16] = [
        "\"",
        "'''",
        "[",
        "]]",
        "{",
        "=",
        "\n",
        "\0",
        "é",
        "9999999999999999999999",
        "1e999",
        "\\u",
        "#",
        "nan",
        "[[operations]]\n",
        ",",
    ];
    let place = |random: &mut Random| text.floor_char_boundary(random.below(text.len() + 1));
    let (a, b) = (place(random), place(random));
    let (from, to) = (a.min(b), text.floor_char_boundary(a.max(b).min(a.min(b) + 30)).max(a.min(b)));
    match random.below(3) {
        0 => format!("{}{}", &text[..from], &text[to..]),
        1 => format!("{}{}{}", &text[..to], &text[from..to], &text[to..]),
        _ => format!("{}{}{}", &text[..from], random.pick(&STRANGE), &text[from..]),
    }
}

#[test]
fn folders_that_make_no_sense_are_refused_by_name() {
    let unreadable = files(&[("x", "0001", ""), ("x", "0002", "")]);
    let directory = unreadable.root.path().join("x/migrations");
    std::fs::write(directory.join("0002.toml"), b"initial = \xff").unwrap();
    says(&Loader::load(&unreadable.modules).unwrap_err(), &["x/migrations/0002.toml", "UTF-8"]);
    std::fs::remove_file(directory.join("0002.toml")).unwrap();
    std::fs::create_dir(directory.join("0002.toml")).unwrap();
    says(&Loader::load(&unreadable.modules).unwrap_err(), &["x/migrations/0002.toml", "directory"]);

    let itself = files(&[("x", "0001", "dependencies = [\"x.0001\"]")]);
    says(&Loader::load(&itself.modules).unwrap_err(), &["circular dependency", "x.0001 -> x.0001"]);
    let long = files(&[
        ("x", "0001", "dependencies = [\"z.0001\"]"),
        ("y", "0001", "dependencies = [\"x.0001\"]"),
        ("z", "0001", "dependencies = [\"y.0001\"]"),
    ]);
    says(&Loader::load(&long.modules).unwrap_err(), &["circular dependency", "y.0001 -> z.0001 -> x.0001 -> y.0001"]);

    let chained = [
        ("x", "0001", ""),
        ("x", "0002_a", "dependencies = [\"x.0001\"]"),
        ("x", "0002_b", "dependencies = [\"x.0002_a\"]"),
    ];
    files(&chained).load().check_conflicts().expect("the same number twice is fine, one after the other");

    let similar = files(&[("x", "0001_initial", ""), ("x", "0001_Initial", "dependencies = [\"x.0001_initial\"]")]);
    says(
        &Loader::load(&similar.modules).unwrap_err(),
        &["x.0001_Initial", "x.0001_initial", "upper and lower case", "rename one"],
    );
}
