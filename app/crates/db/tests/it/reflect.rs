//! From entities to state, and what differs.

use db::{
    Error, ModuleModels, ProjectState, model,
    state::{Action, Constraint, DefaultValue, FieldType, ModelKey},
};

use crate::{
    entities,
    support::{detect_after, says},
};

fn state() -> ProjectState {
    ProjectState::reflect(&entities::modules()).unwrap()
}

#[test]
fn entities_say_everything_about_their_tables() {
    let state = state();
    let user = state.model(&ModelKey::new("users", "User")).unwrap();
    assert_eq!((user.table.as_str(), user.comment.as_deref()), ("users_user", Some("people who log in")));
    let id = user.field("id").unwrap();
    assert!(id.primary_key && id.auto_increment && !id.null && !id.unique && id.kind == FieldType::BigInteger);
    let email = user.field("email").unwrap();
    assert!(email.unique && !email.null && email.kind == FieldType::String(None));
    let name = user.field("first_name").unwrap();
    assert_eq!((name.kind, &name.default), (FieldType::String(Some(150)), &Some(DefaultValue::Text(String::new()))));
    assert!(user.field("country").unwrap().null);
    assert_eq!(user.field("is_active").unwrap().default, Some(DefaultValue::Boolean(true)));
    assert_eq!(user.field("date_joined").unwrap().kind, FieldType::DateTime);
    assert!(
        matches!(&user.field("updated_at").unwrap().default, Some(DefaultValue::Sql(sql)) if sql.sql == "CURRENT_TIMESTAMP")
    );
    assert_eq!(user.indexes.len(), 1);
    assert_eq!(user.indexes[0].name, "users_user_country_idx");

    let mailing = state.model(&ModelKey::new("mailings", "Mailing")).unwrap();
    let owner = mailing.field("owner_id").unwrap().references.as_ref().unwrap();
    assert_eq!((owner.model.as_str(), owner.column.as_str(), owner.on_delete), ("users.User", "id", Action::Cascade));
    assert_eq!(mailing.field("status").unwrap().kind, FieldType::String(Some(16)));
    assert!(mailing.indexes.iter().any(|index| index.name == "mailings_mailing_due" && index.condition.is_some()));
    let unique = Constraint::Unique {
        name: "mailings_mailing_run_uniq".to_owned(),
        fields: vec!["owner_id".to_owned(), "token".to_owned()],
    };
    assert!(mailing.constraints.contains(&unique), "{:?}", mailing.constraints);

    let link = state.model(&ModelKey::new("mailings", "MailingRecipient")).unwrap();
    assert_eq!(link.primary_key().len(), 2);
    assert!(link.fields.iter().all(|field| !field.auto_increment && !field.null && field.references.is_some()));
    assert_eq!(entities::USERS[0].verbose_name_plural(), "users");
    assert_eq!(entities::MAILINGS[0].verbose_name(), "mailing");
    assert_eq!(entities::MAILINGS[0].permissions()[0].0, "can_disable_mailing");
}

#[test]
fn what_migrations_cannot_express_is_refused_by_name() {
    let alone = vec![ModuleModels { label: "mailings".to_owned(), models: entities::MAILINGS.to_vec() }];
    says(&ProjectState::reflect(&alone).unwrap_err(), &["mailings.Mailing", "owner_id", "`users_user`", "no model"]);
    let mut twice = entities::modules();
    twice[1].models.push(model::<entities::user::Entity>("Person"));
    says(&ProjectState::reflect(&twice).unwrap_err(), &["users.Person", "`users_user`", "users.User"]);
    twice[1].models.pop();
    twice.push(twice[1].clone());
    assert!(matches!(ProjectState::reflect(&twice), Err(Error::DuplicateModule { label }) if label == "users"));
    let odd = vec![ModuleModels { label: "odd".to_owned(), models: vec![model::<odd::Entity>("Odd")] }];
    says(&ProjectState::reflect(&odd).unwrap_err(), &["odd.Odd", "field level", "native enum type `level`", "db_type"]);
    let tiny = vec![ModuleModels { label: "odd".to_owned(), models: vec![model::<tiny::Entity>("Tiny")] }];
    says(&ProjectState::reflect(&tiny).unwrap_err(), &["odd.Tiny", "field size", "TinyInteger"]);
    let thin = vec![ModuleModels { label: "odd".to_owned(), models: vec![model::<thin::Entity>("Thin")] }];
    says(&ProjectState::reflect(&thin).unwrap_err(), &["odd.Thin", "field price", "has 5 of its 2 digits"]);
}

mod thin {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "thin")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(column_type = "Decimal(Some((2, 5)))")]
        pub price: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod odd {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "level", rename_all = "snake_case")]
    pub enum Level {
        Low,
        High,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "odd")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub level: Level,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod tiny {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tiny")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub size: i8,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn differences_are_said_in_words() {
    let old = state();
    assert!(old.diff(&old).is_empty());
    let mut new = old.clone();
    let key = ModelKey::new("users", "User");
    let mut user = new.model(&key).unwrap().clone();
    user.fields.reverse();
    new.insert(key.clone(), user.clone());
    assert!(old.diff(&new).is_empty(), "the order of columns does not count");
    user.fields.retain(|field| field.name != "country");
    user.fields.iter_mut().find(|field| field.name == "email").unwrap().kind = FieldType::Text;
    user.indexes.clear();
    new.insert(key, user);
    new.insert(ModelKey::new("x", "Y"), old.models().next().unwrap().1.clone());
    assert_eq!(
        old.diff(&new),
        [
            "model users.User: field country was removed",
            "model users.User: field email was changed (type string is now text)",
            "model users.User: index users_user_country_idx was removed",
            "model x.Y was added",
        ]
    );
    assert_eq!(ProjectState::default().diff(&old).len(), 3);
}

#[test]
fn initial_migrations_bring_the_state_that_was_reflected() {
    let (_root, loader) = entities::loader();
    assert_eq!(loader.state().unwrap().diff(&state()), Vec::<String>::new());
    let again =
        detect_after(&loader, &loader.state().unwrap(), &state(), &mut db::migrations::NonInteractive::default())
            .unwrap();
    assert!(again.is_empty(), "nothing is left to do");
}
