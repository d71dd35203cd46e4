//! Models and questions for their rows, as code sees them.

use std::rc::Rc;

use db::rows::{Condition, Direction, Row as Cells};
use db::state::ModelKey;
use rhai::{Array, Dynamic, Engine, Map};
use sea_orm::Value;

use super::lookups::{self, Filter};
use super::row::Row;
use super::session::{Answer, Session};

/// The most rows that are held at once.
const MOST_ROWS: u64 = 100_000;

/// A model: where questions begin.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) session: Rc<Session>,
    pub(super) key: ModelKey,
}

/// A question for rows, asked when its answer is needed.
#[derive(Clone)]
pub(super) struct Query {
    session: Rc<Session>,
    model: ModelKey,
    filters: Vec<(Matches, Vec<Filter>)>,
    order: Vec<(String, Direction)>,
    limit: Option<u64>,
    offset: u64,
    /// What rows made here have, because they belong to another.
    given: Cells,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Matches {
    Yes,
    No,
}

/// What questions can be asked of.
trait Asked: Clone + 'static {
    fn query(&self) -> Query;
}

impl Asked for Model {
    fn query(&self) -> Query {
        Query::new(&self.session, &self.key)
    }
}

impl Asked for Query {
    fn query(&self) -> Query {
        self.clone()
    }
}

impl Query {
    /// All rows of a model.
    pub(super) fn new(session: &Rc<Session>, model: &ModelKey) -> Self {
        Self {
            session: Rc::clone(session),
            model: model.clone(),
            filters: Vec::new(),
            order: Vec::new(),
            limit: None,
            offset: 0,
            given: Cells::new(),
        }
    }

    /// The model that is asked for.
    pub(super) fn model(&self) -> &ModelKey {
        &self.model
    }

    /// Only rows that the filter holds for.
    pub(super) fn matching(mut self, filter: Filter) -> Self {
        self.filters.push((Matches::Yes, vec![filter]));
        self
    }

    /// Only rows with this value in the column, which new ones get too.
    pub(super) fn belonging(mut self, column: &str, value: Value) -> Self {
        self.given.set(column, value.clone());
        self.matching(Filter::exact(Vec::new(), column.to_owned(), value))
    }

    fn filtered(mut self, matches: Matches, given: &Map) -> Answer<Self> {
        if self.is_part() {
            return Err("rows cannot be filtered after `limit` or `offset`: filter first".into());
        }
        self.filters.push((matches, lookups::filters(&self.session, &self.model, given)?));
        Ok(self)
    }

    fn ordered(mut self, by: &Dynamic) -> Answer<Self> {
        self.order = lookups::order(&self.session.models, &self.model, by)?;
        Ok(self)
    }

    fn limited(mut self, rows: i64) -> Answer<Self> {
        let rows = u64::try_from(rows).map_err(|_| "`limit` takes no negative number")?;
        self.limit = Some(self.limit.map_or(rows, |limit| limit.min(rows)));
        Ok(self)
    }

    fn skipping(mut self, rows: i64) -> Answer<Self> {
        let rows = u64::try_from(rows).map_err(|_| "`offset` takes no negative number")?;
        self.limit = self.limit.map(|limit| limit.saturating_sub(rows));
        // Behind the last row that any table can have.
        self.offset = self.offset.saturating_add(rows).min(i64::MAX as u64);
        Ok(self)
    }

    fn is_part(&self) -> bool {
        self.limit.is_some() || self.offset > 0
    }

    fn whole(&self, what: &str) -> Answer<()> {
        match self.is_part() {
            true => Err(format!("`{what}` cannot be used after `limit` or `offset`").into()),
            false => Ok(()),
        }
    }

