//! The names of static files in templates: `static('css/site.css')`, wherever a template can call it.

/// A name in a template, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) line: usize,
}

/// Every name that is written out in a template. What is put together when it is rendered is not known.
pub(super) fn named(template: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = template[at..].find('{').map(|length| at + length) {
        let close = match template.as_bytes().get(begin + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = begin + 1;
                continue;
            }
        };
        let inside = begin + 2;
        let end = if close == "#}" {
            template[inside..].find(close).map_or(template.len(), |length| inside + length)
        } else {
            tag(template, inside, close, &mut found)
        };
        at = end + close.len();
        let word = template[inside..end.min(template.len())].trim_matches(|letter: char| "+- \t\r\n".contains(letter));
        if close == "%}" && word == "raw" {
            at = end_of_raw(template, at.min(template.len()));
        }
        if at >= template.len() {
            break;
        }
    }
    found
}

/// Reads a tag up to its end; gives back where that is.
fn tag(template: &str, mut at: usize, close: &str, found: &mut Vec<Named>) -> usize {
    let bytes = template.as_bytes();
    while at < bytes.len() && !template.as_bytes()[at..].starts_with(close.as_bytes()) {
        at = match bytes[at] {
            b'"' | b'\'' => string(bytes, at).1,
            byte if is_word(byte) => {
                let end = bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length);
                let is_attribute = template[..at].trim_end().ends_with('.');
                if &template[at..end] == "static" && !is_attribute {
                    found.extend(argument(template, end));
                }
                end
            }
            _ => at + 1,
        };
    }
    at.min(bytes.len())
}

/// The text that is the only argument of a call, given where the function's name ends.
fn argument(template: &str, end: usize) -> Option<Named> {
    let bytes = template.as_bytes();
    let blanks = |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let open = blanks(end);
    if bytes.get(open) != Some(&b'(') {
        return None;
    }
    let start = blanks(open + 1);
    if !matches!(bytes.get(start), Some(b'"' | b'\'')) {
        return None;
    }
    let (is_closed, after) = string(bytes, start);
    let name = template.get(start + 1..after.checked_sub(1)?)?;
    let is_whole = is_closed && bytes.get(blanks(after)) == Some(&b')') && !name.contains('\\');
    let line = template[..start].matches('\n').count() + 1;
    is_whole.then(|| Named { name: name.to_owned(), line })
}

/// Whether the text that begins here is closed, and where what follows begins.
fn string(bytes: &[u8], at: usize) -> (bool, usize) {
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'\\' => end += 1,
            byte if *byte == bytes[at] => return (true, end + 1),
            _ => {}
        }
        end += 1;
    }
    (false, bytes.len())
}

fn end_of_raw(template: &str, from: usize) -> usize {
    template[from..].find("endraw").map_or(template.len(), |length| from + length)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn names_are_found_where_they_are_called() {
        let found = |template: &str| {
            named(template).into_iter().map(|found| format!("{}:{}", found.line, found.name)).collect::<Vec<_>>()
        };
        for (template, expected) in [
            ("<link href=\"{{ static('css/site.css') }}\">", vec!["1:css/site.css"]),
            ("\n{%- if x == static( \"a.js\" ) -%}\n{{static('b.js')}}", vec!["2:a.js", "3:b.js"]),
            ("{{ '}}' ~ static('a.js') }}", vec!["1:a.js"]),
            ("{# static('a.js') #}{{ static('b.js') }}", vec!["1:b.js"]),
            ("{% raw %}{{ static('a.js') }}{% endraw %}{{ static('b.js') }}", vec!["1:b.js"]),
            ("static('a.js')", vec![]),
            ("{{ static(name) }} {{ static('a' ~ b) }}", vec![]),
            ("{{ x.static('a.js') }} {{ mystatic('a.js') }}", vec![]),
            ("{{ static('größe.css') }} ü {", vec!["1:größe.css"]),
            ("{{ static('a.js", vec![]),
            ("{{ static(", vec![]),
            ("{%", vec![]),
            ("{% raw %}", vec![]),
            ("{#", vec![]),
        ] {
            assert_eq!(found(template), expected, "{template}");
        }
    }
}
