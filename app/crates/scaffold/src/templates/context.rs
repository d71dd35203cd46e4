//! What the templates are given.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use super::{Options, samples};
use crate::model::{Kind, NewField, NewModel, on_delete};
use crate::names::{self, ModulePath};
use crate::words::{capitalised, plural, spaced, with_article};

/// How many columns a list of rows has.
const COLUMNS: usize = 6;

/// What the templates of a module see.
pub(super) fn module(path: &ModulePath, options: &Options) -> Value {
    let Options { model, pages, api, command } = options;
    let model = model.as_ref().map(|model| self::model(path, model));
    context! { module => place(path), model, pages, api, command }
}

/// What the templates of a command see; `model` is the one that its module begins with.
pub(super) fn command(path: &ModulePath, name: &str, model: Option<&NewModel>) -> Value {
    let words = spaced(name);
    let model = model.map(|model| self::model(path, model));
    context! { module => place(path), model, command => context! { name, Words => capitalised(&words), words } }
}

/// A module's names.
fn place(path: &ModulePath) -> Value {
    let name = path.name();
    context! {
        name,
        // As in addresses, and below `templates/`.
        path => path.to_string(),
        rust => path.rust_path(),
        label => path.label(),
        title => capitalised(&spaced(name)),
        page => format!("{}Page", names::camel_case(name)),
    }
}

fn model(path: &ModulePath, model: &NewModel) -> Value {
    let one = spaced(&model.module());
    let many = plural(&one);
    let permission = |action: &str| format!("{}.{action}_{}", path.label(), model.name.to_lowercase());
    let pick = |wanted: fn(&&NewField) -> bool| -> Vec<Value> {
        model.fields.iter().filter(wanted).map(|field| self::field(model, field)).collect()
    };
    let holds = |part: &str| model.fields.iter().any(|field| samples::value(field).contains(part));
    let heading = model.fields.iter().filter(|field| is_short(field)).take(COLUMNS);
    let heading = heading.into_iter().find(|field| matches!(field.kind, Kind::String(_)) && !field.null);
    let required = model.fields.iter().find(|field| !field.null && field.kind != Kind::Boolean);
    let uses: BTreeSet<String> = model.fields.iter().filter_map(|field| import(model, field)).collect();
    let values = context! {
        name => model.name.as_str(),
        module => model.module(),
        table => model.table.as_str(),
        One => capitalised(&one),
        a_one => with_article(&one),
        A_one => capitalised(&with_article(&one)),
        Many => capitalised(&many),
        // What a page about one is headed with: a name, where it has one.
        heading => heading.map_or_else(
            || format!("{} {{{{ row.id }}}}", capitalised(&one)),
            |field| format!("{{{{ row.{} }}}}", field.column),
        ),
        // The column of a list that leads to that page.
        link => heading.map(|field| field.column.as_str()),
        one,
        many,
        // Floating point numbers are not equal to themselves when they are none.
        eq => model.fields.iter().all(|field| field.kind != Kind::Float),
        references => pick(|field| field.target.is_some()),
        columns => pick(|field| is_short(field)).into_iter().take(COLUMNS).collect::<Vec<_>>(),
        fields => pick(|_| true),
        relations => model.fields.iter().filter_map(relation).collect::<Vec<_>>(),
        uses,
        required => required.map(|field| field.column.as_str()),
        unique => model.fields.iter().any(|field| field.unique && samples::value(field) != "None"),
        add => permission("add"),
        change => permission("change"),
        delete => permission("delete"),
    };
    let sample = context! {
        sample_needs_project => holds("project."),
        sample_needs_number => holds("number"),
        sample_is_async => holds(".await"),
        sample_imports_time => holds("TimeDelta::"),
        sample_imports_json => holds("json!("),
        sample_imports_testing => holds("testing::"),
    };
    context! { ..values, ..sample }
}

/// Whether its values are short enough for a list.
fn is_short(field: &NewField) -> bool {
    !matches!(field.kind, Kind::Text | Kind::Json)
}

fn field(model: &NewModel, field: &NewField) -> Value {
    let rust = field.kind.rust();
    let column = field.column.as_str();
    let names = context! {
        column,
        kind => field.kind.to_string(),
        label => capitalised(&spaced(field.relation())),
        words => spaced(field.relation()),
        relation => field.relation(),
        null => field.null,
        unique => field.unique,
        is_number => matches!(field.kind, Kind::Integer | Kind::BigInteger | Kind::Float) && field.target.is_none(),
        // Without the `Option` around it.
        bare => rust,
        rust => if field.null { format!("Option<{rust}>") } else { rust.to_owned() },
        attributes => attributes(field),
        // A variable that does not hide the parameters of the function that it is in.
        local => if matches!(column, "form" | "references") { format!("{column}_value") } else { column.to_owned() },
        form => input(field),
        sample => samples::entry(field),
        sent => samples::sent(field),
    };
    let reference = field.target.as_ref().map(|target| {
        context! {
            references => target.to_string(),
            target => alias(model, field),
            key => names::camel_case(&target.key),
            shown => names::camel_case(target.shown.as_deref().unwrap_or(&target.key)),
        }
    });
    context! { ..names, ..reference.unwrap_or_else(|| context! { references => false }) }
}

/// The call that describes the field in a form.
fn input(field: &NewField) -> String {
    let column = &field.column;
    match (&field.target, field.kind) {
        (Some(_), _) => format!("choice(\"{column}\", &references.{})", field.relation()),
        (None, Kind::String(length)) => format!("text(\"{column}\").max_length({length})"),
        (None, Kind::Text) => format!("text_area(\"{column}\")"),
        (None, Kind::Integer | Kind::BigInteger) => format!("integer(\"{column}\")"),
        (None, kind) => format!("{kind}(\"{column}\")"),
    }
}

/// The name by which the entity of a reference is known in `forms.rs` and `service.rs`: that of its Rust module, unless
/// that means something else there.
fn alias(model: &NewModel, field: &NewField) -> String {
    let Some(target) = &field.target else { return String::new() };
    let Some(entity) = &target.entity else { return model.module() };
    let last = |entity: &str| entity.rsplit("::").next().unwrap_or_default().to_owned();
    let name = last(entity);
    let others = model.fields.iter().filter_map(|field| field.target.as_ref()?.entity.as_ref());
    let is_taken = name == model.module() || others.into_iter().any(|other| other != entity && last(other) == name);
    if is_taken { format!("{}_{name}", target.module) } else { name }
}

/// The `use` of that entity, without `use` and semicolon.
fn import(model: &NewModel, field: &NewField) -> Option<String> {
    let entity = field.target.as_ref()?.entity.as_ref()?;
    let alias = alias(model, field);
    Some(if entity.ends_with(&format!("::{alias}")) { entity.clone() } else { format!("{entity} as {alias}") })
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
