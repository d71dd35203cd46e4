//! The models of polls.

use framework::db::{Model, model};

pub(crate) const MODELS: &[Model] = &[model::<question::Entity>("Question"), model::<choice::Entity>("Choice")];

pub(crate) mod question {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "polls_question")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub question_text: String,
        #[sea_orm(default_value = true)]
        pub opened: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod choice {
    #![expect(unreachable_pub, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "polls_choice")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(indexed)]
        pub question_id: i64,
        pub choice_text: String,
        #[sea_orm(default_value = 0)]
        pub votes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::question::Entity",
            from = "Column::QuestionId",
            to = "super::question::Column::Id",
            on_delete = "Cascade"
        )]
        Question,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
