//! What the templates are given.

use minijinja::{Value, context};

use super::Options;
use crate::model::{NewField, NewModel, on_delete};
use crate::names::{self, ModulePath};
use crate::words::{capitalised, plural, spaced, with_article};

/// What the templates of a module see.
pub(super) fn module(path: &ModulePath, options: &Options) -> Value {
    let Options { model, pages, api, command } = options;
    context! { module => place(path), model => model.as_ref().map(self::model), pages, api, command }
}

/// What the templates of a command see.
pub(super) fn command(path: &ModulePath, name: &str) -> Value {
    let words = spaced(name);
    context! { module => place(path), command => context! { name, Words => capitalised(&words), words } }
}

/// A module's names.
fn place(path: &ModulePath) -> Value {
    let name = path.name();
    context! {
        name,
        // As in addresses, and below `templates/`.
        path => path.segments().join("/"),
        rust => format!("crate::modules::{}", path.segments().join("::")),
        label => path.label(),
        title => capitalised(&spaced(name)),
        page => format!("{}Page", names::camel_case(name)),
    }
}

fn model(model: &NewModel) -> Value {
    let one = spaced(&model.module());
    let many = plural(&one);
    context! {
        name => model.name.as_str(),
        module => model.module(),
        table => model.table.as_str(),
        One => capitalised(&one),
        a_one => with_article(&one),
        A_one => capitalised(&with_article(&one)),
        Many => capitalised(&many),
        one,
        many,
        // Floating point numbers are not equal to themselves when they are none.
        eq => model.fields.iter().all(|field| field.kind.rust() != "f64"),
        fields => model.fields.iter().map(field).collect::<Vec<_>>(),
        relations => model.fields.iter().filter_map(relation).collect::<Vec<_>>(),
    }
}

fn field(field: &NewField) -> Value {
    let rust = field.kind.rust();
    context! {
        column => field.column.as_str(),
        kind => field.kind.to_string(),
        label => capitalised(&spaced(field.relation())),
        null => field.null,
        unique => field.unique,
        references => field.target.as_ref().map(ToString::to_string),
        // Without the `Option` around it.
        bare => rust,
        rust => if field.null { format!("Option<{rust}>") } else { rust.to_owned() },
        variant => names::camel_case(&field.column),
        attributes => attributes(field),
    }
}

/// What an entity says about a column beside its name and its type in Rust.
fn attributes(field: &NewField) -> String {
    let column_type = field.kind.column_type().map(|column_type| format!("column_type = \"{column_type}\""));
    let unique = field.unique.then(|| "unique".to_owned());
    let indexed = field.indexed.then(|| "indexed".to_owned());
    [unique, indexed, column_type].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn relation(field: &NewField) -> Option<Value> {
    let target = field.target.as_ref()?;
    Some(context! {
        name => names::camel_case(field.relation()),
        entity => target.entity.as_ref().map(|entity| format!("{entity}::")).unwrap_or_default(),
        from => names::camel_case(&field.column),
        to => names::camel_case(&target.key),
        on_delete => on_delete(field).entity,
    })
}
