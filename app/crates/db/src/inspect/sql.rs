//! The little SQL that must be read: SQLite keeps constraints as the text of `CREATE TABLE` and nowhere else.

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a number, or a name, quoted or not; in lower case, as SQLite compares them.
    Word(String),
    /// A text, with its quotes.
    Text(String),
    /// Anything else but space and comments.
    Sign(char),
}

/// Takes SQL apart.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '-' | '/' if length > 1 => {}
            '\'' => tokens.push(Token::Text(token.to_owned())),
            '"' | '`' | '[' => {
                let close = if first == '[' { ']' } else { first };
                let inner = token.strip_prefix(first).unwrap_or(token);
                let inner = inner.strip_suffix(close).unwrap_or(inner);
                tokens.push(Token::Word(inner.replace(&format!("{close}{close}"), &close.to_string()).to_lowercase()));
            }
            c if is_word(c) => tokens.push(Token::Word(token.to_lowercase())),
            c if c.is_whitespace() => {}
            c => tokens.push(Token::Sign(c)),
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How long the quoted thing at the beginning is; a doubled quote does not end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(end) = text[at..].find(quote) {
        at += end + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// The same text for the same SQL, however it was quoted, spaced or wrapped in parentheses.
pub(super) fn normal(tokens: &[Token]) -> String {
    let mut tokens = tokens;
    while let [Token::Sign('('), inner @ .., Token::Sign(')')] = tokens
        && closing(tokens) == tokens.len() - 1
    {
        tokens = inner;
    }
    let words: Vec<String> = tokens
        .iter()
        .map(|token| match token {
            Token::Word(text) | Token::Text(text) => text.clone(),
            Token::Sign(sign) => sign.to_string(),
        })
        .collect();
    words.join(" ")
}

/// Where the parenthesis that opens at the beginning closes.
fn closing(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth == 1 => return at,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

/// What `CREATE TABLE` says that no pragma does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CreateTable {
    /// Whether the key is numbered without ever using a number twice.
    pub(super) autoincrement: bool,
    /// The checks: name, if any, and condition.
    pub(super) checks: Vec<(Option<String>, String)>,
    /// The named unique constraints: name and columns.
    pub(super) uniques: Vec<(String, String)>,
}

/// Reads `CREATE TABLE`.
pub(super) fn create_table(sql: &str) -> CreateTable {
    let mut said = CreateTable::default();
    let tokens = tokens(sql);
    let Some(start) = tokens.iter().position(|token| *token == Token::Sign('(')) else { return said };
    let is = |token: &Token, word: &str| matches!(token, Token::Word(text) if text == word);
    let mut name = None;
    let mut at = start + 1;
    while at < tokens.len() {
        let inside = tokens.get(at + 1..).filter(|rest| rest.first() == Some(&Token::Sign('(')));
        match (&tokens[at], inside) {
            (token, _) if is(token, "constraint") => {
                if let Some(Token::Word(text)) = tokens.get(at + 1) {
                    name = Some(text.clone());
                    at += 1;
                }
            }
            (token, Some(rest)) if is(token, "check") => {
                let end = closing(rest);
                said.checks.push((name.take(), normal(&rest[..=end])));
                at += end + 1;
            }
            (token, Some(rest)) if is(token, "unique") => {
                let end = closing(rest);
                said.uniques.extend(name.take().map(|name| (name, normal(&rest[..=end]))));
                at += end + 1;
            }
            (token, _) if is(token, "autoincrement") => said.autoincrement = true,
            // Types and expressions: `decimal(10, 2)`, `DEFAULT (…)`.
            (Token::Sign('('), _) => at += closing(&tokens[at..]),
            (Token::Sign(','), _) => name = None,
            _ => {}
        }
        at += 1;
    }
    said
}

/// The columns and the condition of `CREATE INDEX`.
pub(super) fn create_index(sql: &str) -> String {
    let tokens = tokens(sql);
    let Some(start) = tokens.iter().position(|token| *token == Token::Sign('(')) else { return String::new() };
    let rest = &tokens[start..];
    let end = closing(rest);
    let condition = match rest.get(end + 1..) {
        Some([Token::Word(word), condition @ ..]) if word == "where" => format!(" where {}", normal(condition)),
        _ => String::new(),
    };
    format!("({}){condition}", normal(&rest[..=end]).replace(" ,", ","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pragmas_do_not_say_is_read() {
        let sql = r#"CREATE TABLE "a (b" (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, -- the key, (
            price decimal(10, 2) DEFAULT (1 + (2)) CHECK (price>0), [Odd name] text CONSTRAINT `x` CHECK(("Odd name" <> 'it''s (')),
            CONSTRAINT "both" UNIQUE ("id", "price") /* ( */, UNIQUE (price), CONSTRAINT c CHECK ((price) > (id)))"#;
        assert_eq!(
            create_table(sql),
            CreateTable {
                autoincrement: true,
                checks: vec![
                    (None, "price > 0".to_owned()),
                    (Some("x".to_owned()), "odd name < > 'it''s ('".to_owned()),
                    (Some("c".to_owned()), "( price ) > ( id )".to_owned()),
                ],
                uniques: vec![("both".to_owned(), "id , price".to_owned())],
            }
        );
        let index = r#"CREATE INDEX "i" ON "t" ("A", b DESC) WHERE ("a" IS NOT NULL)"#;
        assert_eq!(create_index(index), "(a, b desc) where a is not null");
        assert_eq!(create_table("broken (((").checks, []);
        assert_eq!(tokens("'open"), [Token::Text("'open".to_owned())]);
    }
}
