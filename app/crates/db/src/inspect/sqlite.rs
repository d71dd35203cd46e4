//! SQLite's tables: pragmas for what they say, the text of `CREATE` for the rest.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::{Column, Part, PartKind, Table, sql};
use crate::Error;

/// All tables but SQLite's own.
const TABLES: &str =
    "SELECT m.name, m.sql FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

pub(super) async fn tables<C: ConnectionTrait>(db: &C) -> Result<Vec<Table>, Error> {
    let mut tables: BTreeMap<String, (Table, sql::CreateTable)> = BTreeMap::new();
    for row in query(db, TABLES).await? {
        let name: String = row.try_get("", "name")?;
        let said = sql::create_table(&row.try_get::<String>("", "sql")?);
        let table = Table { name: name.clone(), comment: None, columns: Vec::new(), parts: Vec::new() };
        tables.insert(name, (table, said));
    }
    columns(db, &mut tables).await?;
    indexes(db, &mut tables).await?;
    foreign_keys(db, &mut tables).await?;
    let complete = tables.into_values().map(|(mut table, said)| {
        table.parts.extend(said.checks.into_iter().map(|(name, definition)| Part {
            kind: PartKind::Check,
            name,
            definition,
        }));
        table.parts.sort();
        table
    });
    Ok(complete.collect())
}

type Tables = BTreeMap<String, (Table, sql::CreateTable)>;

async fn columns<C: ConnectionTrait>(db: &C, tables: &mut Tables) -> Result<(), Error> {
    let sql = format!(
        "SELECT t.name AS owner, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
         FROM ({TABLES}) t JOIN pragma_table_xinfo(t.name) c ORDER BY t.name, c.cid"
    );
    let mut keys: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for row in query(db, &sql).await? {
        let owner: String = row.try_get("", "owner")?;
        let name: String = row.try_get("", "name")?;
        let Some((table, said)) = tables.get_mut(&owner) else { continue };
        let place: i64 = row.try_get("", "pk")?;
        let default: Option<String> = row.try_get("", "dflt_value")?;
        table.columns.push(Column {
            name: name.clone(),
            kind: row.try_get::<String>("", "type")?.to_lowercase(),
            null: row.try_get::<i64>("", "notnull")? == 0,
            default: default.map(|text| sql::normal(&sql::tokens(&text))),
            numbered: place > 0 && said.autoincrement,
            generated: row.try_get::<i64>("", "hidden")? > 1,
        });
        if place > 0 {
            keys.entry(owner).or_default().push((place, name));
        }
    }
    for (owner, mut key) in keys {
        key.sort_unstable();
        let columns: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
        if let Some((table, _)) = tables.get_mut(&owner) {
            let definition = format!("({})", columns.join(", "));
            table.parts.push(Part { kind: PartKind::PrimaryKey, name: None, definition });
        }
    }
    Ok(())
}

async fn indexes<C: ConnectionTrait>(db: &C, tables: &mut Tables) -> Result<(), Error> {
    let sql = format!(
        "SELECT t.name AS owner, i.name, i.\"unique\", i.origin, m.sql, \
         (SELECT group_concat(c.name, ' , ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c) AS fields \
         FROM ({TABLES}) t JOIN pragma_index_list(t.name) i LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name"
    );
    for row in query(db, &sql).await? {
        let Some((table, said)) = tables.get_mut(&row.try_get::<String>("", "owner")?) else { continue };
        let origin: String = row.try_get("", "origin")?;
        let fields: Option<String> = row.try_get("", "fields")?;
        let fields = fields.unwrap_or_default();
        let part = match origin.as_str() {
            "pk" => continue,
            "u" => {
                let named = said.uniques.iter().find(|(_, columns)| *columns == fields.to_lowercase());
                let definition = format!("({})", fields.replace(" ,", ","));
                Part { kind: PartKind::Unique, name: named.map(|(name, _)| name.clone()), definition }
            }
            _ => {
                let unique = if row.try_get::<i64>("", "unique")? == 1 { "unique " } else { "" };
                let definition = sql::create_index(&row.try_get::<Option<String>>("", "sql")?.unwrap_or_default());
                let name = Some(row.try_get("", "name")?);
                Part { kind: PartKind::Index, name, definition: format!("{unique}{definition}") }
            }
        };
        table.parts.push(part);
    }
    Ok(())
}

/// A foreign key, put together from one row a column.
#[derive(Default)]
struct ForeignKey {
    from: Vec<String>,
    to: Vec<String>,
    target: String,
    actions: String,
}

async fn foreign_keys<C: ConnectionTrait>(db: &C, tables: &mut Tables) -> Result<(), Error> {
    let sql = format!(
        "SELECT t.name AS owner, f.id, f.\"table\" AS target, f.\"from\" AS source, f.\"to\" AS aim, f.on_update, f.on_delete \
         FROM ({TABLES}) t JOIN pragma_foreign_key_list(t.name) f ORDER BY t.name, f.id, f.seq"
    );
    let mut keys: BTreeMap<(String, i64), ForeignKey> = BTreeMap::new();
    for row in query(db, &sql).await? {
        let text = |name: &str| row.try_get::<String>("", name);
        let key = (text("owner")?, row.try_get("", "id")?);
        let mut actions = String::new();
        for (column, word) in [("on_delete", "DELETE"), ("on_update", "UPDATE")] {
            match text(column)?.as_str() {
                "NO ACTION" => {}
                action => actions.push_str(&format!(" ON {word} {action}")),
            }
        }
        let entry = keys.entry(key).or_default();
        entry.from.push(text("source")?);
        entry.to.extend(row.try_get::<Option<String>>("", "aim")?);
        (entry.target, entry.actions) = (text("target")?, actions);
    }
    for ((owner, _), ForeignKey { from, to, target, actions }) in keys {
        let Some((table, _)) = tables.get_mut(&owner) else { continue };
        let definition = format!("({}) references {target} ({}){actions}", from.join(", "), to.join(", "));
        table.parts.push(Part { kind: PartKind::ForeignKey, name: None, definition });
    }
    Ok(())
}

async fn query<C: ConnectionTrait>(db: &C, sql: &str) -> Result<Vec<QueryResult>, Error> {
    Ok(db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?)
}
