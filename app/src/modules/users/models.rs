//! The user, with groups and permissions.

use framework::db::{Model, model};

/// The models, referenced ones first.
pub const MODELS: &[Model] = &[
    model::<user::Entity>("User").with_verbose_name("user", "users").with_natural_key(&["email"]),
    model::<user_group::Entity>("UserGroup").with_default_permissions(&[]),
    model::<user_permission::Entity>("UserPermission").with_default_permissions(&[]),
];

/// Somebody who logs in.
pub mod user {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A user. The login name is the email.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users_user")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique, column_type = "String(StringLen::N(254))")]
        pub email: String,
        #[sea_orm(unique, column_type = "String(StringLen::N(150))")]
        pub username: String,
        /// A password hash; one that begins with `!` matches no password.
        #[sea_orm(column_type = "String(StringLen::N(255))")]
        pub password: String,
        #[sea_orm(column_type = "String(StringLen::N(150))", default_value = "")]
        pub first_name: String,
        #[sea_orm(column_type = "String(StringLen::N(150))", default_value = "")]
        pub last_name: String,
        #[sea_orm(column_type = "String(StringLen::N(32))", default_value = "")]
        pub phone: String,
        #[sea_orm(column_type = "String(StringLen::N(100))", default_value = "")]
        pub country: String,
        #[sea_orm(default_value = true)]
        pub is_active: bool,
        #[sea_orm(default_value = false)]
        pub is_staff: bool,
        #[sea_orm(default_value = false)]
        pub is_superuser: bool,
        #[sea_orm(default_value = false)]
        pub is_email_verified: bool,
        pub last_login: Option<DateTimeUtc>,
        pub date_joined: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which groups a user is in.
pub mod user_group {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A group of a user.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users_user_groups")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique_key = "pair")]
        pub user_id: i64,
        #[sea_orm(unique_key = "pair", indexed)]
        pub group_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_delete = "Cascade"
        )]
        User,
        #[sea_orm(
            belongs_to = "framework::contrib::auth::models::group::Entity",
            from = "Column::GroupId",
            to = "framework::contrib::auth::models::group::Column::Id",
            on_delete = "Cascade"
        )]
        Group,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which permissions a user has beside those of the groups.
pub mod user_permission {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A permission of a user.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users_user_permissions")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique_key = "pair")]
        pub user_id: i64,
        #[sea_orm(unique_key = "pair", indexed)]
        pub permission_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_delete = "Cascade"
        )]
        User,
        #[sea_orm(
            belongs_to = "framework::contrib::auth::models::permission::Entity",
            from = "Column::PermissionId",
            to = "framework::contrib::auth::models::permission::Column::Id",
            on_delete = "Cascade"
        )]
        Permission,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
