//! Relations without an entity, former names, and what no database could hold.

use db::{
    Check, ManyToMany, Model, ModelIndex, ModuleModels, ProjectState,
    migrations::Target,
    model,
    state::{Action, Constraint, ModelKey},
};

use crate::{
    entities::{mailing, user},
    support::{detect, each, files, migrate, run, says, tables, texts},
};

const PLAIN: Model = model::<user::Entity>("User");
const USER: Model = PLAIN.with_many_to_many(&[
    ManyToMany { name: "mailings", to: "m.Mailing" },
    ManyToMany { name: "friends", to: "u.User" },
]);

fn reflect(users: &[Model], mailings: &[Model]) -> Result<ProjectState, db::Error> {
    let module = |label: &str, models: &[Model]| ModuleModels { label: label.to_owned(), models: models.to_vec() };
    ProjectState::reflect(&[module("u", users), module("m", mailings)])
}

const MAILING: Model = model::<mailing::Entity>("Mailing");

#[test]
fn a_relation_without_entity_is_a_table_of_pairs() {
    let state = reflect(&[USER], &[MAILING]).unwrap();
    let link = state.model(&ModelKey::new("u", "User_mailings")).unwrap();
    assert_eq!(link.table, "users_user_mailings");
    let columns: Vec<String> = link.fields.iter().map(|field| format!("{} {}", field.name, field.kind)).collect();
    assert_eq!(columns, ["id big_integer", "user_id big_integer", "mailing_id big_integer"]);
    for field in &link.fields[1..] {
        assert!(!field.null && field.references.as_ref().unwrap().on_delete == Action::Cascade);
    }
    assert_eq!(link.indexes[0].fields, ["mailing_id"]);
    assert!(matches!(&link.constraints[0], Constraint::Unique { name, fields }
        if name == "users_user_mailings_user_id_mailing_id_uniq" && fields == &["user_id", "mailing_id"]));
    let friends = state.model(&ModelKey::new("u", "User_friends")).unwrap();
    assert!(friends.field("from_user_id").is_some() && friends.field("to_user_id").is_some());
    let renamed = reflect(&[USER.with_renamed_from("Person")], &[MAILING]).unwrap();
    assert_eq!(renamed.renamed_from(&ModelKey::new("u", "User")), Some("Person"));
    assert_eq!(renamed, state);
}

#[tokio::test]
async fn it_holds_each_pair_once_and_goes_with_either_side() {
    each(async |fresh| {
        let db = &fresh.db;
        let state = reflect(&[USER], &[MAILING]).unwrap();
        let new = detect(&ProjectState::default(), &state).unwrap();
        let mut written = files(&[]);
        for new in &new {
            written.add(&new.key.module, &new.key.name, &new.text().unwrap());
        }
        migrate(db, &written.load(), &[Target::Latest]).await.unwrap();
        assert!(tables(db).await.contains(&"users_user_friends".to_owned()));
        for email in ["a", "b"] {
            run(
                db,
                &format!("INSERT INTO users_user (email, date_joined) VALUES ('{email}', '2024-05-06 07:08:09+00:00')"),
            )
            .await;
        }
        let pair = "INSERT INTO users_user_friends (from_user_id, to_user_id) VALUES (1, 2)";
        run(db, pair).await;
        assert!(sea_orm::ConnectionTrait::execute_unprepared(db, pair).await.is_err());
        run(db, "DELETE FROM users_user WHERE id = 2").await;
        assert_eq!(texts(db, "SELECT CAST(id AS text) FROM users_user_friends").await, Vec::<String>::new());
    })
    .await;
}

#[test]
fn what_no_database_could_hold_is_refused_by_name() {
    const NAMED: [(&str, &[&str]); 4] = [
        ("", &["name is empty"]),
        ("Us\"er", &["'\"'"]),
        ("Us\0er", &["'\\0'"]),
        ("Us.er", &["`Us.er`", "cannot have"]),
    ];
    for (name, parts) in NAMED {
        says(&reflect(&[model::<user::Entity>(name)], &[]).unwrap_err(), parts);
    }
    const LONG: &str = "an_index_with_a_name_that_is_longer_than_postgresql_keeps_of_a_name";
    const INDEX: ModelIndex = ModelIndex { name: LONG, fields: &["email"], condition: None };
    const SAME: ModelIndex = ModelIndex { name: "Users_User", fields: &["email"], condition: None };
    const NOTHING: ModelIndex = ModelIndex { name: "i", fields: &[], condition: None };
    const NO_FIELD: ModelIndex = ModelIndex { name: "i", fields: &["nope"], condition: None };
    const CHECK: Check = Check { name: "users_user_country_idx", condition: "id > 0" };
    for (model, parts) in [
        (PLAIN.with_indexes(&[INDEX]), &[LONG, "63 bytes"][..]),
        (PLAIN.with_indexes(&[SAME]), &["`Users_User`", "table of u.User"]),
        (PLAIN.with_indexes(&[NOTHING]), &["i is over nothing"]),
        (PLAIN.with_indexes(&[NO_FIELD]), &["i is over the field nope"]),
        (PLAIN.with_checks(&[CHECK]), &["two indexes or constraints named users_user_country_idx"]),
        (PLAIN.with_many_to_many(&[ManyToMany { name: "x", to: "User" }]), &["`x`", "write `module.Model`"]),
        (PLAIN.with_many_to_many(&[ManyToMany { name: "x", to: "u.Nope" }]), &["`x`", "no model u.Nope"]),
        (model::<tables::history::Entity>("A"), &["`migration_history`"]),
        (model::<tables::sqlite::Entity>("A"), &["`sqlite_`", "reserved"]),
        (model::<tables::twice::Entity>("A"), &["two fields `Name`"]),
        (model::<tables::mixed::Entity>("A"), &["self_id is string", "u.A.id", "integer"]),
    ] {
        // With nothing beside it that would need the users' table.
        says(&reflect(&[model], &[]).unwrap_err(), parts);
    }
}

/// Entities that compile, but not more.
mod tables {
    macro_rules! entity {
        ($module:ident, $table:literal, $($field:tt)*) => {
            pub mod $module {
                use sea_orm::entity::prelude::*;

                #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
                #[sea_orm(table_name = $table)]
                pub struct Model {
                    #[sea_orm(primary_key)]
                    pub id: i32,
                    $($field)*
                }

                #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {}

                impl ActiveModelBehavior for ActiveModel {}
            }
        };
    }
    entity!(history, "migration_history", pub a: i32,);
    entity!(sqlite, "SQLite_things", pub a: i32,);
    entity!(twice, "twice", pub name: i32, #[sea_orm(column_name = "Name")] pub other: i32,);

    pub mod mixed {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "mixed")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i32,
            pub self_id: Option<String>,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {
            #[sea_orm(belongs_to = "Entity", from = "Column::SelfId", to = "Column::Id")]
            Itself,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }
}
