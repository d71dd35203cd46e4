//! Tables as text: fitted to the terminal, long cells cut.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest that a cell of a table may be.
const WIDEST: usize = 60;

/// The least that a column is narrowed to before columns are left out.
const NARROWEST: usize = 8;

/// The longest value of a single row that is shown whole.
const LONGEST: usize = 500;

/// A cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) align: Align,
}

/// On which side a cell's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table of these rows, in at most so many columns of the terminal. Headings are painted after they were fitted.
pub(super) fn table(
    headings: &[String],
    rows: &[Vec<Cell>],
    width: Option<usize>,
    paint: impl Fn(&str) -> String,
) -> String {
    let widths = fitted(headings, rows, width);
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let heading = headings.iter().zip(&widths).map(|(heading, width)| paint(&padded(heading, *width, Align::Left)));
    let mut lines = vec![joined(heading), rule.join("+")];
    for row in rows {
        lines.push(joined(row.iter().zip(&widths).map(|(cell, width)| padded(&cell.text, *width, cell.align))));
    }
    let left_out = &headings[widths.len()..];
    if !left_out.is_empty() {
        lines.push(format!("… and the columns {}", left_out.join(", ")));
    }
    lines.join("\n")
}

/// A single row, one line a column.
pub(super) fn listing(entries: &[(String, Cell)], paint: impl Fn(&str) -> String) -> String {
    let width = entries.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
    let line = |(name, cell): &(String, Cell)| {
        let name = paint(&padded(name, width, Align::Left));
        format!(" {name} | {}", cut(&printable(&cell.text), LONGEST)).trim_end().to_owned()
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn joined(cells: impl Iterator<Item = String>) -> String {
    format!(" {}", cells.collect::<Vec<_>>().join(" | ")).trim_end().to_owned()
}

/// The width of each column that has room.
fn fitted(headings: &[String], rows: &[Vec<Cell>], width: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(printable(&cell.text).width());
        }
    }
    for width in &mut widths {
        *width = (*width).min(WIDEST);
    }
    let Some(room) = width else { return widths };
    // A blank on both sides, and a stroke between two.
    while widths.len() > 1 && widths.iter().sum::<usize>() + 3 * widths.len() - 1 > room {
        let widest = widths.iter_mut().max().filter(|widest| **widest > NARROWEST);
        match widest {
            Some(widest) => *widest -= 1,
            None => drop(widths.pop()),
        }
    }
    widths
}

fn padded(text: &str, width: usize, align: Align) -> String {
    let text = cut(&printable(text), width);
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => text + &blanks,
        Align::Right => blanks + &text,
    }
}

/// The text in one line, and nothing in it that a terminal would act on.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => printable.extend(letter.escape_default()),
            letter => printable.push(letter),
        }
    }
    printable
}

/// The text, or its beginning and `…`.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or_default();
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> Cell {
        Cell { text: text.to_owned(), align: Align::Left }
    }

    fn shown(rows: &[[&str; 3]], width: Option<usize>) -> String {
        let headings = ["id", "name", "comment"].map(str::to_owned);
        let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(|text| left(text)).collect()).collect();
        table(&headings, &rows, width, str::to_owned)
    }

    #[test]
    fn wide_letters_keep_their_place_and_control_characters_do_nothing() {
        assert_eq!(
            shown(&[["1", "日本", "a\nb"], ["2", "Ada", "\u{1b}[2J"]], None),
            " id | name | comment\n----+------+-----------\n 1  | 日本 | a\\nb\n 2  | Ada  | \\u{1b}[2J"
        );
    }

    #[test]
    fn cells_are_cut_before_columns_are_left_out() {
        let rows = [["1", "a name of some length", "a comment of some length"]];
        assert_eq!(
            shown(&rows, Some(30)),
            " id | name       | comment\n----+------------+------------\n 1  | a name of… | a comment…"
        );
        assert_eq!(shown(&rows, Some(16)), " id | name\n----+----------\n 1  | a name …\n… and the columns comment");
        assert!(shown(&rows, Some(3)).contains("… and the columns name, comment"));
    }
}
