//! A form: its fields, what was sent in them, and what is wrong.

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use db::Violation;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::{Map, Value};

use super::choices::Choices;
use super::errors::{self, Errors};
use super::field::{Field, Presence, Spec};
use super::kind::Kind;
use super::sent::{Raw, Sent};
use super::shown::Shown;
use super::value::{Integer, Key, Parsed};
use crate::context::Context;
use crate::http::{self, Request};

/// A form. Templates get it as a value, and draw it with the macros of `forms/fields.html`.
#[derive(Serialize)]
pub struct Form {
    #[serde(skip)]
    sent: Sent,
    #[serde(skip)]
    zone: Tz,
    fields: Vec<Shown>,
    /// Those of the form as a whole.
    errors: Vec<String>,
}

impl Form {
    /// A form that is to be filled in.
    pub fn empty(ctx: &Context) -> Self {
        Self::new(ctx, Sent::Nothing(Map::new()))
    }

    /// A form that shows a row, so that it can be changed. Its fields are those that the row is serialised with.
    ///
    /// # Errors
    /// When the row cannot be written as JSON.
    pub fn filled(ctx: &Context, row: &impl Serialize) -> http::Result<Self> {
        match serde_json::to_value(row).context("failed to fill a form")? {
            Value::Object(values) => Ok(Self::new(ctx, Sent::Nothing(values))),
            other => Err(anyhow::anyhow!("failed to fill a form: {other} has no fields").into()),
        }
    }

    /// The form that a request sends: fields as a browser encodes them, or a JSON object.
    ///
    /// # Errors
    /// 400 when it is neither; see [`Request::body`].
    pub async fn sent(request: &Request) -> http::Result<Self> {
        Ok(Self::new(request.ctx(), Sent::read(request).await?))
    }

    fn new(ctx: &Context, sent: Sent) -> Self {
        Self { sent, zone: ctx.settings().time_zone, fields: Vec::new(), errors: Vec::new() }
    }

