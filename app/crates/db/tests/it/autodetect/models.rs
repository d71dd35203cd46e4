//! Models that come, go or are called differently (cases 185, 190, 194).

use db::{
    migrations::{Answer, DetectOptions, NonInteractive, autodetect},
    state::ModelKey,
};

use super::{answered, asked, but, changes, detected, index, lines, model, nullable, state, text, to};
use crate::support::{files, key};

#[test]
fn new_model() {
    let author = model("x.Author", &[text("name")]);
    assert_eq!(changes(&[], &[&author]), ["x.0001_initial: + Create model Author"]);
    let ünï = model("x.Ünï", &[text("größe")]);
    assert_eq!(changes(&[&author], &[&author, &ünï]), ["x.0002_ünï: + Create model Ünï"]);
}

#[test]
fn old_model() {
    let author = model("x.Author", &[text("name")]);
    assert_eq!(changes(&[&author], &[]), ["x.0002_delete_author: - Delete model Author"]);
}

#[test]
fn old_models_that_reference_each_other() {
    let (author, book) =
        (model("x.Author", &[to("book_id", "x.Book")]), model("x.Book", &[to("author_id", "x.Author")]));
    assert_eq!(
        changes(&[&author, &book], &[]),
        ["x.0002_remove_book_author_id_delete_author_delete_book: \
          - Remove field author_id from book, - Delete model Author, - Delete model Book"]
    );
    // A column that something else needs stays, and only references nothing any more.
    let indexed = but(&book, |book| book.indexes.push(index("x_book_author", &["author_id"])));
    assert_eq!(
        changes(&[&author, &indexed], &[]),
        ["x.0002_alter_book_author_id_delete_author_delete_book: \
          ~ Alter field author_id on book, - Delete model Author, - Delete model Book"]
    );
    // One that references the other goes before it.
    let book = model("x.Book", &[]);
    assert_eq!(
        changes(&[&author, &book], &[]),
        ["x.0002_delete_author_delete_book: - Delete model Author, - Delete model Book"]
    );
}

#[test]
fn trim_apps() {
    let models = [
        model("x.Author", &[to("publisher_id", "y.Publisher")]),
        model("y.Publisher", &[to("country_id", "z.Country")]),
        model("z.Country", &[]),
        model("w.Unrelated", &[]),
    ];
    let models: Vec<_> = models.iter().collect();
    let trimmed = |label: &str| {
        let options = DetectOptions { modules: vec![label.to_owned()], ..DetectOptions::new(Default::default()) };
        let (from, loader) = (state(&[]), files(&[]).load());
        let new = autodetect(&from, &state(&models), &loader, &mut NonInteractive::default(), &options).unwrap();
        new.into_iter().map(|new| new.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(trimmed("y"), ["z.0001_initial", "y.0001_initial"], "what it needs is kept, the rest dropped");
    assert_eq!(trimmed("w"), ["w.0001_initial"]);
    assert_eq!(trimmed("nowhere"), Vec::<String>::new());
    let wanted = DetectOptions { modules: vec!["w".to_owned()], ..DetectOptions::new(Default::default()) };
    let (before, after) = (model("x.A", &[]), model("x.A", &[text("required")]));
    let new =
        autodetect(&state(&[&before]), &state(&[&after]), &files(&[]).load(), &mut NonInteractive::default(), &wanted);
    assert!(new.unwrap().is_empty(), "nothing is asked about modules that are not wanted");
}

#[test]
fn rename_model() {
    let old = model("x.Author", &[text("name")]);
    let new = but(&model("x.Writer", &[text("name")]), |_| {});
    let book = model("y.Book", &[to("author_id", "x.Author")]);
    let moved = model("y.Book", &[to("author_id", "x.Writer")]);
    let history = files(&[("x", "0001_initial", CREATE_AUTHOR), ("y", "0001_initial", CREATE_BOOK)]).load();
    let (made, asked) = answered(&history, &state(&[&old, &book]), &state(&[&new, &moved]), &[Answer::Yes]);
    assert_eq!(
        lines(&made),
        ["x.0002_rename_author_writer <- y.0001_initial: ~ Rename model Author to Writer"],
        "nothing in modules that point at it, and after all that call it by its former name"
    );
    assert_eq!(asked, ["model x.Author to Writer"]);
    let (made, _) = answered(&history, &state(&[&old, &book]), &state(&[&new, &moved]), &[Answer::No]);
    let refused = [
        "x.0002_writer: + Create model Writer",
        "y.0002_alter_book_author_id <- x.0002_writer: ~ Alter field author_id on book",
        "x.0003_delete_author <- y.0002_alter_book_author_id: - Delete model Author",
    ];
    assert_eq!(lines(&made), refused);
    assert_eq!(changes(&[&old], &[]), ["x.0002_delete_author: - Delete model Author"]);
}

const CREATE_AUTHOR: &str = r#"
initial = true
[[operations]]
op = "create_model"
model = "Author"
table = "x_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string(100)" },
]
"#;
const CREATE_BOOK: &str = r#"
initial = true
dependencies = ["x.0001_initial"]
[[operations]]
op = "create_model"
model = "Book"
table = "y_book"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "author_id", type = "big_integer", references = { model = "x.Author", column = "id", on_delete = "cascade" } },
]
"#;

