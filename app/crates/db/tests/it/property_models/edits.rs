//! The edits that a random project goes through.

use db::state::{Action, Constraint, Field, FieldType, ModelKey, ModelState, RenamedFrom};

use super::world::{World, id, reference, value};

/// Types that a column of a type can be changed to without losing what it holds.
const WIDER: [(FieldType, &[FieldType]); 7] = [
    (FieldType::SmallInteger, &[FieldType::Integer, FieldType::BigInteger, FieldType::Text]),
    (FieldType::Integer, &[FieldType::BigInteger, FieldType::Double, FieldType::String(Some(20))]),
    (FieldType::String(Some(20)), &[FieldType::Text, FieldType::String(Some(30))]),
    (FieldType::Boolean, &[FieldType::Text]),
    (FieldType::DateTime, &[FieldType::Text]),
    (FieldType::Double, &[FieldType::Text]),
    (FieldType::Date, &[FieldType::String(Some(40))]),
];

impl World {
    pub fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    pub fn is_referenced(&self, key: &ModelKey) -> bool {
        self.relations.iter().any(|(owner, _, target)| owner == key || target == key)
            || self.models.iter().any(|(_, model)| points_at(model, key))
    }

    fn field(&mut self, mode: Rows) -> Field {
        let (kind, _) = *self.random.pick(&WIDER);
        let number = self.number();
        let mut field = Field::new(format!("f{number}"), kind);
        match self.random.below(5) {
            0 => field.default = Some(value(kind)),
            1 => {
                // Never filled, so that it can be unique at any time.
                field = Field { name: format!("n{number}"), null: true, unique: self.random.chance(50), ..field };
            }
            2 => field.null = true,
            3 if !self.models.is_empty() => {
                let keys: Vec<ModelKey> = self.models.keys().cloned().collect();
                let target = self.random.pick(&keys).clone();
                let on_delete = *self.random.pick(&[Action::NoAction, Action::Cascade, Action::SetNull]);
                let null = mode == Rows::Some || on_delete == Action::SetNull || self.random.chance(70);
                let key = self.models[&target].fields.iter().find(|field| field.primary_key).unwrap();
                let references = Some(reference(&target, &key.name, on_delete));
                field = Field { references, null, ..Field::new(format!("r{number}"), key.kind) };
            }
            _ => {}
        }
        field
    }

    /// One change, if it is possible; whether it was.
    pub fn change(&mut self) -> bool {
        let keys: Vec<ModelKey> = self.models.keys().filter(|key| !self.touched.contains(key)).cloned().collect();
        if self.models.len() < 2 || keys.is_empty() || self.random.chance(10) {
            self.create(None);
            return true;
        }
        let key = self.random.pick(&keys).clone();
        let changes: [fn(&mut World, &ModelKey) -> bool; 14] = [
            World::delete,
            World::rename,
            World::add_field,
            World::add_field,
            World::remove_field,
            World::rename_field,
            World::alter_field,
            World::alter_field,
            World::alter_reference,
            World::change_index,
            World::change_constraint,
            World::change_key,
            World::change_table,
            World::change_relation,
        ];
        let at = self.random.below(changes.len());
        let done = changes[at](self, &key);
        if done {
            self.log.push(format!("change {at} of {key}"));
            self.touched.insert(key);
        }
        done
    }

    fn create(&mut self, table: Option<String>) {
        let number = self.number();
        let module = *self.random.pick(&["a", "b", "c"]);
        let key = ModelKey::new(module, format!("M{number}"));
        let mut fields = vec![id()];
        for _ in 0..self.random.below(4) {
            let field = self.field(Rows::None);
            fields.push(field);
        }
        if self.random.chance(30) {
            let mut itself = Field::new(format!("r{}", self.number()), FieldType::BigInteger);
            itself.null = true;
            itself.references = Some(reference(&key, "id", Action::Cascade));
            fields.push(itself);
        }
        let table = table.unwrap_or_else(|| format!("{module}_m{number}"));
        let model = ModelState { table, comment: None, fields, indexes: Vec::new(), constraints: Vec::new() };
        self.log.push(format!("create {key}"));
        self.models.insert(key.clone(), model);
        self.touched.insert(key);
    }

