//! Where a script can stand in a page, found from the page's first bytes, and only these: a browser looks for `<head>`
//! before all else too. What stands in a comment is no tag.

/// What some editors put before a text in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The place for a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Here.
    At(usize),
    /// Further on, perhaps; here, if nothing follows.
    Open(usize),
}

/// Finds the place: after `<head>`, else where a browser would think it: after the doctype and `<html>`.
pub(super) fn place(page: &[u8]) -> Place {
    if page.len() < MARK.len() && MARK.starts_with(page) {
        return Place::Open(0);
    }
    let mut last = if page.starts_with(MARK) { MARK.len() } else { 0 };
    let mut at = last;
    loop {
        at += page[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &page[at..];
        let (end, kind) = match token(rest) {
            Token::Cut => return Place::Open(last),
            Token::Other => return Place::At(last),
            Token::Whole(end, kind) => (end, kind),
        };
        at += end;
        match kind {
            Kind::Head => return Place::At(at),
            Kind::Doctype | Kind::Html => last = at,
            Kind::Comment => {}
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Comment,
    Doctype,
    Html,
    Head,
}

enum Token {
    /// It has this length.
    Whole(usize, Kind),
    /// More is needed to tell.
    Cut,
    /// Something that cannot stand before `<head>`.
    Other,
}

fn token(text: &[u8]) -> Token {
    let Some((open, rest)) = text.split_first() else { return Token::Cut };
    match (*open, rest.first()) {
        (b'<', None) => Token::Cut,
        (b'<', Some(b'!')) if b"!--".starts_with(rest) => Token::Cut,
        (b'<', Some(b'!')) if rest.starts_with(b"!--") => whole(comment_end(text), Kind::Comment),
        (b'<', Some(b'!')) => {
            let doctype = text.get(2..9).is_some_and(|name| name.eq_ignore_ascii_case(b"doctype"));
            whole(after(text, b">"), if doctype { Kind::Doctype } else { Kind::Comment })
        }
        (b'<', Some(b'?')) => whole(after(text, b">"), Kind::Comment),
        (b'<', Some(letter)) if letter.is_ascii_alphabetic() => tag(text),
        _ => Token::Other,
    }
}

fn whole(end: Option<usize>, kind: Kind) -> Token {
    end.map_or(Token::Cut, |end| Token::Whole(end, kind))
}

fn tag(text: &[u8]) -> Token {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let Some(length) = text[1..].iter().position(ends) else { return Token::Cut };
    let kind = match text[1..=length].to_ascii_lowercase().as_slice() {
        b"html" => Kind::Html,
        b"head" => Kind::Head,
        _ => return Token::Other,
    };
    whole(tag_end(text), kind)
}

/// The end of a tag. A `>` in a value in quotes is not it.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let (mut quote, mut value_follows) = (None, false);
    for (at, byte) in tag.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') if value_follows => quote = Some(byte),
            (None, b'=') => value_follows = true,
            (None, byte) if byte.is_ascii_whitespace() => {}
            (None, _) => value_follows = false,
        }
    }
    None
}

/// The end of a comment. `<!-->` and `<!--->` are whole ones.
fn comment_end(comment: &[u8]) -> Option<usize> {
    let inner = &comment[4..];
    if inner.starts_with(b">") || inner.starts_with(b"->") {
        return after(comment, b">");
    }
    [after(inner, b"-->"), after(inner, b"--!>")].into_iter().flatten().min().map(|end| end + 4)
}

/// The end of the first such piece of the text.
fn after(text: &[u8], piece: &[u8]) -> Option<usize> {
    text.windows(piece.len()).position(|window| window == piece).map(|at| at + piece.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place is marked with `|`.
    fn marked(page: &str) -> (String, Place) {
        let at = page.find('|').expect("a mark");
        (page.replace('|', ""), Place::At(at))
    }

    #[test]
    fn a_script_stands_in_the_head_or_where_it_would_be() {
        for page in [
            "<head>|<title>",
            "<!doctype html>\n<html lang=en>\n<HEAD >|<title>",
            "<head data-x=\"a > b\" y='>' z = \">\">|x",
            "<head/>|x",
            "<head x=it's>|x",
            "\u{feff}<!DOCTYPE html><html><head>|",
            "<!-- <head> --><html><!-- <head> --><head>|<title>",
            "<!--><head>|",
            "<!---><head>|",
            "<!----><head>|",
            "<!-- x --!><head>|",
            "<!-- - -- > <head> --><head>|",
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD\" \"x\"><html><head>|",
            "<!doctype html><html x>|<body><head>",
            "<!doctype html>|<header>",
            "<!doctype html>|\n<title>x</title><head>",
            "<!doctype html>|<!-- <head> --><p>",
            "|text <head>",
            "\u{feff}|text",
            "|<p>",
            "|</head>",
            "|<3",
        ] {
            let (text, expected) = marked(page);
            assert_eq!(place(text.as_bytes()), expected, "{page}");
        }
    }

    #[test]
    fn what_is_cut_is_open() {
        let page = "\u{feff} <!-- <head> --> <!doctype html><!-- --> <html a='>'> <head a=\">\">";
        for length in 0..page.len() {
            let Place::Open(at) = place(&page.as_bytes()[..length]) else { panic!("{length}") };
            assert!(at <= length, "{length}");
        }
        assert_eq!(place(page.as_bytes()), Place::At(page.len()));
        assert_eq!(place("<!doctype html><!-- <head>".as_bytes()), Place::Open(15));
    }
}
