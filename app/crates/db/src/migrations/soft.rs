//! First migrations whose tables are there already, for [`super::Mode::FakeInitial`].

use std::collections::BTreeSet;

use super::{Migration, Mode, NodeKey};
use crate::{Backend, Database, Error, ProjectState};

/// [`Mode::Fake`] when a first migration is in effect applied, else [`Mode::Run`]: every table that it makes exists,
/// and every column that it adds to an older table. Only names are looked at. A migration that makes nothing runs.
pub(super) async fn mode(
    session: &Database,
    key: &NodeKey,
    migration: &Migration,
    before: &ProjectState,
) -> Result<Mode, Error> {
    if !migration.initial {
        return Ok(Mode::Run);
    }
    // SQLite takes names as equal that differ in case only.
    let name = |name: &str| match session.backend() {
        Backend::Sqlite => name.to_lowercase(),
        Backend::Postgres => name.to_owned(),
    };
    let mut after = before.clone();
    migration.apply(key, &mut after)?;
    let tables: BTreeSet<String> = session.table_names().await?.iter().map(|table| name(table)).collect();
    let mut found = false;
    for (key, model) in after.models() {
        let new: Vec<&str> = match before.model(key) {
            None if !tables.contains(&name(&model.table)) => return Ok(Mode::Run),
            None => {
                found = true;
                continue;
            }
            Some(older) => {
                let added = model.fields.iter().filter(|field| older.field(&field.name).is_none());
                added.map(|field| field.name.as_str()).collect()
            }
        };
        if new.is_empty() {
            continue;
        }
        let columns = session.column_names(&model.table).await?;
        let columns: BTreeSet<String> = columns.iter().map(|column| name(column)).collect();
        if !new.iter().all(|field| columns.contains(&name(field))) {
            return Ok(Mode::Run);
        }
        found = true;
    }
    Ok(if found { Mode::Fake } else { Mode::Run })
}
