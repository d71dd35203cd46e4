//! What a deletion would do, without doing it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use sea_orm::{DbErr, QueryResult, Statement, Value};

use super::{
    DEFAULT_BATCH_SIZE,
    delete::has_composite_key,
    encode::{Form, append, array_type},
};
use crate::{
    Backend, Connection, Error, ProjectState,
    backend::{quote, quote_list},
    connection::Handle,
    schema::default_sql,
    state::{Action, Field, ModelKey, ModelState, Reference},
};

/// A row's primary key, one text a column, as the database writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey(pub Vec<String>);

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// What a deletion would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The rows that would go, by model: those asked for, and those that go with them.
    pub deleted: BTreeMap<ModelKey, BTreeSet<RowKey>>,
    /// Foreign keys of rows that would stay, and would point at nothing or at their default.
    pub changed: Vec<Referencing>,
    /// What certainly keeps the database from deleting: rows that would stay and may not lose what they point at. When there
    /// are any, nothing would be deleted at all.
    pub held_by: Vec<Referencing>,
    /// Rows that would hold too, but go themselves: whether the database refuses depends on the order in which it works.
    pub disputed: Vec<Referencing>,
}

/// Rows of a model that point, with one of their foreign keys, at rows that would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referencing {
    /// Their model.
    pub model: ModelKey,
    /// The foreign key.
    pub field: String,
    /// The model pointed at.
    pub target: ModelKey,
    /// What the foreign key asks for.
    pub action: Action,
    /// The rows.
    pub rows: BTreeSet<RowKey>,
}

impl Deletion {
    /// Whether the database would refuse.
    pub fn is_refused(&self) -> bool {
        !self.held_by.is_empty()
    }
}

impl fmt::Display for Referencing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<String> = self.rows.iter().map(RowKey::to_string).collect();
        let Referencing { model, field, target, action, .. } = self;
        write!(f, "{model} {} by {field} → {target} ({})", rows.join("; "), action.sql())
    }
}

/// Says what deleting the rows of `model` with these primary keys, in one statement, would do by the foreign keys of
/// `state`, through any depth. Nothing is written. Keys that no row has are passed over.
///
/// What a trigger does is not seen, nor that setting a foreign key to NULL or its default breaks a unique or check
/// constraint.
///
/// # Errors
/// [`Error::Database`], and [`Error::Model`] for a model that is not in the state or has no primary key.
pub async fn simulate_delete(
    db: &impl Connection,
    state: &ProjectState,
    model: &ModelKey,
    keys: Vec<Vec<Value>>,
) -> Result<Deletion, Error> {
    Simulation { db: db.handle(), state, gone: BTreeMap::new(), pointing: BTreeMap::new() }.run(model, keys).await
}

/// What must be known of a row: its key, and what others point at, by column.
#[derive(Clone)]
struct Row {
    key: RowKey,
    values: Vec<Option<String>>,
}

struct Simulation<'a> {
    db: Handle<'a>,
    state: &'a ProjectState,
    gone: BTreeMap<ModelKey, BTreeSet<RowKey>>,
    /// Rows whose foreign key points at a row that goes and does not cascade, by model and field.
    pointing: BTreeMap<(&'a ModelKey, &'a str), (&'a Field, BTreeSet<RowKey>)>,
}

impl<'a> Simulation<'a> {
    async fn run(mut self, model: &ModelKey, keys: Vec<Vec<Value>>) -> Result<Deletion, Error> {
        let (model, described) = self.find(model)?;
        let asked = self.by_keys(described, keys).await?;
        let asked_for: BTreeSet<RowKey> = asked.iter().map(|row| row.key.clone()).collect();
        let mut open = VecDeque::new();
        self.add(model, asked, &mut open);
        while let Some((target, rows)) = open.pop_front() {
            let referencing: Vec<(&ModelKey, &Field, &Reference)> = self
                .state
                .references_to(target)
                .filter_map(|(model, field)| Some((model, field, field.references.as_ref()?)))
                .collect();
            for (model, field, reference) in referencing {
                let found = self.pointing_at(target, &rows, model, field, reference).await?;
                if reference.on_delete == Action::Cascade {
                    self.add(model, found, &mut open);
                } else if !found.is_empty() {
                    let (_, known) =
                        self.pointing.entry((model, &field.name)).or_insert_with(|| (field, BTreeSet::new()));
                    known.extend(found.into_iter().map(|row| row.key));
                }
            }
        }
        self.judge(model, &asked_for).await
    }

    fn find(&self, key: &ModelKey) -> Result<(&'a ModelKey, &'a ModelState), Error> {
        let refuse = |reason: &str| Error::Model { model: key.to_string(), reason: reason.to_owned() };
        let found = self.state.models().find(|(known, _)| *known == key);
        let (key, model) = found.ok_or_else(|| refuse("there is no such model"))?;
        if model.primary_key().is_empty() {
            return Err(refuse("it has no primary key, so its rows cannot be told apart"));
        }
        Ok((key, model))
    }

