//! What `filter`, `exclude`, `order` and `update` are given, read as conditions, columns and cells.

use db::rows::{Condition, Direction, Lookup, Row as Cells};
use db::state::ModelKey;
use rhai::{Dynamic, Map};
use sea_orm::Value;

use super::models::{End, Models, Relation, Step};
use super::session::Session;
use super::value;

/// One entry of a filter: the way to a table, and a comparison there.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    steps: Vec<Step>,
    column: String,
    lookup: Lookup,
    values: Vec<Value>,
}

/// What a name such as `message__owner_id__in` leads to.
struct Place {
    steps: Vec<Step>,
    model: ModelKey,
    column: String,
    lookup: Lookup,
}

impl Filter {
    /// Rows with exactly this value in the column.
    pub(super) fn exact(steps: Vec<Step>, column: String, value: Value) -> Self {
        Self { steps, column, lookup: Lookup::Exact, values: vec![value] }
    }

    /// The condition, on the table where the way begins.
    pub(super) fn condition<'a>(&self, models: &'a Models) -> Result<Condition<'a>, db::Error> {
        let mut condition =
            Condition::Field { column: self.column.clone(), lookup: self.lookup, values: self.values.clone() };
        for step in self.steps.iter().rev() {
            condition = Condition::Within {
                column: step.column.clone(),
                table: models.table(&step.model)?,
                target: step.target.clone(),
                condition: Box::new(condition),
            };
        }
        Ok(condition)
    }
}

/// Reads what stands in `filter(#{…})`.
pub(super) fn filters(session: &Session, model: &ModelKey, given: &Map) -> Result<Vec<Filter>, String> {
    given.iter().map(|(name, value)| filter(session, model, name, value)).collect()
}

fn filter(session: &Session, model: &ModelKey, name: &str, given: &Dynamic) -> Result<Filter, String> {
    let place = place(&session.models, model, name)?;
    let table = session.models.table(&place.model).map_err(|error| error.to_string())?;
    let field = table.field(&place.column).map_err(|error| error.to_string())?;
    let cell = |value: &Dynamic| {
        let cell = value::to_looked_for(field, place.lookup, value, session.zone());
        cell.map_err(|reason| format!("{name}: {reason}"))
    };
    let values = match place.lookup {
        Lookup::In => {
            let array = given.as_array_ref().map_err(|_| format!("{name}: `in` takes an array, such as [1, 2]"))?;
            array.iter().map(cell).collect::<Result<Vec<Value>, String>>()?
        }
        _ => vec![cell(given)?],
    };
    let Place { steps, column, lookup, .. } = place;
    Ok(Filter { steps, column, lookup, values })
}

fn place(models: &Models, model: &ModelKey, name: &str) -> Result<Place, String> {
    let mut parts: Vec<&str> = name.split("__").collect();
    let mut place = Place { steps: Vec::new(), model: model.clone(), column: String::new(), lookup: Lookup::Exact };
    // A field may be called like a lookup, but never is one alone.
    if parts.len() > 1
        && let Some(lookup) = parts.last().and_then(|last| last.parse().ok())
    {
        place.lookup = lookup;
        parts.pop();
    }
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        if let Some(column) = column(models, &place.model, part)? {
            if let Some(next) = parts.get(at + 1) {
                let known: Vec<&str> = Lookup::ALL.iter().map(|(name, _)| *name).collect();
                return Err(format!("{name}: there is no lookup `{next}`; there are: {}", known.join(", ")));
            }
            place.column = column;
            return Ok(place);
        }
        let relation = models.relations(&place.model).iter().find(|relation| relation.lookup == *part);
        match (relation, relation.and_then(|relation| Some((relation.steps.first()?, relation.target()?)))) {
            // The row at the other end by what points at it: no need to go there.
            (Some(Relation { end: End::One, .. }), Some((step, _))) if is_last => {
                place.column = step.column.clone();
                return Ok(place);
            }
            (Some(relation), Some((_, target))) => {
                place.steps.extend(relation.steps.iter().cloned());
                place.model = target.clone();
            }
            _ => return Err(unknown(models, &place.model, part)),
        }
    }
    let key = column(models, &place.model, "pk")?;
    place.column = key.ok_or_else(|| format!("{name}: {} has several key columns, name one of them", place.model))?;
    Ok(place)
}

/// The column of that name; `pk` is the primary key's.
pub(super) fn column(models: &Models, model: &ModelKey, name: &str) -> Result<Option<String>, String> {
    let table = models.table(model).map_err(|error| error.to_string())?;
    if table.fields().iter().any(|field| field.name == name) {
        return Ok(Some(name.to_owned()));
    }
    match (name, table.primary_key().as_slice()) {
        ("pk", [field]) => Ok(Some(field.name.clone())),
        _ => Ok(None),
    }
}

/// The column of that name, or the one behind a relation to one row.
pub(super) fn own_column(models: &Models, model: &ModelKey, name: &str) -> Result<String, String> {
    if let Some(column) = column(models, model, name)? {
        return Ok(column);
    }
    let relation = models.relations(model).iter().find(|relation| relation.name == name);
    match relation.map(|relation| (relation.end, relation.steps.as_slice())) {
        Some((End::One, [step])) => Ok(step.column.clone()),
        Some(_) => Err(format!("{model}.{name} is a set of rows, not a column")),
        None => Err(unknown(models, model, name)),
    }
}

/// The error for a name that leads nowhere, with the names there are.
pub(super) fn unknown(models: &Models, model: &ModelKey, name: &str) -> String {
    let fields = models.table(model).map(|table| table.fields().iter().map(|field| field.name.as_str()).collect());
    let mut known: Vec<&str> = fields.unwrap_or_default();
    known.extend(models.relations(model).iter().map(|relation| relation.name.as_str()));
    format!("{model} has no field `{name}`; it has: {}", known.join(", "))
}

/// Reads `"-id"`, `"email"`, or an array of those.
pub(super) fn order(models: &Models, model: &ModelKey, given: &Dynamic) -> Result<Vec<(String, Direction)>, String> {
    if let Ok(array) = given.as_array_ref() {
        let parts = array.iter().map(|part| order(models, model, part)).collect::<Result<Vec<_>, String>>()?;
        return Ok(parts.concat());
    }
    let Ok(name) = given.as_immutable_string_ref() else {
        return Err("order by the name of a field, such as \"-id\"".to_owned());
    };
    let (name, direction) = match name.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (name.as_str(), Direction::Ascending),
    };
    Ok(vec![(own_column(models, model, name)?, direction)])
}

/// Reads what stands in `create(#{…})` and `update(#{…})`; a relation's name stands for its column.
pub(super) fn cells(session: &Session, model: &ModelKey, given: &Map) -> Result<Cells, String> {
    let mut cells = Cells::new();
    for (name, value) in given {
        let (column, value) = cell(session, model, name, value)?;
        cells.set(&column, value);
    }
    Ok(cells)
}

/// One cell, by the name of its field or relation.
pub(super) fn cell(
    session: &Session,
    model: &ModelKey,
    name: &str,
    given: &Dynamic,
) -> Result<(String, Value), String> {
    let models = &session.models;
    let column = own_column(models, model, name)?;
    let table = models.table(model).map_err(|error| error.to_string())?;
    let field = table.field(&column).map_err(|error| error.to_string())?;
    let value = value::to_cell(field, given, session.zone());
    Ok((column, value.map_err(|reason| format!("field {name} of {model}: {reason}"))?))
}
