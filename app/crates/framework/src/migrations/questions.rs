//! The questions that `makemigrations` asks at a terminal, in Django's words.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use db::Error;
use db::migrations::{NullRows, Questioner};
use db::state::{DefaultValue, Field, FieldType, ModelKey, SqlExpression};
use serde::Deserialize;

use crate::management::{CommandError, Console, Talk};

/// Asks the person at the terminal.
pub(super) struct Interactive<'a> {
    console: &'a mut Console,
    talk: Talk,
    /// Why there was no answer, while the database crate's error is on its way.
    refusal: Option<anyhow::Error>,
}

const ONE_OFF: &str =
    "Provide a one-off default now (will be set on all existing rows with a null value for this column)";
const QUIT: &str = "Quit and manually define a default value in models.rs.";

impl<'a> Interactive<'a> {
    pub(super) fn new(console: &'a mut Console, talk: Talk) -> Self {
        Self { console, talk, refusal: None }
    }

    /// What to fail with when the questions ended in `error`.
    pub(super) fn refusal(&mut self, error: Error) -> anyhow::Error {
        self.refusal.take().unwrap_or_else(|| error.into())
    }

    /// Asks, if there is somebody to ask.
    fn ask(&mut self, question: &str) -> anyhow::Result<String> {
        if !self.console.is_interactive() {
            let message = format!(
                "cannot ask \"{}\": standard input is not a terminal\nhint: run this in a terminal; or say what was \
                 renamed with `renamed_from` in the model, and give new columns a default; or see what `--noinput` does",
                question.trim().lines().next().unwrap_or_default()
            );
            return Err(CommandError::new(message).code(3).into());
        }
        self.console.ask_on(self.talk, question)
    }

    /// A question to answer with yes or no; Enter takes `default`, and asks again where there is none.
    pub(super) fn yes_or_no(&mut self, question: &str, default: Option<bool>) -> anyhow::Result<bool> {
        let mut answer = self.ask(&format!("{question} "))?;
        if let (true, Some(default)) = (answer.is_empty(), default) {
            return Ok(default);
        }
        loop {
            match answer.chars().next() {
                Some('y' | 'Y') => return Ok(true),
                Some('n' | 'N') => return Ok(false),
                _ => {}
            }
            answer = self.ask("Please answer yes or no: ")?;
        }
    }

    /// One of several choices, counted from 1; asked until one of them is named.
    fn choice(&mut self, question: &str, choices: &[&str]) -> anyhow::Result<usize> {
        let list: String = choices.iter().enumerate().map(|(at, choice)| format!(" {}) {choice}\n", at + 1)).collect();
        let mut answer = self.ask(&format!("{question}\n{list}Select an option: "))?;
        loop {
            match answer.trim().parse() {
                Ok(chosen) if (1..=choices.len()).contains(&chosen) => return Ok(chosen),
                _ => answer = self.ask("Please select a valid option: ")?,
            }
        }
    }

