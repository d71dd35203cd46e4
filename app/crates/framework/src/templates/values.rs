//! What a template is given.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

/// Named values for a template; made with [`context!`](super::context).
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more value, in place of an earlier one of the same name.
    pub fn with(mut self, name: &'static str, value: &impl Serialize) -> Self {
        self.0.insert(name, Value::from(Serde(value)));
        self
    }

    /// The same with one more value of the template engine's own kind, such as a function.
    pub(crate) fn with_value(mut self, name: &'static str, value: Value) -> Self {
        self.0.insert(name, value);
        self
    }

    /// These values and others; of two with the same name this one's stays.
    pub(crate) fn over(mut self, others: Self) -> Self {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }
}

impl From<Values> for Value {
    fn from(values: Values) -> Self {
        Self::from(values.0)
    }
}

/// Values for a template: `context! { page, title => "Mailings" }`. Whatever serde can write will do.
#[doc(hidden)]
#[macro_export]
macro_rules! __context {
    ($($name:ident $(=> $value:expr)?),* $(,)?) => {
        $crate::templates::Values::new()$(.with(stringify!($name), $crate::__context!(@ $name $(=> $value)?)))*
    };
    (@ $name:ident) => { &$name };
    (@ $name:ident => $value:expr) => { &$value };
}
