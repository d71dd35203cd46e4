//! What migrations are called, where they stand, and how they reach the disk (cases 165, 173, 200, 201).

use std::fs;

use db::{
    Error,
    migrations::{DetectOptions, Migration, NonInteractive, autodetect, next_number},
    state::DefaultValue,
};

use super::{answered, but, changes, detected, lines, model, nullable, state, text, to};
use crate::support::{files, key, says};

#[test]
fn names_say_what_is_done() {
    let (person, animal) = (model("x.Person", &[text("name")]), model("x.Animal", &[]));
    assert_eq!(changes(&[&animal], &[&animal, &person]), ["x.0002_person: + Create model Person"]);
    assert_eq!(changes(&[&person], &[]), ["x.0002_delete_person: - Delete model Person"]);
    let two = changes(&[&animal], &[&person]);
    assert_eq!(two, ["x.0002_person_delete_animal: + Create model Person, - Delete model Animal"]);
    let many: Vec<_> = ('a'..='j').map(|c| model(&format!("x.Person{c}"), &[])).collect();
    let many = changes(&[&animal], &many.iter().chain([&animal]).collect::<Vec<_>>());
    let name = many[0].split_once(':').unwrap().0;
    assert_eq!(name, "x.0002_persona_personb_personc_persond_persone_personf_and_more");
    assert_eq!(name.len(), "x.0002_".len() + "_and_more".len() + 47);
    let long = model(&format!("x.{}", "L".repeat(60)), &[]);
    let name = format!("x.0002_{}: ", "l".repeat(60));
    assert!(changes(&[&animal], &[&animal, &long])[0].starts_with(&name), "the first is never cut");
    let odd = model("x.Odd-Name é", &[]);
    assert!(changes(&[&animal], &[&animal, &odd])[0].starts_with("x.0002_odd_name_é:"));
}

#[test]
fn nothing_to_say_gives_the_time() {
    let now = "2024-05-06T07:08:09Z".parse().unwrap();
    let name = |text: &str| Migration::parse(text, "x").unwrap().suggest_name(now);
    assert_eq!(name(""), "auto_20240506_0708");
    assert_eq!(name("[[operations]]\nop = \"run_sql\"\nsql = \"\""), "auto_20240506_0708");
    let both = "[[operations]]\nop = \"rename_model\"\nfrom = \"A\"\nto = \"B\"\nfrom_table = \"a\"\nto_table = \"a\"\n\
                [[operations]]\nop = \"run_rust\"\nfunction = \"f\"";
    assert_eq!(name(both), "auto_20240506_0708", "one that says nothing spoils the others");
    assert_eq!(name("initial = true"), "initial");
}

#[test]
fn the_next_number_after_the_last_of_the_module() {
    let history = files(&[
        ("x", "0001_initial", "initial = true"),
        ("x", "0007_seventh", "dependencies = [\"x.0001_initial\"]"),
        ("y", "0001_squashed_0012_last", ""),
    ])
    .load();
    assert_eq!((next_number(&history, "x"), next_number(&history, "y"), next_number(&history, "z")), (8, 13, 1));
    let (old, new) = (model("x.A", &[]), model("x.A", &[nullable("n")]));
    let (other, third) = (model("y.B", &[]), model("z.C", &[]));
    let (made, _) = answered(&history, &state(&[&old]), &state(&[&new, &other, &third]), &[]);
    assert_eq!(
        lines(&made),
        ["x.0008_a_n: + Add field n to a", "y.0013_initial: + Create model B", "z.0001_initial: + Create model C",]
    );
    let dependencies: Vec<_> = made.iter().flat_map(|new| &new.migration.dependencies).cloned().collect();
    assert_eq!(dependencies, [key("x.0007_seventh"), key("y.0001_squashed_0012_last")]);
}

#[test]
fn a_custom_name_is_that_of_all_new_ones() {
    let a = model("a.A", &[to("b_id", "b.B")]);
    let b = model("b.B", &[to("a_id", "a.A")]);
    let options = DetectOptions { name: Some("custom".to_owned()), ..DetectOptions::new(Default::default()) };
    let new = autodetect(&state(&[]), &state(&[&a, &b]), &files(&[]).load(), &mut NonInteractive::default(), &options);
    let names: Vec<String> = new.unwrap().into_iter().map(|new| new.key.to_string()).collect();
    assert_eq!(names, ["a.0001_custom", "b.0001_custom", "a.0002_custom"]);
}

#[test]
fn files_are_written_wholly_or_not_at_all() {
    let author = but(&model("x.Ünï", &[text("größe")]), |model| {
        model.fields[1].default = Some(DefaultValue::Text("'''\n\"\u{7}★\\".to_owned()));
    });
    let (mut made, _) = detected(&state(&[]), &state(&[&author]), &[]);
    let new = made.pop().unwrap();
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("x/migrations");
    let path = new.write(&directory).unwrap();
    assert_eq!(path, directory.join("0001_initial.toml"));
    let read = Migration::parse(&fs::read_to_string(&path).unwrap(), "x").unwrap();
    assert_eq!(read.operations, new.migration.operations);
    let listed = || fs::read_dir(&directory).unwrap().count();
    let error = new.write(&directory).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    says(&error, &["0001_initial.toml", "such a migration already"]);
    assert_eq!(listed(), 1, "nothing half is left");

    let mut bad = new.clone();
    bad.key = key("x.0002_bad");
    let db::migrations::Operation::CreateModel(op) = &mut bad.migration.operations[0] else { panic!() };
    op.fields[1].default = Some(DefaultValue::Double(f64::NAN));
    says(&bad.write(&directory).unwrap_err(), &["0002_bad.toml", "cannot be written"]);
    assert_eq!(listed(), 1);
    fs::write(root.path().join("file"), "").unwrap();
    assert!(matches!(new.write(&root.path().join("file")), Err(Error::Io { .. })));
}
