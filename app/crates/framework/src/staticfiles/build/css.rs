//! References in style sheets: `url(…)`, `@import`, source maps. Reads tokens, so that comments and texts are left alone.

use std::ops::Range;

use super::references::{Reference, Target, source_map};

/// Every reference of a style sheet, in order.
pub(super) fn references(text: &[u8]) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        at = match text[at] {
            b'/' if text[at..].starts_with(b"/*") => {
                let (body, end) = comment(text, at);
                found.extend(source_map(text, body));
                end
            }
            b'"' | b'\'' => string(text, at).1,
            b'@' => at_rule(text, at, &mut found),
            byte if is_name(byte) => name(text, at, &mut found),
            _ => at + 1,
        };
    }
    found
}

/// `@import "x"`; what `@namespace` names is nowhere.
fn at_rule(text: &[u8], at: usize, found: &mut Vec<Reference>) -> usize {
    let end = name_end(text, at + 1);
    match text[at + 1..end].to_ascii_lowercase().as_slice() {
        b"import" => {
            let value = skip_blanks(text, end);
            match text.get(value) {
                Some(b'"' | b'\'') => quoted(text, value, found),
                _ => value,
            }
        }
        b"namespace" => text[end..].iter().position(|byte| *byte == b';').map_or(text.len(), |length| end + length),
        _ => end,
    }
}

/// A name, which may be `url(`.
fn name(text: &[u8], at: usize, found: &mut Vec<Reference>) -> usize {
    let end = name_end(text, at);
    if text.get(end) != Some(&b'(') || !text[at..end].eq_ignore_ascii_case(b"url") {
        return end;
    }
    let start = end + 1 + blanks(&text[end + 1..]);
    if matches!(text.get(start), Some(b'"' | b'\'')) {
        return quoted(text, start, found);
    }
    let mut end = start;
    while let Some(byte) = text.get(end) {
        match byte {
            b'\\' => end += 1,
            b')' => {
                let length = text[start..end].trim_ascii_end().len();
                push(text, start..start + length, found);
                return end + 1;
            }
            // No browser takes it for a URL.
            b'"' | b'\'' | b'(' => return end,
            _ => {}
        }
        end += 1;
    }
    text.len()
}

fn quoted(text: &[u8], at: usize, found: &mut Vec<Reference>) -> usize {
    let (content, end) = string(text, at);
    if let Some(content) = content {
        push(text, content, found);
    }
    end
}

fn push(text: &[u8], range: Range<usize>, found: &mut Vec<Reference>) {
    let url = unescaped(&text[range.clone()]);
    found.push(Reference { range, url, target: Target::Asset });
}

/// The content of the text that begins with the quote at `at`, and where what follows begins. A line break ends one that
/// is not closed.
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

/// What is in the comment that begins at `at`, and where what follows begins.
pub(super) fn comment(text: &[u8], at: usize) -> (Range<usize>, usize) {
    let start = at + 2;
    let length = text[start..].windows(2).position(|pair| pair == b"*/");
    length.map_or((start..text.len(), text.len()), |length| (start..start + length, start + length + 2))
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        at += blanks(&text[at..]);
        if !text[at..].starts_with(b"/*") {
            return at;
        }
        at = comment(text, at).1;
    }
}

fn blanks(text: &[u8]) -> usize {
    text.len() - text.trim_ascii_start().len()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'\\') || byte >= 0x80
}

fn name_end(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at).filter(|byte| is_name(**byte)) {
        at += if *byte == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

/// The text without CSS's escapes.
fn unescaped(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        let mut code = String::new();
        while let Some(digit) = rest.next_if(|next| next.is_ascii_hexdigit() && code.len() < 6) {
            code.push(digit);
        }
        match u32::from_str_radix(&code, 16) {
            Ok(number) => {
                plain.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
                rest.next_if(|next| next.is_ascii_whitespace());
            }
            Err(_) => plain.extend(rest.next().filter(|next| *next != '\n')),
        }
    }
    plain
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
    fn references_are_found_in_every_spelling() {
        for (text, expected) in [
            ("a{background:url(a.png)}", vec!["a.png"]),
            ("a{background:URL( 'a.png' )}", vec!["a.png"]),
            ("a{background:url(\"a.png\"),url( b.png )}", vec!["a.png", "b.png"]),
            ("@import 'a.css';@IMPORT \"b.css\" screen;@import url(c.css);", vec!["a.css", "b.css", "c.css"]),
            ("@import/* x */\n\"a.css\";", vec!["a.css"]),
            (r"a{b:url(a\ b.png)}", vec!["a b.png"]),
            (r#"a{b:url("a\22 b.png")}"#, vec!["a\"b.png"]),
            ("a{src:url(x.eot?#iefix)}", vec!["x.eot?#iefix"]),
            ("a{}/*# sourceMappingURL=site.css.map */", vec!["site.css.map"]),
            ("a{}/*@ sourceMappingURL=site.css.map*/", vec!["site.css.map"]),
            ("a{b:url()}", vec![""]),
        ] {
            assert_eq!(urls(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        for text in [
            "/* url(a.png) @import 'x' */",
            "a::before{content:'url(a.png)'}",
            "a::before{content:\"\\\"url(a.png)\"}",
            "a{b:my-url(a.png)}",
            "@namespace url(svg);",
            "@importx 'a.css';",
            "a{b:url(a\"b.png)}",
            "a{b:url(a.png",
            "a{b:url('a.png",
            "/* url(a.png)",
            "a{}/* sourceMappingURL=x */",
            "\\",
            "@",
            "'",
        ] {
            assert_eq!(urls(text), Vec::<String>::new(), "{text}");
        }
    }
}
