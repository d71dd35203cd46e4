//! The header `Range`: which bytes of a file are asked for.

use std::ops::Range;

/// More parts than this are no use to anybody but an attacker; the whole file is sent instead.
const MOST_PARTS: usize = 16;

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: nothing else was asked for, or not in a way that means something.
    All,
    /// These parts, in the order in which they were asked for; none is empty.
    Parts(Vec<Range<u64>>),
    /// None of what was asked for is there.
    Nothing,
}

/// What the value of the header asks for, of a file of this size.
pub(super) fn wanted(value: &str, size: u64) -> Wanted {
    let Some((unit, list)) = value.split_once('=') else { return Wanted::All };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::All;
    }
    let list: Vec<&str> = list.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    if list.is_empty() || list.len() > MOST_PARTS {
        return Wanted::All;
    }
    let mut parts = Vec::new();
    for one in list {
        match part(one, size) {
            Some(Some(range)) => parts.push(range),
            Some(None) => {}
            None => return Wanted::All,
        }
    }
    if parts.is_empty() {
        return Wanted::Nothing;
    }
    // Parts that overlap would make the answer larger than the file.
    if parts.iter().map(|range| range.end - range.start).sum::<u64>() > size {
        return Wanted::All;
    }
    Wanted::Parts(parts)
}

/// One part: `None` when it is malformed, `Some(None)` when it lies behind the end.
fn part(text: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim_end(), last.trim_start());
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return None,
        (true, false) => size.saturating_sub(number(last)?)..size,
        (false, true) => number(first)?..size,
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some((range.start < range.end).then_some(range))
}

/// A number of digits only; one that is too large is larger than every file.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_the_standard_says() {
        for (value, expected) in [
            ("bytes=0-0", &[(0, 1)][..]),
            ("bytes=0-99", &[(0, 10)][..]),
            ("bytes=3-", &[(3, 10)][..]),
            ("bytes=-4", &[(6, 10)][..]),
            ("bytes=-99", &[(0, 10)][..]),
            ("bytes=9-9", &[(9, 10)][..]),
            ("Bytes = 1 - 2 , 4-5", &[(1, 3), (4, 6)][..]),
            ("bytes=5-6,,0-1,", &[(5, 7), (0, 2)][..]),
            ("bytes=0-1,90-99", &[(0, 2)][..]),
            ("bytes=2-99999999999999999999999", &[(2, 10)][..]),
        ] {
            let expected = expected.iter().map(|(start, end)| *start..*end).collect();
            assert_eq!(wanted(value, 10), Wanted::Parts(expected), "{value}");
        }
        for value in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(wanted(value, 10), Wanted::Nothing, "{value}");
        }
        for value in ["bytes=0-0", "bytes=0-", "bytes=-5"] {
            assert_eq!(wanted(value, 0), Wanted::Nothing, "{value}");
        }
    }

    #[test]
    fn what_means_nothing_gets_the_whole_file() {
        let many = format!("bytes={}", vec!["0-0"; 17].join(","));
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=2-1",
            "bytes=a-b",
            "bytes=0x1-2",
            "bytes=+1-2",
            "bytes=1",
            "lines=0-1",
            "bytes=0-1,x",
            "bytes=0-9,0-9",
            "bytes=0-,1-",
            &many,
        ] {
            assert_eq!(wanted(value, 10), Wanted::All, "{value}");
        }
    }
}
