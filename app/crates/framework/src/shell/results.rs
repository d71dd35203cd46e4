//! What is shown of a value: tables for rows, a listing for one row, otherwise the value as code would write it.

use std::rc::Rc;

use db::state::ModelKey;
use rhai::{Array, Dynamic, Map};

use super::moment;
use super::query::{Model, Query};
use super::row::Row;
use super::session::{Answer, Session};
use super::table::{self, Align, Cell};
use crate::management::Role;

/// The most rows of a table that are shown.
const MOST_ROWS: usize = 20;

/// The text of a result; nothing for none.
pub(super) fn text(session: &Rc<Session>, value: &Dynamic) -> Answer<Option<String>> {
    if value.is_unit() {
        return Ok(None);
    }
    if let Some(model) = value.read_lock::<Model>() {
        return description(&model.session, &model.key).map(Some);
    }
    if let Some(query) = value.read_lock::<Query>() {
        let rows = query.at_most(MOST_ROWS as u64 + 1)?;
        let count = if rows.len() > MOST_ROWS { query.count()? } else { rows.len() as i64 };
        let columns = session.models.table(query.model()).map_err(|error| error.to_string())?;
        let columns: Vec<String> = columns.fields().iter().map(|field| field.name.clone()).collect();
        return Ok(Some(rows_table(session, &columns, &rows, usize::try_from(count).unwrap_or_default())));
    }
    if let Some(row) = value.read_lock::<Row>() {
        let values = row.values().into_iter().map(|(column, value)| (column.clone(), covered(&column, value)));
        return Ok(Some(listing(session, values.collect())));
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(name, value)| (name.to_string(), value.clone()));
        return Ok(Some(if map.is_empty() { "#{}".to_owned() } else { listing(session, entries.collect()) }));
    }
    if let Ok(array) = value.as_array_ref()
        && let Some(text) = array_table(session, &array)
    {
        return Ok(Some(text));
    }
    Ok(Some(inline(value)))
}

/// A value in one line, as code would write it.
fn inline(value: &Dynamic) -> String {
    if let Some(text) = shown(value) {
        return text;
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return format!("{:?}", text.as_str());
    }
    if let Ok(array) = value.as_array_ref() {
        return format!("[{}]", array.iter().map(inline).collect::<Vec<_>>().join(", "));
    }
    if let Ok(map) = value.as_map_ref() {
        let entries: Vec<String> = map.iter().map(|(name, value)| format!("{name}: {}", inline(value))).collect();
        return format!("#{{{}}}", entries.join(", "));
    }
    if value.is_unit() {
        return "null".to_owned();
    }
    value.to_string()
}

/// What stands for a value of our own types.
fn shown(value: &Dynamic) -> Option<String> {
    let row = value.read_lock::<Row>().map(|row| row.name());
    let query = value.read_lock::<Query>().map(|query| format!("a query for {}", query.model()));
    let model = value.read_lock::<Model>().map(|model| model.key.to_string());
    let bytes = value.as_blob_ref().ok().map(|bytes| format!("{} bytes", bytes.len()));
    row.or(query).or(model).or(bytes).or_else(|| moment::shown(value))
}

/// A row's value as it is shown with the row: what nobody should read by chance is covered. Code that names the column
/// gets it.
fn covered(column: &str, value: Dynamic) -> Dynamic {
    if value.is_string() && cli::sounds_secret(column) { "…".into() } else { value }
}

fn cell(value: &Dynamic) -> Cell {
    let align = if value.is_int() || value.is_float() { Align::Right } else { Align::Left };
    let text = if value.is_string() { value.to_string() } else { inline(value) };
    Cell { text, align }
}

fn heading(session: &Session) -> impl Fn(&str) -> String {
    |text| {
        session
            .console
            .try_borrow()
            .map_or_else(|_| text.to_owned(), |console| console.stdout.paint(Role::SqlField, text))
    }
}

fn listing(session: &Session, entries: Vec<(String, Dynamic)>) -> String {
    let entries: Vec<(String, Cell)> = entries.into_iter().map(|(name, value)| (name, cell(&value))).collect();
    table::listing(&entries, heading(session))
}

fn rows_table(session: &Session, columns: &[String], rows: &[Row], count: usize) -> String {
    let rows: Vec<Vec<Dynamic>> = rows
        .iter()
        .take(MOST_ROWS)
        .map(|row| columns.iter().map(|column| covered(column, row.value(column).unwrap_or_default())).collect())
        .collect();
    values_table(session, columns, &rows, count)
}

fn values_table(session: &Session, columns: &[String], rows: &[Vec<Dynamic>], count: usize) -> String {
    let cells: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let table = table::table(columns, &cells, session.width.get(), heading(session));
    let end = match (count, count.saturating_sub(rows.len())) {
        (1, _) => "(1 row)".to_owned(),
        (count, 0) => format!("({count} rows)"),
        (_, more) => format!("… and {more} more"),
    };
    format!("{table}\n{end}")
}

/// A table for an array of rows of one model, or of maps.
fn array_table(session: &Rc<Session>, array: &Array) -> Option<String> {
    let first = array.first()?;
    let shown = &array[..array.len().min(MOST_ROWS)];
    if let Some(row) = first.read_lock::<Row>() {
        let rows: Vec<Row> = shown.iter().filter_map(|value| Some(value.read_lock::<Row>()?.clone())).collect();
        let alike = rows.len() == shown.len() && rows.iter().all(|other| other.model() == row.model());
        let columns: Vec<String> = row.values().into_iter().map(|(column, _)| column).collect();
        return alike.then(|| rows_table(session, &columns, &rows, array.len()));
    }
    let maps: Vec<Map> = shown.iter().filter_map(|value| Some(value.as_map_ref().ok()?.clone())).collect();
    if maps.len() < shown.len() || maps.iter().all(Map::is_empty) {
        return None;
    }
    let mut columns: Vec<String> = Vec::new();
    for name in maps.iter().flat_map(Map::keys) {
        if !columns.iter().any(|known| known == name.as_str()) {
            columns.push(name.to_string());
        }
    }
    let row = |map: &Map| columns.iter().map(|column| map.get(column.as_str()).cloned().unwrap_or_default()).collect();
    let rows: Vec<Vec<Dynamic>> = maps.iter().map(row).collect();
    Some(values_table(session, &columns, &rows, array.len()))
}

/// What a model is: its fields, and what it is connected with.
fn description(session: &Session, key: &ModelKey) -> Answer<String> {
    let table = session.models.table(key).map_err(|error| error.to_string())?;
    let mut lines = vec![format!("{key}, table {}", table.name())];
    let entry = |name: &str, what: String| (name.to_owned(), Cell { text: what, align: Align::Left });
    let mut entries: Vec<(String, Cell)> = Vec::new();
    for field in table.fields() {
        let mut what = vec![field.kind.to_string()];
        let marks = [(field.primary_key, "key"), (field.null, "may be null"), (field.unique, "unique")];
        what.extend(marks.iter().filter(|(is, _)| *is).map(|(_, mark)| (*mark).to_owned()));
        what.extend(field.references.as_ref().map(|to| format!("→ {}", to.model)));
        entries.push(entry(&field.name, what.join(", ")));
    }
    for relation in session.models.relations(key) {
        let target = relation.target().map_or_else(String::new, ToString::to_string);
        entries.push(entry(&relation.name, format!("relation to {target}")));
    }
    lines.push(table::listing(&entries, heading(session)));
    Ok(lines.join("\n"))
}
