//! What is written and what is said.

use framework::module::Module;

use super::{FOLDER, books, changed, project};
use crate::sandbox::Sandbox;

const FIRST: &str =
    "Migrations for 'books':\n  src/modules/books/migrations/0001_initial.toml\n    + Create model Author\n";

const INITIAL: &str = r#"initial = true
dependencies = []

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string" },
]
"#;

#[test]
fn the_first_run_writes_an_initial_migration() {
    // Cases 165, 166 and 173: the directory is made.
    let sandbox = project(&[books::first]);
    sandbox.line("makemigrations books").is(0, FIRST, "");
    assert_eq!(sandbox.text(&format!("{FOLDER}/0001_initial.toml")), INITIAL);
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
    assert_eq!(sandbox.names("var"), [""; 0], "no database is made");
    // Case 167.
    sandbox.line("makemigrations").is(0, "No changes detected\n", "");
    sandbox.line("makemigrations books").is(0, "No changes detected in app 'books'\n", "");
    sandbox.line("makemigrations -v0").is(0, "", "");
    sandbox.line("migrate -v0").is(0, "", "");
    sandbox.line("migrate").is(
        0,
        "Operations to perform:\n  Apply all migrations: books\nRunning migrations:\n  No migrations to apply.\n",
        "",
    );
}

