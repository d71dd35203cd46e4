//! PostgreSQL's tables, from its catalogues.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::{Column, Part, PartKind, Table};
use crate::Error;

/// Which tables to look at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Schema {
    /// Those of the schema in which new tables are made.
    Current,
    /// This session's temporary ones.
    Temporary,
}

impl Schema {
    /// Ordinary and partitioned tables that belong to no extension.
    fn tables(self) -> String {
        let namespace = match self {
            Schema::Current => "current_schema()::regnamespace",
            Schema::Temporary => "pg_my_temp_schema()",
        };
        format!(
            "SELECT c.oid, c.relname::text AS owner, obj_description(c.oid, 'pg_class') AS comment FROM pg_class c \
             WHERE c.relnamespace = {namespace} AND c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT 1 FROM pg_depend d \
             WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
        )
    }
}

pub(super) async fn tables<C: ConnectionTrait>(db: &C, schema: Schema) -> Result<Vec<Table>, Error> {
    let of = schema.tables();
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in query(db, &of).await? {
        let name: String = row.try_get("", "owner")?;
        let comment = row.try_get("", "comment")?;
        tables.insert(name.clone(), Table { name, comment, columns: Vec::new(), parts: Vec::new() });
    }
    let columns = format!(
        "SELECT t.owner, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS kind, a.attnotnull, \
         a.attidentity <> '' AS numbered, a.attgenerated <> '' AS generated, pg_get_expr(d.adbin, d.adrelid) AS value \
         FROM ({of}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY t.owner, a.attnum"
    );
    for row in query(db, &columns).await? {
        let Some(table) = tables.get_mut(&row.try_get::<String>("", "owner")?) else { continue };
        table.columns.push(Column {
            name: row.try_get("", "name")?,
            kind: row.try_get("", "kind")?,
            null: !row.try_get::<bool>("", "attnotnull")?,
            default: row.try_get("", "value")?,
            numbered: row.try_get("", "numbered")?,
            generated: row.try_get("", "generated")?,
        });
    }
    let constraints = format!(
        "SELECT t.owner, k.conname::text AS name, k.contype::text AS kind, pg_get_constraintdef(k.oid) AS definition \
         FROM ({of}) t JOIN pg_constraint k ON k.conrelid = t.oid WHERE k.contype NOT IN ('n', 't')"
    );
    // What an index says after its table's name: the method, the columns, the condition.
    let indexes = format!(
        "SELECT t.owner, i.relname::text AS name, 'i' AS kind, CASE WHEN x.indisunique THEN 'unique ' ELSE '' END \
         || substr(pg_get_indexdef(i.oid), strpos(pg_get_indexdef(i.oid), ' USING ') + 7) \
         || CASE WHEN x.indisvalid THEN '' ELSE ' (invalid: it was not built to its end)' END AS definition \
         FROM ({of}) t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid \
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))"
    );
    for sql in [constraints, indexes] {
        for row in query(db, &sql).await? {
            let Some(table) = tables.get_mut(&row.try_get::<String>("", "owner")?) else { continue };
            let (kind, word) = match row.try_get::<String>("", "kind")?.as_str() {
                "p" => (PartKind::PrimaryKey, "PRIMARY KEY "),
                "u" => (PartKind::Unique, "UNIQUE "),
                "c" => (PartKind::Check, "CHECK "),
                "f" => (PartKind::ForeignKey, "FOREIGN KEY "),
                "i" => (PartKind::Index, "btree "),
                _ => (PartKind::Other, ""),
            };
            let definition: String = row.try_get("", "definition")?;
            let definition = definition.strip_prefix(word).unwrap_or(&definition).to_owned();
            table.parts.push(Part { kind, name: Some(row.try_get("", "name")?), definition });
        }
    }
    Ok(tables
        .into_values()
        .map(|mut table| {
            table.parts.sort();
            table
        })
        .collect())
}

async fn query<C: ConnectionTrait>(db: &C, sql: &str) -> Result<Vec<QueryResult>, Error> {
    Ok(db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?)
}
