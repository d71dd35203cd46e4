//! Rules about who may use what inside the crates.

use std::path::Path;

use super::Problem;
use super::text::{Source, line_of};

const FRAMEWORK: &str = "app/crates/framework/src";
const MODULES: &str = "app/src/modules";

/// What the product brings. A project's own modules may be called like anything that the framework speaks of.
const PRODUCT: &[&str] = &["mailings", "users"];

/// Calls that write rows, whatever their arguments.
const WRITES: &[&str] = &[
    "insert_many(",
    "update_many(",
    "delete_many(",
    "delete_by_id(",
    "bulk_create(",
    "bulk_update(",
    "bulk_delete(",
    ".exec(",
    ".exec_with_models(",
    ".exec_with_returning(",
    ".exec_without_returning(",
    ".execute(",
    ".execute_raw(",
    ".execute_unprepared(",
];

/// Calls that write a row when their only argument is a connection; maps and sets have methods of these names too.
const ROW_WRITES: &[&str] = &[".insert(", ".save(", ".update(", ".delete("];

/// What connections are called.
const CONNECTIONS: &[&str] = &["db", "conn", "connection", "tx", "txn", "transaction"];

/// Checks all files.
pub(super) fn check(sources: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        if source.path.starts_with(FRAMEWORK) {
            problems.extend(names_product(source));
        }
        if source.path.starts_with(Path::new(FRAMEWORK).join("management")) {
            problems.extend(uses_http(source));
        }
        if source.path.starts_with(MODULES) && !may_write(&source.path) {
            problems.extend(writes_rows(source));
        }
    }
    problems
}

fn names_product(source: &Source) -> Vec<Problem> {
    let quoted = &source.quoted[..source.product_code().len()];
    let mut problems = Vec::new();
    for name in PRODUCT {
        let parts = [format!("\"{name}\""), format!("\"{name}_"), format!("\"{name}/"), format!("\"{name}.")];
        let literals = parts.iter().flat_map(|part| quoted.match_indices(part.as_str()).map(|(byte, _)| byte));
        let paths = words(source.product_code(), name).filter(|byte| quoted[byte + name.len()..].starts_with("::"));
        let message = format!("the framework names the product's module `{name}`");
        problems.extend(literals.chain(paths).map(|byte| Problem::new(&source.path, line_of(quoted, byte), &*message)));
    }
    problems
}

fn uses_http(source: &Source) -> Vec<Problem> {
    let code = source.product_code();
    let imported = code.match_indices("crate::").filter(|(byte, path)| {
        let rest = &code[byte + path.len()..];
        let used = if rest.starts_with('{') { &rest[..rest.find(';').unwrap_or(rest.len())] } else { first_word(rest) };
        words(used, "http").any(|place| !used[..place].ends_with("::"))
    });
    let message = "`management` does not use `http`: commands run without a server";
    imported.map(|(byte, _)| Problem::new(&source.path, line_of(code, byte), message)).collect()
}

/// In a module only its service writes rows; a data migration writes them by its nature, and tests write what they need.
fn may_write(path: &Path) -> bool {
    let name = |part: &str| path.components().any(|component| component.as_os_str() == part);
    ["service.rs", "service", "migrations", "tests.rs"].into_iter().any(name)
}

fn writes_rows(source: &Source) -> Vec<Problem> {
    let code = source.product_code();
    let always = WRITES.iter().flat_map(|call| code.match_indices(call));
    let rows = ROW_WRITES.iter().flat_map(|call| code.match_indices(call)).filter(|(byte, call)| {
        let argument = argument(&code[byte + call.len()..]);
        argument.is_some_and(|argument| CONNECTIONS.iter().any(|name| words(argument, name).next().is_some()))
    });
    let problem = |(byte, call): (usize, &str)| {
        let call = call.trim_start_matches('.').trim_end_matches('(');
        Problem::new(&source.path, line_of(code, byte), format!("`{call}`: only `service.rs` writes rows"))
    };
    always.chain(rows).map(problem).collect()
}

/// The only argument of a call; `None` when there are several. `rest` begins after the opening parenthesis.
fn argument(rest: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (byte, letter) in rest.char_indices() {
        match letter {
            ')' if depth == 0 => return Some(&rest[..byte]),
            ',' if depth == 0 && !rest[byte + 1..].trim_start().starts_with(')') => return None,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn first_word(text: &str) -> &str {
    text.split(|letter| !is_word_letter(letter)).next().unwrap_or_default()
}

/// Where a word stands in a text.
pub(super) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(byte, _)| byte).filter(move |&byte| {
        !text[..byte].ends_with(is_word_letter) && !text[byte + word.len()..].starts_with(is_word_letter)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(problems: &[Problem]) -> Vec<usize> {
        problems.iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn the_framework_may_not_name_a_product_module() {
        let text = "use app::mailings::X;\nlet t = \"mailings_mailing\";\n// mailings::Y\nlet mailings = 1;\n";
        let source = Source::new("app/crates/framework/src/a.rs", text);
        assert_eq!(lines(&names_product(&source)), [2, 1]);
    }

    #[test]
    fn http_is_found_in_every_kind_of_import() {
        let text = "use crate::http;\nuse crate::{apps, http::X};\nuse crate::settings::http;\nuse crate::https;\n";
        let source = Source::new("app/crates/framework/src/management/a.rs", text);
        assert_eq!(lines(&uses_http(&source)), [1, 2]);
    }

    #[test]
    fn rows_are_told_from_maps_and_sets() {
        let text = "row.insert(&db).await;\nmap.insert(key, value);\nset.insert(key);\n\
                    row.save(ctx.db().await?,).await;\nMailing::insert_many(rows);\nrow.update(\n    &tx,\n)\n\
                    #[cfg(test)]\nmod tests { fn f() { row.insert(&db); } }\n";
        let source = Source::new("app/src/modules/a/views.rs", text);
        let mut found = lines(&writes_rows(&source));
        found.sort_unstable();
        assert_eq!(found, [1, 4, 5, 6]);
        assert!(may_write(Path::new("app/src/modules/a/service.rs")));
        assert!(may_write(Path::new("app/src/modules/a/tests.rs")));
        assert!(!may_write(Path::new("app/src/modules/a/commands/b.rs")));
    }
}
