//! A row as code sees it: fields that are read and set, relations, `save()`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use db::rows::{Condition, Lookup, Row as Cells};
use db::state::ModelKey;
use rhai::{Dynamic, Engine, Map};
use sea_orm::Value;

use super::lookups::{self, Filter};
use super::models::{End, Relation};
use super::query::Query;
use super::session::{Answer, Session};
use super::value;

/// A row. Clones are the same row.
#[derive(Clone)]
pub(super) struct Row(Rc<Inner>);

struct Inner {
    session: Rc<Session>,
    model: ModelKey,
    cells: RefCell<Cells>,
    changed: RefCell<BTreeSet<String>>,
    /// Rows at the other end of relations, as they were fetched or set.
    related: RefCell<BTreeMap<String, Row>>,
}

impl Row {
    /// A row as it is in the database.
    pub(super) fn new(session: &Rc<Session>, model: &ModelKey, cells: Cells) -> Self {
        Self(Rc::new(Inner {
            session: Rc::clone(session),
            model: model.clone(),
            cells: RefCell::new(cells),
            changed: RefCell::default(),
            related: RefCell::default(),
        }))
    }

    /// The model.
    pub(super) fn model(&self) -> &ModelKey {
        &self.0.model
    }

    /// A cell as it is stored.
    pub(super) fn cell(&self, column: &str) -> Option<Value> {
        self.0.cells.borrow().value(column).cloned()
    }

    /// A cell as code sees it.
    pub(super) fn value(&self, column: &str) -> Option<Dynamic> {
        Some(value::from_cell(&self.cell(column)?, self.0.session.zone()))
    }

    /// Every column with its value, in order.
    pub(super) fn values(&self) -> Vec<(String, Dynamic)> {
        let columns: Vec<String> = self.0.cells.borrow().columns().map(str::to_owned).collect();
        columns.into_iter().map(|column| (column.clone(), self.value(&column).unwrap_or_default())).collect()
    }

    /// `User(1)`.
    pub(super) fn name(&self) -> String {
        let key: Vec<String> = self.key().iter().map(|(_, value)| value.to_string()).collect();
        format!("{}({})", self.0.model.name, key.join(", "))
    }

    fn key(&self) -> Vec<(String, Dynamic)> {
        let columns: Vec<String> = match self.0.session.models.table(&self.0.model) {
            Ok(table) => table.primary_key().iter().map(|field| field.name.clone()).collect(),
            Err(_) => Vec::new(),
        };
        columns.into_iter().map(|column| (column.clone(), self.value(&column).unwrap_or_default())).collect()
    }

    fn get(&self, name: &str) -> Answer<Dynamic> {
        let models = &self.0.session.models;
        if let Some(column) = lookups::column(models, &self.0.model, name)? {
            return Ok(self.value(&column).unwrap_or_default());
        }
        let relation = models.relations(&self.0.model).iter().find(|relation| relation.name == name);
        let relation = relation.ok_or_else(|| lookups::unknown(models, &self.0.model, name))?;
        match relation.end {
            End::One => self.one(relation),
            End::Many => Ok(self.many(relation).map_or(Dynamic::UNIT, Dynamic::from)),
        }
    }

    fn one(&self, relation: &Relation) -> Answer<Dynamic> {
        let Some(step) = relation.steps.first() else { return Ok(Dynamic::UNIT) };
        let pointer = self.cell(&step.column).unwrap_or(Value::String(None));
        if pointer == pointer.as_null() {
            return Ok(Dynamic::UNIT);
        }
        let kept = self.0.related.borrow().get(&relation.name).cloned();
        if let Some(row) = kept.filter(|row| row.cell(&step.target).as_ref() == Some(&pointer)) {
            return Ok(Dynamic::from(row));
        }
        let found = Query::new(&self.0.session, &step.model)
            .matching(Filter::exact(Vec::new(), step.target.clone(), pointer))
            .first()?;
        if let Some(row) = &found {
            self.0.related.borrow_mut().insert(relation.name.clone(), row.clone());
        }
        Ok(found.map_or(Dynamic::UNIT, Dynamic::from))
    }

