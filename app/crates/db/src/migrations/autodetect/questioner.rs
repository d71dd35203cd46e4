//! What only a person can decide, and how the autodetector asks.

use std::collections::VecDeque;

use crate::{
    Error,
    state::{DefaultValue, Field, ModelKey},
};

/// Answers the autodetector's questions. An answer that is refused (the person quits, there is no terminal) is an
/// error; [`Error::Question`] carries an error of the questioner's own through.
pub trait Questioner: Send {
    /// Whether the model `from` of the module of `to` is now called `to.name`.
    ///
    /// # Errors
    /// When there is no answer.
    fn renamed_model(&mut self, from: &str, to: &ModelKey) -> Result<bool, Error>;

    /// Whether the column `from` of `model` is now called `to.name`.
    ///
    /// # Errors
    /// When there is no answer.
    fn renamed_field(&mut self, model: &ModelKey, from: &str, to: &Field) -> Result<bool, Error>;

    /// What existing rows get in a new required column without default.
    ///
    /// # Errors
    /// When there is no answer.
    fn not_null_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error>;

    /// The same for a date, a time or both: the moment of the migration (`CURRENT_TIMESTAMP` and the like) is a good
    /// proposal.
    ///
    /// # Errors
    /// When there is no answer.
    fn moment_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error>;

    /// What replaces NULL in existing rows of a column that becomes required and has no default.
    ///
    /// # Errors
    /// When there is no answer.
    fn not_null_alteration(&mut self, model: &ModelKey, field: &Field) -> Result<NullRows, Error>;
}

/// What becomes of the rows that have NULL in a column that stops allowing it.
#[derive(Clone, Debug, PartialEq)]
pub enum NullRows {
    /// They get this value, once; it is not the column's default.
    Fill(DefaultValue),
    /// Nothing: there are none, or something else deals with them before.
    Ignore,
}

/// Asks nobody and guesses nothing: no renames, and no values for existing rows.
#[derive(Clone, Debug, Default)]
pub struct NonInteractive {
    /// What the person should know afterwards, a line each.
    pub notes: Vec<String>,
}

impl Questioner for NonInteractive {
    fn renamed_model(&mut self, _: &str, _: &ModelKey) -> Result<bool, Error> {
        Ok(false)
    }

    fn renamed_field(&mut self, _: &ModelKey, _: &str, _: &Field) -> Result<bool, Error> {
        Ok(false)
    }

    fn not_null_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        Err(Error::NotNullAddition { field: field.name.clone(), model: model.name.clone() })
    }

    fn moment_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        self.not_null_addition(model, field)
    }

    fn not_null_alteration(&mut self, model: &ModelKey, field: &Field) -> Result<NullRows, Error> {
        self.notes.push(format!(
            "Field '{}' on model '{}' given a default of NOT PROVIDED and must be corrected.",
            field.name, model.name
        ));
        Ok(NullRows::Ignore)
    }
}

/// An answer for [`Scripted`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was renamed.
    Yes,
    /// It was not.
    No,
    /// This value for existing rows.
    Value(DefaultValue),
    /// Leave them.
    Ignore,
}

/// Gives prepared answers in order, and keeps what it was asked; for tests.
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    /// The answers that are left.
    pub answers: VecDeque<Answer>,
    /// The questions so far: `model x.A to B`, `field x.A.a to b`, `value x.A.b`, `moment x.A.b`, `null x.A.b`.
    pub asked: Vec<String>,
}

impl Scripted {
    /// With these answers, in the order of the questions.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Scripted { answers: answers.into_iter().collect(), asked: Vec::new() }
    }

    fn answer<T>(&mut self, question: String, fits: impl Fn(Answer) -> Option<T>) -> Result<T, Error> {
        let unanswered = Error::Question(format!("no fitting answer is prepared for: {question}").into());
        self.asked.push(question);
        self.answers.pop_front().and_then(fits).ok_or(unanswered)
    }

    fn renamed(&mut self, question: String) -> Result<bool, Error> {
        self.answer(question, |answer| match answer {
            Answer::Yes => Some(true),
            Answer::No => Some(false),
            _ => None,
        })
    }

    fn value(&mut self, question: String) -> Result<DefaultValue, Error> {
        self.answer(question, |answer| match answer {
            Answer::Value(value) => Some(value),
            _ => None,
        })
    }
}

impl Questioner for Scripted {
    fn renamed_model(&mut self, from: &str, to: &ModelKey) -> Result<bool, Error> {
        self.renamed(format!("model {}.{from} to {}", to.module, to.name))
    }

    fn renamed_field(&mut self, model: &ModelKey, from: &str, to: &Field) -> Result<bool, Error> {
        self.renamed(format!("field {model}.{from} to {}", to.name))
    }

    fn not_null_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        self.value(format!("value {model}.{}", field.name))
    }

    fn moment_addition(&mut self, model: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        self.value(format!("moment {model}.{}", field.name))
    }

    fn not_null_alteration(&mut self, model: &ModelKey, field: &Field) -> Result<NullRows, Error> {
        self.answer(format!("null {model}.{}", field.name), |answer| match answer {
            Answer::Value(value) => Some(NullRows::Fill(value)),
            Answer::Ignore => Some(NullRows::Ignore),
            _ => None,
        })
    }
}
