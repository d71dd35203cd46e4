//! What can be done with [[ model.many ]]. Only this file writes their rows.

[% if pages and model.references %]
use std::collections::BTreeMap;

[% endif %]
use framework::db::Database;
[% if pages and model.references %]
use framework::forms::labels;
[% endif %]
use sea_orm::ActiveValue::{Set, Unchanged};
[% if pages or api %]
use sea_orm::{
    ActiveModelTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryOrder as _, QuerySelect as _,
};
use serde::Serialize;
[% else %]
use sea_orm::{ActiveModelTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _};
[% endif %]

use super::models::[[ model.module ]];
[% if pages %]
[% for use in model.uses %]
use [[ use ]];
[% endfor %]
[% endif %]

[% if pages or api %]
/// How many [[ model.many ]] stand on a page.
pub const PAGE_SIZE: u64 = 20;

/// One page of [[ model.many ]].
#[derive(Serialize)]
pub struct Page {
    /// The [[ model.many ]], in order of their ids.
    pub rows: Vec<[[ model.module ]]::Model>,
    /// The number of this page, from 1.
    pub number: u64,
    /// How many pages there are, at least 1.
    pub pages: u64,
    /// How many [[ model.many ]] there are on all pages.
    pub total: u64,
}

/// The [[ model.many ]] on page `number` (from 1), or `None` when there is no such page.
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Database, number: u64) -> Result<Option<Page>, DbErr> {
    let total = count(db).await?;
    let pages = total.div_ceil(PAGE_SIZE).max(1);
    if number == 0 || number > pages {
        return Ok(None);
    }
    let all = [[ model.module ]]::Entity::find().order_by_asc([[ model.module ]]::Column::Id);
    let rows = all.offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE).all(db).await?;
    Ok(Some(Page { rows, number, pages, total }))
}

[% endif %]
/// How many [[ model.many ]] there are.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &Database) -> Result<u64, DbErr> {
    [[ model.module ]]::Entity::find().count(db).await
}

/// The [[ model.one ]] with this id.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &Database, id: i64) -> Result<Option<[[ model.module ]]::Model>, DbErr> {
    [[ model.module ]]::Entity::find_by_id(id).one(db).await
}

/// Makes [[ model.a_one ]] with these values; the id is the database's.
///
/// # Errors
/// When a constraint refuses the values; when the database fails.
pub async fn create(db: &Database, new: [[ model.module ]]::Model) -> Result<[[ model.module ]]::Model, DbErr> {
    values(new).insert(db).await
}

/// Gives the [[ model.one ]] with this id these values, or `None` when there is none.
///
/// # Errors
/// When a constraint refuses the values; when the database fails.
pub async fn update(
    db: &Database,
    changed: [[ model.module ]]::Model,
) -> Result<Option<[[ model.module ]]::Model>, DbErr> {
    let row = [[ model.module ]]::ActiveModel { id: Unchanged(changed.id), ..values(changed) };
    match row.update(db).await {
        Ok(row) => Ok(Some(row)),
        Err(DbErr::RecordNotUpdated) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes the [[ model.one ]] with this id; whether there was one.
///
/// # Errors
/// When other rows do not let it go; when the database fails.
pub async fn delete(db: &Database, id: i64) -> Result<bool, DbErr> {
    Ok([[ model.module ]]::Entity::delete_by_id(id).exec(db).await?.rows_affected > 0)
}

fn values(row: [[ model.module ]]::Model) -> [[ model.module ]]::ActiveModel {
    [[ model.module ]]::ActiveModel {
[% for field in model.fields %]
        [[ field.column ]]: Set(row.[[ field.column ]]),
[% endfor %]
        ..Default::default()
    }
}
[% if pages %]
[% for field in model.references %]

/// What the [[ field.words ]] of each of these [[ model.many ]] is called, by its id.
///
/// # Errors
/// When the database fails.
pub async fn [[ field.relation ]]_labels(
    db: &Database,
    rows: &[[ "[" ~ model.module ]]::Model],
) -> Result<BTreeMap<i64, String>, DbErr> {
    let ids = rows.iter().[[ "filter_map" if field.null else "map" ]](|row| row.[[ field.column ]])[% if field.bare != "i64" %].map(i64::from)[% endif %];
    labels(db, [[ field.target ]]::Column::[[ field.key ]], [[ field.target ]]::Column::[[ field.shown ]], ids).await
}
[% endfor %]
[% endif %]
