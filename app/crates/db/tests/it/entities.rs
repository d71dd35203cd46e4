//! Entities such as the product has, and their tables.

use db::{
    Check, Database, Model, ModelIndex, ModuleModels, ProjectState,
    migrations::{Loader, ModuleMigrations, Source},
    model,
};

use crate::support::{detect, migrate};

pub mod user {
    use sea_orm::{ActiveValue::Set, entity::prelude::*};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users_user", comment = "people who log in")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub email: String,
        #[sea_orm(column_type = "String(StringLen::N(150))", default_value = "")]
        pub first_name: String,
        #[sea_orm(indexed)]
        pub country: Option<String>,
        #[sea_orm(default_value = true)]
        pub is_active: bool,
        pub date_joined: DateTimeUtc,
        #[sea_orm(default_expr = "Expr::current_timestamp()")]
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Everything set that has no default, the email excepted.
    pub fn active() -> ActiveModel {
        ActiveModel { date_joined: Set("2024-05-06T07:08:09Z".parse().unwrap()), ..Default::default() }
    }

    /// Any read.
    pub async fn count(db: &impl ConnectionTrait) {
        db.execute_unprepared("SELECT COUNT(*) FROM t").await.unwrap();
    }
}

pub mod mailing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "snake_case")]
    pub enum Status {
        Created,
        Running,
        Completed,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_mailing")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub start_datetime: DateTimeUtc,
        pub end_datetime: DateTimeUtc,
        #[sea_orm(indexed)]
        pub status: Status,
        #[sea_orm(default_value = 0)]
        pub current_run: i32,
        #[sea_orm(unique_key = "run")]
        pub owner_id: i64,
        #[sea_orm(unique_key = "run", column_type = "Text", nullable)]
        pub token: Option<String>,
        pub previous_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "crate::entities::user::Entity",
            from = "Column::OwnerId",
            to = "crate::entities::user::Column::Id",
            on_delete = "Cascade"
        )]
        Owner,
        #[sea_orm(belongs_to = "Entity", from = "Column::PreviousId", to = "Column::Id", on_delete = "SetNull")]
        Previous,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod recipient {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailings_mailing_recipients")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub mailing_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::mailing::Entity",
            from = "Column::MailingId",
            to = "super::mailing::Column::Id",
            on_delete = "Cascade"
        )]
        Mailing,
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_delete = "Cascade"
        )]
        User,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub const USERS: &[Model] = &[model::<user::Entity>("User").with_verbose_name("user", "users")];
pub const MAILINGS: &[Model] = &[
    model::<mailing::Entity>("Mailing")
        .with_permissions(&[("can_disable_mailing", "Can disable mailing")])
        .with_checks(&[Check { name: "mailings_mailing_dates", condition: "end_datetime > start_datetime" }])
        .with_indexes(&[ModelIndex {
            name: "mailings_mailing_due",
            fields: &["start_datetime", "end_datetime"],
            condition: Some("status = 'created'"),
        }]),
    model::<recipient::Entity>("MailingRecipient"),
];

pub fn modules() -> Vec<ModuleModels> {
    // The dependent one first: order must not matter.
    vec![
        ModuleModels { label: "mailings".to_owned(), models: MAILINGS.to_vec() },
        ModuleModels { label: "users".to_owned(), models: USERS.to_vec() },
    ]
}

/// The initial migrations of all modules, as files.
pub fn files() -> Vec<(String, String, String)> {
    let state = ProjectState::reflect(&modules()).unwrap();
    let new = detect(&ProjectState::default(), &state).unwrap();
    new.into_iter().map(|new| (new.key.module, new.key.name, new.migration.to_toml())).collect()
}

pub fn loader() -> (tempfile::TempDir, Loader) {
    let root = tempfile::tempdir().unwrap();
    let mut modules = Vec::new();
    for (module, name, text) in files() {
        let directory = root.path().join(&module);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.toml")), text).unwrap();
        modules.push(ModuleMigrations { label: module, source: Source::Dir(directory) });
    }
    let loader = Loader::load(&modules).unwrap();
    (root, loader)
}

/// Creates the tables of all entities.
pub async fn create(db: &Database) {
    let (_root, loader) = loader();
    migrate(db, &loader, &[db::migrations::Target::Latest]).await.unwrap();
}