#[test]
fn non_interactive_never_guesses() {
    let (old, new) = (model("x.Author", &[text("name")]), model("x.Writer", &[text("name")]));
    let made = crate::support::detect(&state(&[&old]), &state(&[&new])).unwrap();
    assert_eq!(lines(&made), ["x.0001_initial: + Create model Writer, - Delete model Author"]);
}

#[test]
fn rename_model_case() {
    // Unlike in Django, names are told apart by case in files; but nobody has to be asked.
    let (old, new) = (model("x.Author", &[text("name")]), model("x.AuthoR", &[text("name")]));
    assert_eq!(changes(&[&old], &[&new]), ["x.0002_rename_author_author: ~ Rename model Author to AuthoR"]);
    assert_eq!(changes(&[&old], &[&old]), Vec::<String>::new());
}

#[test]
fn rename_model_by_hint_needs_no_question_and_forgives_other_changes() {
    let (old, new) = (model("x.Author", &[text("name")]), model("x.Writer", &[text("name"), nullable("city")]));
    let mut to = state(&[&new]);
    to.set_renamed_from(ModelKey::new("x", "Writer"), "Author");
    let (made, _) = detected(&state(&[&old]), &to, &[]);
    assert_eq!(
        lines(&made),
        ["x.0002_rename_author_writer_writer_city: ~ Rename model Author to Writer, + Add field city to writer"]
    );
    let (again, _) = detected(&to, &to, &[]);
    assert!(again.is_empty(), "the hint may stay");
    let mut both = state(&[&new, &old]);
    both.set_renamed_from(ModelKey::new("x", "Writer"), "Author");
    let (new_model, _) = detected(&state(&[&new]), &both, &[]);
    assert_eq!(lines(&new_model), ["x.0002_author: + Create model Author"], "the former name is free for another");
}

#[test]
fn rename_model_with_renamed_rel_field() {
    let old = [model("x.Author", &[text("name")]), model("x.Book", &[text("t"), to("author_id", "x.Author")])];
    let new = [model("x.Book", &[text("t"), to("writer_id", "x.Writer")]), model("x.Writer", &[text("name")])];
    let (made, questions) = asked(&[&old[0], &old[1]], &[&new[0], &new[1]], &[Answer::Yes, Answer::Yes]);
    assert_eq!(
        made,
        ["x.0002_rename_author_writer_rename_author_id_book_writer_id: \
          ~ Rename model Author to Writer, ~ Rename field author_id on book to writer_id"]
    );
    assert_eq!(questions, ["model x.Author to Writer", "field x.Book.author_id to writer_id"]);
}

#[test]
fn rename_model_with_fks_in_different_position() {
    let (a, b) = (text("name"), to("fk_id", "x.A"));
    let old = [model("x.A", &[]), model("x.EntityB", &[a.clone(), b.clone()])];
    let new = [model("x.A", &[]), model("x.RenamedEntityB", &[b, a])];
    let (made, _) = asked(&[&old[0], &old[1]], &[&new[0], &new[1]], &[Answer::Yes]);
    assert_eq!(made, ["x.0002_rename_entityb_renamedentityb: ~ Rename model EntityB to RenamedEntityB"]);
}

#[test]
fn rename_model_reverse_relation_dependencies() {
    // The referencing module's last migration comes first, or it would reference a name that is gone.
    let old = [model("a.Old", &[]), model("z.Z", &[to("old_id", "a.Old")])];
    let new = [model("a.New", &[]), model("z.Z", &[to("old_id", "a.New")])];
    let create = "[[operations]]\nop = \"create_model\"\nmodel = \"Z\"\ntable = \"z_z\"\nfields = [{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }, { name = \"old_id\", type = \"big_integer\", references = { model = \"a.Old\", column = \"id\", on_delete = \"cascade\" } }]";
    let first = "[[operations]]\nop = \"create_model\"\nmodel = \"Old\"\ntable = \"a_old\"\nfields = [{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }]";
    let create = format!("dependencies = [\"a.0001_initial\"]\n{create}");
    let mut written = files(&[("a", "0001_initial", first), ("z", "0001_initial", &create)]);
    let history = written.load();
    let (made, _) = answered(&history, &state(&[&old[0], &old[1]]), &state(&[&new[0], &new[1]]), &[Answer::Yes]);
    assert_eq!(made[0].migration.dependencies, [key("a.0001_initial"), key("z.0001_initial")]);
    written.add("a", &made[0].key.name, &made[0].text().unwrap());
    assert_eq!(written.load().state().unwrap().diff(&state(&[&new[0], &new[1]])), Vec::<String>::new());

    // Deleted much later, when nothing references it any more: still after the migrations that did.
    let unlinked = "dependencies = [\"z.0001_initial\"]\n[[operations]]\nop = \"remove_field\"\nmodel = \"Z\"\nfield = { name = \"old_id\", type = \"big_integer\", references = { model = \"a.Old\", column = \"id\", on_delete = \"cascade\" } }";
    let written =
        files(&[("a", "0001_initial", first), ("z", "0001_initial", &create), ("z", "0002_unlink", unlinked)]);
    let plain = model("z.Z", &[]);
    let (made, _) = answered(&written.load(), &state(&[&old[0], &plain]), &state(&[&plain]), &[]);
    assert_eq!(made[0].migration.dependencies, [key("a.0001_initial"), key("z.0002_unlink")]);
}

