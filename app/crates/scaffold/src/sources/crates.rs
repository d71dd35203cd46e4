//! The names of the crates in use, as the manifests have them.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::files;

/// The crates of the workspace and those that it depends on, as Rust names them.
pub(super) fn names(root: &Path) -> BTreeSet<String> {
    let workspace = manifest(&root.join("Cargo.toml"));
    let app = manifest(&root.join("app/Cargo.toml"));
    let member = |member: &Value| member.as_str().and_then(|member| Some(member.rsplit('/').next()?.to_owned()));
    let members = workspace.get("workspace").and_then(|it| it.get("members")).and_then(Value::as_array);
    let package = app.get("package").and_then(|it| it.get("name")).and_then(Value::as_str);
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| app.get(*section));
    let tables = tables.chain(workspace.get("workspace").and_then(|it| it.get("dependencies")));
    let dependencies = tables.filter_map(Value::as_table).flat_map(|table| table.keys().cloned());
    let names = dependencies.chain(members.into_iter().flatten().filter_map(member)).chain(package.map(str::to_owned));
    names.map(|name| name.replace('-', "_")).collect()
}

/// A manifest; an empty one when it cannot be read.
fn manifest(path: &Path) -> Table {
    files::text(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}
