//! Models with relations of every kind: to one, to one that may be missing, to many both ways.

use framework::db::{ManyToMany, Model, model};

pub(crate) const MODELS: &[Model] = &[
    model::<author::Entity>("Author"),
    model::<topic::Entity>("Topic"),
    model::<article::Entity>("Article").with_many_to_many(&[ManyToMany { name: "topics", to: "press.Topic" }]),
];

/// A model of another module that is called like one of the first.
pub(crate) const OTHERS: &[Model] = &[model::<other::Entity>("Author")];

pub(crate) mod author {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "press_author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub name: String,
        #[sea_orm(default_value = true)]
        pub is_active: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod topic {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "press_topic")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// A word that the language of the shell keeps for itself.
        #[sea_orm(column_name = "module")]
        pub module: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod article {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "press_article")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        #[sea_orm(default_value = 0)]
        pub words: i32,
        pub rating: Option<f64>,
        pub published_at: Option<DateTimeUtc>,
        pub day: Option<Date>,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub extra: Option<Json>,
        #[sea_orm(column_type = "Decimal(Some((10, 2)))", nullable)]
        pub price: Option<String>,
        pub author_id: i64,
        pub editor_id: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::author::Entity",
            from = "Column::AuthorId",
            to = "super::author::Column::Id",
            on_delete = "Cascade"
        )]
        Author,
        #[sea_orm(belongs_to = "super::author::Entity", from = "Column::EditorId", to = "super::author::Column::Id")]
        Editor,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod other {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "blog_author")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub nick: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
