//! Lines between tokens: where one can be put in or taken out without touching anything else.

use std::ops::Range;

/// The offsets in `gap`, which lies between two tokens, at which a line begins that is not inside of a comment.
pub(crate) fn line_starts(text: &str, gap: Range<usize>) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = gap.start;
    while at < gap.end {
        let rest = &text[at..gap.end];
        at += if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else {
            if rest.starts_with('\n') {
                starts.push(at + 1);
            }
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    starts
}

/// The length of the block comment that the text begins with; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The last of these starts of lines that comes after an empty line.
pub(crate) fn after_last_blank_line(text: &str, starts: &[usize]) -> Option<usize> {
    starts.windows(2).rev().find(|pair| is_blank(&text[pair[0]..pair[1]])).map(|pair| pair[1])
}

/// True when the line that begins there has nothing in it, and ends.
pub(crate) fn is_blank_line(text: &str, start: usize) -> bool {
    text[start..].split_inclusive('\n').next().is_some_and(|line| line.ends_with('\n') && is_blank(line))
}

fn is_blank(text: &str) -> bool {
    text.trim_matches(['\n', '\r', ' ', '\t']).is_empty()
}

/// What stands before the offset in its line, if that is only white space.
pub(crate) fn indentation(text: &str, at: usize) -> Option<&str> {
    let before = &text[start_of_line(text, at)..at];
    is_blank(before).then_some(before)
}

/// How the line before this offset ends; else the first line of the text; else `\n`.
pub(crate) fn line_ending(text: &str, at: usize) -> &'static str {
    let end = text[..at].rfind('\n').or_else(|| text.find('\n'));
    if end.is_some_and(|end| text[..end].ends_with('\r')) { "\r\n" } else { "\n" }
}

/// The lines that this range is in, with the last one's end, when there is nothing else in them but comments behind it.
/// Of a last line that does not end, the end of the line before.
pub(crate) fn whole_lines(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let start = start_of_line(text, range.start);
    if !is_blank(&text[start..range.start]) {
        return None;
    }
    let mut at = range.end;
    loop {
        let rest = &text[at..];
        at += if rest.starts_with("/*") && !rest[..block_comment(rest)].contains('\n') {
            block_comment(rest)
        } else if rest.starts_with("//") || rest.starts_with('\n') {
            match rest.find('\n') {
                Some(end) => return Some(start..at + end + 1),
                None => rest.len(),
            }
        } else if rest.is_empty() {
            return Some(before_line_ending(&text[..start])..text.len());
        } else if rest.starts_with([' ', '\t', '\r']) {
            1
        } else {
            return None;
        };
    }
}

fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn before_line_ending(text: &str) -> usize {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text).len()
}
