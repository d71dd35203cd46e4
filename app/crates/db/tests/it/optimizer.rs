//! Fewer operations, the same tables.

use db::{
    ProjectState,
    migrations::{AddField, AlterField, Operation, RemoveField, optimize},
    state::{DefaultValue, Field, FieldType},
};

use crate::script::script;

/// That the lines, after `given`, become the expected ones, and that both lead to the same state.
#[track_caller]
fn check(name: &str, given: &[&str], lines: &[&str], expected: &[&str]) {
    let mut state = ProjectState::default();
    script(&mut state, given);
    let (mut after, mut after_expected) = (state.clone(), state);
    let operations = script(&mut after, lines);
    let expected = script(&mut after_expected, expected);
    assert_eq!(after.diff(&after_expected), Vec::<String>::new(), "{name}: the test itself is wrong");
    let found = optimize("x", operations);
    let words = |operations: &[Operation]| operations.iter().map(Operation::describe).collect::<Vec<_>>();
    assert_eq!(words(&found), words(&expected), "{name}");
    assert_eq!(found, expected, "{name}");
    assert_eq!(optimize("x", found.clone()), found, "{name}: it is stable");
}

/// That nothing can be made of the lines.
#[track_caller]
fn unchanged(name: &str, given: &[&str], lines: &[&str]) {
    check(name, given, lines, lines);
}

#[test]
fn what_happens_to_a_model_that_is_created_becomes_part_of_it() {
    unchanged("single", &[], &["create Foo id"]);
    check("create_delete_model", &[], &["create Foo id name", "delete Foo"], &[]);
    check("create_rename_model", &[], &["create Foo id name", "rename Foo Bar"], &["create Bar id name"]);
    check(
        "create_rename_model to itself",
        &[],
        &["create Foo id up?>Foo", "rename Foo Bar"],
        &["create Bar id up?>Bar"],
    );
    check(
        "create_alter_table, create_alter_delete_model",
        &[],
        &["create Foo id", "table Foo foos", "create Bar id", "table Bar bars", "table Bar x_bar", "delete Foo"],
        &["create Bar id"],
    );
    check("create_model_add_field", &[], &["create Foo id", "add Foo age"], &["create Foo id age"]);
    check(
        "create_model_alter_field",
        &[],
        &["create Foo id name", "alter Foo name text"],
        &["create Foo id name:text"],
    );
    check("create_model_rename_field", &[], &["create Foo id name", "rename Foo.name title"], &["create Foo id title"]);
    check("create_model_remove_field", &[], &["create Foo id name age", "remove Foo age"], &["create Foo id name"]);
    for (name, with, without) in [
        ("index", "index Foo i name", "unindex Foo i"),
        ("constraint", "unique Foo c name", "drop Foo c"),
        ("check", "check Foo c name > 0", "drop Foo c"),
    ] {
        let lines = ["create Foo id name", with, "add Foo age", without];
        check(&format!("create_model_add_remove_{name}"), &[], &lines, &["create Foo id name age"]);
        let mut state = ProjectState::default();
        let found = optimize("x", script(&mut state, &lines[..3]));
        let mut after = ProjectState::default();
        assert!(matches!(found.as_slice(), [Operation::CreateModel(_)]), "{found:?}");
        found[0].apply("x", &mut after).unwrap();
        assert_eq!(after, state, "{name}");
    }
    let mut state = ProjectState::default();
    let lines = [
        "create Foo id name",
        "index Foo i name name > 0",
        "reindex Foo i j",
        "check Foo c name > 0",
        "recheck Foo c name > 1",
        "rename Foo.name title",
        "table Foo foos",
    ];
    let found = optimize("x", script(&mut state, &lines));
    let mut after = ProjectState::default();
    found[0].apply("x", &mut after).unwrap();
    assert_eq!((found.len(), after), (1, state), "index and check follow the field's name");
}

#[test]
fn operations_on_other_things_are_passed() {
    check("optimize_through_create", &[], &["create Foo id", "create Bar id", "delete Foo"], &["create Bar id"]);
    check("optimize_through_create", &[], &["create Foo id", "create Bar id", "delete Bar", "delete Foo"], &[]);
    check(
        "optimize_through_create, with a reference",
        &[],
        &["create Foo id", "create Bar id foo>Foo", "delete Bar", "delete Foo"],
        &[],
    );
    check(
        "create_model_reordering",
        &[],
        &["create Foo id name", "create Link id url", "add Foo link>Link"],
        &["create Link id url", "create Foo id name link>Link"],
    );
    check(
        "create_model_reordering_circular_fk",
        &[],
        &["create Bar id url", "create Foo id name", "add Bar foo>Foo", "add Foo bar>Bar"],
        &["create Foo id name", "create Bar id url foo>Foo", "add Foo bar>Bar"],
    );
    unchanged(
        "create_model_no_reordering_for_unrelated_fk",
        &["create Other id"],
        &["create Foo id name", "create Link id url", "add Other link>Link"],
    );
    check(
        "a field moves left where the model cannot move right",
        &["create Old id"],
        &["create Foo id", "create Bar id foo>Foo", "add Foo old>Old"],
        &["create Foo id old>Old", "create Bar id foo>Foo"],
    );
    check(
        "optimize_through_fields",
        &[],
        &[
            "create Foo id name",
            "create Bar id size",
            "add Foo age",
            "add Bar width",
            "alter Foo age text",
            "rename Bar.size dimensions",
            "remove Foo age",
            "rename Foo Phou",
            "delete Bar",
        ],
        &["create Phou id name"],
    );
}

