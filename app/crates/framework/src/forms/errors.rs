//! What is wrong with what was sent.

use serde::Serialize;

/// Django's texts.
pub(super) const REQUIRED: &str = "This field is required.";
pub(super) const NULL_CHARACTERS: &str = "Null characters are not allowed.";
pub(super) const STRING: &str = "Not a valid string.";
pub(super) const INTEGER: &str = "Enter a whole number.";
pub(super) const FLOAT: &str = "Enter a number.";
pub(super) const BOOLEAN: &str = "Must be a valid boolean.";
pub(super) const DATE: &str = "Enter a valid date.";
pub(super) const TIME: &str = "Enter a valid time.";
pub(super) const DATE_TIME: &str = "Enter a valid date/time.";
pub(super) const JSON: &str = "Enter a valid JSON.";
pub(super) const CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";

pub(super) fn too_long(limit: usize, length: usize) -> String {
    let plural = if limit == 1 { "" } else { "s" };
    format!("Ensure this value has at most {limit} character{plural} (it has {length}).")
}

pub(super) fn too_small(limit: i64) -> String {
    format!("Ensure this value is greater than or equal to {limit}.")
}

pub(super) fn too_large(limit: i64) -> String {
    format!("Ensure this value is less than or equal to {limit}.")
}

/// The errors of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Errors {
    /// Those of the form as a whole.
    pub form: Vec<String>,
    /// Those of single fields, by name, in the order of the fields; only fields that have any.
    #[serde(serialize_with = "as_map")]
    pub fields: Vec<(String, Vec<String>)>,
}

fn as_map<S: serde::Serializer>(fields: &[(String, Vec<String>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(fields.iter().map(|(name, errors)| (name, errors)))
}
