//! The operations a migration is made of. Each carries old and new, so that undoing one is mechanical.

use serde::{Deserialize, Serialize};

use crate::{
    Backend,
    state::{Constraint, DefaultValue, Field, Index, ModelState},
};

/// Declares the operation structs: all public, readable from and writable to TOML, unknown keys refused.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

operations! {
    /// A whole model, as `create_model` makes it and `delete_model` takes it away.
    ModelDefinition {
        /// The model's name, without the module (which is the migration's).
        model: String,
        /// Its table.
        table: String,
        /// The table's comment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Its columns, in order.
        fields: Vec<Field>,
        /// Its indexes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        indexes: Vec<Index>,
        /// Its constraints.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        constraints: Vec<Constraint>,
    }
    /// Another name for a model and its table. Foreign keys that point at it follow, in every module.
    RenameModel {
        /// The model's name before.
        from: String,
        /// And after.
        to: String,
        /// The table's name before.
        from_table: String,
        /// And after; the same if the table keeps its name.
        to_table: String,
    }
    /// Another table name or comment for a model.
    AlterTable {
        /// The model.
        model: String,
        /// Before.
        old: TableOptions,
        /// After.
        new: TableOptions,
    }
    /// What `alter_table` can change.
    TableOptions {
        /// The table's name.
        table: String,
        /// Its comment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    }
    /// A new column.
    AddField {
        /// The model.
        model: String,
        /// The column.
        field: Field,
        /// What existing rows get, when the column has no default of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<DefaultValue>,
    }
    /// A column taken away.
    RemoveField {
        /// The model.
        model: String,
        /// The column as it was.
        field: Field,
        /// What existing rows get when this is undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<DefaultValue>,
    }
    /// Another type, default, uniqueness or reference for a column of the same name.
    AlterField {
        /// The model.
        model: String,
        /// The column before.
        old: Field,
        /// And after.
        new: Field,
        /// What replaces NULL in existing rows in the direction in which the column stops allowing it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<DefaultValue>,
    }
    /// Another name for a column. Indexes, constraints and references follow.
    RenameField {
        /// The model.
        model: String,
        /// The name before.
        from: String,
        /// And after.
        to: String,
    }
    /// A new index.
    AddIndex {
        /// The model.
        model: String,
        /// The index.
        index: Index,
        /// Built or taken away while others go on writing, outside any transaction: only with `atomic = false`, and only
        /// PostgreSQL knows it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        concurrently: bool,
    }
    /// An index taken away.
    RemoveIndex {
        /// The model.
        model: String,
        /// The index as it was.
        index: Index,
        /// See [`AddIndex`].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        concurrently: bool,
    }
    /// Another name for an index.
    RenameIndex {
        /// The model.
        model: String,
        /// The name before.
        from: String,
        /// And after.
        to: String,
    }
    /// A new constraint.
    AddConstraint {
        /// The model.
        model: String,
        /// The constraint.
        constraint: Constraint,
    }
    /// A constraint taken away.
    RemoveConstraint {
        /// The model.
        model: String,
        /// The constraint as it was.
        constraint: Constraint,
    }
    /// Another condition or other columns for a constraint of the same name.
    AlterConstraint {
        /// The model.
        model: String,
        /// Before.
        old: Constraint,
        /// After.
        new: Constraint,
    }
    /// SQL as written.
    RunSql {
        /// What to run, one text for both backends or one for each.
        sql: BackendSql,
        /// What undoes it; without it the migration is irreversible. An empty text does nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<BackendSql>,
        /// Whether it can be left out when migrations are squashed, because it only matters to rows that were there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elidable: bool,
    }
    /// A function of the program, by the name it is registered under.
    RunRust {
        /// The function.
        function: String,
        /// The one that undoes it; without it the migration is irreversible.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reverse: Option<String>,
        /// See [`RunSql`].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        elidable: bool,
    }
}

/// SQL for both backends, or a text for each. Several statements are separated by semicolons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, or { sqlite = \"…\", postgres = \"…\" }")]
pub enum BackendSql {
    /// The same for both.
    Same(String),
    /// One for each.
    Each(EachSql),
}

/// A text for each backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EachSql {
    /// For SQLite.
    pub sqlite: String,
    /// For PostgreSQL.
    pub postgres: String,
}