#[test]
fn rename_field_with_renamed_model() {
    let (old, new) = (model("x.Author", &[text("name")]), model("x.RenamedAuthor", &[text("renamed_name")]));
    let (made, questions) = asked(&[&old], &[&new], &[Answer::Yes, Answer::Yes]);
    assert_eq!(
        made,
        ["x.0002_rename_author_renamedauthor_and_more: \
          ~ Rename model Author to RenamedAuthor, ~ Rename field name on renamedauthor to renamed_name"]
    );
    assert_eq!(questions, ["model x.Author to RenamedAuthor", "field x.RenamedAuthor.name to renamed_name"]);
}

#[test]
fn alter_db_table_and_comment() {
    let plain = model("x.Author", &[]);
    let table = |name: &'static str| but(&plain, |model| model.table = name.to_owned());
    let comment = |text: &'static str| but(&plain, |model| model.comment = Some(text.to_owned()));
    let renamed = ["x.0002_alter_author_table: ~ Rename table for author to author_one"];
    assert_eq!(changes(&[&plain], &[&table("author_one")]), renamed, "add");
    assert_eq!(changes(&[&table("author_two")], &[&table("author_one")]), renamed, "change");
    let removed = ["x.0002_alter_author_table: ~ Rename table for author to x_author"];
    assert_eq!(changes(&[&table("author_two")], &[&plain]), removed, "remove");
    assert_eq!(changes(&[&table("one")], &[&table("one")]), Vec::<String>::new(), "no changes");
    let commented = ["x.0002_alter_author_table_comment: ~ Alter table comment of author"];
    assert_eq!(changes(&[&plain], &[&comment("a")]), commented);
    assert_eq!(changes(&[&comment("a")], &[&comment("b")]), commented);
    assert_eq!(changes(&[&comment("b")], &[&plain]), commented);
}

#[test]
fn alter_db_table_with_model_change() {
    let old = model("x.Author", &[]);
    let keeping = but(&model("x.Writer", &[]), |model| model.table = "x_author".to_owned());
    let (made, _) = asked(&[&old], &[&keeping], &[Answer::Yes]);
    assert_eq!(made, ["x.0002_rename_author_writer: ~ Rename model Author to Writer"], "keep_db_table");
    // rename_model carries the table's new name along, so there is no second operation.
    let (made, _) = asked(&[&old], &[&model("x.Writer", &[])], &[Answer::Yes]);
    assert_eq!(made, ["x.0002_rename_author_writer: ~ Rename model Author to Writer"]);
    // Unless another model has that name until later.
    let other = but(&model("x.Other", &[text("t")]), |model| model.table = "x_writer".to_owned());
    let (made, _) = asked(&[&old, &other], &[&model("x.Writer", &[])], &[Answer::Yes]);
    assert_eq!(
        made,
        [
            "x.0002_rename_author_writer_delete_other_alter_writer_table: ~ Rename model Author to Writer, - Delete model Other, \
          ~ Rename table for writer to x_writer"
        ]
    );
}

#[test]
fn a_new_model_may_take_the_table_of_one_that_goes() {
    let old = [model("x.Old", &[]), model("y.User", &[to("old_id", "x.Old")])];
    let new = but(&model("x.New", &[text("t")]), |model| model.table = "x_old".to_owned());
    let user = model("y.User", &[to("old_id", "x.New")]);
    assert_eq!(
        changes(&[&old[0], &old[1]], &[&new, &user]),
        [
            "y.0002_alter_user_old_id <- x.0001_initial: ~ Alter field old_id on user",
            "x.0002_delete_old_new <- y.0002_alter_user_old_id: - Delete model Old, + Create model New",
            "y.0003_alter_user_old_id <- x.0002_delete_old_new: ~ Alter field old_id on user",
        ]
    );
    // A module may hand a model over to another.
    let (before, after) =
        (model("b.Thing", &[]), but(&model("a.Thing", &[]), |thing| thing.table = "b_thing".to_owned()));
    assert_eq!(
        changes(&[&before], &[&after]),
        ["b.0002_delete_thing: - Delete model Thing", "a.0001_initial <- b.0002_delete_thing: + Create model Thing",]
    );
}
