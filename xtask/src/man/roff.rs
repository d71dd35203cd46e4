//! A manual page as text for `man`: the few macros that one needs, and what has to be escaped.

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Begins the page of this name.
    pub(super) fn new(name: &str, section: u8, source: &str, manual: &str) -> Self {
        let mut page = Self::default();
        // Without a date: the same sources give the same page.
        page.line(&format!(
            ".TH {} {section} \"\" {} {}",
            escape(&name.to_uppercase()),
            quoted(source),
            quoted(manual)
        ));
        // No hyphens, and a ragged edge: names of options stay whole.
        page.line(".nh");
        page.line(".ad l");
        page
    }

    /// A heading.
    pub(super) fn section(&mut self, title: &str) {
        self.line(&format!(".SH {}", quoted(&title.to_uppercase())));
    }

    /// A heading below that.
    pub(super) fn subsection(&mut self, title: &str) {
        self.line(&format!(".SS {}", quoted(title)));
    }

    /// Text of one or more paragraphs, the first right below what is there.
    pub(super) fn text(&mut self, text: &str) {
        for (at, paragraph) in text.split("\n\n").enumerate() {
            if at > 0 {
                self.space();
            }
            self.words(paragraph);
        }
    }

    /// A further paragraph.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.space();
        self.text(text);
    }

    /// What is between paragraphs; a heading has it already.
    fn space(&mut self) {
        let last = self.text.lines().last().unwrap_or_default();
        if !last.starts_with(".S") {
            self.line(".PP");
        }
    }

    /// A tag with what is said about it. Both may have code in backticks.
    pub(super) fn item(&mut self, tag: &str, text: &str) {
        self.line(".TP");
        self.words(tag);
        for (at, paragraph) in text.split("\n\n").enumerate() {
            if at > 0 {
                self.line(".IP");
            }
            self.words(paragraph);
        }
    }

    /// Lines that stay as they are.
    pub(super) fn example(&mut self, lines: &str) {
        self.space();
        self.line(".RS 4");
        self.line(".nf");
        lines.lines().for_each(|line| self.line(&shielded(&escape(line))));
        self.line(".fi");
        self.line(".RE");
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Running text: a line break in it is a space, and what stands in backticks is bold. Lines are as short as people
    /// keep them in such files, and a sentence begins a new one.
    fn words(&mut self, text: &str) {
        let mut line = String::new();
        let text = marked(text);
        for word in text.split_whitespace() {
            let sentence_ends = line.ends_with(". ") || line.ends_with(": ");
            if sentence_ends || line.len() + word.len() > WIDTH {
                self.line(&shielded(line.trim_end()));
                line.clear();
            }
            line.push_str(word);
            line.push(' ');
        }
        self.line(&shielded(if line.is_empty() { "\\&" } else { line.trim_end() }));
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// How many bytes a line of the file has at most.
const WIDTH: usize = 78;

/// Escaped text with its code in bold. A backtick that is never closed was no mark.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        let escaped = escape(part);
        match (is_code, parts.peek()) {
            (true, Some(_)) => marked.push_str(&format!("\\fB{escaped}\\fR")),
            (true, None) => marked.push_str(&format!("\\`{escaped}")),
            (false, _) => marked.push_str(&escaped),
        }
        is_code = !is_code;
    }
    marked
}

/// Text in which nothing is a command of the typesetter. Hyphens are those that people type.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\(rs"),
            '-' => escaped.push_str("\\-"),
            '`' => escaped.push_str("\\`"),
            '\'' => escaped.push_str("\\(aq"),
            '^' => escaped.push_str("\\(ha"),
            '~' => escaped.push_str("\\(ti"),
            '…' => escaped.push_str("..."),
            letter if letter.is_control() => escaped.push(' '),
            // What is not ASCII, by its number: whatever encoding the page is read in.
            letter if !letter.is_ascii() => escaped.push_str(&format!("\\[u{:04X}]", u32::from(letter))),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// An argument of a macro.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text).replace('"', "\\(dq"))
}

/// A line of text that is none of commands, however it begins.
fn shielded(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_whatever_is_in_it() {
        for (text, line) in [
            ("plain", "plain"),
            (".env is `read`", "\\&.env is \\fBread\\fR"),
            ("a\\b -- 'c'\nd", "a\\(rsb \\-\\- \\(aqc\\(aq d"),
            ("one ` alone", "one \\` alone"),
            ("", "\\&"),
            ("naïve …", "na\\[u00EF]ve ..."),
            ("One. `Two three`", "One.\n\\fBTwo three\\fR"),
        ] {
            let mut page = Page::default();
            page.words(text);
            assert_eq!(page.finish(), format!("{line}\n"), "{text}");
        }
    }
}
