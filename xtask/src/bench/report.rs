//! What a bench found: one line a figure, and whether each is what the project promises.

use std::time::Duration;

use super::median;
use crate::output;

/// One line of the result.
pub(super) struct Row {
    what: String,
    figure: String,
    is_kept: bool,
}

impl Row {
    /// The median of times, with the fastest and the slowest.
    pub(super) fn times(what: &str, times: &[Duration]) -> Self {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let [first, last] = [times.iter().min(), times.iter().max()].map(|time| ms(time.copied().unwrap_or_default()));
        let figure = format!("{:8.1} ms  ({first:.1} to {last:.1})", ms(median(times.to_vec())));
        Self { what: what.to_owned(), figure, is_kept: true }
    }

    /// Times whose median may be at most this.
    pub(super) fn limited(what: &str, times: &[Duration], most: Duration) -> Self {
        let row = Self::times(&format!("{what} (at most {})", most.as_millis()), times);
        Self { is_kept: median(times.to_vec()) <= most, ..row }
    }

    /// Any other figure.
    pub(super) fn number(what: &str, figure: impl std::fmt::Display, is_kept: bool) -> Self {
        Self { what: what.to_owned(), figure: format!("{figure:>8}"), is_kept }
    }

    /// A figure of which nothing is promised.
    pub(super) fn fact(what: &str, figure: impl std::fmt::Display) -> Self {
        Self::number(what, figure, true)
    }

    fn line(&self) -> String {
        let verdict = if self.is_kept { "" } else { "  MISSED" };
        format!("{:58} {}{verdict}\n", self.what, self.figure)
    }
}

/// Prints the rows below a heading, and gives the exit code: a figure that is not reached is a failure.
pub(super) fn print(heading: &str, rows: &[Row]) -> anyhow::Result<u8> {
    let lines: String = rows.iter().map(Row::line).collect();
    output::data(&format!("{heading}\n{lines}"))?;
    Ok(u8::from(rows.iter().any(|row| !row.is_kept)))
}
