//! References in scripts: what modules import and export, source maps. Reads tokens, so that comments, texts, templates
//! and regular expressions are left alone.

use std::ops::Range;

use super::css::comment;
use super::references::{Reference, Target, source_map};

/// Words after which a `/` begins a regular expression.
const BEFORE_EXPRESSIONS: &[&[u8]] = &[
    b"await",
    b"case",
    b"delete",
    b"do",
    b"else",
    b"in",
    b"instanceof",
    b"new",
    b"of",
    b"return",
    b"throw",
    b"typeof",
    b"void",
    b"yield",
];

/// Every reference of a script, in order.
pub(super) fn references(text: &[u8]) -> Vec<Reference> {
    let mut lexer = Lexer { text, found: Vec::new(), after_value: false, braces: 0, templates: Vec::new() };
    let mut at = 0;
    while at < text.len() {
        at = lexer.token(at);
    }
    lexer.found
}

struct Lexer<'a> {
    text: &'a [u8],
    found: Vec<Reference>,
    /// Whether a `/` would divide.
    after_value: bool,
    braces: usize,
    /// How many braces were open where the `${` of each open template stands.
    templates: Vec<usize>,
}

impl Lexer<'_> {
    /// Reads the token at `at`; gives back where the next one begins.
    fn token(&mut self, at: usize) -> usize {
        let byte = self.text[at];
        match byte {
            b'/' => self.slash(at),
            b'"' | b'\'' => {
                self.after_value = true;
                string(self.text, at).1
            }
            b'`' => self.template(at + 1),
            b'{' => {
                self.braces += 1;
                self.operator(at)
            }
            b'}' if self.templates.last() == Some(&self.braces) => {
                self.templates.pop();
                self.template(at + 1)
            }
            b'}' => {
                self.braces = self.braces.saturating_sub(1);
                self.operator(at)
            }
            b')' | b']' => {
                self.after_value = true;
                at + 1
            }
            byte if is_word(byte) => self.word(at),
            byte if byte.is_ascii_whitespace() => at + 1,
            _ => self.operator(at),
        }
    }

    fn operator(&mut self, at: usize) -> usize {
        self.after_value = false;
        at + 1
    }

    fn slash(&mut self, at: usize) -> usize {
        match self.text.get(at + 1) {
            Some(b'/') => {
                let end = line_end(self.text, at);
                self.found.extend(source_map(self.text, at + 2..end));
                end
            }
            Some(b'*') => {
                let (body, end) = comment(self.text, at);
                self.found.extend(source_map(self.text, body));
                end
            }
            _ if self.after_value => self.operator(at),
            _ => match regular_expression(self.text, at) {
                Some(end) => {
                    self.after_value = true;
                    end
                }
                None => self.operator(at),
            },
        }
    }

    /// The text of a template up to its end, or to the next expression in it.
    fn template(&mut self, mut at: usize) -> usize {
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => {
                    self.after_value = true;
                    return at + 1;
                }
                b'$' if self.text.get(at + 1) == Some(&b'{') => {
                    self.templates.push(self.braces);
                    self.after_value = false;
                    return at + 2;
                }
                _ => {}
            }
            at += 1;
        }
        self.text.len()
    }

    fn word(&mut self, at: usize) -> usize {
        let length = self.text[at..].iter().position(|byte| !is_word(*byte));
        let end = length.map_or(self.text.len(), |length| at + length);
        let is_property = self.text[..at].trim_ascii_end().ends_with(b".");
        let word = &self.text[at..end];
        self.after_value = is_property || !BEFORE_EXPRESSIONS.contains(&word);
        let range = match word {
            b"import" if !is_property => imported(self.text, end),
            b"export" if !is_property => from(self.text, end),
            _ => None,
        };
        if let Some(range) = range.filter(|range| !self.text[range.clone()].contains(&b'\\')) {
            let url = String::from_utf8_lossy(&self.text[range.clone()]).into_owned();
            self.found.push(Reference { range, url, target: Target::Module });
        }
        end
    }
}

/// What is imported, given where the word `import` ends: `import "x"`, `import("x")`, `import … from "x"`.
fn imported(text: &[u8], end: usize) -> Option<Range<usize>> {
    let at = skip_blanks(text, end);
    match text.get(at)? {
        b'"' | b'\'' => string(text, at).0,
        b'(' => {
            let at = skip_blanks(text, at + 1);
            let is_text = matches!(text.get(at), Some(b'"' | b'\''));
            let (content, end) = is_text.then(|| string(text, at))?;
            let is_whole = matches!(text.get(skip_blanks(text, end)), Some(b')' | b','));
            content.filter(|_| is_whole)
        }
        _ => from(text, end),
    }
}

