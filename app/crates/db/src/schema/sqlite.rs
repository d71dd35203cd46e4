//! SQLite: what its few `ALTER`s can do is done with them, everything else by the procedure of
//! <https://www.sqlite.org/lang_altertable.html#otheralter>: new table, copy, drop, rename.

use super::{Change, columns, create_index, drop_index, rename_column, rename_table};
use crate::{
    Backend, ProjectState,
    backend::{literal, quote, quote_list},
    migrations::{AddField, AlterField, Operation, RemoveField},
    state::{DefaultValue, Field, FieldType, ModelState},
};

pub(super) fn statements(change: &Change<'_>, extras: &[String]) -> Result<Vec<String>, String> {
    Ok(match change.operation {
        Operation::CreateModel(op) => {
            let model = change.model_after(&op.model)?;
            let mut statements = vec![create_table(&model.table, model, change.after)?];
            statements.extend(model.indexes.iter().map(|index| create_index(&model.table, index)));
            statements
        }
        Operation::DeleteModel(op) => vec![format!("DROP TABLE {}", quote(&op.table))],
        Operation::RenameModel(op) if op.from_table != op.to_table => rename(&op.from_table, &op.to_table),
        Operation::AlterTable(op) if op.old.table != op.new.table => rename(&op.old.table, &op.new.table),
        // Only names that the database does not know, and comments, which it does not store.
        Operation::RenameModel(_) | Operation::AlterTable(_) => Vec::new(),
        Operation::AddField(op) if !add_needs_rebuild(op) => {
            let model = change.model_after(&op.model)?;
            let column = column(&op.field, model, change.after)?;
            vec![format!("ALTER TABLE {} ADD COLUMN {column}", quote(&model.table))]
        }
        Operation::RemoveField(op) if !remove_needs_rebuild(op) => {
            let model = change.model_before(&op.model)?;
            vec![format!("ALTER TABLE {} DROP COLUMN {}", quote(&model.table), quote(&op.field.name))]
        }
        Operation::RenameField(op) => vec![rename_column(&change.model_before(&op.model)?.table, &op.from, &op.to)],
        Operation::AddIndex(op) => vec![create_index(&change.model_after(&op.model)?.table, &op.index)],
        Operation::RemoveIndex(op) => vec![drop_index(&op.index.name)],
        Operation::RenameIndex(op) => {
            let model = change.model_after(&op.model)?;
            let index = model.indexes.iter().find(|index| index.name == op.to);
            let index = index.ok_or_else(|| format!("model {} has no index {}", op.model, op.to))?;
            vec![drop_index(&op.from), create_index(&model.table, index)]
        }
        Operation::AddField(AddField { model, .. })
        | Operation::RemoveField(RemoveField { model, .. })
        | Operation::AlterField(AlterField { model, .. }) => rebuild(change, model, extras)?,
        Operation::AddConstraint(op) => rebuild(change, &op.model, extras)?,
        Operation::RemoveConstraint(op) => rebuild(change, &op.model, extras)?,
        Operation::AlterConstraint(op) => rebuild(change, &op.model, extras)?,
        Operation::RunSql(_) | Operation::RunRust(_) => Vec::new(),
    })
}

/// To SQLite a name in other letters is the same name, and taken.
fn rename(from: &str, to: &str) -> Vec<String> {
    if from.eq_ignore_ascii_case(to) {
        let between = format!("new__{from}");
        return vec![rename_table(from, &between), rename_table(&between, to)];
    }
    vec![rename_table(from, to)]
}

/// The table that [`statements`] rebuilds, if it does.
pub(super) fn rebuilt_table<'a>(change: &Change<'a>) -> Option<&'a str> {
    let model = match change.operation {
        Operation::AddField(op) if add_needs_rebuild(op) => &op.model,
        Operation::RemoveField(op) if remove_needs_rebuild(op) => &op.model,
        Operation::AlterField(op) => &op.model,
        Operation::AddConstraint(op) => &op.model,
        Operation::RemoveConstraint(op) => &op.model,
        Operation::AlterConstraint(op) => &op.model,
        _ => return None,
    };
    super::find(change.before, change.module, model).ok().map(|model| model.table.as_str())
}

/// `ADD COLUMN` takes neither keys nor expressions, and nothing that existing rows would have to be given.
fn add_needs_rebuild(op: &AddField) -> bool {
    let field = &op.field;
    let constant = match &field.default {
        None => field.null,
        Some(DefaultValue::Sql(_)) => false,
        Some(_) => field.references.is_none(),
    };
    field.primary_key || field.unique || op.fill.is_some() || !constant
}