impl BackendSql {
    /// The text for a backend.
    pub fn text(&self, backend: Backend) -> &str {
        match (self, backend) {
            (BackendSql::Same(text), _) => text,
            (BackendSql::Each(each), Backend::Sqlite) => &each.sqlite,
            (BackendSql::Each(each), Backend::Postgres) => &each.postgres,
        }
    }
}

/// One step of a migration.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant's struct says it")]
pub enum Operation {
    CreateModel(ModelDefinition),
    DeleteModel(ModelDefinition),
    RenameModel(RenameModel),
    AlterTable(AlterTable),
    AddField(AddField),
    RemoveField(RemoveField),
    AlterField(AlterField),
    RenameField(RenameField),
    AddIndex(AddIndex),
    RemoveIndex(RemoveIndex),
    RenameIndex(RenameIndex),
    AddConstraint(AddConstraint),
    RemoveConstraint(RemoveConstraint),
    AlterConstraint(AlterConstraint),
    RunSql(RunSql),
    RunRust(RunRust),
}

/// Calls a macro with every variant, its spelling in files and its struct.
macro_rules! for_each_operation {
    ($callback:ident) => {
        $callback! {
            CreateModel "create_model" ModelDefinition,
            DeleteModel "delete_model" ModelDefinition,
            RenameModel "rename_model" RenameModel,
            AlterTable "alter_table" AlterTable,
            AddField "add_field" AddField,
            RemoveField "remove_field" RemoveField,
            AlterField "alter_field" AlterField,
            RenameField "rename_field" RenameField,
            AddIndex "add_index" AddIndex,
            RemoveIndex "remove_index" RemoveIndex,
            RenameIndex "rename_index" RenameIndex,
            AddConstraint "add_constraint" AddConstraint,
            RemoveConstraint "remove_constraint" RemoveConstraint,
            AlterConstraint "alter_constraint" AlterConstraint,
            RunSql "run_sql" RunSql,
            RunRust "run_rust" RunRust,
        }
    };
}
pub(super) use for_each_operation;

macro_rules! names {
    ($($variant:ident $name:literal $type:ident,)*) => {
        impl Operation {
            /// Every spelling of `op` in a file.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// How `op` is spelt in a file.
            pub fn name(&self) -> &'static str {
                match self { $(Operation::$variant(_) => $name,)* }
            }
        }
    };
}
for_each_operation!(names);

impl Operation {
    /// Whether it can be left out when migrations are squashed.
    pub fn is_elidable(&self) -> bool {
        match self {
            Operation::RunSql(op) => op.elidable,
            Operation::RunRust(op) => op.elidable,
            _ => false,
        }
    }

    /// Whether it asks for an index to be built or taken away concurrently.
    pub fn is_concurrent(&self) -> bool {
        match self {
            Operation::AddIndex(op) => op.concurrently,
            Operation::RemoveIndex(op) => op.concurrently,
            _ => false,
        }
    }
}

impl ModelDefinition {
    /// The operation's content for a model as it stands.
    pub fn from_state(name: &str, model: &ModelState) -> Self {
        ModelDefinition {
            model: name.to_owned(),
            table: model.table.clone(),
            comment: model.comment.clone(),
            fields: model.fields.clone(),
            indexes: model.indexes.clone(),
            constraints: model.constraints.clone(),
        }
    }

    /// The model's state after it was created.
    pub fn to_state(&self) -> ModelState {
        ModelState {
            table: self.table.clone(),
            comment: self.comment.clone(),
            fields: self.fields.clone(),
            indexes: self.indexes.clone(),
            constraints: self.constraints.clone(),
        }
    }
}