    /// A line of text, without the spaces around it.
    pub fn text(&mut self, name: &'static str) -> Field<'_, String> {
        Field::new(self, name, Kind::Text { max_length: None })
    }

    /// Text of several lines.
    pub fn text_area(&mut self, name: &'static str) -> Field<'_, String> {
        Field::new(self, name, Kind::TextArea { max_length: None })
    }

    /// A whole number that fits its type.
    pub fn integer<T: Integer>(&mut self, name: &'static str) -> Field<'_, T> {
        let (min, max) = T::BOUNDS;
        Field::new(self, name, Kind::Integer { min, max })
    }

    /// A number.
    pub fn float(&mut self, name: &'static str) -> Field<'_, f64> {
        Field::new(self, name, Kind::Float)
    }

    /// A box to be ticked; with [`Field::optional`] a choice of yes, no and unknown.
    pub fn boolean(&mut self, name: &'static str) -> Field<'_, bool> {
        Field::new(self, name, Kind::Boolean)
    }

    /// A day.
    pub fn date(&mut self, name: &'static str) -> Field<'_, NaiveDate> {
        Field::new(self, name, Kind::Date)
    }

    /// A time of day.
    pub fn time(&mut self, name: &'static str) -> Field<'_, NaiveTime> {
        Field::new(self, name, Kind::Time)
    }

    /// An instant, shown and read in the time zone of the settings.
    pub fn datetime(&mut self, name: &'static str) -> Field<'_, DateTime<Utc>> {
        Field::new(self, name, Kind::DateTime)
    }

    /// Any JSON.
    pub fn json(&mut self, name: &'static str) -> Field<'_, Value> {
        Field::new(self, name, Kind::Json)
    }

    /// One of several, by its key: a foreign key.
    pub fn choice<T: Key>(&mut self, name: &'static str, choices: &Choices) -> Field<'_, T> {
        Field::new(self, name, Kind::Choice(choices.clone()))
    }

    /// Describes the field, and reads it. Nothing when nothing was sent, or something wrong.
    pub(super) fn read(&mut self, spec: Spec, presence: Presence) -> Option<Option<Parsed>> {
        let Spec { name, kind, label, help, initial } = spec;
        let raw = match (&self.sent, self.sent.get(name)) {
            (Sent::Nothing(_), Raw::Absent) => initial.as_ref().map_or(Raw::Absent, Raw::Json),
            (_, raw) => raw,
        };
        let mut shown = Shown::new(name, &kind, presence, kind.show(raw, self.zone));
        let parsed = kind.parse(raw, self.zone);
        let is_ticked = matches!(parsed, Ok(Some(Parsed::Boolean(true))));
        shown.checked = shown.control == "checkbox" && is_ticked;
        if let Some(label) = label {
            shown.label = label;
        }
        shown.help = help;
        let read = match (&self.sent, parsed) {
            (Sent::Nothing(_), _) => None,
            // Browsers do not send a box that is not ticked.
            (Sent::Form(_), Ok(None)) if shown.control == "checkbox" => Some(Some(Parsed::Boolean(false))),
            (_, Ok(None)) if presence == Presence::Required => {
                shown.errors.push(errors::REQUIRED.to_owned());
                None
            }
            (_, Ok(parsed)) => Some(parsed),
            (_, Err(error)) => {
                shown.errors.push(error);
                None
            }
        };
        match self.fields.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = shown,
            None => self.fields.push(shown),
        }
        read
    }

    /// The key is of another type than those of the rows.
    pub(super) fn note_mismatch(&mut self, name: &str) {
        self.error_on(name, errors::CHOICE);
    }

    /// Notes an error beside a field; one of the form as a whole when it has no such field.
    pub fn error_on(&mut self, name: &str, message: impl Into<String>) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.errors.push(message.into()),
            None => self.errors.push(message.into()),
        }
    }

    /// Notes an error of the form as a whole.
    pub fn error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    /// The values, if something was sent and nothing is wrong with it.
    pub fn accept<T>(&self, values: T) -> Option<T> {
        let is_sent = !matches!(self.sent, Sent::Nothing(_));
        (is_sent && !self.has_errors()).then_some(values)
    }

    /// Whether something is wrong.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.fields.iter().any(|field| !field.errors.is_empty())
    }

    /// What is wrong.
    pub fn errors(&self) -> Errors {
        let wrong = self.fields.iter().filter(|field| !field.errors.is_empty());
        let fields = wrong.map(|field| (field.name.clone(), field.errors.clone())).collect();
        Errors { form: self.errors.clone(), fields }
    }

    /// What is wrong, for a program: 422 with all errors by field.
    pub fn invalid(&self) -> http::Error {
        http::Error::Invalid(self.errors())
    }

    /// Notes what the database has against the values, where that can be told by the fields: another row has them
    /// already (`Book with this ISBN already exists.`), or the row that was chosen is gone. `model` is how people call one.
    ///
    /// # Errors
    /// The error itself, when it is another one.
    pub fn note_refusal(&mut self, model: &str, error: DbErr) -> Result<(), DbErr> {
        match db::violation(&error) {
            Some(Violation::Unique { columns }) => self.note_taken(model, &columns),
            Some(Violation::ForeignKey { columns }) => self.note_missing(&columns),
            None => return Err(error),
        }
        Ok(())
    }

    fn note_taken(&mut self, model: &str, columns: &[String]) {
        let label = |column: &String| {
            let field = self.fields.iter().find(|field| field.name == *column);
            field.map_or_else(|| column.clone(), |field| field.label.clone())
        };
        let labels: Vec<String> = columns.iter().map(label).collect();
        let labels = match labels.split_last() {
            None => "these values".to_owned(),
            Some((last, [])) => format!("this {last}"),
            Some((last, before)) => format!("this {} and {last}", before.join(", ")),
        };
        let message = format!("{model} with {labels} already exists.");
        match columns {
            [column] => self.error_on(column, message),
            _ => self.error(message),
        }
    }

    /// SQLite does not say which row it misses: where one field alone can be meant, it is that one.
    fn note_missing(&mut self, columns: &[String]) {
        let keys: Vec<&str> =
            self.fields.iter().filter(|field| field.is_key).map(|field| field.name.as_str()).collect();
        let named = keys.iter().find(|name| columns.iter().any(|column| column == *name));
        let meant = named.or(if let [only] = keys.as_slice() { Some(only) } else { None });
        match meant.map(|name| (*name).to_owned()) {
            Some(name) => self.error_on(&name, errors::CHOICE),
            None => self.error(errors::CHOICE),
        }
    }
}