#[test]
fn fields_constraints_and_indexes_of_models_that_are_there() {
    let given = ["create Foo id name", "create Bar id"];
    let foo = |name: &str, lines: &[&str], expected: &[&str]| check(name, &given, lines, expected);
    foo("add_field_alter_field", &["add Foo age", "alter Foo age text"], &["add Foo age:text"]);
    foo("add_field_delete_field", &["add Foo age", "add Bar age", "remove Foo age"], &["add Bar age"]);
    foo("add_field_rename_field", &["add Foo age", "rename Foo.age years"], &["add Foo years"]);
    foo("alter_field_delete_field", &["alter Foo name text", "remove Foo name"], &["remove Foo name"]);
    foo("alter_alter_field", &["alter Foo name? big_integer", "alter Foo name? text"], &["alter Foo name? text"]);
    foo(
        "alter_alter_field, back again",
        &["alter Foo name text", "alter Foo name big_integer"],
        &["alter Foo name text", "alter Foo name big_integer"],
    );
    foo("nullable and back", &["alter Foo name? big_integer", "alter Foo name big_integer"], &[]);
    foo(
        "alter_field_rename_field",
        &["alter Foo name text", "rename Foo.name title"],
        &["rename Foo.name title", "alter Foo title text"],
    );
    foo(
        "alter_field_rename_field, and more",
        &["alter Foo name? big_integer", "rename Foo.name title", "add Bar b", "alter Foo title? text"],
        &["rename Foo.name title", "add Bar b", "alter Foo title? text"],
    );
    foo(
        "rename_rename_field",
        &["rename Foo.name a", "add Bar b", "rename Foo.a c"],
        &["add Bar b", "rename Foo.name c"],
    );
    foo("rename_rename_field, back again", &["rename Foo.name a", "rename Foo.a name"], &[]);
    unchanged("swapping_fields_names", &["create A id a b"], &["sql", "rename A.a c", "rename A.b a", "rename A.c b"]);
    foo("rename_rename_model", &["rename Foo A", "add Bar b", "rename A B"], &["add Bar b", "rename Foo B"]);
    foo("rename_model_self", &["rename Foo A", "rename A Foo"], &[]);
    foo("alter_alter_table", &["table Foo a", "table Foo b"], &["table Foo b"]);
    foo("alter_alter_table, back again", &["table Foo a", "table Foo x_foo"], &[]);
    foo("alter_delete_table", &["table Foo a", "remove Foo name", "delete Foo"], &["delete Foo"]);
    foo("remove_field_delete_model", &["remove Foo name", "add Bar b", "delete Foo"], &["add Bar b", "delete Foo"]);
    foo("add_remove_index", &["index Foo i name", "add Foo age", "unindex Foo i"], &["add Foo age"]);
    foo("add_rename_index", &["index Foo i name", "reindex Foo i j"], &["index Foo j name"]);
    foo("add_remove_constraint", &["unique Foo c name", "drop Foo c"], &[]);
    foo("add_alter_constraint", &["check Foo c name > 0", "recheck Foo c name > 1"], &["check Foo c name > 1"]);
    let given = ["create Foo id name", "index Foo i name", "check Foo c name > 0"];
    let foo = |name: &str, lines: &[&str], expected: &[&str]| check(name, &given, lines, expected);
    foo("rename_rename_index", &["reindex Foo i j", "reindex Foo j k"], &["reindex Foo i k"]);
    foo("rename_index, back again", &["reindex Foo i j", "reindex Foo j i"], &[]);
    foo(
        "multiple_alter_constraints",
        &["recheck Foo c name > 1", "recheck Foo c name > 2"],
        &["recheck Foo c name > 2"],
    );
    foo("alter_constraint, back again", &["recheck Foo c name > 1", "recheck Foo c name > 0"], &[]);
    foo("alter_remove_constraint", &["recheck Foo c name > 1", "drop Foo c"], &["drop Foo c"]);
    unchanged("remove_add_constraint", &given, &["drop Foo c", "check Foo c name > 3"]);
}

