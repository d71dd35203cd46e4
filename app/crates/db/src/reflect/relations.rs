//! Tables of many-to-many relations that have no entity: models made from the two sides.

use crate::{
    ManyToMany, ProjectState,
    backend::fit,
    model::link_columns,
    state::{Action, Constraint, Field, FieldType, Index, ModelKey, ModelState, Reference},
};

/// Adds the model `Mailing_recipients` for the relation `recipients` of `Mailing`.
pub(super) fn add(state: &mut ProjectState, owner: &ModelKey, relation: &ManyToMany) -> Result<(), String> {
    let refuse = |reason: String| format!("many-to-many relation `{}`: {reason}", relation.name);
    let target: ModelKey = relation.to.parse().map_err(refuse)?;
    let [from_name, to_name] = link_columns(owner, &target);
    let (from, to) =
        (column(state, owner, from_name).map_err(refuse)?, column(state, &target, to_name).map_err(refuse)?);
    let table = match state.model(owner) {
        Some(model) => format!("{}_{}", model.table, relation.name),
        None => return Err(refuse(format!("there is no model {owner}"))),
    };
    let key = ModelKey::new(&owner.module, format!("{}_{}", owner.name, relation.name));
    if state.model(&key).is_some() {
        return Err(refuse(format!("there is a model {key} already")));
    }
    if let Some((other, _)) = state.by_table(&table) {
        return Err(refuse(format!("its table `{table}` is already that of {other}")));
    }
    let mut id = Field::new("id", FieldType::BigInteger);
    id.primary_key = true;
    id.auto_increment = true;
    // The pair's own index begins with the owner; this one serves the way back.
    let index = Index { name: fit(format!("{table}_{}_idx", to.name)), fields: vec![to.name.clone()], condition: None };
    let pair = Constraint::Unique {
        name: fit(format!("{table}_{}_{}_uniq", from.name, to.name)),
        fields: vec![from.name.clone(), to.name.clone()],
    };
    let model =
        ModelState { table, comment: None, fields: vec![id, from, to], indexes: vec![index], constraints: vec![pair] };
    state.insert(key, model);
    Ok(())
}

/// The column that references a model's primary key, of the key's type.
fn column(state: &ProjectState, target: &ModelKey, name: String) -> Result<Field, String> {
    let model = state.model(target).ok_or_else(|| format!("there is no model {target}"))?;
    let [key] = model.primary_key()[..] else {
        return Err(format!("{target} needs a primary key of one column"));
    };
    let mut field = Field::new(name, key.kind);
    field.references = Some(Reference {
        model: target.to_string(),
        column: key.name.clone(),
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
    });
    Ok(field)
}
