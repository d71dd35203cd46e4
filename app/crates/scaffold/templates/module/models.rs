//! [[ model.Many ]] as the database keeps them.

use framework::db::{Model, model};

/// The models, referenced ones first.
pub const MODELS: &[Model] =
    &[model::<[[ model.module ]]::Entity>("[[ model.name ]]").with_verbose_name("[[ model.one ]]", "[[ model.many ]]")];

/// [[ model.A_one ]].
pub mod [[ model.module ]] {
    #![expect(missing_docs, reason = "what SeaORM generates")]
    use sea_orm::entity::prelude::*;
[% if pages or api %]
    use serde::Serialize;
[% endif %]

    /// [[ model.A_one ]].
    #[derive(Clone, Debug, PartialEq, [% if model.eq %]Eq, [% endif %][% if pages or api %]Serialize, [% endif %]DeriveEntityModel)]
    #[sea_orm(table_name = "[[ model.table ]]")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
[% for field in model.fields %]
[% if field.attributes %]
        #[sea_orm([[ field.attributes ]])]
[% endif %]
        pub [[ field.column ]]: [[ field.rust ]],
[% endfor %]
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
[% if model.relations %]
    pub enum Relation {
[% for relation in model.relations %]
        #[sea_orm(
            belongs_to = "[[ relation.entity ]]Entity",
            from = "Column::[[ relation.from ]]",
            to = "[[ relation.entity ]]Column::[[ relation.to ]]",
            on_delete = "[[ relation.on_delete ]]"
        )]
        [[ relation.name ]],
[% endfor %]
    }
[% else %]
    pub enum Relation {}
[% endif %]

    impl ActiveModelBehavior for ActiveModel {}
}
