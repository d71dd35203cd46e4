//! Operations from short lines, each fitting the state that the lines before it made.
//!
//! `create A id name` · `delete A` · `rename A B` · `table A t` · `add A f` · `alter A f text` · `remove A f` ·
//! `rename A.f g` · `index A i f` · `unindex A i` · `reindex A i j` · `unique A c f` · `check A c f > 0` ·
//! `recheck A c f > 1` · `drop A c` · `sql` · `elidable`. A field may be written `f:type`, `f?` (nullable) and
//! `f>B` (references B); `id` is the key.

use db::{
    ProjectState,
    migrations::{
        AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterTable, BackendSql, ModelDefinition,
        Operation, RemoveConstraint, RemoveField, RemoveIndex, RenameField, RenameIndex, RenameModel, RunSql,
        TableOptions,
    },
    state::{Action, Constraint, Field, FieldType, Index, ModelKey, ModelState, Reference},
};

/// The operations that the lines say, one after the other; `state` goes along.
pub fn script(state: &mut ProjectState, lines: &[&str]) -> Vec<Operation> {
    let mut operations = Vec::new();
    for line in lines {
        let operation = parse(state, line);
        operation.apply("x", state).unwrap_or_else(|error| panic!("{line}: {error}"));
        operations.push(operation);
    }
    operations
}

fn field(text: &str) -> Field {
    let (text, target) = text.split_once('>').map_or((text, None), |(text, target)| (text, Some(target)));
    let (text, null) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    let (name, kind) =
        text.split_once(':').map_or((text, FieldType::BigInteger), |(n, kind)| (n, kind.parse().unwrap()));
    let references = target.map(|model| Reference {
        model: format!("x.{model}"),
        column: "id".to_owned(),
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
    });
    Field { null, references, primary_key: name == "id", ..Field::new(name, kind) }
}

fn parse(state: &ProjectState, line: &str) -> Operation {
    let words: Vec<&str> = line.split(' ').collect();
    let model = words.get(1).copied().unwrap_or_default().to_owned();
    let current = || -> &ModelState {
        let known = state.model(&ModelKey::new("x", model.split('.').next().unwrap()));
        known.unwrap_or_else(|| panic!("{line}: no such model"))
    };
    let word = |at: usize| words[at].to_owned();
    let constraint = |name: &str| current().constraints.iter().find(|one| one.name() == name).unwrap().clone();
    let check = || Constraint::Check { name: word(2), condition: words[3..].join(" ") };
    match words[0] {
        "create" => Operation::CreateModel(ModelDefinition {
            table: format!("x_{}", model.to_lowercase()),
            model,
            comment: None,
            fields: words[2..].iter().map(|text| field(text)).collect(),
            indexes: Vec::new(),
            constraints: Vec::new(),
        }),
        "delete" => Operation::DeleteModel(ModelDefinition::from_state(&model, current())),
        "rename" => match model.split_once('.') {
            Some((model, from)) => {
                Operation::RenameField(RenameField { model: model.to_owned(), from: from.to_owned(), to: word(2) })
            }
            None => Operation::RenameModel(RenameModel {
                from_table: current().table.clone(),
                from: model,
                to: word(2),
                to_table: format!("x_{}", words[2].to_lowercase()),
            }),
        },
        "table" => {
            let old = TableOptions { table: current().table.clone(), comment: current().comment.clone() };
            Operation::AlterTable(AlterTable { model, new: TableOptions { table: word(2), ..old.clone() }, old })
        }
        "add" => Operation::AddField(AddField { model, field: field(words[2]), fill: None }),
        "alter" => {
            let old = current().field(words[2].trim_end_matches('?')).unwrap().clone();
            let new = Field { null: words[2].ends_with('?'), kind: words[3].parse().unwrap(), ..old.clone() };
            Operation::AlterField(AlterField { model, old, new, fill: None })
        }
        "remove" => {
            Operation::RemoveField(RemoveField { field: current().field(words[2]).unwrap().clone(), model, fill: None })
        }
        "index" => Operation::AddIndex(AddIndex {
            model,
            index: Index {
                name: word(2),
                fields: vec![word(3)],
                condition: (words.len() > 4).then(|| words[4..].join(" ")),
            },
            concurrently: false,
        }),
        "unindex" => Operation::RemoveIndex(RemoveIndex {
            index: current().indexes.iter().find(|index| index.name == words[2]).unwrap().clone(),
            model,
            concurrently: false,
        }),
        "reindex" => Operation::RenameIndex(RenameIndex { model, from: word(2), to: word(3) }),
        "unique" => Operation::AddConstraint(AddConstraint {
            model,
            constraint: Constraint::Unique { name: word(2), fields: vec![word(3)] },
        }),
        "check" => Operation::AddConstraint(AddConstraint { model, constraint: check() }),
        "recheck" => Operation::AlterConstraint(AlterConstraint { old: constraint(words[2]), new: check(), model }),
        "drop" => Operation::RemoveConstraint(RemoveConstraint { constraint: constraint(words[2]), model }),
        "sql" | "elidable" => Operation::RunSql(RunSql {
            sql: BackendSql::Same("SELECT 1".to_owned()),
            reverse: None,
            elidable: words[0] == "elidable",
        }),
        _ => panic!("{line}: no such operation"),
    }
}
