//! What programs write for a terminal, as plain text and as HTML.
//!
//! Colours, bold and underlined become classes (`c0` to `c15`, `b`, `u`); every other escape sequence and control
//! character is dropped. Nothing of the text can become markup.

use super::editor::Editor;
use crate::dev::ansi::{self, Piece};

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    colour: Option<u8>,
    bold: bool,
    underlined: bool,
}

/// Text that looks the same throughout.
#[derive(Debug)]
struct Run {
    style: Style,
    text: String,
}

/// The text alone.
pub(super) fn plain(text: &str) -> String {
    ansi::strip(text).chars().filter(is_shown).collect()
}

/// The text as HTML, with places in files as links to the editor.
pub(super) fn html(text: &str, editor: &Editor) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    for run in runs(text) {
        let classes = run.style.classes();
        if !classes.is_empty() {
            html.push_str(&format!("<span class=\"{classes}\">"));
        }
        let mut done = 0;
        for (range, href) in editor.links(&run.text) {
            html.push_str(&escaped(&run.text[done..range.start]));
            html.push_str(&format!("<a href=\"{}\">{}</a>", escaped(&href), escaped(&run.text[range.clone()])));
            done = range.end;
        }
        html.push_str(&escaped(&run.text[done..]));
        if !classes.is_empty() {
            html.push_str("</span>");
        }
    }
    html
}

/// The text with everything replaced that means something in HTML, in an attribute too.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(letter),
        }
    }
    html
}

impl Style {
    fn classes(self) -> String {
        let colour = self.colour.map(|colour| format!("c{colour}"));
        let words = [colour, self.bold.then(|| "b".to_owned()), self.underlined.then(|| "u".to_owned())];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Follows "select graphic rendition" with these parameters.
    fn select(&mut self, parameters: &str) {
        let mut numbers = parameters.split([';', ':']).map(|number| match number {
            "" => Some(0),
            _ => number.parse::<u8>().ok(),
        });
        while let Some(number) = numbers.next() {
            match number {
                Some(0) => *self = Self::default(),
                Some(1) => self.bold = true,
                Some(4) => self.underlined = true,
                Some(22) => self.bold = false,
                Some(24) => self.underlined = false,
                Some(number @ 30..=37) => self.colour = Some(number - 30),
                Some(39) => self.colour = None,
                Some(number @ 90..=97) => self.colour = Some(number - 90 + 8),
                // A colour out of 256, of which the first 16 have names, or out of all that there are.
                Some(kind @ (38 | 48 | 58)) => {
                    let colour = match numbers.next().flatten() {
                        Some(5) => numbers.next().flatten(),
                        Some(2) => {
                            let _ = numbers.nth(2);
                            None
                        }
                        _ => None,
                    };
                    if kind == 38 {
                        self.colour = colour.filter(|&colour| colour < 16);
                    }
                }
                _ => {}
            }
        }
    }
}

fn runs(text: &str) -> Vec<Run> {
    let mut style = Style::default();
    let mut runs: Vec<Run> = Vec::new();
    for piece in ansi::pieces(text) {
        match piece {
            Piece::Rendition(parameters) => style.select(parameters),
            Piece::Text(text) => {
                let shown = text.chars().filter(is_shown);
                match runs.last_mut() {
                    Some(run) if run.style == style => run.text.extend(shown),
                    _ => runs.push(Run { style, text: shown.collect() }),
                }
            }
        }
    }
    runs.retain(|run| !run.text.is_empty());
    runs
}

/// Whether it is none of the control characters that would move something in a terminal.
fn is_shown(letter: &char) -> bool {
    matches!(letter, '\n' | '\t') || !letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_html(text: &str) -> String {
        html(text, &Editor::none())
    }

    #[test]
    fn what_rustc_writes_becomes_classes() {
        let text = "\u{1b}[1m\u{1b}[38;5;9merror[E0308]\u{1b}[0m\u{1b}[1m: mismatched <types>\u{1b}[0m\n";
        let expected = "<span class=\"c9 b\">error[E0308]</span><span class=\"b\">: mismatched &lt;types&gt;</span>\n";
        assert_eq!(to_html(text), expected);
        assert_eq!(plain(text), "error[E0308]: mismatched <types>\n");
    }

    #[test]
    fn each_sequence_does_what_it_says_and_no_more() {
        for (text, expected) in [
            ("\u{1b}[31ma\u{1b}[39mb", "<span class=\"c1\">a</span>b"),
            ("\u{1b}[94;4ma\u{1b}[24mb\u{1b}[mc", "<span class=\"c12 u\">a</span><span class=\"c12\">b</span>c"),
            ("\u{1b}[1;31;22ma", "<span class=\"c1\">a</span>"),
            ("\u{1b}[38;5;200ma\u{1b}[38;2;1;4;1mb\u{1b}[48;5;4mc\u{1b}[48;2;1;2;4md\u{1b}[7me", "abcde"),
            ("\u{1b}[2K\u{1b}[1Aa\u{1b}[?25lb\u{1b}(Bc\rd\u{8}", "abBcd"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b\u{1b}]8;;\u{1b}\\", "ab"),
            ("a\u{1b}]never ended\nb", "a\nb"),
            ("a\u{1b}[31<bc\u{1b}", "ac"),
            ("a\u{1b}[", "a"),
            ("<script>\"'&", "&lt;script&gt;&quot;&#39;&amp;"),
        ] {
            assert_eq!(to_html(text), expected, "{text:?}");
        }
    }

    /// The text that a browser would show, if the only markup is what [`html`] may make; else none.
    fn shown(html: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            text.push_str(&rest[..start]);
            let (tag, after) = rest[start + 1..].split_once('>')?;
            let class = tag.strip_prefix("span class=\"").and_then(|tag| tag.strip_suffix('"'));
            let fine =
                class.is_some_and(|class| class.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == ' '));
            if !fine && tag != "/span" {
                return None;
            }
            rest = after;
        }
        text.push_str(rest);
        if text.contains(['>', '"', '\'']) {
            return None;
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        Some(entities.iter().fold(text, |text, (entity, letter)| text.replace(entity, letter)))
    }

    #[test]
    fn nothing_random_gets_through_as_markup() {
        let seed = getrandom::u64().expect("a seed");
        let mut random = seed | 1;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).expect("31 bits")
        };
        let parts = [
            "\u{1b}", "\u{1b}[", "\u{1b}]", "31", "1", "38;5;", ";", ":", "m", "<script>", "</span>", "<", ">", "\"",
            "'", "&", "&lt;", "\n", "\u{7}", "\\", "é", "\u{9b}", "a.rs:1:2",
        ];
        for round in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..next() % 24 {
                match next() % 4 {
                    0 => bytes.push(next().to_le_bytes()[0]),
                    _ => bytes.extend_from_slice(parts[next() % parts.len()].as_bytes()),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(shown(&to_html(&text)), Some(plain(&text)), "seed {seed}, round {round}: {text:?}");
        }
    }
}
