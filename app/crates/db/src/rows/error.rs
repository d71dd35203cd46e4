//! What can be wrong about rows.

/// Rows do not fit their model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// No model is called so.
    #[error("there is no model `{model}`; there are: {known}")]
    NoModel {
        /// The name asked for.
        model: String,
        /// The names there are.
        known: String,
    },
    /// A model has no such field.
    #[error("model {model} has no field `{field}`; it has: {known}")]
    NoField {
        /// `module.Model`.
        model: String,
        /// The name asked for.
        field: String,
        /// The names there are.
        known: String,
    },
    /// A cell cannot be read from its column, or be written to it.
    #[error("field {field} of {model}: {reason}")]
    Cell {
        /// `module.Model`.
        model: String,
        /// The field.
        field: String,
        /// Why not.
        reason: String,
    },
    /// A row has no such cell, or one of another type.
    #[error("cell `{field}`: {reason}")]
    BadCell {
        /// The name asked for.
        field: String,
        /// What is wrong.
        reason: String,
    },
}
