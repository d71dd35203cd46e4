//! The models of groups and permissions.

use db::{Model, model};

/// The models, referenced ones first.
pub const MODELS: &[Model] = &[
    model::<permission::Entity>("Permission")
        .with_verbose_name("permission", "permissions")
        .with_natural_key(&["module", "model", "codename"]),
    model::<group::Entity>("Group").with_verbose_name("group", "groups").with_natural_key(&["name"]),
    model::<group_permission::Entity>("GroupPermission").with_default_permissions(&[]),
];

/// What somebody may do: view, add, change or delete the rows of a model, or something of the model's own.
pub mod permission {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A permission.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "auth_permission")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The label of the model's module.
        #[sea_orm(unique_key = "codename", column_type = "String(StringLen::N(100))")]
        pub module: String,
        /// The model, in lower case.
        #[sea_orm(unique_key = "codename", column_type = "String(StringLen::N(100))")]
        pub model: String,
        /// Such as `view_mailing`.
        #[sea_orm(unique_key = "codename", column_type = "String(StringLen::N(100))")]
        pub codename: String,
        /// For people.
        #[sea_orm(column_type = "String(StringLen::N(255))")]
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// People with the same permissions.
pub mod group {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A group.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "auth_group")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique, column_type = "String(StringLen::N(150))")]
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which permissions a group has.
pub mod group_permission {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A permission of a group.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "auth_group_permissions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique_key = "pair")]
        pub group_id: i64,
        #[sea_orm(unique_key = "pair", indexed)]
        pub permission_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::group::Entity",
            from = "Column::GroupId",
            to = "super::group::Column::Id",
            on_delete = "Cascade"
        )]
        Group,
        #[sea_orm(
            belongs_to = "super::permission::Entity",
            from = "Column::PermissionId",
            to = "super::permission::Column::Id",
            on_delete = "Cascade"
        )]
        Permission,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
