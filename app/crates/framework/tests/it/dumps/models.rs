//! Models with everything that a dump can get wrong: every type, natural keys, circles, keys of two columns.

use db::{Model, model};

pub(crate) const MODELS: &[Model] = &[
    // The dependent one first: a dump must put it last.
    model::<book::Entity>("Book"),
    model::<author::Entity>("Author").with_natural_key(&["name"]),
    model::<tag::Entity>("BookTag"),
    model::<thing::Entity>("Thing"),
];

pub(crate) const MIGRATION: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "shelf_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string(50)", unique = true },
]

[[operations]]
op = "create_model"
model = "Book"
table = "shelf_book"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "title", type = "string(50)" },
  { name = "author_id", type = "big_integer", references = { model = "shelf.Author", column = "id", on_delete = "cascade" } },
  { name = "sequel_id", type = "big_integer", null = true, references = { model = "shelf.Book", column = "id" } },
]

[[operations]]
op = "add_field"
model = "Author"
field = { name = "favourite_id", type = "big_integer", null = true, references = { model = "shelf.Book", column = "id" } }

[[operations]]
op = "create_model"
model = "BookTag"
table = "shelf_book_tags"
fields = [
  { name = "book_id", type = "big_integer", primary_key = true, references = { model = "shelf.Book", column = "id" } },
  { name = "author_name", type = "string(50)", primary_key = true, references = { model = "shelf.Author", column = "name" } },
]

[[operations]]
op = "create_model"
model = "Thing"
table = "shelf_thing"
fields = [
  { name = "id", type = "integer", primary_key = true, auto_increment = true },
  { name = "small", type = "small_integer", null = true },
  { name = "big", type = "big_integer", null = true },
  { name = "short", type = "string(20)", default = "it's" },
  { name = "fixed", type = "char(4)", null = true },
  { name = "long", type = "text", null = true },
  { name = "flag", type = "boolean", default = true },
  { name = "at", type = "datetime", null = true },
  { name = "naive", type = "naive_datetime", null = true },
  { name = "day", type = "date", null = true },
  { name = "time", type = "time", null = true },
  { name = "price", type = "decimal(10,2)", null = true },
  { name = "exact", type = "decimal", null = true },
  { name = "single", type = "float", null = true },
  { name = "double", type = "double", null = true },
  { name = "json", type = "json", null = true },
  { name = "jsonb", type = "json_binary", null = true },
  { name = "uuid", type = "uuid", null = true, unique = true },
  { name = "bytes", type = "binary", null = true },
]
"#;

/// Declares an entity without code of its own. Of relations only those that a line names.
macro_rules! entity {
    ($module:ident, { $($relations:tt)* }, $table:literal, { $($fields:tt)* }) => {
        pub(crate) mod $module {
            #![expect(unreachable_pub, reason = "what SeaORM generates")]
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model { $($fields)* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation { $($relations)* }

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(author, {
    #[sea_orm(belongs_to = "super::book::Entity", from = "Column::FavouriteId", to = "super::book::Column::Id")]
    Favourite,
}, "shelf_author", {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique, column_type = "String(StringLen::N(50))")]
    pub name: String,
    pub favourite_id: Option<i64>,
});

entity!(book, {
    #[sea_orm(
        belongs_to = "super::author::Entity",
        from = "Column::AuthorId",
        to = "super::author::Column::Id",
        on_delete = "Cascade"
    )]
    Author,
    #[sea_orm(belongs_to = "Entity", from = "Column::SequelId", to = "Column::Id")]
    Sequel,
}, "shelf_book", {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub title: String,
    pub author_id: i64,
    pub sequel_id: Option<i64>,
});

entity!(tag, {
    #[sea_orm(belongs_to = "super::book::Entity", from = "Column::BookId", to = "super::book::Column::Id")]
    Book,
    #[sea_orm(belongs_to = "super::author::Entity", from = "Column::AuthorName", to = "super::author::Column::Name")]
    Author,
}, "shelf_book_tags", {
    #[sea_orm(primary_key, auto_increment = false)]
    pub book_id: i64,
    #[sea_orm(primary_key, auto_increment = false, column_type = "String(StringLen::N(50))")]
    pub author_name: String,
});

entity!(thing, {}, "shelf_thing", {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub small: Option<i16>,
    pub big: Option<i64>,
    #[sea_orm(column_type = "String(StringLen::N(20))", default_value = "it's")]
    pub short: String,
    #[sea_orm(column_type = "Char(Some(4))", nullable)]
    pub fixed: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub long: Option<String>,
    #[sea_orm(default_value = true)]
    pub flag: bool,
    pub at: Option<DateTimeUtc>,
    pub naive: Option<DateTime>,
    pub day: Option<Date>,
    pub time: Option<Time>,
    #[sea_orm(column_type = "Decimal(Some((10, 2)))", nullable)]
    pub price: Option<String>,
    #[sea_orm(column_type = "Decimal(None)", nullable)]
    pub exact: Option<String>,
    pub single: Option<f32>,
    pub double: Option<f64>,
    #[sea_orm(column_type = "Json", nullable)]
    pub json: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub jsonb: Option<Json>,
    #[sea_orm(column_type = "Uuid", nullable, unique)]
    pub uuid: Option<String>,
    #[sea_orm(column_type = "Blob", nullable)]
    pub bytes: Option<Vec<u8>>,
});