/// What stands behind `from`, if nothing but names is before it.
fn from(text: &[u8], mut at: usize) -> Option<Range<usize>> {
    loop {
        at = skip_blanks(text, at);
        match text.get(at)? {
            b'{' | b'}' | b',' | b'*' => at += 1,
            b'"' | b'\'' => at = string(text, at).1,
            byte if is_word(*byte) => {
                let end = at + text[at..].iter().position(|byte| !is_word(*byte))?;
                let next = skip_blanks(text, end);
                if &text[at..end] == b"from" && matches!(text.get(next), Some(b'"' | b'\'')) {
                    return string(text, next).0;
                }
                at = end;
            }
            _ => return None,
        }
    }
}

/// The end of the regular expression at `at`; none when there is no end on the line, so that it is none.
fn regular_expression(text: &[u8], at: usize) -> Option<usize> {
    let mut is_class = false;
    let mut end = at + 1;
    loop {
        match text.get(end)? {
            b'\n' => return None,
            b'\\' => end += 1,
            b'[' => is_class = true,
            b']' => is_class = false,
            b'/' if !is_class => return Some(end + 1),
            _ => {}
        }
        end += 1;
    }
}

/// The content of the text that begins with the quote at `at`, if it is closed on its line, and where what follows begins.
fn string(text: &[u8], at: usize) -> (Option<Range<usize>>, usize) {
    let mut end = at + 1;
    while let Some(byte) = text.get(end) {
        match byte {
            b'\\' => end += 1,
            b'\n' => return (None, end),
            byte if *byte == text[at] => return (Some(at + 1..end), end + 1),
            _ => {}
        }
        end += 1;
    }
    (None, text.len())
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        at = at.min(text.len());
        at += text[at..].len() - text[at..].trim_ascii_start().len();
        at = match text.get(at..at + 2) {
            Some(b"//") => line_end(text, at),
            Some(b"/*") => comment(text, at).1,
            _ => return at,
        };
    }
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |length| at + length)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::references;

    fn urls(text: &str) -> Vec<String> {
        let found = references(text.as_bytes());
        for reference in &found {
            assert!(text.get(reference.range.clone()).is_some(), "{reference:?}");
        }
        found.into_iter().map(|reference| reference.url).collect()
    }

    #[test]
    fn imports_are_found_in_every_spelling() {
        for (text, expected) in [
            ("import './a.js'", vec!["./a.js"]),
            ("import a from \"./a.js\";import{b as c}from'./b.js'", vec!["./a.js", "./b.js"]),
            ("import a, * as d from './a.js'\nimport /* x */ b from // y\n './b.js'", vec!["./a.js", "./b.js"]),
            ("import {\"x y\" as z} from './a.js'", vec!["./a.js"]),
            (
                "export * from './a.js';export * as b from './b.js';export {c} from './c.js'",
                vec!["./a.js", "./b.js", "./c.js"],
            ),
            ("const a = await import('./a.js'), b = import( './b.js' , {})", vec!["./a.js", "./b.js"]),
            ("let x = `${import('./a.js')} ${`${import('./b.js')}`}`", vec!["./a.js", "./b.js"]),
            ("x = a / b; import('./a.js'); y = c / d", vec!["./a.js"]),
            ("x = /[/'\"]/; import './a.js'", vec!["./a.js"]),
            ("return /'/.test(x); import './a.js'", vec!["./a.js"]),
            ("a = b\n/c; import './a.js'", vec!["./a.js"]),
            ("1;\n//# sourceMappingURL=app.js.map\n", vec!["app.js.map"]),
            ("1;\n//@ sourceMappingURL=app.js.map", vec!["app.js.map"]),
            ("1;/*# sourceMappingURL=app.js.map */", vec!["app.js.map"]),
        ] {
            assert_eq!(urls(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        for text in [
            "// import './a.js'",
            "/* import './a.js' */",
            "'import \"./a.js\"'",
            "`import './a.js'`",
            "x = /import '.\\/a.js'/",
            "a.import('./a.js')",
            "import.meta.url; './a.js'",
            "import('./' + name + '.js')",
            "import(`./a.js`)",
            "export const a = './a.js'",
            "export default './a.js'",
            "reimport('./a.js')",
            "import './a\\x2ejs'",
            "import './a.js",
            "'//# sourceMappingURL=x'",
            "import",
            "export {",
            "`${",
            "/",
            "'\\",
        ] {
            assert_eq!(urls(text), Vec::<String>::new(), "{text}");
        }
    }
}
