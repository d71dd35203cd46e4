//! Columns that come, go, change or are called differently, and what is asked about them (cases 186–188, 176–181).

use db::{
    Error,
    migrations::{Answer, NewMigration, NonInteractive, Operation},
    state::{DefaultValue, Field, FieldType, RenamedFrom, SqlExpression},
};

use super::{asked, but, changes, detected, index, lines, model, nullable, number, state, text, to};
use crate::support::{detect_after, files, says};

fn with(fields: &[Field]) -> (db::state::ModelKey, db::state::ModelState) {
    model("x.Author", fields)
}

fn defaulted(field: Field, default: DefaultValue) -> Field {
    Field { default: Some(default), ..field }
}

fn sql(text: &str) -> DefaultValue {
    DefaultValue::Sql(SqlExpression { sql: text.to_owned() })
}

/// What existing rows get, by the operation that gives it.
fn fills(new: &[NewMigration]) -> Vec<Option<DefaultValue>> {
    let operations = new.iter().flat_map(|new| &new.migration.operations);
    operations
        .filter_map(|operation| match operation {
            Operation::AddField(op) => Some(op.fill.clone()),
            Operation::AlterField(op) => Some(op.fill.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn add_remove_and_alter_field() {
    let (without, with_name) = (with(&[]), with(&[nullable("name")]));
    assert_eq!(changes(&[&without], &[&with_name]), ["x.0002_author_name: + Add field name to author"]);
    assert_eq!(changes(&[&with_name], &[&without]), ["x.0002_remove_author_name: - Remove field name from author"]);
    let longer = with(&[Field { kind: FieldType::String(Some(200)), ..nullable("name") }]);
    assert_eq!(changes(&[&with_name], &[&longer]), ["x.0002_alter_author_name: ~ Alter field name on author"]);
    let reordered = with(&[nullable("b"), nullable("a")]);
    assert_eq!(changes(&[&with(&[nullable("a"), nullable("b")])], &[&reordered]), Vec::<String>::new());
}

#[test]
fn add_fk_before_what_needs_it() {
    let old = [model("x.Book", &[]), model("x.Zoo", &[])];
    let new = but(&model("x.Book", &[nullable("title"), Field { null: true, ..to("zoo_id", "x.Zoo") }]), |book| {
        book.indexes.push(index("x_book_zoo", &["zoo_id", "title"]));
        book.constraints.push(super::check("x_book_title", "zoo_id IS NULL OR title <> ''"));
    });
    assert_eq!(
        changes(&[&old[0], &old[1]], &[&new, &old[1]]),
        [
            "x.0002_book_title_book_zoo_id_book_x_book_zoo_and_more: + Add field title to book, + Add field zoo_id to book, \
          + Create index x_book_zoo on field(s) zoo_id, title of model book, \
          + Create constraint x_book_title on model book"
        ]
    );
    assert_eq!(
        changes(&[&new, &old[1]], &[&old[0], &old[1]]),
        ["x.0002_remove_book_x_book_zoo_remove_book_x_book_title_and_more: - Remove index x_book_zoo from book, \
          - Remove constraint x_book_title from model book, - Remove field title from book, \
          - Remove field zoo_id from book"]
    );
}

#[test]
fn nothing_is_asked_about_what_rows_can_have() {
    let moment = |name: &str| Field::new(name, FieldType::DateTime);
    let same = but(&with(&[text("name")]), |model| model.table = "same".to_owned());
    for (name, field) in [
        ("add_field_with_default", defaulted(number("n"), DefaultValue::Integer(0))),
        ("add_not_null_field_with_db_default", defaulted(text("n"), sql("upper('a')"))),
        ("add_date_fields_with_auto_now", defaulted(moment("n"), sql("CURRENT_TIMESTAMP"))),
        ("add_text_field_with_empty_default", defaulted(text("n"), DefaultValue::Text(String::new()))),
        ("add_nullable_field", nullable("n")),
    ] {
        let new = but(&same, |model| model.fields.push(field));
        let (made, _) = detected(&state(&[&same]), &state(&[&new]), &[]);
        assert_eq!(fills(&made), [None], "{name}");
    }
    // A column of a new model has no rows to fill, even when a circle makes it come after the table.
    let circle = [model("x.A", &[to("b_id", "x.B")]), model("x.B", &[to("a_id", "x.A")])];
    let (made, _) = detected(&state(&[]), &state(&[&circle[0], &circle[1]]), &[]);
    assert_eq!(fills(&made), [None]);
}

#[test]
fn add_auto_field_does_not_request_default() {
    let old = but(&with(&[text("code")]), |model| {
        model.fields.remove(0);
        model.fields[0].primary_key = true;
    });
    let new = with(&[text("code")]);
    let (made, _) = detected(&state(&[&old]), &state(&[&new]), &[]);
    assert_eq!(
        lines(&made),
        ["x.0002_alter_author_code_author_id: ~ Alter field code on author, + Add field id to author"]
    );
    assert_eq!(fills(&made), [None, None]);
}

#[test]
fn add_non_blank_textfield_and_other_required_columns_ask() {
    let day = Field::new("day", FieldType::Date);
    let (old, new) = (with(&[]), with(&[text("name"), day]));
    let answers = [Answer::Value(DefaultValue::Text("?".to_owned())), Answer::Value(sql("CURRENT_DATE"))];
    let (made, questions) = detected(&state(&[&old]), &state(&[&new]), &answers);
    assert_eq!(questions, ["value x.Author.name", "moment x.Author.day"]);
    assert_eq!(fills(&made), [Some(DefaultValue::Text("?".to_owned())), Some(sql("CURRENT_DATE"))]);
    let Operation::AddField(op) = &made[0].migration.operations[0] else { panic!("{made:?}") };
    assert_eq!(op.field.default, None, "an answer for once is no default");

    let error = detect_after(&files(&[]).load(), &state(&[&old]), &state(&[&new]), &mut NonInteractive::default());
    let error = error.unwrap_err();
    assert!(matches!(error, Error::NotNullAddition { .. }));
    assert_eq!(
        error.to_string(),
        "Field 'name' on model 'Author' not migrated: it is impossible to add a non-nullable field without specifying a default."
    );
}

#[test]
fn alter_field_to_not_null() {
    let old = with(&[nullable("name")]);
    let detect = |new: &(_, _), answers: &[Answer]| detected(&state(&[&old]), &state(&[new]), answers);
    for default in [DefaultValue::Text("?".to_owned()), sql("upper('x')")] {
        let new = with(&[defaulted(text("name"), default.clone())]);
        let (made, _) = detect(&new, &[]);
        assert_eq!(fills(&made), [Some(default)], "with_default, with_db_default: rows get it too, unasked");
    }
    let new = with(&[text("name")]);
    let (made, questions) = detect(&new, &[Answer::Ignore]);
    assert_eq!((fills(&made), questions), (vec![None], vec!["null x.Author.name".to_owned()]), "without_default");
    let (made, _) = detect(&new, &[Answer::Value(DefaultValue::Text("?".to_owned()))]);
    let Operation::AlterField(op) = &made[0].migration.operations[0] else { panic!("{made:?}") };
    assert_eq!((&op.fill, &op.new.default), (&Some(DefaultValue::Text("?".to_owned())), &None), "oneoff_default");
    let mut nobody = NonInteractive::default();
    let made = detect_after(&files(&[]).load(), &state(&[&old]), &state(&[&new]), &mut nobody).unwrap();
    assert_eq!(fills(&made), [None]);
    assert_eq!(nobody.notes, ["Field 'name' on model 'Author' given a default of NOT PROVIDED and must be corrected."]);
}

#[test]
fn rename_field() {
    let (old, new) = (with(&[text("name")]), with(&[text("names")]));
    let (made, questions) = asked(&[&old], &[&new], &[Answer::Yes]);
    assert_eq!(made, ["x.0002_rename_name_author_names: ~ Rename field name on author to names"]);
    assert_eq!(questions, ["field x.Author.name to names"]);
    let refused = [Answer::No, Answer::Value(DefaultValue::Text(String::new()))];
    let (made, _) = asked(&[&old], &[&new], &refused);
    assert_eq!(
        made,
        ["x.0002_remove_author_name_author_names: - Remove field name from author, + Add field names to author"]
    );
    let (made, questions) = asked(&[&old], &[&with(&[Field { null: true, ..text("names") }])], &[]);
    assert!(made[0].contains("Remove field name"), "{made:?}");
    assert_eq!(questions, Vec::<String>::new(), "another definition is another column");
    let (made, _) = asked(&[&old], &[&with(&[text("Name")])], &[]);
    assert_eq!(made, ["x.0002_rename_name_author_name: ~ Rename field name on author to Name"], "case only");
}

#[test]
fn rename_field_by_hint_and_what_refers_to_it_follows() {
    let old = but(&with(&[text("name")]), |model| {
        model.indexes.push(index("x_author_name_idx", &["name"]));
        model.constraints.push(super::check("x_author_named", "name <> ''"));
    });
    let renamed = Field { kind: FieldType::Text, renamed_from: RenamedFrom(Some("name".to_owned())), ..text("names") };
    let new = but(&with(&[renamed]), |model| {
        model.indexes.push(index("x_author_names_idx", &["names"]));
        model.constraints.push(super::check("x_author_named", "names <> ''"));
    });
    assert_eq!(
        changes(&[&old], &[&new]),
        ["x.0002_rename_name_author_names_and_more: ~ Rename field name on author to names, \
          ~ Rename index x_author_name_idx on author to x_author_names_idx, ~ Alter field names on author"]
    );
}

#[test]
fn another_primary_key() {
    let uuid = Field { primary_key: true, ..Field::new("uuid", FieldType::Uuid) };
    let old = with(&[]);
    let new = but(&old, |model| model.fields = vec![uuid]);
    let answer = [Answer::Value(DefaultValue::Text("0".to_owned()))];
    let (made, _) = asked(&[&old], &[&new], &answer);
    assert_eq!(
        made,
        [
            "x.0002_alter_author_id_author_uuid_remove_author_id: ~ Alter field id on author, + Add field uuid to author, \
          - Remove field id from author"
        ],
        "a table is never without columns"
    );
    let old = with(&[text("name")]);
    // What references the old key lets go of it first, and takes hold of the new one afterwards.
    let code = Field { primary_key: true, ..text("code") };
    let (book, coded) = (model("y.Book", &[to("author_id", "x.Author")]), but(&old, |model| model.fields[0] = code));
    let moved = but(&book, |book| {
        book.fields[1].kind = FieldType::String(Some(100));
        book.fields[1].references.as_mut().unwrap().column = "code".to_owned();
    });
    let (made, _) = asked(&[&old, &book], &[&coded, &moved], &answer);
    assert_eq!(
        made,
        [
            "y.0002_alter_book_author_id <- x.0001_initial: ~ Alter field author_id on book",
            "x.0002_remove_author_id_author_code <- y.0002_alter_book_author_id: - Remove field id from author, + Add field code to author",
            "y.0003_alter_book_author_id <- x.0002_remove_author_id_author_code: ~ Alter field author_id on book",
        ]
    );
}

#[test]
fn a_reference_to_nothing_is_an_error() {
    let error = crate::support::detect(&state(&[]), &state(&[&model("x.A", &[to("b_id", "x.B")])])).unwrap_err();
    says(&error, &["x.A", "b_id", "x.B.id", "does not exist"]);
}
