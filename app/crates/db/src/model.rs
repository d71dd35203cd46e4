//! How a module names its entities, and what entities alone cannot say.

use sea_orm::{EntityTrait, Schema, sea_query::IndexCreateStatement, sea_query::TableCreateStatement};

use crate::{Backend, state::ModelKey};

/// An entity under the name that migrations, permissions and the admin know it by.
///
/// `Copy` and `const`: a module lists its models as plain data and nothing is reflected until somebody asks.
///
/// ```ignore
/// pub const MODELS: &[Model] = &[model::<mailing::Entity>("Mailing").with_verbose_name("mailing", "mailings")];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Model {
    name: &'static str,
    verbose_name: Option<(&'static str, &'static str)>,
    default_permissions: &'static [&'static str],
    permissions: &'static [(&'static str, &'static str)],
    checks: &'static [Check],
    indexes: &'static [ModelIndex],
    many_to_many: &'static [ManyToMany],
    renamed_from: Option<&'static str>,
    natural_key: &'static [&'static str],
    create: fn() -> (TableCreateStatement, Vec<IndexCreateStatement>),
}

/// A check constraint: a name, unique in the database, and a condition in SQL that both backends understand.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The constraint's name, such as `mailings_mailing_end_after_start`.
    pub name: &'static str,
    /// The condition, such as `end_datetime > start_datetime`.
    pub condition: &'static str,
}

/// An index that an entity's attributes cannot express: over several columns, or partial.
#[derive(Clone, Copy, Debug)]
pub struct ModelIndex {
    /// The index's name, unique in the database.
    pub name: &'static str,
    /// Its columns, in order.
    pub fields: &'static [&'static str],
    /// A condition in SQL that limits it to some rows.
    pub condition: Option<&'static str>,
}

/// What can be done with the rows of any model, unless it says otherwise.
const DEFAULT_PERMISSIONS: &[&str] = &["add", "change", "delete", "view"];

/// A relation to many rows of another model, kept in a table of its own that no entity describes: `<table>_<name>` with
/// an `id`, a column for either side, each pair once, gone with either row. Where the table needs more columns, or is to
/// be queried through SeaORM, an ordinary entity takes its place.
#[derive(Clone, Copy, Debug)]
pub struct ManyToMany {
    /// The relation's name, such as `recipients`.
    pub name: &'static str,
    /// The other model, such as `mailings.Recipient`.
    pub to: &'static str,
}

/// Names the entity `E` as the model `name` (`Mailing`, without the module).
pub const fn model<E: EntityTrait>(name: &'static str) -> Model {
    Model {
        name,
        verbose_name: None,
        default_permissions: DEFAULT_PERMISSIONS,
        permissions: &[],
        checks: &[],
        indexes: &[],
        many_to_many: &[],
        renamed_from: None,
        natural_key: &[],
        create: create_statements::<E>,
    }
}

/// The only generic part of reflection: a few lines per entity, so that an edit in the product stays cheap to build.
/// The SQLite dialect is asked because it alone leaves column types as the entity wrote them.
fn create_statements<E: EntityTrait>() -> (TableCreateStatement, Vec<IndexCreateStatement>) {
    let schema = Schema::new(Backend::Sqlite.into());
    (schema.create_table_from_entity(E::default()), schema.create_index_from_entity(E::default()))
}

impl Model {
    /// How people read the name, one and many; otherwise the name in lower case and with an `s`.
    pub const fn with_verbose_name(mut self, one: &'static str, many: &'static str) -> Self {
        self.verbose_name = Some((one, many));
        self
    }

    /// Permissions beside view, add, change and delete: codename and description.
    pub const fn with_permissions(mut self, permissions: &'static [(&'static str, &'static str)]) -> Self {
        self.permissions = permissions;
        self
    }

    /// Which of add, change, delete and view there are permissions for: all unless this says otherwise. A table that only
    /// links two others has none.
    pub const fn with_default_permissions(mut self, actions: &'static [&'static str]) -> Self {
        self.default_permissions = actions;
        self
    }

    /// Check constraints of the table.
    pub const fn with_checks(mut self, checks: &'static [Check]) -> Self {
        self.checks = checks;
        self
    }

    /// Indexes over several columns, or partial ones.
    pub const fn with_indexes(mut self, indexes: &'static [ModelIndex]) -> Self {
        self.indexes = indexes;
        self
    }

    /// Relations to many rows of other models that have no entity of their own.
    pub const fn with_many_to_many(mut self, relations: &'static [ManyToMany]) -> Self {
        self.many_to_many = relations;
        self
    }

    /// What the model was called before, so that `makemigrations` need not ask. It may stay for ever.
    pub const fn with_renamed_from(mut self, former: &'static str) -> Self {
        self.renamed_from = Some(former);
        self
    }

    /// Columns that together say which row is meant without its primary key, such as a user's email: `dumpdata` and
    /// `loaddata` know rows by it. They should be unique.
    pub const fn with_natural_key(mut self, columns: &'static [&'static str]) -> Self {
        self.natural_key = columns;
        self
    }

    /// The model's name without the module.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How people read the name of one.
    pub fn verbose_name(&self) -> String {
        self.verbose_name.map_or_else(|| self.name.to_lowercase(), |(one, _)| one.to_owned())
    }

    /// How people read the name of many.
    pub fn verbose_name_plural(&self) -> String {
        self.verbose_name.map_or_else(|| format!("{}s", self.name.to_lowercase()), |(_, many)| many.to_owned())
    }

    /// The actions on any row that there are permissions for.
    pub fn default_permissions(&self) -> &'static [&'static str] {
        self.default_permissions
    }

    /// The model's own permissions: codename and description.
    pub fn permissions(&self) -> &'static [(&'static str, &'static str)] {
        self.permissions
    }

    /// The columns of the natural key; none when it has none.
    pub fn natural_key(&self) -> &'static [&'static str] {
        self.natural_key
    }

    pub(crate) fn checks(&self) -> &'static [Check] {
        self.checks
    }

    pub(crate) fn many_to_many(&self) -> &'static [ManyToMany] {
        self.many_to_many
    }

    pub(crate) fn renamed_from(&self) -> Option<&'static str> {
        self.renamed_from
    }

    pub(crate) fn indexes(&self) -> &'static [ModelIndex] {
        self.indexes
    }

    pub(crate) fn create_statements(&self) -> (TableCreateStatement, Vec<IndexCreateStatement>) {
        (self.create)()
    }
}

/// The models of one module.
#[derive(Clone, Debug)]
pub struct ModuleModels {
    /// The module's label (`mailings`).
    pub label: String,
    /// Its models.
    pub models: Vec<Model>,
}

/// The columns of the table behind a many-to-many relation: the one that references the owner, and the one that
/// references the target.
pub(crate) fn link_columns(owner: &ModelKey, target: &ModelKey) -> [String; 2] {
    let (from, to) = (snake_case(&owner.name), snake_case(&target.name));
    if from == to {
        [format!("from_{from}_id"), format!("to_{to}_id")]
    } else {
        [format!("{from}_id"), format!("{to}_id")]
    }
}

/// `MailingRun` → `mailing_run`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