    fn built(&self) -> Result<db::rows::Query<'_>, db::Error> {
        let models = &self.session.models;
        let mut conditions = Vec::new();
        for (matches, filters) in &self.filters {
            let all = filters.iter().map(|filter| filter.condition(models)).collect::<Result<_, _>>()?;
            conditions.push(match matches {
                Matches::Yes => Condition::All(all),
                Matches::No => Condition::Not(Box::new(Condition::All(all))),
            });
        }
        let query = models.table(&self.model)?.query(Condition::All(conditions));
        Ok(query.order(self.order.clone()).limit(self.limit).offset(self.offset))
    }

    /// The rows.
    pub(super) fn rows(&self) -> Answer<Vec<Row>> {
        let rows = self.at_most(MOST_ROWS + 1)?;
        if rows.len() as u64 > MOST_ROWS {
            return Err(format!("there are more than {MOST_ROWS} rows; take a part with `limit` and `offset`").into());
        }
        Ok(rows)
    }

    /// The first so many rows.
    pub(super) fn at_most(&self, most: u64) -> Answer<Vec<Row>> {
        let limit = self.limit.map_or(most, |limit| limit.min(most));
        let rows = self.session.read(async |db| self.built()?.limit(Some(limit)).all(&db).await)?;
        Ok(rows.into_iter().map(|cells| Row::new(&self.session, &self.model, cells)).collect())
    }

    /// The first row.
    pub(super) fn first(&self) -> Answer<Option<Row>> {
        Ok(self.at_most(1)?.pop())
    }

    fn last(mut self) -> Answer<Option<Row>> {
        self.whole("last")?;
        if self.order.is_empty() {
            self = self.ordered(&"pk".into())?;
        }
        for (_, direction) in &mut self.order {
            *direction = direction.reversed();
        }
        self.first()
    }

    fn only(&self) -> Answer<Row> {
        let mut rows = self.at_most(2)?;
        match (rows.pop(), rows.pop()) {
            (Some(row), None) => Ok(row),
            (None, _) => Err(format!("{} matching query does not exist", self.model.name).into()),
            (Some(_), Some(_)) => Err(format!("get() returned more than one {}", self.model.name).into()),
        }
    }

    fn at(&self, index: i64) -> Answer<Row> {
        let beyond = || format!("there is no row number {index}").into();
        let rows = self.clone().skipping(index)?.at_most(1)?;
        rows.into_iter().next().ok_or_else(beyond)
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> Answer<i64> {
        let count = self.session.read(async |db| self.built()?.count(&db).await)?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn create(&self, given: &Map) -> Answer<Row> {
        let cells = lookups::cells(&self.session, &self.model, given)?;
        let mut all = self.given.clone();
        for column in cells.columns() {
            all.set(column, cells.value(column).cloned().unwrap_or(Value::String(None)));
        }
        let table = self.session.models.table(&self.model).map_err(|error| error.to_string())?;
        let made = self.session.write(async |db| table.create(&db, all).await)?;
        Ok(Row::new(&self.session, &self.model, made))
    }

    fn update(&self, given: &Map) -> Answer<i64> {
        self.whole("update")?;
        let cells = lookups::cells(&self.session, &self.model, given)?;
        let updated = self.session.write(async |db| self.built()?.update(&db, &cells).await)?;
        Ok(i64::try_from(updated).unwrap_or(i64::MAX))
    }

    fn delete(&self) -> Answer<i64> {
        self.whole("delete")?;
        let deleted = self.session.write(async |db| self.built()?.delete(&db).await)?;
        Ok(i64::try_from(deleted).unwrap_or(i64::MAX))
    }

    fn values(&self, column: &str) -> Answer<Array> {
        let column = lookups::own_column(&self.session.models, &self.model, column)?;
        Ok(self.rows()?.iter().map(|row| row.value(&column).unwrap_or_default()).collect())
    }
}

/// Rows one after the other, as `for` takes them.
impl IntoIterator for Query {
    type Item = Answer<Dynamic>;
    type IntoIter = std::vec::IntoIter<Answer<Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        let rows = match self.rows() {
            Ok(rows) => rows.into_iter().map(|row| Ok(Dynamic::from(row))).collect(),
            Err(error) => vec![Err(error)],
        };
        rows.into_iter()
    }
}