    /// The rows at the other end, by the way back.
    fn many(&self, relation: &Relation) -> Option<Query> {
        let (first, target) = (relation.steps.first()?, relation.target()?);
        let value = self.cell(&first.column)?;
        let mut back = relation.steps.iter().rev().zip(relation.steps.iter().rev().skip(1)).map(|(to, from)| {
            super::models::Step { column: to.target.clone(), model: from.model.clone(), target: to.column.clone() }
        });
        let query = Query::new(&self.0.session, target);
        match back.next() {
            None => Some(query.belonging(&first.target, value)),
            Some(step) => Some(query.matching(Filter::exact(vec![step], first.target.clone(), value))),
        }
    }

    fn set(&self, name: &str, given: &Dynamic) -> Answer<()> {
        let models = &self.0.session.models;
        let relation = models.relations(&self.0.model).iter().find(|relation| relation.name == name);
        // The engine gives back what `row.relation.method()` was called on, changed or not.
        if relation.is_some_and(|relation| relation.end == End::Many) && given.is::<Query>() {
            return Ok(());
        }
        let (column, value) = lookups::cell(&self.0.session, &self.0.model, name, given)?;
        if let (Some(relation), Some(row)) = (relation, given.read_lock::<Row>()) {
            if relation.target() != Some(row.model()) {
                return Err(format!("{name} is no {}, but {}", row.name(), self.0.model).into());
            }
            self.0.related.borrow_mut().insert(relation.name.clone(), row.clone());
        }
        if self.cell(&column).as_ref() != Some(&value) {
            self.0.cells.borrow_mut().set(&column, value);
            self.0.changed.borrow_mut().insert(column);
        }
        Ok(())
    }

    /// Writes what was set since the row was read.
    fn save(&self) -> Answer<()> {
        let changed = self.0.changed.borrow().clone();
        if changed.is_empty() {
            return Ok(());
        }
        let table = self.0.session.models.table(&self.0.model).map_err(|error| error.to_string())?;
        let mut cells = Cells::new();
        for field in table.fields().iter().filter(|field| field.primary_key || changed.contains(&field.name)) {
            cells.set(&field.name, self.cell(&field.name).unwrap_or(Value::String(None)));
        }
        let written = self.0.session.write(async |db| table.update(&db, &cells).await)?;
        self.found(written)?;
        self.refresh()
    }

    fn delete(&self) -> Answer<i64> {
        let table = self.0.session.models.table(&self.0.model).map_err(|error| error.to_string())?;
        let cells = self.0.cells.borrow().clone();
        let deleted = self.0.session.write(async |db| table.delete(&db, &cells).await)?;
        self.found(deleted)?;
        Ok(1)
    }

    /// Reads the row again; what was set and not saved is gone.
    fn refresh(&self) -> Answer<()> {
        let session = &self.0.session;
        let table = session.models.table(&self.0.model).map_err(|error| error.to_string())?;
        let key = table.primary_key().into_iter().map(|field| Condition::Field {
            column: field.name.clone(),
            lookup: Lookup::Exact,
            values: self.cell(&field.name).into_iter().collect(),
        });
        let query = table.query(Condition::All(key.collect()));
        let rows = session.read(async |db| query.all(&db).await)?;
        let cells = rows.into_iter().next();
        self.found(cells.iter().len() as u64)?;
        self.0.cells.replace(cells.unwrap_or_default());
        self.0.changed.borrow_mut().clear();
        self.0.related.borrow_mut().clear();
        Ok(())
    }

    fn found(&self, rows: u64) -> Answer<()> {
        match rows {
            0 => Err(format!("{} is not in the database any more", self.name()).into()),
            _ => Ok(()),
        }
    }
}

/// Makes rows known to the engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Row>("Row");
    engine.register_indexer_get(|row: &mut Row, name: &str| row.get(name));
    engine.register_indexer_set(|row: &mut Row, name: &str, value: Dynamic| row.set(name, &value));
    engine.register_fn("save", |row: &mut Row| row.save());
    engine.register_fn("delete", |row: &mut Row| row.delete());
    engine.register_fn("refresh", |row: &mut Row| row.refresh());
    engine.register_fn("to_map", |row: &mut Row| -> Map {
        row.values().into_iter().map(|(column, value)| (column.into(), value)).collect()
    });
    engine.register_fn("==", |a: Row, b: Row| a.name() == b.name() && a.model() == b.model());
    engine.register_fn("!=", |a: Row, b: Row| a.name() != b.name() || a.model() != b.model());
    engine.register_fn("to_string", |row: &mut Row| row.name());
    engine.register_fn("to_debug", |row: &mut Row| row.name());
}