    /// A value for the rows that are there.
    fn value(&mut self, field: &Field, proposal: Option<DefaultValue>) -> anyhow::Result<DefaultValue> {
        let shown = proposal.as_ref().map(written);
        self.say("Please enter the default value as valid TOML.\n");
        if let Some(shown) = &shown {
            self.say(&format!("Accept the default '{shown}' by pressing 'Enter' or provide another value.\n"));
        }
        self.say(
            "Texts stand in quotes; an expression of the database can be given too, such as \
             { sql = \"CURRENT_TIMESTAMP\" }.\nType 'exit' to exit this prompt\n",
        );
        loop {
            let answer = match &shown {
                Some(shown) => self.ask(&format!("[default: {shown}] >>> "))?,
                None => self.ask(">>> ")?,
            };
            match (answer.trim(), &proposal) {
                ("", Some(proposal)) => return Ok(proposal.clone()),
                ("", None) => self.say("Please enter some value, or 'exit' (without quotes) to exit.\n"),
                ("exit", _) => return Err(nothing_written().into()),
                (text, _) => match parse(text, field.kind) {
                    Ok(value) => return Ok(value),
                    Err(reason) => self.say(&format!("{reason}\n")),
                },
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.console.stream(self.talk).write_unended(text);
    }

    /// Keeps the reason for later; the database crate cannot carry it.
    fn refused<T>(&mut self, answer: anyhow::Result<T>) -> Result<T, Error> {
        answer.map_err(|error| {
            let text = error.to_string();
            self.refusal = Some(error);
            Error::Question(text.into())
        })
    }

    fn addition(&mut self, model: &ModelKey, field: &Field) -> anyhow::Result<DefaultValue> {
        let question = format!(
            "It is impossible to add a non-nullable field '{}' to {} without specifying a default. This is because the \
             database needs something to populate existing rows.\nPlease select a fix:",
            field.name,
            model.name.to_lowercase()
        );
        match self.choice(&question, &[ONE_OFF, QUIT])? {
            1 => self.value(field, None),
            _ => Err(nothing_written().code(3).into()),
        }
    }

    fn moment(&mut self, model: &ModelKey, field: &Field) -> anyhow::Result<DefaultValue> {
        let question = format!(
            "It is impossible to add the field '{}' to {} without providing a default. This is because the database \
             needs something to populate existing rows.",
            field.name,
            model.name.to_lowercase()
        );
        let choices = ["Provide a one-off default now which will be set on all existing rows", QUIT];
        match self.choice(&question, &choices)? {
            1 => self.value(field, now(field.kind)),
            _ => Err(nothing_written().code(3).into()),
        }
    }

    fn alteration(&mut self, model: &ModelKey, field: &Field) -> anyhow::Result<NullRows> {
        let question = format!(
            "It is impossible to change a nullable field '{}' on {} to non-nullable without providing a default. This \
             is because the database needs something to populate existing rows.\nPlease select a fix:",
            field.name,
            model.name.to_lowercase()
        );
        let ignore = "Ignore for now. Existing rows that contain NULL values will have to be handled manually, for \
            example with a run_rust or run_sql operation.";
        match self.choice(&question, &[ONE_OFF, ignore, QUIT])? {
            1 => self.value(field, None).map(NullRows::Fill),
            2 => Ok(NullRows::Ignore),
            _ => Err(nothing_written().code(3).into()),
        }
    }
}

impl Questioner for Interactive<'_> {
    fn renamed_model(&mut self, from: &str, to: &ModelKey) -> Result<bool, Error> {
        let question = format!("Was the model {}.{from} renamed to {}? [y/N]", to.module, to.name);
        let answer = self.yes_or_no(&question, Some(false));
        self.refused(answer)
    }

    fn renamed_field(&mut self, model: &ModelKey, from: &str, to: &Field) -> Result<bool, Error> {
        let model = model.name.to_lowercase();
        let question = format!("Was {model}.{from} renamed to {model}.{} (a {})? [y/N]", to.name, to.kind);
        let answer = self.yes_or_no(&question, Some(false));
        self.refused(answer)
    }

    fn not_null_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        let answer = self.addition(model, field);
        self.refused(answer)
    }

    fn moment_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        let answer = self.moment(model, field);
        self.refused(answer)
    }

    fn not_null_alteration(&mut self, model: &ModelKey, field: &Field) -> Result<NullRows, Error> {
        let answer = self.alteration(model, field);
        self.refused(answer)
    }
}

/// Answers for `--dry-run`, where nothing is asked: nothing was renamed, and values are left open.
pub(super) struct Unasked;

impl Unasked {
    fn open() -> DefaultValue {
        DefaultValue::Text("NOT PROVIDED".to_owned())
    }
}

impl Questioner for Unasked {
    fn renamed_model(&mut self, _: &str, _: &ModelKey) -> Result<bool, Error> {
        Ok(false)
    }

    fn renamed_field(&mut self, _: &ModelKey, _: &str, _: &Field) -> Result<bool, Error> {
        Ok(false)
    }

    fn not_null_addition(&mut self, _: &ModelKey, _: &Field) -> Result<DefaultValue, Error> {
        Ok(Self::open())
    }

    fn moment_addition(&mut self, _: &ModelKey, _: &Field) -> Result<DefaultValue, Error> {
        Ok(Self::open())
    }

    fn not_null_alteration(&mut self, _: &ModelKey, _: &Field) -> Result<NullRows, Error> {
        Ok(NullRows::Fill(Self::open()))
    }
}

/// The moment of the migration, as a proposal.
fn now(kind: FieldType) -> Option<DefaultValue> {
    let sql = match kind {
        FieldType::DateTime | FieldType::NaiveDateTime => "CURRENT_TIMESTAMP",
        FieldType::Date => "CURRENT_DATE",
        FieldType::Time => "CURRENT_TIME",
        _ => return None,
    };
    Some(DefaultValue::Sql(SqlExpression { sql: sql.to_owned() }))
}

/// The person stopped.
fn nothing_written() -> CommandError {
    CommandError::unlabelled("Nothing was written.")
}

#[derive(Deserialize)]
struct Typed {
    value: Value,
}

/// A value as it was typed: TOML has dates and times of its own, a migration file holds them as text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false, a number, a text, a date or time, or { sql = \"an expression\" }")]
enum Value {
    Moment(toml::value::Datetime),
    Other(DefaultValue),
}