    /// Notes rows that go; those that were not known yet are looked at in turn.
    fn add(&mut self, model: &'a ModelKey, rows: Vec<Row>, open: &mut VecDeque<(&'a ModelKey, Vec<Row>)>) {
        let gone = self.gone.entry(model.clone()).or_default();
        let new: Vec<Row> = rows.into_iter().filter(|row| gone.insert(row.key.clone())).collect();
        if !new.is_empty() {
            open.push_back((model, new));
        }
    }

    /// The columns of `model` that foreign keys point at.
    fn targets(&self, model: &ModelKey) -> Vec<&'a str> {
        let references = self.state.references_to(model).filter_map(|(_, field)| field.references.as_ref());
        let mut columns: Vec<&str> = references.map(|reference| reference.column.as_str()).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    async fn by_keys(&self, model: &'a ModelState, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, Error> {
        let columns = model.primary_key();
        let mut rows = Vec::new();
        for keys in keys.chunks(DEFAULT_BATCH_SIZE) {
            let lists = (0..columns.len()).map(|at| keys.iter().filter_map(|key| key.get(at)).collect::<Vec<_>>());
            rows.extend(self.select(model, &columns, lists.collect()).await?);
        }
        Ok(rows)
    }

    /// Rows of `model` whose `field` points at one of `rows` of `target`.
    async fn pointing_at(
        &self,
        target: &ModelKey,
        rows: &[Row],
        model: &ModelKey,
        field: &'a Field,
        reference: &Reference,
    ) -> Result<Vec<Row>, Error> {
        let (_, described) = self.find(model)?;
        let at = self.targets(target).iter().position(|column| *column == reference.column);
        let values: BTreeSet<&String> =
            rows.iter().filter_map(|row| at.and_then(|at| row.values.get(at)?.as_ref())).collect();
        let values: Vec<Value> = values.into_iter().map(|value| Value::String(Some(value.clone()))).collect();
        let mut found = Vec::new();
        for values in values.chunks(DEFAULT_BATCH_SIZE) {
            found.extend(self.select(described, &[field], vec![values.iter().collect()]).await?);
        }
        Ok(found)
    }

    /// Rows of `model` where `columns` have one of the combinations in `lists` (one list a column, of equal length).
    /// Texts are compared as what they stand for: PostgreSQL is told the type, and SQLite knows it from the column.
    async fn select(
        &self,
        model: &'a ModelState,
        columns: &[&Field],
        lists: Vec<Vec<&Value>>,
    ) -> Result<Vec<Row>, Error> {
        let backend = self.db.backend();
        let count = lists.first().map_or(0, Vec::len);
        let names = quote_list(columns.iter().map(|field| &field.name));
        let (source, values) = match backend {
            // In a list, texts are compared as what the column holds.
            Backend::Sqlite if columns.len() == 1 => {
                (format!("({names}) IN ({})", vec!["?"; count].join(",")), interleave(&lists))
            }
            Backend::Sqlite => {
                let names: Vec<&str> = columns.iter().map(|field| field.name.as_str()).collect();
                (has_composite_key(&model.table, &names, count), interleave(&lists))
            }
            Backend::Postgres => {
                let arrays = (1..).zip(columns).map(|(at, field)| format!("${at}::text::{}", array_type(field.kind)));
                let arrays: Vec<String> = arrays.collect();
                let source = format!("({names}) IN (SELECT * FROM UNNEST({}))", arrays.join(", "));
                let literals: Result<Vec<Value>, String> = lists.iter().map(|list| literal(list)).collect();
                let literals = literals.map_err(|reason| Error::Bulk { table: model.table.clone(), reason })?;
                (source, literals)
            }
        };
        let keys = model.primary_key();
        let (key, _) = self
            .state
            .by_table(&model.table)
            .ok_or_else(|| Error::Bulk { table: model.table.clone(), reason: "is that of no model".to_owned() })?;
        let targets = self.targets(key);
        let wanted = keys.iter().map(|field| field.name.as_str()).chain(targets.iter().copied());
        let wanted: Vec<String> = wanted.map(|name| format!("CAST({} AS text)", quote(name))).collect();
        let sql = format!("SELECT {} FROM {} WHERE {source}", wanted.join(", "), quote(&model.table));
        let found = self.db.query(Statement::from_sql_and_values(backend.into(), sql, values)).await?;
        let row = |row: &QueryResult| -> Result<Row, Error> {
            let key: Result<Vec<String>, DbErr> = (0..keys.len()).map(|at| row.try_get_by_index(at)).collect();
            let values: Result<Vec<Option<String>>, DbErr> =
                (keys.len()..wanted.len()).map(|at| row.try_get_by_index(at)).collect();
            Ok(Row { key: RowKey(key?), values: values? })
        };
        found.iter().map(row).collect()
    }

    /// Sorts what points at rows that go into what changes, what holds, and what may hold.
    async fn judge(self, asked_for: &ModelKey, asked: &BTreeSet<RowKey>) -> Result<Deletion, Error> {
        let mut deletion = Deletion::default();
        let nothing = BTreeSet::new();
        for ((model, name), (field, rows)) in &self.pointing {
            let Some(reference) = &field.references else { continue };
            let gone = self.gone.get(*model).unwrap_or(&nothing);
            let mut going: BTreeSet<RowKey> = rows.intersection(gone).cloned().collect();
            let staying: BTreeSet<RowKey> = rows.difference(gone).cloned().collect();
            if self.db.backend() == Backend::Postgres && *model == asked_for {
                // PostgreSQL looks at foreign keys when the rows of the statement itself are gone.
                going.retain(|row| !asked.contains(row));
            }
            let target: ModelKey =
                reference.model.parse().map_err(|reason| Error::Model { model: model.to_string(), reason })?;
            let referencing = |rows| Referencing {
                model: (*model).clone(),
                field: (*name).to_owned(),
                target: target.clone(),
                action: reference.on_delete,
                rows,
            };
            let (allowed, held, disputed) = match self.effect(field, reference, &target).await? {
                Effect::Change => (staying, nothing.clone(), nothing.clone()),
                Effect::Ripple => (nothing.clone(), nothing.clone(), staying),
                Effect::Hold => (nothing.clone(), staying, going),
                Effect::HoldAtEnd => (nothing.clone(), staying, nothing.clone()),
            };
            for (list, rows) in
                [(&mut deletion.changed, allowed), (&mut deletion.held_by, held), (&mut deletion.disputed, disputed)]
            {
                if !rows.is_empty() {
                    list.push(referencing(rows));
                }
            }
        }
        deletion.deleted = self.gone;
        deletion.deleted.retain(|_, rows| !rows.is_empty());
        Ok(deletion)
    }

    /// What a foreign key that does not cascade does to a row that points at one that goes.
    async fn effect(&self, field: &Field, reference: &Reference, target: &ModelKey) -> Result<Effect, Error> {
        let new = match (reference.on_delete, &field.default) {
            (Action::NoAction, _) if self.db.backend() == Backend::Sqlite => return Ok(Effect::HoldAtEnd),
            (Action::SetDefault, Some(default)) => Some(default_sql(default)),
            (Action::SetDefault | Action::SetNull, _) => None,
            (Action::NoAction | Action::Restrict | Action::Cascade, _) => return Ok(Effect::Hold),
        };
        let Some(new) = new else {
            return Ok(if field.null { self.ripple(field) } else { Effect::Hold });
        };
        let (_, described) = self.find(target)?;
        let keys: Vec<String> =
            described.primary_key().iter().map(|key| format!("CAST({} AS text)", quote(&key.name))).collect();
        let (table, column) = (quote(&described.table), quote(&reference.column));
        let sql = format!("SELECT {} FROM {table} WHERE {column} = {new}", keys.join(", "));
        let found = self.db.query(Statement::from_string(self.db.backend().into(), sql)).await?;
        let Some(row) = found.first() else { return Ok(Effect::Hold) };
        let key: Result<Vec<String>, DbErr> = (0..keys.len()).map(|at| row.try_get_by_index(at)).collect();
        let goes = self.gone.get(target).is_some_and(|gone| key.is_ok_and(|key| gone.contains(&RowKey(key))));
        Ok(if goes { Effect::Hold } else { self.ripple(field) })
    }

    /// A foreign key that others point at in turn: their `ON UPDATE` would act.
    fn ripple(&self, field: &Field) -> Effect {
        let references =
            self.state.models().flat_map(|(_, model)| &model.fields).filter_map(|field| field.references.as_ref());
        let owner = |reference: &Reference| {
            let key: Result<ModelKey, _> = reference.model.parse();
            key.ok()
                .and_then(|key| self.state.model(&key))
                .is_some_and(|model| model.fields.iter().any(|own| std::ptr::eq(own, field)))
        };
        match references.filter(|reference| reference.column == field.name).any(owner) {
            true => Effect::Ripple,
            false => Effect::Change,
        }
    }
}

/// See [`Simulation::effect`].
enum Effect {
    /// It points elsewhere.
    Change,
    /// It points elsewhere, which concerns others that this does not follow.
    Ripple,
    /// It holds, perhaps even when it goes itself.
    Hold,
    /// It holds unless it goes itself.
    HoldAtEnd,
}

fn interleave(lists: &[Vec<&Value>]) -> Vec<Value> {
    let count = lists.first().map_or(0, Vec::len);
    (0..count).flat_map(|at| lists.iter().filter_map(move |list| list.get(at)).map(|value| (*value).clone())).collect()
}

fn literal(values: &[&Value]) -> Result<Value, String> {
    let mut text = String::from("{");
    for value in values {
        if text.len() > 1 {
            text.push(',');
        }
        append(&mut text, value, Form::Array)?;
    }
    text.push('}');
    Ok(Value::String(Some(text)))
}