/// `DROP COLUMN` takes no column that anything else depends on.
fn remove_needs_rebuild(op: &RemoveField) -> bool {
    op.field.primary_key || op.field.unique || op.field.references.is_some()
}

fn create_table(name: &str, model: &ModelState, state: &ProjectState) -> Result<String, String> {
    let mut parts = Vec::new();
    for field in &model.fields {
        parts.push(column(field, model, state)?);
    }
    let key = model.primary_key();
    if key.len() > 1 {
        parts.push(format!("PRIMARY KEY ({})", quote_list(key.iter().map(|field| &field.name))));
    }
    parts.extend(model.constraints.iter().map(columns::constraint));
    Ok(format!("CREATE TABLE {} ({})", quote(name), parts.join(", ")))
}

fn column(field: &Field, model: &ModelState, state: &ProjectState) -> Result<String, String> {
    let type_sql = match field.auto_increment {
        // The only type that SQLite numbers, whatever the width.
        true => "integer".to_owned(),
        false => columns::type_name(field.kind, Backend::Sqlite),
    };
    let mut sql = columns::name_and_type(field, &type_sql);
    if let Some(default) = &field.default {
        sql.push_str(&format!(" DEFAULT {}", default_sql(default, field.kind)));
    }
    if field.primary_key && model.primary_key().len() == 1 {
        sql.push_str(" PRIMARY KEY");
        if field.auto_increment {
            sql.push_str(" AUTOINCREMENT");
        }
    }
    if field.unique {
        sql.push_str(" UNIQUE");
    }
    if let Some(reference) = &field.references {
        sql.push_str(&format!(" {}", columns::references(reference, state)?));
    }
    Ok(sql)
}

/// A default of a column of this type. The current moment is written as SeaORM writes moments: SQLite compares them as
/// text, and its own `CURRENT_TIMESTAMP`, with a space before the time, is less than everything of the same day.
fn default_sql(value: &DefaultValue, kind: FieldType) -> String {
    match value {
        DefaultValue::Sql(expression) if kind == FieldType::DateTime && expression.sql == "CURRENT_TIMESTAMP" => {
            "(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))".to_owned()
        }
        value => columns::default_sql(value),
    }
}

fn rebuild(change: &Change<'_>, model: &str, extras: &[String]) -> Result<Vec<String>, String> {
    let (old, new) = (change.model_before(model)?, change.model_after(model)?);
    let table = &old.table;
    let copy = format!("new__{table}");
    let mut statements = vec![create_table(&copy, new, change.after)?];

    let mut columns = Vec::new();
    let mut values = Vec::new();
    for field in &new.fields {
        let (was_null, value) = match old.field(&field.name) {
            Some(before) => (before.null, Some(quote(&field.name))),
            None => (true, None),
        };
        let value = match (value, fill(change.operation)) {
            // A new column: existing rows get the fill, else the default, else NULL, all in the new table's own way.
            (None, None) => continue,
            (None, Some(fill)) => default_sql(fill, field.kind),
            (Some(value), Some(fill)) if was_null && !field.null => {
                format!("COALESCE({value}, {})", default_sql(fill, field.kind))
            }
            (Some(value), _) => value,
        };
        columns.push(&field.name);
        values.push(value);
    }
    statements.push(format!(
        "INSERT INTO {} ({}) SELECT {} FROM {}",
        quote(&copy),
        quote_list(&columns),
        values.join(", "),
        quote(table)
    ));
    let numbered = |model: &ModelState| model.fields.iter().any(|field| field.auto_increment);
    if numbered(old) && numbered(new) {
        // The copy knows the largest number still in use; the original also those of deleted rows.
        statements.push(format!("DELETE FROM sqlite_sequence WHERE name = {}", literal(&copy)));
        statements.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {}, seq FROM sqlite_sequence WHERE name = {}",
            literal(&copy),
            literal(table)
        ));
    }
    statements.push(format!("DROP TABLE {}", quote(table)));
    // Otherwise renaming fails while a view or a trigger of another table mentions the one just dropped.
    statements.push("PRAGMA legacy_alter_table = ON".to_owned());
    statements.push(rename_table(&copy, table));
    statements.push("PRAGMA legacy_alter_table = OFF".to_owned());
    statements.extend(new.indexes.iter().map(|index| create_index(table, index)));
    statements.extend_from_slice(extras);
    Ok(statements)
}

fn fill(operation: &Operation) -> Option<&DefaultValue> {
    match operation {
        Operation::AddField(op) => op.fill.as_ref(),
        Operation::AlterField(op) => op.fill.as_ref(),
        _ => None,
    }
}