    /// Deletes a model and whatever references it; sometimes another takes its table.
    fn delete(&mut self, key: &ModelKey) -> bool {
        let referencing: Vec<ModelKey> = self
            .models
            .iter()
            .filter(|(other, model)| *other != key && points_at(model, key))
            .map(|(key, _)| key.clone())
            .collect();
        if referencing.iter().any(|other| self.touched.contains(other)) {
            return false;
        }
        for other in referencing {
            let label = key.to_string();
            let model = self.models.get_mut(&other).unwrap();
            let gone: Vec<String> = model
                .fields
                .iter()
                .filter(|field| field.references.as_ref().is_some_and(|to| to.model == label))
                .map(|field| field.name.clone())
                .collect();
            gone.iter().for_each(|name| drop_field(model, name));
            self.touched.insert(other);
        }
        self.relations.retain(|(owner, _, target)| owner != key && target != key);
        let table = self.models.remove(key).unwrap().table;
        if self.random.chance(30) {
            self.create(Some(table));
        }
        true
    }

    fn rename(&mut self, key: &ModelKey) -> bool {
        // Relations are called after their models; one of two models at a time is enough.
        let near = self.relations.iter().any(|(owner, _, target)| {
            (owner == key && self.touched.contains(target)) || (target == key && self.touched.contains(owner))
        });
        if near {
            return false;
        }
        let new = ModelKey::new(&key.module, format!("M{}", self.number()));
        let mut model = self.models.remove(key).unwrap();
        if self.random.chance(60) {
            model.table = format!("{}_{}", new.module, new.name.to_lowercase());
        }
        self.models.insert(new.clone(), model);
        let label = key.to_string();
        for model in self.models.values_mut() {
            for reference in model.fields.iter_mut().filter_map(|field| field.references.as_mut()) {
                if reference.model == label {
                    reference.model = new.to_string();
                }
            }
        }
        for (owner, _, target) in &mut self.relations {
            for side in [owner, target] {
                if side == key {
                    *side = new.clone();
                }
            }
        }
        let referenced = self.is_referenced(&new);
        self.touched.insert(new.clone());
        // Sometimes the answer is that it is another model.
        if referenced || self.random.chance(80) {
            if self.random.chance(50) {
                self.hints.insert(new.clone());
            }
            self.renamed.insert(new, key.clone());
        }
        true
    }

    fn add_field(&mut self, key: &ModelKey) -> bool {
        let field = self.field(Rows::Some);
        let model = self.models.get_mut(key).unwrap();
        model.fields.push(field);
        true
    }

    /// Any column but the key.
    fn pick_field(&mut self, key: &ModelKey) -> Option<usize> {
        let count = self.models[key].fields.len();
        let at = self.random.below(count);
        (!self.models[key].fields[at].primary_key).then_some(at)
    }

    fn remove_field(&mut self, key: &ModelKey) -> bool {
        let Some(at) = self.pick_field(key) else { return false };
        let model = self.models.get_mut(key).unwrap();
        let name = model.fields[at].name.clone();
        drop_field(model, &name);
        true
    }

