//! Indexes and constraints (cases 195, 196).

use super::{but, changes, check, index, model, nullable, text, unique};

#[test]
fn create_model_with_indexes_and_check_constraint() {
    let author = but(&model("x.Author", &[text("name")]), |model| {
        model.indexes.push(index("create_model_with_indexes_idx", &["name"]));
        model.constraints.push(check("name_contains_bob", "name LIKE '%Bob%'"));
    });
    assert_eq!(changes(&[], &[&author]), ["x.0001_initial: + Create model Author"], "which carries them");
}

#[test]
fn add_remove_rename_and_order_indexes() {
    let plain = model("x.Book", &[text("title"), text("author")]);
    let with = |name: &str, fields: &[&str]| but(&plain, |book| book.indexes.push(index(name, fields)));
    let one = with("book_title_author_idx", &["author", "title"]);
    assert_eq!(
        changes(&[&plain], &[&one]),
        [
            "x.0002_book_book_title_author_idx: + Create index book_title_author_idx on field(s) author, title of model book"
        ]
    );
    assert_eq!(
        changes(&[&one], &[&plain]),
        ["x.0002_remove_book_book_title_author_idx: - Remove index book_title_author_idx from book"]
    );
    assert_eq!(
        changes(&[&one], &[&with("renamed_idx", &["author", "title"])]),
        [
            "x.0002_rename_book_title_author_idx_renamed_idx: ~ Rename index book_title_author_idx on book to renamed_idx"
        ]
    );
    let order = "x.0002_remove_book_book_title_author_idx_and_more: - Remove index book_title_author_idx from book, + Create index";
    let reordered = changes(&[&one], &[&with("book_author_title_idx", &["title", "author"])]);
    assert_eq!(reordered, [format!("{order} book_author_title_idx on field(s) title, author of model book")]);
    let same_name = changes(&[&one], &[&with("book_title_author_idx", &["title"])]);
    assert_eq!(same_name, [format!("{order} book_title_author_idx on field(s) title of model book")]);
    let partial = but(&one, |book| book.indexes[0].condition = Some("author <> ''".to_owned()));
    let conditional = changes(&[&one], &[&partial]);
    assert_eq!(conditional, [format!("{order} book_title_author_idx on field(s) author, title of model book")]);
    // Two that swap their names cannot be renamed in place.
    let both = |first: &str, second: &str| {
        but(&plain, |book| book.indexes = vec![index(first, &["title"]), index(second, &["author"])])
    };
    let swapped = changes(&[&both("a", "b")], &[&both("b", "a")]);
    assert_eq!(swapped[0].matches("- Remove index").count(), 2, "{swapped:?}");
    // A name may move to another model.
    let other = |with: bool| {
        but(&model("x.Other", &[text("t")]), |model| {
            model.indexes = if with { vec![index("moving", &["t"])] } else { Vec::new() };
        })
    };
    let moved = changes(&[&with("moving", &["title"]), &other(false)], &[&plain, &other(true)]);
    assert!(moved[0].contains("- Remove index moving from book, + Create index moving"), "{moved:?}");
}

#[test]
fn add_constraints_and_index_with_new_model() {
    let book = model("x.Book", &[text("title")]);
    let author = model("x.Author", &[text("name")]);
    let reference = db::state::Field { null: true, ..super::to("author_id", "x.Author") };
    let new = but(&model("x.Book", &[text("title"), reference]), |book| {
        book.indexes.push(index("book_title_author_idx", &["title", "author_id"]));
        book.constraints.push(unique("unique_title_author", &["title", "author_id"]));
    });
    assert_eq!(
        changes(&[&book], &[&book_and(&new), &author]),
        ["x.0002_author_book_author_id_book_book_title_author_idx_and_more: + Create model Author, \
          + Add field author_id to book, + Create index book_title_author_idx on field(s) title, author_id of model book, \
          + Create constraint unique_title_author on model book"]
    );
}

fn book_and(book: &(db::state::ModelKey, db::state::ModelState)) -> (db::state::ModelKey, db::state::ModelState) {
    book.clone()
}

#[test]
fn add_remove_and_recreate_constraints() {
    let plain = model("x.Author", &[text("name"), nullable("city")]);
    let with = |constraint| but(&plain, |author| author.constraints.push(constraint));
    let one = with(check("author_named", "name <> ''"));
    assert_eq!(
        changes(&[&plain], &[&one]),
        ["x.0002_author_author_named: + Create constraint author_named on model author"]
    );
    assert_eq!(
        changes(&[&one], &[&plain]),
        ["x.0002_remove_author_author_named: - Remove constraint author_named from model author"]
    );
    let recreated = "x.0002_remove_author_author_named_author_author_named: \
                     - Remove constraint author_named from model author, + Create constraint author_named on model author";
    assert_eq!(changes(&[&one], &[&with(check("author_named", "length(name) > 1"))]), [recreated]);
    assert_eq!(changes(&[&one], &[&with(unique("author_named", &["name", "city"]))]), [recreated]);
    let renamed = changes(&[&with(unique("a", &["name"]))], &[&with(unique("b", &["name"]))]);
    assert_eq!(
        renamed,
        [
            "x.0002_remove_author_a_author_b: - Remove constraint a from model author, + Create constraint b on model author"
        ]
    );
    // A constraint here has no message or other property that could change without the rows being checked anew:
    // there is nothing to make an alter_constraint of.
    assert_eq!(changes(&[&one], &[&one]), Vec::<String>::new());
}
