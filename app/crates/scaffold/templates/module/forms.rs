//! The form of [[ model.a_one ]]: its fields, and what is right in them.

[% if model.references %]
[% if pages %]
use framework::db::Database;
[% endif %]
use framework::forms::{Choices, Form};
[% if pages %]
use sea_orm::DbErr;
[% endif %]
[% else %]
use framework::forms::Form;
[% endif %]

use super::models::[[ model.module ]];
[% if pages %]
[% for use in model.uses %]
use [[ use ]];
[% endfor %]
[% endif %]

[% if model.references %]
/// What [[ model.a_one ]] may refer to.
pub(super) struct References {
[% for field in model.references %]
    [[ field.relation ]]: Choices,
[% endfor %]
}

impl References {
[% if pages %]
    /// All rows there are, for a page that offers them.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn load(db: &Database) -> Result<Self, DbErr> {
        Ok(Self {
[% for field in model.references %]
            [[ field.relation ]]: Choices::load(db, [[ field.target ]]::Column::[[ field.key ]], [[ field.target ]]::Column::[[ field.shown ]]).await?,
[% endfor %]
        })
    }
[% endif %]
[% if pages and api %]

[% endif %]
[% if api %]
    /// Any row, for programs: the database says whether there is one.
    pub(super) fn unlisted() -> Self {
        Self { [% for field in model.references %][[ field.relation ]]: Choices::unlisted()[[ ", " if not loop.last ]][% endfor %] }
    }
[% endif %]
}

[% endif %]
/// Describes the fields, and reads them: [[ model.a_one ]] with this id, if values were sent and all are right.
pub(super) fn read(form: &mut Form, id: i64[% if model.references %], references: &References[% endif %]) -> Option<[[ model.module ]]::Model> {
[% for field in model.fields %]
    let [[ field.local ]] = form.[[ field.form ]].[[ "optional" if field.null else "required" ]]();
[% endfor %]
    form.accept([[ model.module ]]::Model {
        id,
[% for field in model.fields %]
        [[ field.column ]]: [[ field.local ]]?,
[% endfor %]
    })
}