    fn rename_field(&mut self, key: &ModelKey) -> bool {
        let at = self.random.below(self.models[key].fields.len());
        let number = self.number();
        let hint = self.random.chance(50);
        let model = self.models.get_mut(key).unwrap();
        let field = &mut model.fields[at];
        let from = field.name.clone();
        let to = format!("{}{number}", &from[..1]);
        field.name.clone_from(&to);
        if hint {
            field.renamed_from = RenamedFrom(Some(from.clone()));
        } else {
            self.renamed_fields.insert((key.clone(), to.clone()));
        }
        let is_key = field.primary_key;
        let follow = |name: &mut String| {
            if *name == from {
                name.clone_from(&to);
            }
        };
        for index in &mut model.indexes {
            index.fields.iter_mut().for_each(follow);
            index.condition = index.condition.take().map(|sql| rename_word(&sql, &from, &to));
        }
        for constraint in &mut model.constraints {
            match constraint {
                Constraint::Unique { fields, .. } => fields.iter_mut().for_each(follow),
                Constraint::Check { condition, .. } => *condition = rename_word(condition, &from, &to),
            }
        }
        let label = key.to_string();
        for reference in
            self.models.values_mut().flat_map(|model| &mut model.fields).filter_map(|field| field.references.as_mut())
        {
            if is_key && reference.model == label {
                reference.column.clone_from(&to);
            }
        }
        true
    }

    fn alter_field(&mut self, key: &ModelKey) -> bool {
        let Some(at) = self.pick_field(key) else { return false };
        let (what, other) = (self.random.below(4), self.random.below(9));
        let field = &mut self.models.get_mut(key).unwrap().fields[at];
        if field.references.is_some() {
            return false;
        }
        let free = field.name.starts_with('n');
        match what {
            0 => {
                let Some((_, wider)) = WIDER.iter().find(|(kind, _)| *kind == field.kind) else { return false };
                field.kind = wider[other % wider.len()];
                field.default = field.default.as_ref().map(|_| value(field.kind));
            }
            1 if !free => field.null = !field.null,
            2 if !free && !field.unique => field.default = field.default.is_none().then(|| value(field.kind)),
            3 if free => field.unique = !field.unique,
            _ => return false,
        }
        true
    }

    fn alter_reference(&mut self, key: &ModelKey) -> bool {
        let at = self.random.below(self.models[key].fields.len());
        let keys: Vec<ModelKey> = self.models.keys().filter(|key| !self.touched.contains(key)).cloned().collect();
        let target = self.random.pick(&keys).clone();
        let target_key = self.models[&target].fields.iter().find(|field| field.primary_key).unwrap().clone();
        let again = self.random.chance(50);
        let model = self.models.get_mut(key).unwrap();
        let (table, field) = (model.table.clone(), &mut model.fields[at]);
        let Some(current) = &mut field.references else { return false };
        if again || !field.null || field.kind != target_key.kind {
            current.on_delete = if current.on_delete == Action::Cascade { Action::NoAction } else { Action::Cascade };
            return true;
        }
        // The rows point at what is no longer there; the person sees to that.
        self.before.push(format!("UPDATE \"{table}\" SET \"{}\" = NULL", field.name));
        field.references = Some(reference(&target, &target_key.name, Action::SetNull));
        true
    }
}

/// Whether there may be rows that a column must suit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    Some,
}

pub fn points_at(model: &ModelState, key: &ModelKey) -> bool {
    let label = key.to_string();
    model.fields.iter().any(|field| field.references.as_ref().is_some_and(|to| to.model == label))
}

fn rename_word(sql: &str, from: &str, to: &str) -> String {
    sql.split(' ').map(|word| if word == from { to } else { word }).collect::<Vec<_>>().join(" ")
}

/// Takes a column away, with the indexes and constraints over it.
pub fn drop_field(model: &mut ModelState, name: &str) {
    model.fields.retain(|field| field.name != name);
    let mentions = |sql: &str| sql.split(' ').any(|word| word == name);
    model.indexes.retain(|index| {
        index.fields.iter().all(|field| field != name) && !index.condition.as_deref().is_some_and(mentions)
    });
    model.constraints.retain(|constraint| match constraint {
        Constraint::Unique { fields, .. } => fields.iter().all(|field| field != name),
        Constraint::Check { condition, .. } => !mentions(condition),
    });
}
