//! What every template can use: `static(…)`, `url(…)`, the filter `localtime`, `project`, `debug`.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::context::Context;
use crate::http::Urls;
use crate::staticfiles;

/// How times are shown unless the template says otherwise.
const DATE_TIME: &str = "%Y-%m-%d %H:%M";

pub(super) fn add(environment: &mut Environment<'static>, ctx: &Context, urls: &Urls) {
    let settings = ctx.settings();
    environment.add_global("project", ctx.name());
    environment.add_global("debug", settings.debug);

    let context = ctx.clone();
    environment.add_function("static", move |name: &str| match staticfiles::address(&context, name) {
        // Whatever HTML could mistake is percent-encoded.
        Ok(address) => Ok(Value::from_safe_string(address)),
        Err(error) => Err(Error::new(ErrorKind::InvalidOperation, format!("{error:#}"))),
    });

    let urls = urls.clone();
    environment.add_function("url", move |name: &str, params: Kwargs| url(&urls, name, &params));

    let zone = settings.time_zone;
    environment.add_filter("localtime", move |value: &Value, format: Option<&str>| {
        localtime(value, format.unwrap_or(DATE_TIME), zone)
    });
}

fn url(urls: &Urls, name: &str, params: &Kwargs) -> Result<Value, Error> {
    let given = params
        .args()
        .map(|key| Ok((key, params.get::<Value>(key)?.to_string())))
        .collect::<Result<Vec<(&str, String)>, Error>>()?;
    let given: Vec<(&str, &str)> = given.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let url = urls.reverse(name, &given).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    // Whatever HTML could mistake is percent-encoded already.
    Ok(Value::from_safe_string(url))
}

/// A stored time (UTC) in the settings' time zone; nothing stays nothing.
fn localtime(value: &Value, format: &str, zone: Tz) -> Result<String, Error> {
    if value.is_none() {
        return Ok(String::new());
    }
    let invalid = |message: String| Error::new(ErrorKind::InvalidOperation, message);
    let text = value.as_str().ok_or_else(|| invalid(format!("`{value}` is not a time")))?;
    let utc = parse(text).ok_or_else(|| invalid(format!("`{text}` is not a time")))?;
    let mut shown = String::new();
    write!(shown, "{}", utc.with_timezone(&zone).format(format))
        .map_err(|_| invalid(format!("`{format}` is not a format for times")))?;
    Ok(shown)
}

/// A time as it is serialised: with an offset, or without one (UTC), or a date alone.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let naive = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
    };
    with_offset.ok().or_else(|| naive().map(|time| time.and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_zone_of_the_settings() {
        let zone = chrono_tz::Europe::Moscow;
        let shown = |text: &str, format| localtime(&Value::from(text), format, zone).map_err(|error| error.to_string());
        assert_eq!(shown("2026-01-31T22:30:00Z", DATE_TIME).as_deref(), Ok("2026-02-01 01:30"));
        assert_eq!(shown("2026-01-31 22:30:00", "%d.%m.%Y").as_deref(), Ok("01.02.2026"));
        assert_eq!(localtime(&Value::from(()), DATE_TIME, zone).as_deref().ok(), Some(""));
        assert!(shown("tomorrow", DATE_TIME).is_err_and(|error| error.contains("`tomorrow` is not a time")));
        assert!(shown("2026-01-31T22:30:00Z", "%Q").is_err_and(|error| error.contains("`%Q` is not a format")));
    }
}