/// Methods of models and questions, for completion.
pub(super) const METHODS: &[&str] = &[
    "all", "count", "create", "exclude", "exists", "filter", "first", "get", "last", "limit", "list", "offset",
    "order", "order_by", "update", "values",
];

/// Makes models and questions known to the engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Model>("Model").register_type_with_name::<Query>("Query");
    register_asked::<Model>(engine);
    register_asked::<Query>(engine);
    engine.register_indexer_get(|model: &mut Model, name: &str| no_property(&model.key, name));
    engine.register_indexer_get(|query: &mut Query, name: &str| no_property(&query.model, name));
    engine.register_get("objects", |model: &mut Model| model.query());
    engine.register_fn("delete", |query: &mut Query| query.delete());
    engine.register_fn("delete", |model: &mut Model| -> Answer<i64> {
        Err(format!("`{0}.all().delete()` deletes all rows of {0}", model.key.name).into())
    });
    engine.register_indexer_get(|query: &mut Query, index: i64| query.at(index));
    engine.register_iterator_result::<Query, Dynamic>();
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |model: &mut Model| model.key.to_string());
        engine.register_fn(name, |query: &mut Query| format!("a query for {}", query.model));
    }
}

/// What Python would say of a bound method is of no use here.
fn no_property(model: &ModelKey, name: &str) -> Answer<Dynamic> {
    Err(match METHODS.contains(&name) {
        true => format!("`{name}` is a method: write `{name}(…)`").into(),
        false => {
            format!("{model} has no `{name}`; fields belong to rows, such as that of `get(1)` or `first()`").into()
        }
    })
}

fn register_asked<T: Asked>(engine: &mut Engine) {
    fn or_null(row: Option<Row>) -> Dynamic {
        row.map_or(Dynamic::UNIT, Dynamic::from)
    }
    engine.register_fn("all", |from: &mut T| from.query());
    engine.register_fn("filter", |from: &mut T, given: Map| from.query().filtered(Matches::Yes, &given));
    engine.register_fn("exclude", |from: &mut T, given: Map| from.query().filtered(Matches::No, &given));
    for name in ["order", "order_by"] {
        engine.register_fn(name, |from: &mut T, by: Dynamic| from.query().ordered(&by));
        engine.register_fn(name, |from: &mut T, a: Dynamic, b: Dynamic| from.query().ordered(&vec![a, b].into()));
    }
    engine.register_fn("limit", |from: &mut T, rows: i64| from.query().limited(rows));
    engine.register_fn("offset", |from: &mut T, rows: i64| from.query().skipping(rows));
    engine.register_fn("first", |from: &mut T| from.query().first().map(or_null));
    engine.register_fn("last", |from: &mut T| from.query().last().map(or_null));
    engine.register_fn("get", |from: &mut T, given: Map| from.query().filtered(Matches::Yes, &given)?.only());
    engine.register_fn("get", |from: &mut T, key: Dynamic| {
        let by_key: Map = [("pk".into(), key)].into_iter().collect();
        from.query().filtered(Matches::Yes, &by_key)?.only()
    });
    engine.register_fn("get", |from: &mut T| from.query().only());
    engine.register_fn("count", |from: &mut T| from.query().count());
    engine.register_fn("len", |from: &mut T| from.query().count());
    engine.register_fn("exists", |from: &mut T| from.query().at_most(1).map(|rows| !rows.is_empty()));
    engine.register_fn("list", |from: &mut T| -> Answer<Array> {
        Ok(from.query().rows()?.into_iter().map(Dynamic::from).collect())
    });
    engine.register_fn("values", |from: &mut T, column: &str| from.query().values(column));
    engine.register_fn("create", |from: &mut T, given: Map| from.query().create(&given));
    engine.register_fn("update", |from: &mut T, given: Map| from.query().update(&given));
}
