//! A module at several points of its history.

use framework::db::{Model, model};
use framework::module::Module;

/// An entity with an id and these columns.
macro_rules! entity {
    ($name:ident $table:literal { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        pub(super) mod $name {
            #![expect(unreachable_pub, reason = "what SeaORM generates")]
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i64,
                $($(#[$attribute])* pub $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

/// A version of the module `books`.
macro_rules! version {
    ($(#[$doc:meta])* $name:ident [$($model:literal $entity:ident),*]) => {
        $(#[$doc])*
        pub(super) fn $name() -> Module {
            const MODELS: &[Model] = &[$(model::<$entity::Entity>($model)),*];
            Module::new("books").models(MODELS).clone()
        }
    };
}

entity!(author "books_author" { name: String, });
entity!(author_nick "books_author" { name: String, nickname: Option<String>, });
entity!(author_aged "books_author" { name: String, age: i32, });
entity!(author_joined "books_author" { name: String, joined: DateTimeUtc, });
entity!(author_names "books_author" { names: String, });
entity!(author_said "books_author" { #[sea_orm(renamed_from = "name")] names: String, });
entity!(author_maybe "books_author" { name: Option<String>, });
entity!(writer "books_writer" { name: String, });
entity!(größe "books_größe" { #[sea_orm(default_value = "☃ \"größer\"")] länge: String, });

version!(first ["Author" author]);
version!(with_nickname ["Author" author_nick]);
version!(with_age ["Author" author_aged]);
version!(with_joined ["Author" author_joined]);
version!(with_names ["Author" author_names]);
version!(with_said_rename ["Author" author_said]);
version!(with_optional_name ["Author" author_maybe]);
version!(with_writer ["Writer" writer]);
version!(with_size ["Author" author, "Größe" größe]);
version!(without_models []);

/// Another module, with the same kind of model.
pub(super) fn films() -> Module {
    const MODELS: &[Model] = &[model::<film::Entity>("Film")];
    Module::new("films").models(MODELS).clone()
}

entity!(film "films_film" { title: String, });
