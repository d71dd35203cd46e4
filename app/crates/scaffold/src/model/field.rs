//! One field as it is typed: `name:type`, then in any order `?`, `:unique`, `:index`, `:references=module.Model`.

use super::Target;
use super::kind::Kind;
use crate::{Error, Result, names};

/// What an entity has anyway, or what a form needs for itself.
const RESERVED: [(&str, &str); 2] = [
    ("id", "every model has an `id`, which the database numbers"),
    ("csrfmiddlewaretoken", "forms have a field of this name already"),
];

/// A field of a model to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewField {
    /// Its column, and its name in the entity: `title`, `author_id`.
    pub column: String,
    /// Its type; that of the key that it points at, if it does.
    pub kind: Kind,
    /// Whether it may be empty.
    pub null: bool,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Whether it has an index (uniqueness is one already).
    pub indexed: bool,
    /// The model whose rows it points at.
    pub target: Option<Target>,
}

/// What was typed, taken apart, before the reference is looked up.
#[derive(Default)]
struct Parts<'a> {
    kind: Option<Kind>,
    null: bool,
    unique: bool,
    indexed: bool,
    references: Option<&'a str>,
}

impl NewField {
    /// Reads one field. `find` looks up the model of a reference.
    pub(super) fn parse(text: &str, find: &dyn Fn(&str) -> Result<Target>) -> Result<Self> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let (name, null) = without_mark(name);
        names::identifier("field", name)?;
        if let Some((_, reason)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
            return Err(Error::new(format!("a field cannot be called `{name}`: {reason}")));
        }
        let parts = Parts::read(text, rest, Parts { null, ..Parts::default() })?;
        let target = parts.references.map(find).transpose()?;
        let column = match &target {
            Some(_) if !name.ends_with("_id") => format!("{name}_id"),
            _ => name.to_owned(),
        };
        let kind = match (parts.kind, &target) {
            (Some(kind), Some(target)) if kind != target.kind => {
                let message = format!("the field `{name}` is `{kind}`, but the key of {target} is `{}`", target.kind);
                return Err(Error::new(message).with_hint("leave the type out: a reference has that of the key"));
            }
            (_, Some(target)) => target.kind,
            (Some(kind), None) => kind,
            (None, None) => {
                let hint = format!("write `{name}:string`, or another of {}", types());
                return Err(usage(format!("the field `{name}` has no type")).with_hint(hint));
            }
        };
        if kind == Kind::Boolean && parts.unique {
            return Err(Error::new(format!("the field `{name}` cannot be unique: a boolean has two values only")));
        }
        if target.as_ref().is_some_and(|target| target.entity.is_none()) && !parts.null {
            let message = format!("the field `{name}` points at its own model, so the first row could not be made");
            return Err(Error::new(message).with_hint(format!("let it be empty: `{text}?`")));
        }
        let indexed = !parts.unique && (parts.indexed || target.is_some());
        Ok(Self { column, kind, null: parts.null, unique: parts.unique, indexed, target })
    }

    /// The name of the relation: the column without `_id`.
    pub(crate) fn relation(&self) -> &str {
        self.column.strip_suffix("_id").unwrap_or(&self.column)
    }
}

impl<'a> Parts<'a> {
    /// Reads what stands after the name, in any order; each thing once.
    fn read(field: &str, rest: &'a str, mut parts: Self) -> Result<Self> {
        for part in rest.split(':').filter(|_| !rest.is_empty()) {
            let (word, null) = without_mark(part);
            parts.null |= null;
            let twice = || usage(format!("`{field}` says `{word}` twice, or two things of its kind"));
            match (word, word.split_once('=')) {
                ("", _) if null => {}
                ("null", _) => parts.null = true,
                ("unique", _) if parts.unique => return Err(twice()),
                ("unique", _) => parts.unique = true,
                ("index", _) if parts.indexed => return Err(twice()),
                ("index", _) => parts.indexed = true,
                (_, Some(("references", _))) if parts.references.is_some() => return Err(twice()),
                (_, Some(("references", label))) => parts.references = Some(label),
                _ => match Kind::parse(word).map_err(usage)? {
                    Some(_) if parts.kind.is_some() => return Err(twice()),
                    Some(kind) => parts.kind = Some(kind),
                    None => return Err(unknown(field, word)),
                },
            }
        }
        Ok(parts)
    }
}

/// The word without a `?` at its end, and whether there was one.
fn without_mark(word: &str) -> (&str, bool) {
    word.strip_suffix('?').map_or((word, false), |word| (word, true))
}

fn usage(message: impl Into<String>) -> Error {
    Error::new(message).with_code(2)
}

fn unknown(field: &str, word: &str) -> Error {
    let known: Vec<&str> = Kind::names().chain(["null", "unique", "index", "references=module.Model"]).collect();
    let hint = match cli::nearest(word, known.iter().copied()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a type is one of {}; beside it there are `null`, `unique`, `index`, `references=…`", types()),
    };
    usage(format!("`{word}` in `{field}` is no type of a field")).with_hint(hint)
}

fn types() -> String {
    Kind::names().collect::<Vec<_>>().join(", ")
}
