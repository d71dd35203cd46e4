//! First migrations: order, dependencies, circles, and how the text looks.

use db::{
    Error, ProjectState,
    migrations::{NewMigration, NonInteractive, Target},
    state::{Field, FieldType, Index, ModelKey, ModelState, Reference},
};

use crate::{
    entities,
    support::{detect, detect_after, each, files, key, migrate, says, schema, tables, words},
};

fn model(table: &str, references: &[&str]) -> ModelState {
    let mut id = Field::new("id", FieldType::BigInteger);
    id.primary_key = true;
    id.auto_increment = true;
    let mut fields = vec![id];
    for target in references {
        let mut field = Field::new(format!("{}_id", target.replace('.', "_").to_lowercase()), FieldType::BigInteger);
        field.null = true;
        field.references = Some(Reference {
            model: (*target).to_owned(),
            column: "id".to_owned(),
            on_delete: Default::default(),
            on_update: Default::default(),
        });
        fields.push(field);
    }
    ModelState { table: table.to_owned(), comment: None, fields, indexes: Vec::new(), constraints: Vec::new() }
}

fn state(models: &[(&str, &str, &[&str])]) -> ProjectState {
    let mut state = ProjectState::default();
    for (module, name, references) in models {
        state.insert(ModelKey::new(*module, *name), model(&format!("{module}_{}", name.to_lowercase()), references));
    }
    state
}

fn initial(to: &ProjectState) -> Result<Vec<NewMigration>, Error> {
    detect(&ProjectState::default(), to)
}

#[test]
fn the_text_is_laid_out_for_people() {
    let (module, name, text) = entities::files().swap_remove(1);
    assert_eq!((module.as_str(), name.as_str()), ("mailings", "0001_initial"));
    let expected = r#"initial = true
dependencies = ["users.0001_initial"]

[[operations]]
op = "create_model"
model = "Mailing"
table = "mailings_mailing"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "start_datetime", type = "datetime" },
  { name = "end_datetime", type = "datetime" },
  { name = "status", type = "string(16)" },
  { name = "current_run", type = "integer", default = 0 },
  { name = "owner_id", type = "big_integer", references = { model = "users.User", column = "id", on_delete = "cascade" } },
  { name = "token", type = "text", null = true },
  { name = "previous_id", type = "big_integer", null = true, references = { model = "mailings.Mailing", column = "id", on_delete = "set_null" } },
]
indexes = [
  { name = "mailings_mailing_status_idx", fields = ["status"] },
  { name = "mailings_mailing_due", fields = ["start_datetime", "end_datetime"], condition = "status = 'created'" },
]
constraints = [
  { kind = "unique", name = "mailings_mailing_run_uniq", fields = ["owner_id", "token"] },
  { kind = "check", name = "mailings_mailing_dates", condition = "end_datetime > start_datetime" },
]

[[operations]]
op = "create_model"
model = "MailingRecipient"
"#;
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn models_come_after_what_they_reference_and_modules_depend() {
    let to = state(&[("a", "A", &["a.Z", "b.B"]), ("a", "Z", &[]), ("b", "B", &["old.O"]), ("old", "O", &[])]);
    let new = initial(&to).unwrap();
    assert_eq!(words(&new[2]), ["Create model Z", "Create model A"]);
    let dependencies: Vec<_> = new.iter().map(|new| new.migration.dependencies.clone()).collect();
    assert_eq!(dependencies, [vec![], vec![key("old.0001_initial")], vec![key("b.0001_initial")]]);
    let from = state(&[("old", "O", &[])]);
    let loader = files(&[("old", "0007_last", "")]).load();
    let new = detect_after(&loader, &from, &to, &mut NonInteractive::default()).unwrap();
    let modules: Vec<&str> = new.iter().map(|new| new.key.module.as_str()).collect();
    assert_eq!(modules, ["b", "a"]);
    assert_eq!(new[0].migration.dependencies, [key("old.0007_last")]);
}

#[test]
fn circles_are_broken_inside_a_module_and_between_modules() {
    let mut to = state(&[("a", "A", &["a.B"]), ("a", "B", &["a.A", "a.B"])]);
    let mut with_index = to.model(&ModelKey::new("a", "A")).unwrap().clone();
    with_index.indexes.push(Index { name: "a_a_b".to_owned(), fields: vec!["a_b_id".to_owned()], condition: None });
    to.insert(ModelKey::new("a", "A"), with_index);
    let new = initial(&to).unwrap();
    assert_eq!(
        words(&new[0]),
        [
            "Create model A",
            "Create model B",
            "Add field a_b_id to a",
            "Create index a_a_b on field(s) a_b_id of model a"
        ]
    );
    let between = initial(&state(&[("a", "A", &["b.B"]), ("b", "B", &["a.A"]), ("c", "C", &[])])).unwrap();
    let between: Vec<String> = between.iter().map(|new| format!("{}: {}", new.key, words(new).join(", "))).collect();
    assert_eq!(
        between,
        [
            "c.0001_initial: Create model C",
            "a.0001_initial: Create model A",
            "b.0001_initial: Create model B",
            "a.0002_initial: Add field b_b_id to a",
        ]
    );
    says(&initial(&state(&[("a", "A", &["b.B"])])).unwrap_err(), &["a.A", "b.B", "does not exist"]);
}

#[tokio::test]
async fn they_run_forwards_backwards_and_forwards_again() {
    each(async |fresh| {
        let (_root, loader) = entities::loader();
        let circular = initial(&state(&[("a", "A", &["a.B"]), ("a", "B", &["a.A", "a.B"])])).unwrap();
        let circular = files(&[("a", "0001_initial", &circular[0].migration.to_toml())]).load();
        for (loader, modules) in [(&loader, &["users"][..]), (&circular, &["a"])] {
            migrate(&fresh.db, loader, &[Target::Latest]).await.unwrap();
            let first = schema(&fresh.db).await;
            let zero: Vec<Target> = modules.iter().map(|module| Target::Zero((*module).to_owned())).collect();
            migrate(&fresh.db, loader, &zero).await.unwrap();
            assert_eq!(tables(&fresh.db).await, Vec::<String>::new());
            migrate(&fresh.db, loader, &[Target::Latest]).await.unwrap();
            assert_eq!(schema(&fresh.db).await, first);
            migrate(&fresh.db, loader, &zero).await.unwrap();
        }
    })
    .await;
}
