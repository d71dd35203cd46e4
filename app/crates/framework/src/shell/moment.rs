//! Moments and lengths of time, as code sees them.

use std::cmp::Ordering;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use rhai::{Engine, EvalAltResult};

/// What PostgreSQL stores of a second, and so what is shown.
const MICROSECONDS: u16 = 6;

/// A moment, shown in the settings' time zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: DateTime<Utc>,
    pub(super) zone: Tz,
}

impl Moment {
    /// Reads a moment, with an offset or in the time zone; a date is its midnight.
    pub(super) fn parse(text: &str, zone: Tz) -> Option<Self> {
        let text = text.trim();
        let zoned = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
            .map(|at| at.to_utc());
        let at = zoned.ok().or_else(|| zone.from_local_datetime(&naive(text)?).earliest().map(|at| at.to_utc()))?;
        Some(Self { at, zone })
    }
}

/// Reads a date and time without a time zone; a date is its midnight.
pub(super) fn naive(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let whole = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    whole.or_else(|| Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN)))
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.at.trunc_subsecs(MICROSECONDS).with_timezone(&self.zone);
        write!(f, "{}", local.format("%Y-%m-%d %H:%M:%S%.f%:z"))
    }
}

/// A length of time.
#[derive(Clone, Copy, Debug)]
struct Span(TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        let (sign, seconds) = if seconds < 0 { ("-", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        write!(f, "{sign}{days} d {:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60)
    }
}

type Made<T> = Result<T, Box<EvalAltResult>>;
type Unit = fn(i64) -> Option<TimeDelta>;
type Holds = fn(Ordering) -> bool;

/// Makes `now()`, `moment(text)`, `days(n)` … and calculations with them known.
pub(super) fn register(engine: &mut Engine, now: impl Fn() -> DateTime<Utc> + 'static, zone: Tz) {
    engine.register_type_with_name::<Moment>("Moment").register_type_with_name::<Span>("Span");
    engine.register_fn("now", move || Moment { at: now(), zone });
    engine.register_fn("moment", move |text: &str| -> Made<Moment> {
        let wrong = || format!("`{text}` is no moment; write it like \"2026-01-31 18:00\"").into();
        Moment::parse(text, zone).ok_or_else(wrong)
    });
    let units: [(&str, Unit); 5] = [
        ("seconds", TimeDelta::try_seconds),
        ("minutes", TimeDelta::try_minutes),
        ("hours", TimeDelta::try_hours),
        ("days", TimeDelta::try_days),
        ("weeks", TimeDelta::try_weeks),
    ];
    for (name, unit) in units {
        engine.register_fn(name, move |count: i64| -> Made<Span> { unit(count).map(Span).ok_or_else(too_far) });
    }
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |moment: &mut Moment| moment.to_string());
        engine.register_fn(name, |span: &mut Span| span.to_string());
    }
    engine.register_fn("+", |moment: Moment, span: Span| moved(moment, span.0));
    engine.register_fn("-", |moment: Moment, span: Span| moved(moment, -span.0));
    engine.register_fn("-", |a: Moment, b: Moment| Span(a.at - b.at));
    let comparisons: [(&str, Holds); 6] = [
        ("==", Ordering::is_eq),
        ("!=", Ordering::is_ne),
        ("<", Ordering::is_lt),
        ("<=", Ordering::is_le),
        (">", Ordering::is_gt),
        (">=", Ordering::is_ge),
    ];
    for (name, holds) in comparisons {
        engine.register_fn(name, move |a: Moment, b: Moment| holds(a.at.cmp(&b.at)));
        engine.register_fn(name, move |a: Span, b: Span| holds(a.0.cmp(&b.0)));
    }
}

fn moved(moment: Moment, by: TimeDelta) -> Made<Moment> {
    let at = moment.at.checked_add_signed(by).ok_or_else(too_far)?;
    Ok(Moment { at, ..moment })
}

fn too_far() -> Box<EvalAltResult> {
    "that is too far away to have a date".into()
}

/// What stands for a moment or a length of time.
pub(super) fn shown(value: &rhai::Dynamic) -> Option<String> {
    let moment = value.read_lock::<Moment>().map(|moment| moment.to_string());
    moment.or_else(|| value.read_lock::<Span>().map(|span| span.to_string()))
}
