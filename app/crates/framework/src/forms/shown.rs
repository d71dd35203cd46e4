//! What templates see of a field.

use serde::Serialize;

use super::choices::{Choices, Scope};
use super::field::Presence;
use super::kind::Kind;
use super::times;

/// A field as `forms/fields.html` draws it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    pub(super) name: String,
    /// Of the control; those of help and errors begin with it.
    pub(super) id: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
    /// `input`, `textarea`, `select` or `checkbox`.
    pub(super) control: &'static str,
    /// The type of an `input`.
    pub(super) input_type: &'static str,
    pub(super) value: String,
    pub(super) checked: bool,
    pub(super) required: bool,
    pub(super) max_length: Option<usize>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) step: Option<&'static str>,
    pub(super) options: Vec<Choice>,
    pub(super) errors: Vec<String>,
    /// Whether the value is the key of a row.
    #[serde(skip)]
    pub(super) is_key: bool,
}

/// An option of a `select`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Choice {
    value: String,
    label: String,
    selected: bool,
}

/// Django's text for nothing chosen.
const NOTHING: (&str, &str) = ("", "---------");

/// Whole numbers that nobody limited beyond what their column can hold.
const COLUMN_BOUNDS: [i64; 6] =
    [i16::MIN as i64, i16::MAX as i64, i32::MIN as i64, i32::MAX as i64, i64::MIN, i64::MAX];

impl Shown {
    pub(super) fn new(name: &str, kind: &Kind, presence: Presence, value: String) -> Self {
        let mut shown = Self {
            name: name.to_owned(),
            id: format!("id_{name}"),
            label: label(name, kind),
            help: None,
            control: "input",
            input_type: "text",
            value,
            checked: false,
            required: presence == Presence::Required,
            max_length: None,
            min: None,
            max: None,
            step: None,
            options: Vec::new(),
            errors: Vec::new(),
            is_key: matches!(kind, Kind::Choice(_)),
        };
        match kind {
            Kind::Text { max_length } => {
                shown.max_length = *max_length;
                // A line would lose them.
                if shown.value.contains(['\n', '\r']) {
                    shown.control = "textarea";
                }
            }
            Kind::TextArea { max_length } => (shown.control, shown.max_length) = ("textarea", *max_length),
            Kind::Json => shown.control = "textarea",
            Kind::Integer { min, max } => {
                let own = |bound: i64| Some(bound).filter(|bound| !COLUMN_BOUNDS.contains(bound));
                (shown.input_type, shown.min, shown.max) = ("number", own(*min), own(*max));
            }
            Kind::Float => (shown.input_type, shown.step) = ("number", Some("any")),
            Kind::Date => shown.input_type = "date",
            // A browser's own control shows thousandths at best, and would send a value without the rest.
            Kind::Time | Kind::DateTime if times::is_fine(&shown.value) => {}
            Kind::Time => (shown.input_type, shown.step) = ("time", Some("any")),
            Kind::DateTime => (shown.input_type, shown.step) = ("datetime-local", Some("any")),
            Kind::Boolean if presence == Presence::Optional => {
                let options = [("", "Unknown"), ("true", "Yes"), ("false", "No")];
                shown.select(options.iter().copied());
            }
            Kind::Boolean => {
                (shown.control, shown.checked, shown.required) = ("checkbox", shown.value == "true", false);
            }
            Kind::Choice(Choices { scope: Scope::Partial, .. }) => {}
            Kind::Choice(Choices { rows, scope: Scope::Complete }) => {
                // Without it a browser would choose the first row for somebody who chose nothing.
                let nothing = (!shown.required || shown.value.is_empty()).then_some(NOTHING);
                let rows = rows.iter().map(|(key, label)| (key.as_str(), label.as_str()));
                shown.select(nothing.into_iter().chain(rows));
            }
        }
        shown
    }

    fn select<'a>(&mut self, options: impl Iterator<Item = (&'a str, &'a str)>) {
        let choice = |(value, label): (&str, &str)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            selected: value == self.value,
        };
        self.options = options.map(choice).collect();
        self.control = "select";
    }
}

/// `first_name` → `First name`; the key of a row goes by the row.
fn label(name: &str, kind: &Kind) -> String {
    let name = match kind {
        Kind::Choice(_) => name.strip_suffix("_id").unwrap_or(name),
        _ => name,
    };
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str().replace('_', " "))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use serde_json::json;

    use super::super::sent::Raw;
    use super::*;

    #[test]
    fn an_unchanged_form_sends_what_the_row_has() {
        for (kind, value, control, input_type) in [
            (Kind::Time, "06:30:15.123456", "input", "text"),
            (Kind::Time, "06:30:15.123", "input", "time"),
            (Kind::Time, "06:30:00.000001", "input", "text"),
            (Kind::DateTime, "2026-07-01T12:00:00.123456Z", "input", "text"),
            (Kind::DateTime, "2026-07-01T12:00:00.5Z", "input", "datetime-local"),
            (Kind::Text { max_length: None }, "one\ntwo", "textarea", "text"),
            (Kind::Text { max_length: None }, "one", "input", "text"),
        ] {
            let value = json!(value);
            let shown = Shown::new("x", &kind, Presence::Required, kind.show(Raw::Json(&value), Tz::Europe__Berlin));
            assert_eq!((shown.control, shown.input_type), (control, input_type), "{value}");
            let sent = shown.value.replace('\n', "\r\n");
            let parsed = |raw| format!("{:?}", kind.parse(raw, Tz::Europe__Berlin).ok().flatten());
            assert_eq!(parsed(Raw::Text(&sent)), parsed(Raw::Json(&value)), "{sent}");
        }
    }
}
