//! Edits of what a table has beside its columns: indexes, constraints, keys, its name, relations.

use db::state::{Constraint, Field, FieldType, Index, ModelKey};

use super::{
    edits::{drop_field, points_at},
    world::World,
};

impl World {
    pub fn change_index(&mut self, key: &ModelKey) -> bool {
        let (number, chance) = (self.number(), self.random.below(4));
        let model = &self.models[key];
        let field = self.random.pick(&model.fields).name.clone();
        let indexes = &mut self.models.get_mut(key).unwrap().indexes;
        let condition = (chance == 0).then(|| format!("{field} IS NOT NULL"));
        let new = Index { name: format!("i{number}"), fields: vec![field], condition };
        match (indexes.pop(), chance) {
            (None, _) => indexes.push(new),
            (Some(old), 0) => indexes.extend([old, new]),
            (Some(old), 1) => indexes.push(Index { name: format!("i{number}"), ..old }),
            (Some(old), 2) => indexes.push(Index { name: old.name, ..new }),
            (Some(_), _) => {}
        }
        true
    }

    pub fn change_constraint(&mut self, key: &ModelKey) -> bool {
        let (number, chance) = (self.number(), self.random.below(5));
        let model = &self.models[key];
        let id = model.fields.iter().find(|field| field.primary_key).unwrap().name.clone();
        let field = self.random.pick(&model.fields).name.clone();
        let constraints = &mut self.models.get_mut(key).unwrap().constraints;
        let name = format!("c{number}");
        let twice = |other: &Constraint| matches!(other, Constraint::Unique { fields, .. } if *fields == [id.clone(), field.clone()]);
        let new = match chance % 2 == 0 && field != id && !constraints.iter().any(twice) {
            true => Constraint::Unique { name: name.clone(), fields: vec![id, field] },
            false => {
                Constraint::Check { name: name.clone(), condition: format!("{field} IS NULL OR {id} IS NOT NULL") }
            }
        };
        match (constraints.pop(), chance) {
            (None, _) => constraints.push(new),
            (Some(old), 0 | 1) => constraints.extend([old, new]),
            (Some(old), 2) => constraints.push(match new {
                Constraint::Unique { fields, .. } => Constraint::Unique { name: old.name().to_owned(), fields },
                Constraint::Check { condition, .. } => Constraint::Check { name: old.name().to_owned(), condition },
            }),
            (Some(_), _) => {}
        }
        true
    }

    /// Another type for the key, numbering or not, or another column altogether.
    pub fn change_key(&mut self, key: &ModelKey) -> bool {
        let referencing: Vec<ModelKey> =
            self.models.iter().filter(|(_, model)| points_at(model, key)).map(|(key, _)| key.clone()).collect();
        if referencing.iter().any(|other| other != key && self.touched.contains(other)) {
            return false;
        }
        let (what, number, referenced) = (self.random.below(4), self.number(), self.is_referenced(key));
        let model = self.models.get_mut(key).unwrap();
        let table = model.table.clone();
        let at = model.fields.iter().position(|field| field.primary_key).unwrap();
        let field = &mut model.fields[at];
        let was = field.name.clone();
        match what {
            0 if field.kind.is_integer() => field.auto_increment = !field.auto_increment,
            1 if field.kind == FieldType::BigInteger => field.kind = FieldType::Integer,
            1 if field.kind == FieldType::Integer => field.kind = FieldType::BigInteger,
            2 if field.kind.is_integer() => {
                field.auto_increment = false;
                field.kind = FieldType::String(Some(20));
            }
            3 if !referenced => {
                drop_field(model, &was);
                let mut new = Field::new(format!("k{number}"), FieldType::String(Some(20)));
                if number % 2 == 0 {
                    new = Field { auto_increment: true, ..Field::new(new.name, FieldType::BigInteger) };
                } else {
                    // Nobody can say one value that is different in every row.
                    self.before.push(format!("DELETE FROM \"{table}\""));
                }
                new.primary_key = true;
                model.fields.push(new);
            }
            _ => return false,
        }
        let kind = self.models[key].fields.iter().find(|field| field.primary_key).unwrap().kind;
        let label = key.to_string();
        for other in referencing {
            for field in &mut self.models.get_mut(&other).unwrap().fields {
                if field.references.as_ref().is_some_and(|to| to.model == label) {
                    field.kind = kind;
                }
            }
            self.touched.insert(other);
        }
        true
    }

    pub fn change_table(&mut self, key: &ModelKey) -> bool {
        let (number, chance) = (self.number(), self.random.below(3));
        let model = self.models.get_mut(key).unwrap();
        if chance != 0 {
            model.comment = (chance == 1).then(|| format!("it's number {number}"));
        }
        if chance != 1 {
            model.table = format!("t{number}");
        }
        true
    }

    pub fn change_relation(&mut self, key: &ModelKey) -> bool {
        if let Some(at) = self.relations.iter().position(|(owner, ..)| owner == key)
            && self.random.chance(50)
        {
            self.relations.remove(at);
            return true;
        }
        let keys: Vec<ModelKey> = self.models.keys().cloned().collect();
        let target = self.random.pick(&keys).clone();
        let name = format!("rel{}", self.number());
        self.relations.push((key.clone(), name, target));
        true
    }
}