#[test]
fn what_depends_on_each_other_stays_in_order() {
    unchanged("through sql", &[], &["create Foo id", "sql", "add Foo age"]);
    let given = ["create Foo id a b", "create Bar id"];
    let stays = |name: &str, lines: &[&str]| unchanged(name, &given, lines);
    stays("a check names the field", &["add Foo f", "check Foo c F > 0", "rename Foo.f g"]);
    stays("a partial index names the field", &["add Foo f", "index Foo i a \"f\" > 0", "rename Foo.f g"]);
    stays("an index over the field", &["add Foo f", "index Foo i f", "rename Foo.f g"]);
    stays("fields swap names", &["rename Foo.a c", "rename Foo.b a", "rename Foo.c b"]);
    stays("models swap names", &["rename Foo A", "rename Bar Foo", "rename A Bar"]);
    stays("tables swap names", &["table Foo t", "table Bar x_foo", "table Foo x_bar"]);
    let swap = ["reindex Foo i k", "reindex Bar j i", "reindex Foo k j"];
    unchanged("indexes swap names", &["create Foo id", "create Bar id", "index Foo i id", "index Bar j id"], &swap);
    check(
        "no swap: the name is free before",
        &given,
        &["rename Foo.a c", "rename Foo.b a", "rename Foo.c d"],
        &["rename Foo.a d", "rename Foo.b a"],
    );
    unchanged(
        "a model that is referenced is renamed in between",
        &["create A id"],
        &["create B id a>A", "rename A C", "add B c>C"],
    );
    stays("the referenced model goes", &["add Foo bar?>Bar", "sql", "remove Foo bar", "delete Bar"]);
}

#[test]
fn elidable_operations_are_left_out() {
    check(
        "elidable_operation",
        &[],
        &[
            "elidable",
            "create Foo id",
            "elidable",
            "create Bar id",
            "elidable",
            "rename Foo Phou",
            "delete Bar",
            "elidable",
        ],
        &["create Phou id"],
    );
    check("beside sql that is not", &[], &["elidable", "sql", "elidable"], &["sql"]);
    unchanged("where there is nothing else", &[], &["elidable", "elidable"]);
}

fn with(name: &str, kind: FieldType, null: bool, default: Option<i64>) -> Field {
    Field { null, default: default.map(DefaultValue::Integer), ..Field::new(name, kind) }
}

#[test]
fn rows_come_out_with_the_same_values() {
    let model = || "Foo".to_owned();
    let number = |n: i64| Some(DefaultValue::Integer(n));
    let kind = FieldType::Integer;
    let null = with("f", kind, true, None);
    let required = with("f", kind, false, None);
    let default = |n| with("f", kind, true, Some(n));
    let add = |field: &Field, fill| Operation::AddField(AddField { model: model(), field: field.clone(), fill });
    let alter = |old: &Field, new: &Field, fill| {
        Operation::AlterField(AlterField { model: model(), old: old.clone(), new: new.clone(), fill })
    };
    let remove =
        |field: &Field, fill| Operation::RemoveField(RemoveField { model: model(), field: field.clone(), fill });
    let kept = |operations: Vec<Operation>| assert_eq!(optimize("x", operations.clone()), operations);
    let becomes = |operations: Vec<Operation>, one: Operation| assert_eq!(optimize("x", operations), [one]);

    becomes(vec![add(&null, None), alter(&null, &required, number(3))], add(&required, number(3)));
    becomes(vec![add(&required, number(1)), alter(&required, &null, None)], add(&null, number(1)));
    becomes(vec![add(&default(1), None), alter(&default(1), &required, number(3))], add(&required, number(1)));
    becomes(vec![add(&default(1), None), alter(&default(1), &default(2), None)], add(&default(2), number(1)));
    becomes(vec![add(&default(1), None), alter(&default(1), &default(1), None)], add(&default(1), None));
    kept(vec![add(&null, None), alter(&null, &default(1), None)]);
    let text = with("f", FieldType::Uuid, true, None);
    kept(vec![add(&default(1), None), alter(&default(1), &text, None)]);

    becomes(
        vec![alter(&null, &required, number(1)), alter(&required, &with("f", kind, false, Some(2)), None)],
        alter(&null, &with("f", kind, false, Some(2)), number(1)),
    );
    becomes(
        vec![alter(&null, &default(1), None), alter(&default(1), &required, number(2))],
        alter(&null, &required, number(2)),
    );
    kept(vec![alter(&null, &required, number(1)), alter(&required, &default(1), None)]);
    becomes(
        vec![alter(&required, &null, number(4)), alter(&null, &default(1), None)],
        alter(&required, &default(1), number(4)),
    );
    becomes(vec![alter(&null, &required, number(1)), remove(&required, number(5))], remove(&null, number(5)));
    becomes(vec![alter(&required, &null, number(1)), remove(&null, None)], remove(&required, number(1)));
}