#[test]
fn unicode_names_and_defaults_are_kept() {
    // Case 165.
    let sandbox = changed(&[books::first], &[books::with_size]);
    let out = "Migrations for 'books':\n  src/modules/books/migrations/0002_größe.toml\n    + Create model Größe\n";
    sandbox.line("makemigrations").is(0, out, "");
    let text = sandbox.text(&format!("{FOLDER}/0002_größe.toml"));
    assert!(text.contains(r#"{ name = "länge", type = "string", default = '☃ "größer"' }"#), "{text}");
    sandbox.line("migrate -v0").is(0, "", "");
    sandbox.line("makemigrations --check").is(0, "No changes detected\n", "");
}

#[test]
fn a_path_outside_the_current_directory_is_shown_whole() {
    // Case 166.
    let sandbox = project(&[books::first]);
    let root = sandbox.dir.path().to_owned();
    let sandbox = sandbox.var("APP_ROOT", root.to_str().expect("UTF-8")).at("src/modules/films");
    let ran = sandbox.line("makemigrations");
    let shown = format!("  {}/{FOLDER}/0001_initial.toml\n", root.display());
    assert!(ran.code == 0 && ran.out.contains(&shown), "{ran:?}");
}

#[test]
fn check_says_what_is_missing_and_fails() {
    // Case 168.
    let sandbox = changed(&[books::first], &[books::with_nickname]);
    let text = "Migrations for 'books':\n  src/modules/books/migrations/0002_author_nickname.toml\n    + Add field nickname to author\n";
    sandbox.line("makemigrations --check").is(1, text, "");
    sandbox.line("makemigrations --check -v0").is(1, "", "");
    assert_eq!(sandbox.names(FOLDER), ["0001_initial.toml"]);
    sandbox.line("makemigrations").is(0, text, "");
    sandbox.line("makemigrations --check").is(0, "No changes detected\n", "");
}

#[test]
fn a_dry_run_shows_and_asks_nothing() {
    // Case 169.
    let sandbox = project(&[books::first]);
    sandbox.line("makemigrations --dry-run").is(0, FIRST, "");
    let whole = format!("{FIRST}Full migrations file '0001_initial.toml':\n{INITIAL}");
    sandbox.line("makemigrations --dry-run -v3").is(0, &whole, "");
    assert_eq!(sandbox.names(FOLDER), [""; 0]);
    let sandbox = changed(&[books::first], &[books::with_age]).typed("");
    let out =
        "Migrations for 'books':\n  src/modules/books/migrations/0002_author_age.toml\n    + Add field age to author\n";
    sandbox.line("makemigrations --dry-run").is(0, out, "");
    sandbox.line("makemigrations --check").is(1, out, "");
}

#[test]
fn an_empty_migration_needs_a_label() {
    // Case 170.
    let sandbox = project(&[books::without_models, books::films]);
    let text = "CommandError: You must supply at least one app label when using --empty.\n";
    sandbox.line("makemigrations --empty").is(1, "", text);
    let out = "Migrations for 'books':\n  src/modules/books/migrations/0001_initial.toml\n";
    sandbox.line("makemigrations books --empty").is(0, out, "");
    let text = "initial = true\ndependencies = []\n";
    assert_eq!(sandbox.text(&format!("{FOLDER}/0001_initial.toml")), text);
    sandbox.line("makemigrations books --empty --name fill_in -v0").is(0, "", "");
    assert_eq!(sandbox.text(&format!("{FOLDER}/0002_fill_in.toml")), "dependencies = [\"books.0001_initial\"]\n");
    assert_eq!(sandbox.line("makemigrations books --empty -v0").code, 0);
    assert!(sandbox.names(FOLDER)[2].starts_with("0003_auto_2"), "{:?}", sandbox.names(FOLDER));
    assert_eq!(sandbox.line("migrate books -v0").code, 0);
}

#[test]
fn a_name_is_taken_and_must_be_an_identifier() {
    // Case 171.
    let sandbox = project(&[books::first]);
    for name in ["a-b", "1st", "a b", "../up", ""] {
        let ran = sandbox.run(["makemigrations", "--name", name]);
        ran.says_on_err(1, "CommandError: The migration name must be a valid Rust identifier.");
    }
    let ran = sandbox.line("makemigrations --name my_name");
    assert!(ran.code == 0 && ran.out.contains("/0001_my_name.toml\n"), "{ran:?}");
}

#[test]
fn labels_are_checked_first() {
    // Case 143, for makemigrations.
    let sandbox = project(&[books::first]);
    sandbox.line("makemigrations books nope").is(2, "", "CommandError: No installed app with label 'nope'.\n");
    let text = "CommandError: No installed app with label 'app.modules.books'. Did you mean 'books'?\n";
    sandbox.line("makemigrations app.modules.books").is(2, "", text);
    assert_eq!(sandbox.names(FOLDER), [""; 0]);
}

#[test]
fn only_the_named_modules_get_migrations() {
    let sandbox = project(&[books::first, books::films]);
    sandbox.line("makemigrations films -v0").is(0, "", "");
    assert_eq!(sandbox.names(FOLDER), [""; 0]);
    sandbox.line("makemigrations films").is(0, "No changes detected in app 'films'\n", "");
    let both = "No changes detected in apps 'books', 'films'\n";
    sandbox.line("makemigrations -v0").is(0, "", "");
    sandbox.line("makemigrations films books").is(0, both, "");
}

#[test]
fn scripts_get_paths_alone_on_stdout() {
    // Case 182.
    let path = "src/modules/books/migrations/0001_initial.toml\n";
    let sandbox = project(&[books::first]);
    sandbox.line("makemigrations --scriptable").is(0, path, FIRST);
    sandbox.line("makemigrations --scriptable").is(0, "", "No changes detected\n");
    let sandbox = changed(&[books::first], &[books::with_age]).typed("1\n7\n");
    let ran = sandbox.line("makemigrations --scriptable");
    assert_eq!((ran.code, ran.out.as_str()), (0, "src/modules/books/migrations/0002_author_age.toml\n"), "{ran:?}");
    assert!(ran.err.contains(">>> "), "{ran:?}");
}

const FORK: &str = "dependencies = [\"books.0001_initial\"]\noperations = []\n";

#[test]
fn a_conflict_is_refused_unless_it_is_in_a_module_that_is_not_asked_for() {
    // Cases 144 and 174.
    let sandbox = changed(&[books::first, books::films], &[books::first, books::films])
        .file("src/modules/books/migrations/0002_a.toml", FORK)
        .file("src/modules/books/migrations/0002_b.toml", FORK);
    let text = "CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph: (0002_a, 0002_b in \
        books).\nTo fix them run 'app makemigrations --merge'\n";
    sandbox.line("makemigrations").is(1, "", text);
    sandbox.line("makemigrations books").is(1, "", text);
    sandbox.line("makemigrations films").is(0, "No changes detected in app 'films'\n", "");
}

#[test]
fn a_history_that_does_not_fit_stops_and_a_database_that_is_down_does_not() {
    // Cases 150 and 184.
    let sandbox = changed(&[books::first], &[books::first]);
    sandbox.line("migrate -v0").is(0, "", "");
    let sandbox = sandbox
        .file("src/modules/books/migrations/0000_before.toml", "operations = []\n")
        .file("src/modules/books/migrations/0001_initial.toml", &INITIAL.replace("[]\n", "[\"books.0000_before\"]\n"));
    let text = "CommandError: Migration books.0001_initial is applied before its dependency books.0000_before";
    sandbox.line("makemigrations").says_on_err(1, text);
    let sandbox = project(&[books::first]).var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let ran = sandbox.line("makemigrations");
    assert_eq!((ran.code, ran.out.as_str()), (0, FIRST), "{ran:?}");
    let warning = "Got an error checking a consistent migration history performed for database connection 'default': ";
    assert!(ran.err.starts_with(warning), "{ran:?}");
}

#[test]
fn nothing_is_written_when_one_of_the_files_cannot_be() {
    // Case 173: here by a file where a directory should be.
    let sandbox = project(&[books::first, books::films]).file("src/modules/films/migrations", "in the way");
    let ran = sandbox.line("makemigrations");
    ran.says_on_err(1, "films/migrations");
    assert_eq!(sandbox.names("src/modules/books"), ["mod.rs"]);
}

#[test]
fn compiled_migrations_cannot_be_added_to() {
    fn fixed() -> Module {
        books::with_nickname().embedded_migrations(&[("0001_initial", INITIAL)]).clone()
    }
    let sandbox = Sandbox::new(&[fixed]);
    let text = "CommandError: The migrations of app 'books' are compiled into it, none can be written for it here.\n";
    sandbox.line("makemigrations").is(1, "", text);
}

#[test]
fn a_broken_file_is_named_with_its_place() {
    let sandbox = project(&[books::first]).file("src/modules/books/migrations/0001_initial.toml", "initial = maybe\n");
    sandbox.line("makemigrations").says_on_err(1, "0001_initial.toml:1:11");
}