/// Reads a value as a migration file would hold it, and says what is wrong with it for a column of this type.
fn parse(text: &str, kind: FieldType) -> Result<DefaultValue, String> {
    let typed: Typed = toml::from_str(&format!("value = {text}")).map_err(|error| error.message().to_owned())?;
    let value = match typed.value {
        Value::Moment(moment) => DefaultValue::Text(moment.to_string()),
        Value::Other(value) => value,
    };
    let is_fit = match (&value, kind) {
        (DefaultValue::Sql(_), _) => true,
        (DefaultValue::Boolean(_), kind) => kind == FieldType::Boolean,
        (DefaultValue::Integer(number), FieldType::SmallInteger) => i16::try_from(*number).is_ok(),
        (DefaultValue::Integer(number), FieldType::Integer) => i32::try_from(*number).is_ok(),
        (DefaultValue::Integer(_), FieldType::BigInteger) => true,
        (DefaultValue::Integer(_) | DefaultValue::Double(_), kind) => {
            matches!(kind, FieldType::Decimal(_) | FieldType::Float | FieldType::Double)
        }
        (DefaultValue::Text(text), kind) => fits(text, kind),
    };
    if is_fit {
        return Ok(in_one_form(value, kind));
    }
    let example = match kind {
        FieldType::DateTime => " Example: 2026-01-02T03:04:05Z",
        FieldType::NaiveDateTime => " Example: 2026-01-02T03:04:05",
        FieldType::Date => " Example: 2026-01-02",
        FieldType::Time => " Example: 03:04:05",
        _ => "",
    };
    Err(format!("{text} does not fit a column of the type {kind}.{example}"))
}

/// A moment as SeaORM writes it: SQLite keeps moments as text and compares them so.
fn in_one_form(value: DefaultValue, kind: FieldType) -> DefaultValue {
    let form = |text: &str| match kind {
        FieldType::DateTime => Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc().to_rfc3339()),
        FieldType::NaiveDateTime => Some(text.parse::<NaiveDateTime>().ok()?.to_string()),
        _ => None,
    };
    match value {
        DefaultValue::Text(text) => DefaultValue::Text(form(&text).unwrap_or(text)),
        value => value,
    }
}

/// Whether a text can stand in a column of this type.
fn fits(text: &str, kind: FieldType) -> bool {
    match kind {
        FieldType::String(Some(length)) | FieldType::Char(length) => text.chars().count() <= length as usize,
        FieldType::DateTime => DateTime::parse_from_rfc3339(text).is_ok(),
        FieldType::NaiveDateTime => text.parse::<NaiveDateTime>().is_ok(),
        FieldType::Date => text.parse::<NaiveDate>().is_ok(),
        FieldType::Time => text.parse::<NaiveTime>().is_ok(),
        FieldType::Json | FieldType::JsonBinary => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        FieldType::Decimal(_) => text.parse::<f64>().is_ok_and(f64::is_finite),
        FieldType::String(None) | FieldType::Text | FieldType::Uuid | FieldType::Binary => true,
        _ => false,
    }
}

/// A value as it would be typed.
fn written(value: &DefaultValue) -> String {
    match value {
        DefaultValue::Sql(expression) => format!("{{ sql = \"{}\" }}", expression.sql),
        DefaultValue::Text(text) => format!("{text:?}"),
        DefaultValue::Boolean(value) => value.to_string(),
        DefaultValue::Integer(value) => value.to_string(),
        DefaultValue::Double(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_be_toml_and_fit_the_column() {
        for (text, kind, good) in [
            ("1", FieldType::Integer, true),
            ("3000000000", FieldType::Integer, false),
            ("\"1\"", FieldType::Integer, false),
            ("true", FieldType::Boolean, true),
            ("1", FieldType::Boolean, false),
            ("'it''s'", FieldType::Text, false),
            ("\"it's\"", FieldType::String(Some(4)), true),
            ("\"it's \"", FieldType::String(Some(4)), false),
            ("joe", FieldType::Text, false),
            ("{ sql = \"CURRENT_TIMESTAMP\" }", FieldType::DateTime, true),
            ("\"2026-01-02T03:04:05Z\"", FieldType::DateTime, true),
            ("\"yesterday\"", FieldType::DateTime, false),
            ("\"2026-01-02\"", FieldType::Date, true),
            ("\"25:00\"", FieldType::Time, false),
            ("1.5", FieldType::Double, true),
            ("2026-01-02", FieldType::Date, true),
            ("2026-01-02", FieldType::DateTime, false),
            ("2026-01-02 03:04:05+01:00", FieldType::DateTime, true),
            ("2026-01-02T03:04:05", FieldType::NaiveDateTime, true),
            ("03:04:05", FieldType::Time, true),
            ("2026-01-02", FieldType::Integer, false),
        ] {
            assert_eq!(parse(text, kind).is_ok(), good, "{text} {kind}");
        }
        let text = |text: &str| Ok(DefaultValue::Text(text.to_owned()));
        assert_eq!(parse("2026-01-02 03:04:05+01:00", FieldType::DateTime), text("2026-01-02T02:04:05+00:00"));
        assert_eq!(parse("2026-01-02T03:04:05", FieldType::NaiveDateTime), text("2026-01-02 03:04:05"));
        assert_eq!(parse("2026-01-02", FieldType::Date), text("2026-01-02"));
        assert_eq!(
            parse("1", FieldType::Date).unwrap_err(),
            "1 does not fit a column of the type date. Example: 2026-01-02"
        );
    }
}
