//! The model of a visitor's session.

use db::{Model, model};

/// The models.
pub const MODELS: &[Model] = &[model::<session::Entity>("Session").with_verbose_name("session", "sessions")];

/// What is remembered of a visitor between two requests.
pub mod session {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    /// A session. Who reads this table cannot act as somebody else: the key itself is in the visitor's cookie only.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions_session")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// SHA-256 of the key, in hexadecimal.
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub key_hash: String,
        /// Who is logged in. The table of users is a module's own, so nothing refers to it.
        #[sea_orm(indexed)]
        pub user_id: Option<i64>,
        /// A JSON object.
        #[sea_orm(column_type = "Text")]
        pub data: String,
        pub created_at: DateTimeUtc,
        #[sea_orm(indexed)]
        pub expires_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
