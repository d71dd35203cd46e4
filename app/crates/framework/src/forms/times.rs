//! Dates and times as browsers and programs write them.

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;

use super::errors;

/// `2026-01-31`, years 1 to 9999.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !plain || text.starts_with("0000") {
        return None;
    }
    text.parse().ok()
}

/// `23:59`, `23:59:59`, `23:59:59.123456`. A leap second is none.
pub(super) fn time(text: &str) -> Option<NaiveTime> {
    let fits = text.len() >= 5 && text.as_bytes().get(2) == Some(&b':') && text.len() <= "23:59:59.123456".len();
    let time = ["%H:%M", "%H:%M:%S%.f"].iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok())?;
    (fits && time.nanosecond() < 1_000_000_000).then_some(time)
}

/// `2026-01-31T23:59`, with seconds or without, in this zone; with an offset (`Z`, `+03:00`) wherever that is.
pub(super) fn date_time(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    let invalid = || errors::DATE_TIME.to_owned();
    let (day, rest) = text.split_at_checked(10).ok_or_else(invalid)?;
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or_else(invalid)?;
    let (clock, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    let (day, clock) = date(day).zip(time(clock)).ok_or_else(invalid)?;
    let local = day.and_time(clock);
    let instant = match offset {
        "" => in_zone(local, zone)?,
        "Z" | "z" => local.and_utc(),
        offset => {
            let offset: FixedOffset = offset.parse().map_err(|_| invalid())?;
            offset.from_local_datetime(&local).single().ok_or_else(invalid)?.to_utc()
        }
    };
    // Another year has another length, and neither database nor browser would know what to do with it.
    if (1..=9999).contains(&instant.year()) { Ok(instant) } else { Err(invalid()) }
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, String> {
    let found = zone.from_local_datetime(&local).single().map(|time| time.to_utc());
    found.ok_or_else(|| {
        format!("{local} couldn’t be interpreted in time zone {zone}; it may be ambiguous or it may not exist.")
    })
}

/// As `<input type="time">` takes it, unless it [is finer](is_fine).
pub(super) fn show_time(time: NaiveTime) -> String {
    time.format(precision(time, ["%H:%M", "%H:%M:%S", "%H:%M:%S%.3f", "%H:%M:%S%.6f"])).to_string()
}

/// As `<input type="datetime-local">` takes it, unless it [is finer](is_fine).
pub(super) fn show_date_time(time: DateTime<Utc>, zone: Tz) -> String {
    let local = time.with_timezone(&zone).naive_local();
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.3f", "%Y-%m-%dT%H:%M:%S%.6f"];
    local.format(precision(local.time(), formats)).to_string()
}

/// Whether what is shown has more than thousandths of a second, which browsers do not take.
pub(super) fn is_fine(shown: &str) -> bool {
    shown.rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() > 3)
}

/// The shortest of the formats, for minutes, seconds, thousandths and millionths, that says all that databases keep.
fn precision(time: NaiveTime, [minutes, seconds, thousandths, millionths]: [&str; 4]) -> &str {
    match (time.second(), time.nanosecond() / 1_000) {
        (0, 0) => minutes,
        (_, 0) => seconds,
        (_, micros) if micros % 1_000 == 0 => thousandths,
        _ => millionths,
    }
}
