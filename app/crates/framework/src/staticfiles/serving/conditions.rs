//! Conditional requests: `If-Match`, `If-None-Match`, `If-Range`. Files have entity tags and no date, so conditions on
//! dates say nothing.

use http::{HeaderMap, HeaderName, header};

/// What the conditions of a request to read make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is answered.
    Send,
    /// The client has it already.
    NotModified,
    /// The client wanted something else.
    Failed,
}

/// What the conditions say of what has this (strong) tag.
pub(super) fn judge(headers: &HeaderMap, tag: &str) -> Verdict {
    if headers.contains_key(header::IF_MATCH) && !names(headers, header::IF_MATCH, tag, Comparison::Strong) {
        Verdict::Failed
    } else if names(headers, header::IF_NONE_MATCH, tag, Comparison::Weak) {
        Verdict::NotModified
    } else {
        Verdict::Send
    }
}

/// Whether a part may be sent: the client's other parts are of the same content, as far as it says.
pub(super) fn allows_parts(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// A weak tag equals nothing.
    Strong,
    /// Whether a tag is weak does not matter.
    Weak,
}

/// Whether the list in these headers has the tag in it, or is `*`.
fn names(headers: &HeaderMap, name: HeaderName, tag: &str, comparison: Comparison) -> bool {
    let lists = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lists.into_iter().any(|list| list.trim() == "*" || has(list, tag, comparison))
}

/// Commas may stand inside a tag, so the list is read from tag to tag.
fn has(list: &str, tag: &str, comparison: Comparison) -> bool {
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let is_weak = rest.starts_with("W/");
        let opaque = rest.strip_prefix("W/").unwrap_or(rest);
        let Some(length) = opaque.strip_prefix('"').and_then(|inner| inner.find('"')) else { return false };
        let (one, behind) = opaque.split_at(length + 2);
        if one == tag && !(is_weak && comparison == Comparison::Strong) {
            return true;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn verdict(pairs: &[(HeaderName, &str)]) -> Verdict {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        judge(&headers, "\"a\"")
    }

    #[test]
    fn tags_are_compared_as_the_standard_says() {
        use Verdict::{Failed, NotModified, Send};
        assert_eq!(verdict(&[]), Send);
        for (value, none_match, matches) in [
            ("\"a\"", NotModified, Send),
            ("W/\"a\"", NotModified, Failed),
            ("*", NotModified, Send),
            (" * ", NotModified, Send),
            ("\"b\"", Send, Failed),
            ("\"b\", \"a\"", NotModified, Send),
            ("\"b\",W/\"a\"", NotModified, Failed),
            ("\"x,\\\",\"a\"", NotModified, Send),
            ("\"b, a\"", Send, Failed),
            ("a", Send, Failed),
            ("\"a", Send, Failed),
            ("w/\"a\"", Send, Failed),
            ("", Send, Failed),
            ("\"aa\"", Send, Failed),
        ] {
            assert_eq!(verdict(&[(header::IF_NONE_MATCH, value)]), none_match, "{value}");
            assert_eq!(verdict(&[(header::IF_MATCH, value)]), matches, "{value}");
        }
        let (none_match, if_match) = (header::IF_NONE_MATCH, header::IF_MATCH);
        assert_eq!(verdict(&[(none_match.clone(), "\"b\""), (none_match.clone(), "\"a\"")]), NotModified);
        assert_eq!(verdict(&[(none_match.clone(), "*"), (if_match.clone(), "\"b\"")]), Failed);
        assert_eq!(verdict(&[(none_match, "\"b\""), (if_match, "\"a\"")]), Send);
    }

    #[test]
    fn parts_need_the_same_content() {
        let allowed = |value: &'static str| {
            allows_parts(&HeaderMap::from_iter([(header::IF_RANGE, HeaderValue::from_static(value))]), "\"a\"")
        };
        assert!(allows_parts(&HeaderMap::new(), "\"a\"") && allowed("\"a\""));
        assert!(!allowed("W/\"a\"") && !allowed("\"b\"") && !allowed("Sat, 21 Nov 2026 00:00:00 GMT"));
    }
}
