//! Models: what `MODELS` names, and the entities behind.

use std::path::Path;

use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Item, Lit, Meta, Token};

use super::{Field, Model, files};
use crate::names::snake_case;
use crate::syntax::Source;

/// The models of a module, in the order of `MODELS`.
pub(super) fn read(folder: &Path, label: &str, rust_path: &str) -> Vec<Model> {
    let file = ["models.rs", "models/mod.rs"].iter().find_map(|file| files::text(&folder.join(file)));
    let text = file.unwrap_or_default();
    let Ok(source) = Source::parse(&text) else { return Vec::new() };
    let Some(elements) = source.constants("MODELS").next().and_then(elements) else { return Vec::new() };
    let models = elements.iter().filter_map(|element| {
        let (entity, name) = entity(element)?;
        let (table, fields) = find_entity(&source.file.items, &folder.join("models"), &entity);
        let entity_path = match entity.first().map(String::as_str) {
            Some("crate" | "framework") => entity.join("::"),
            _ => [rust_path, "models"]
                .into_iter()
                .chain(entity.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join("::"),
        };
        let table = table.unwrap_or_else(|| format!("{label}_{}", snake_case(&name)));
        Some(Model { name, entity_path, table, fields })
    });
    models.collect()
}

fn elements(value: &Expr) -> Option<&Punctuated<Expr, Token![,]>> {
    match value {
        Expr::Reference(reference) => elements(&reference.expr),
        Expr::Array(array) => Some(&array.elems),
        _ => None,
    }
}

/// The module of the entity and the model's name in `model::<module::Entity>("Name").with_…`.
fn entity(element: &Expr) -> Option<(Vec<String>, String)> {
    match element {
        Expr::MethodCall(call) => entity(&call.receiver),
        Expr::Call(call) => {
            let (Expr::Path(function), Some(Expr::Lit(name))) = (&*call.func, call.args.first()) else { return None };
            let (syn::PathArguments::AngleBracketed(arguments), Lit::Str(name)) =
                (&function.path.segments.last()?.arguments, &name.lit)
            else {
                return None;
            };
            let Some(syn::GenericArgument::Type(syn::Type::Path(entity))) = arguments.args.first() else { return None };
            let mut path: Vec<String> = entity.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            path.pop();
            Some((path, name.value()))
        }
        _ => None,
    }
}

/// The table and the columns of the entity in this module below the items, or below the folder, if it is there.
fn find_entity(items: &[Item], folder: &Path, path: &[String]) -> (Option<String>, Vec<Field>) {
    let Some((first, rest)) = path.split_first() else { return columns(items) };
    let module = items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == first.as_str() => Some(module),
        _ => None,
    });
    match module.map(|module| &module.content) {
        Some(Some((_, items))) => find_entity(items, &folder.join(first), rest),
        Some(None) => {
            let files = [folder.join(format!("{first}.rs")), folder.join(first).join("mod.rs")];
            let text = files.iter().find_map(|file| files::text(file)).unwrap_or_default();
            match Source::parse(&text) {
                Ok(source) => find_entity(&source.file.items, &folder.join(first), rest),
                Err(_) => (None, Vec::new()),
            }
        }
        None => (None, Vec::new()),
    }
}

/// What the entity's `struct Model` among these items says.
fn columns(items: &[Item]) -> (Option<String>, Vec<Field>) {
    let model = items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Model" => Some(item),
        _ => None,
    });
    let Some(model) = model else { return (None, Vec::new()) };
    let table = settings(&model.attrs).iter().find_map(|setting| text(setting, "table_name"));
    (table, model.fields.iter().filter_map(column).collect())
}

fn column(field: &syn::Field) -> Option<Field> {
    let settings = settings(&field.attrs);
    let says = |name: &str| settings.iter().any(|setting| setting.path().is_ident(name));
    let written = field.ty.to_token_stream().to_string().replace(' ', "");
    let relations = ["HasOne<", "HasMany<", "BelongsTo<"];
    if says("ignore") || relations.iter().any(|relation| written.starts_with(relation)) {
        return None;
    }
    let inner = written.strip_prefix("Option<").and_then(|inner| inner.strip_suffix('>'));
    let name = field.ident.as_ref()?.to_string().trim_start_matches("r#").to_owned();
    Some(Field {
        column: settings.iter().find_map(|setting| text(setting, "column_name")).unwrap_or_else(|| name.clone()),
        name,
        nullable: inner.is_some(),
        unique: says("unique"),
        primary_key: says("primary_key"),
        rust_type: inner.map(str::to_owned).unwrap_or(written),
    })
}

/// What stands in `#[sea_orm(…)]`.
fn settings(attributes: &[syn::Attribute]) -> Vec<Meta> {
    let attributes = attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm"));
    let parsed = attributes
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    parsed.flatten().collect()
}

/// The text in `name = "text"`.
fn text(setting: &Meta, name: &str) -> Option<String> {
    match setting {
        Meta::NameValue(syn::MetaNameValue {
            path,
            value: Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }),
            ..
        }) => path.is_ident(name).then(|| text.value()),
        _ => None,
    }
}
