//! One field while it is described. Typed outside, erased as soon as it is read.

use std::marker::PhantomData;

use super::form::Form;
use super::kind::Kind;
use super::value::{Integer, Typed};

/// Whether a field may be left empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    /// Nothing is a value of its own.
    Optional,
    /// Nothing stands for the usual value.
    Usual,
}

/// A field without its type.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) label: Option<String>,
    pub(super) help: Option<String>,
    pub(super) initial: Option<serde_json::Value>,
}

/// A field of a form, to be described further, and to be read by [`Self::required`], [`Self::optional`] or
/// [`Self::or_default`].
#[must_use = "a field is part of its form when it has been read"]
pub struct Field<'a, T> {
    form: &'a mut Form,
    spec: Spec,
    value: PhantomData<T>,
}

impl<'a, T: Typed> Field<'a, T> {
    pub(super) fn new(form: &'a mut Form, name: &'static str, kind: Kind) -> Self {
        Self { form, spec: Spec { name, kind, label: None, help: None, initial: None }, value: PhantomData }
    }

    /// What stands beside it; otherwise its name in words.
    pub fn label(mut self, label: &str) -> Self {
        self.spec.label = Some(label.to_owned());
        self
    }

    /// What stands below it.
    pub fn help(mut self, help: &str) -> Self {
        self.spec.help = Some(help.to_owned());
        self
    }

    /// What an empty form shows in it.
    pub fn initial(mut self, value: impl Into<serde_json::Value>) -> Self {
        self.spec.initial = Some(value.into());
        self
    }

    /// Its value. A box that is not ticked is `false`. Nothing when it is wrong or empty, which is noted beside it.
    pub fn required(self) -> Option<T> {
        self.read(Presence::Required)?
    }

    /// Its value, or that it was left empty. Nothing when it is wrong, which is noted beside it.
    pub fn optional(self) -> Option<Option<T>> {
        self.read(Presence::Optional)
    }

    /// Its value; the type's own (an empty text, zero) where it was left empty. Nothing when it is wrong, which is noted
    /// beside it.
    pub fn or_default(self) -> Option<T>
    where
        T: Default,
    {
        self.read(Presence::Usual).map(Option::unwrap_or_default)
    }

    fn read(self, presence: Presence) -> Option<Option<T>> {
        let name = self.spec.name;
        match self.form.read(self.spec, presence)? {
            None => Some(None),
            Some(parsed) => match T::of(parsed) {
                Some(value) => Some(Some(value)),
                None => {
                    self.form.note_mismatch(name);
                    None
                }
            },
        }
    }
}

impl Field<'_, String> {
    /// How many characters it may have.
    pub fn max_length(mut self, limit: usize) -> Self {
        if let Kind::Text { max_length } | Kind::TextArea { max_length } = &mut self.spec.kind {
            *max_length = Some(limit);
        }
        self
    }
}

impl<T: Integer> Field<'_, T> {
    /// The smallest number that it may be.
    pub fn min(mut self, limit: i64) -> Self {
        if let Kind::Integer { min, .. } = &mut self.spec.kind {
            *min = limit.max(*min);
        }
        self
    }

    /// The largest number that it may be.
    pub fn max(mut self, limit: i64) -> Self {
        if let Kind::Integer { max, .. } = &mut self.spec.kind {
            *max = limit.min(*max);
        }
        self
    }
}
