//! What a statement writes, read from its text; the record of a dry run.

use std::fmt;

/// What a statement does to a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `INSERT`, `REPLACE`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`, `TRUNCATE`.
    Delete,
    /// Anything else that is no query, by its first words: `CREATE TABLE`, `DROP INDEX` …
    Other(String),
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verb::Insert => "insert",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Other(words) => words,
        })
    }
}

/// How many rows of a table a dry run would have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// What would have happened to them.
    pub verb: Verb,
    /// The table's name.
    pub table: String,
    /// Their number, as the database counted it.
    pub rows: u64,
}

/// Adds one statement's rows to the sum of its verb and table, keeping the order of first occurrence.
pub(super) fn add(sums: &mut Vec<Write>, write: Write) {
    match sums.iter_mut().find(|sum| sum.verb == write.verb && sum.table == write.table) {
        Some(sum) => sum.rows += write.rows,
        None => sums.push(write),
    }
}

/// Whether a text would end the transaction that a dry run lives in, or cannot run in one; or is several statements at
/// once, whose rows cannot be told apart.
pub(super) fn is_refused(sql: &str) -> bool {
    const REFUSED: [&str; 9] =
        ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "VACUUM", "ATTACH", "ABORT"];
    let first = words(sql).first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let several = sql.trim_end().trim_end_matches(';').contains(';') && count_statements(sql) > 1;
    REFUSED.contains(&first.as_str()) || first == "START" || several
}

/// How many statements stand in a text: semicolons in strings, names and comments separate none.
pub(crate) fn count_statements(sql: &str) -> usize {
    let mut count = 0;
    let mut open = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ';' => open = false,
            '-' if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|&c| c == '\n');
            }
            c if c.is_whitespace() => {}
            c => {
                count += usize::from(!open);
                open = true;
                if matches!(c, '\'' | '"' | '`') {
                    chars.by_ref().find(|&inner| inner == c);
                }
            }
        }
    }
    count
}

/// The verb and table of a statement; `None` for queries and for what only concerns the session.
pub(super) fn classify(sql: &str) -> Option<(Verb, String)> {
    let words = words(sql);
    let is = |at: usize, word: &str| words.get(at).is_some_and(|found| found.eq_ignore_ascii_case(word));
    let first = words.first()?.to_ascii_uppercase();
    // `WITH x AS (…) INSERT …`: the words inside the parentheses were skipped.
    let start = match first.as_str() {
        "WITH" => (1..words.len())
            .find(|&at| ["INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT"].iter().any(|verb| is(at, verb)))?,
        _ => 0,
    };
    let table = |mut at: usize| {
        while ["ONLY", "TABLE", "IF", "NOT", "EXISTS", "OR", "IGNORE", "ABORT", "FAIL", "ROLLBACK", "INTO", "FROM"]
            .iter()
            .any(|word| is(at, word))
            || (is(at, "REPLACE") && at > start && is(at - 1, "OR"))
        {
            at += 1;
        }
        words.get(at).map_or_else(String::new, |name| name.to_string())
    };
    match words[start].to_ascii_uppercase().as_str() {
        "INSERT" | "REPLACE" => Some((Verb::Insert, table(start + 1))),
        "UPDATE" => Some((Verb::Update, table(start + 1))),
        "DELETE" | "TRUNCATE" => Some((Verb::Delete, table(start + 1))),
        "SELECT" | "VALUES" | "EXPLAIN" | "PRAGMA" | "SET" | "SHOW" | "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT"
        | "RELEASE" | "ANALYZE" | "VACUUM" | "LOCK" => None,
        verb => {
            let what = words.get(start + 1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
            Some((Verb::Other(format!("{verb} {what}").trim_end().to_owned()), table(start + 2)))
        }
    }
}

/// The first words of a statement outside of parentheses, comments and strings; names without their quotes, and of a
/// qualified name the last part.
fn words(sql: &str) -> Vec<String> {
    const ENOUGH: usize = 24;
    let mut words: Vec<String> = Vec::new();
    let mut depth = 0_u32;
    let mut qualified = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        let word: Option<String> = match c {
            '(' => {
                depth += 1;
                None
            }
            ')' => {
                depth = depth.saturating_sub(1);
                None
            }
            '-' if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|&c| c == '\n');
                None
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                chars.by_ref().find(|&c| {
                    let end = last == '*' && c == '/';
                    last = c;
                    end
                });
                None
            }
            '\'' => {
                chars.by_ref().find(|&c| c == '\'');
                None
            }
            '"' | '`' => Some(chars.by_ref().take_while(|&inner| inner != c).collect()),
            '[' => Some(chars.by_ref().take_while(|&inner| inner != ']').collect()),
            '.' if !words.is_empty() && depth == 0 => {
                qualified = true;
                None
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(&next) = chars.peek() {
                    if !(next.is_alphanumeric() || next == '_' || next == '$') {
                        break;
                    }
                    word.push(next);
                    chars.next();
                }
                Some(word)
            }
            _ => None,
        };
        if let Some(word) = word.filter(|_| depth == 0) {
            if qualified {
                words.pop();
                qualified = false;
            }
            words.push(word);
            // A `WITH` may be arbitrarily long; everything else is clear after a few words.
            if words.len() >= ENOUGH && !words[0].eq_ignore_ascii_case("with") {
                break;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_dry_run_is_refused() {
        for sql in ["COMMIT", " rollback;", "-- x\nEND", "VACUUM", "START TRANSACTION", "DELETE FROM a; DELETE FROM b"]
        {
            assert!(is_refused(sql), "{sql}");
        }
        for sql in ["DELETE FROM a;", "INSERT INTO a VALUES ('x; y')", "SELECT 1 -- a; b\n", "UPDATE \"a;b\" SET c = 1"]
        {
            assert!(!is_refused(sql), "{sql}");
        }
    }

    #[test]
    fn verbs_and_tables_are_read_from_the_text() {
        for (sql, verb, table) in [
            (r#"INSERT INTO "users_user" ("name") VALUES ('update x')"#, Verb::Insert, "users_user"),
            ("insert or replace into a.b select 1", Verb::Insert, "b"),
            ("REPLACE INTO [my table] VALUES (1)", Verb::Insert, "my table"),
            ("-- a comment\nUPDATE ONLY users SET x = 1", Verb::Update, "users"),
            ("/* DELETE */ delete from \"public\".\"t\" where a in (select 1)", Verb::Delete, "t"),
            ("WITH a AS (INSERT INTO x VALUES (1)), b AS (SELECT 2) UPDATE c SET d = 1", Verb::Update, "c"),
            ("TRUNCATE TABLE t", Verb::Delete, "t"),
            ("CREATE TABLE IF NOT EXISTS t (id int)", Verb::Other("CREATE TABLE".to_owned()), "t"),
        ] {
            assert_eq!(classify(sql), Some((verb, table.to_owned())), "{sql}");
        }
        for sql in ["SELECT 1", "", "  ", "PRAGMA foreign_keys", "WITH a AS (DELETE FROM x) SELECT 1", "SAVEPOINT a"] {
            assert_eq!(classify(sql), None, "{sql}");
        }
    }
}
