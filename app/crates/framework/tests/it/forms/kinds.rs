//! What each kind of field takes from a form and from JSON, and how it refuses.

use framework::http::{Client, Method};

use super::registry::sandbox;
use crate::sandbox::wait;

const REQUIRED: &str = "x: This field is required.";
const INTEGER: &str = "x: Enter a whole number.";
const FLOAT: &str = "x: Enter a number.";
const DATE: &str = "x: Enter a valid date.";
const TIME: &str = "x: Enter a valid time.";
const DATE_TIME: &str = "x: Enter a valid date/time.";
const CHOICE: &str = "x: Select a valid choice. That choice is not one of the available choices.";
const NULL: &str = "x: Null characters are not allowed.";

/// Sends `x` as a browser does (with `=` before it), or as JSON, and compares the answer.
#[track_caller]
fn answers(cases: &[(&str, &str, &str)]) {
    let sandbox = sandbox();
    wait(async {
        let client = Client::new(&sandbox.ctx());
        for (kind, sent, expected) in cases {
            let path = format!("/field/?kind={}", kind.replace(' ', "&end="));
            let response = match sent.strip_prefix('=') {
                Some(text) => client.post(&path, &[("x", text)]).await,
                None if sent.is_empty() => client.post(&path, &[]).await,
                None => client.send_json(Method::POST, &path, sent).await,
            };
            assert_eq!((response.status.as_u16(), response.body.as_str()), (200, *expected), "{kind} {sent}");
        }
    });
}

#[test]
fn texts_are_trimmed_and_limited() {
    answers(&[
        ("text", "= a b ", "\"a b\""),
        ("text", "=", REQUIRED),
        ("text", "=  \t", REQUIRED),
        ("text", "", REQUIRED),
        ("text optional", "=  ", "None"),
        ("text optional", "=a", "Some(\"a\")"),
        ("text default", "=", "\"\""),
        ("text", "=äöüéß", "\"äöüéß\""),
        ("text", "=äöüéßx", "x: Ensure this value has at most 5 characters (it has 6)."),
        ("text", "=a\0b", NULL),
        ("area", "=a\r\nb\r\n", "\"a\\nb\""),
        ("area", "=a\r\nbcd", "\"a\\nbcd\""),
        ("area", "=a\0b", NULL),
        ("text", r#"{"x": " a "}"#, "\"a\""),
        ("text", r#"{"x": ""}"#, REQUIRED),
        ("text", r#"{"x": null}"#, REQUIRED),
        ("text", "{}", REQUIRED),
        ("text optional", r#"{"x": null}"#, "None"),
        ("text", r#"{"x": 5}"#, "x: Not a valid string."),
        ("text", r#"{"x": ["a"]}"#, "x: Not a valid string."),
        ("text", r#"{"x": "a\u0000b"}"#, NULL),
    ]);
}

#[test]
fn whole_numbers_fit_their_type() {
    answers(&[
        ("i16", "=12", "12"),
        ("i16", "= +12 ", "12"),
        ("i16", "=-32768", "-32768"),
        ("i16", "=32768", "x: Ensure this value is less than or equal to 32767."),
        ("i32", "=-2147483649", "x: Ensure this value is greater than or equal to -2147483648."),
        ("i64", "=9223372036854775807", "9223372036854775807"),
        ("i64", "=9223372036854775808", "x: Ensure this value is less than or equal to 9223372036854775807."),
        ("i64", "=-99999999999999999999", "x: Ensure this value is greater than or equal to -9223372036854775808."),
        ("i32", "=1.0", "1"),
        ("i32", "=1.5", INTEGER),
        ("i32", "=.0", INTEGER),
        ("i32", "=1e3", INTEGER),
        ("i32", "=0x1f", INTEGER),
        ("i32", "=1_000", INTEGER),
        ("i32", "=+-1", INTEGER),
        ("i32", "=٣", INTEGER),
        ("i32", "=one", INTEGER),
        ("i32", "=", REQUIRED),
        ("i32 optional", "=", "None"),
        ("i32 default", "=", "0"),
        ("age", "=0", "x: Ensure this value is greater than or equal to 1."),
        ("age", "=151", "x: Ensure this value is less than or equal to 150."),
        ("i32", r#"{"x": 5}"#, "5"),
        ("i32", r#"{"x": "5"}"#, "5"),
        ("i32", r#"{"x": 5.0}"#, "5"),
        ("i32", r#"{"x": 5.5}"#, INTEGER),
        ("i32", r#"{"x": true}"#, INTEGER),
        ("i16", r#"{"x": 99999}"#, "x: Ensure this value is less than or equal to 32767."),
        ("i64", r#"{"x": 18446744073709551615}"#, "x: Ensure this value is less than or equal to 9223372036854775807."),
    ]);
}

#[test]
fn numbers_are_finite() {
    answers(&[
        ("float", "=1.5", "1.5"),
        ("float", "=-1e3", "-1000.0"),
        ("float", "=1,5", FLOAT),
        ("float", "=NaN", FLOAT),
        ("float", "=inf", FLOAT),
        ("float", "=1e999", FLOAT),
        ("float optional", "=", "None"),
        ("float", r#"{"x": 1}"#, "1.0"),
        ("float", r#"{"x": "1.5"}"#, "1.5"),
        ("float", r#"{"x": []}"#, FLOAT),
    ]);
}

#[test]
fn a_box_that_is_not_ticked_is_false() {
    answers(&[
        ("boolean", "=on", "true"),
        ("boolean", "=true", "true"),
        ("boolean", "=false", "false"),
        ("boolean", "=0", "false"),
        ("boolean", "", "false"),
        ("boolean default", "", "false"),
        ("boolean optional", "=", "None"),
        ("boolean optional", "=true", "Some(true)"),
        ("boolean", r#"{"x": true}"#, "true"),
        ("boolean", "{}", REQUIRED),
        ("boolean default", "{}", "false"),
        ("boolean", r#"{"x": "true"}"#, "x: Must be a valid boolean."),
        ("boolean", r#"{"x": 1}"#, "x: Must be a valid boolean."),
    ]);
}

#[test]
fn days_and_times_are_iso() {
    answers(&[
        ("date", "=2024-02-29", "2024-02-29"),
        ("date", "=2023-02-29", DATE),
        ("date", "=24-2-9", DATE),
        ("date", "=+2024-02-29", DATE),
        ("date", "=0000-01-01", DATE),
        ("date", "=29.02.2024", DATE),
        ("date optional", "=", "None"),
        ("date", r#"{"x": "2024-02-29"}"#, "2024-02-29"),
        ("date", r#"{"x": 20240229}"#, DATE),
        ("time", "=06:30", "06:30:00"),
        ("time", "=23:59:59.5", "23:59:59.500"),
        ("time", "=24:00", TIME),
        ("time", "=23:59:60", TIME),
        ("time", "=6:30", TIME),
        ("time", "=06:30:15.1234567", TIME),
        ("time", r#"{"x": "06:30:15"}"#, "06:30:15"),
    ]);
}

#[test]
fn instants_are_read_in_the_time_zone_of_the_settings() {
    // Berlin: clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
    let unclear = "couldn’t be interpreted in time zone Europe/Berlin; it may be ambiguous or it may not exist.";
    let (gap, twice) = (format!("x: 2026-03-29 02:30:00 {unclear}"), format!("x: 2026-10-25 02:30:00 {unclear}"));
    answers(&[
        ("datetime", "=2026-01-31T23:59", "2026-01-31T22:59:00Z"),
        ("datetime", "=2026-07-31 23:59:30", "2026-07-31T21:59:30Z"),
        ("datetime", "=2026-03-29T02:30", &gap),
        ("datetime", "=2026-10-25T02:30", &twice),
        ("datetime", "=2026-10-25T02:30+01:00", "2026-10-25T01:30:00Z"),
        ("datetime", "=2026-01-31T23:59Z", "2026-01-31T23:59:00Z"),
        ("datetime", "=2026-01-31", DATE_TIME),
        ("datetime", "=2026-01-31T", DATE_TIME),
        ("datetime", "=2026-01-31T25:00", DATE_TIME),
        ("datetime", "=2026-01-31T23:59+x", DATE_TIME),
        ("datetime", "=0001-01-01T00:00", DATE_TIME),
        ("datetime", "=äöüäöü", DATE_TIME),
        ("datetime", r#"{"x": "2026-01-31T23:59:59.25-05:00"}"#, "2026-02-01T04:59:59.250Z"),
        ("datetime", r#"{"x": 1}"#, DATE_TIME),
    ]);
}

#[test]
fn json_is_any_json() {
    answers(&[
        ("json", r#"={"a": [1]}"#, r#"Object {"a": Array [Number(1)]}"#),
        ("json", "={", "x: Enter a valid JSON."),
        ("json", "=\"a\\u0000\"", NULL),
        ("json optional", "=", "None"),
        ("json", r#"{"x": "a"}"#, "String(\"a\")"),
        ("json", r#"{"x": {"\u0000": 1}}"#, NULL),
        ("json", r#"{"x": null}"#, REQUIRED),
    ]);
}

#[test]
fn choices_are_those_there_are() {
    answers(&[
        ("choice", "=22", "22"),
        ("choice", "=2", CHOICE),
        ("choice", "=Rome", CHOICE),
        ("choice", "=", REQUIRED),
        ("choice optional", "=", "None"),
        ("choice", r#"{"x": 22}"#, "22"),
        ("choice", r#"{"x": "22"}"#, "22"),
        ("choice", r#"{"x": 3}"#, CHOICE),
        ("choice", r#"{"x": {}}"#, CHOICE),
        ("word", "=22", "\"22\""),
        ("unlisted", "=7", "7"),
        ("unlisted", "=seven", CHOICE),
        ("unlisted", "=2147483648", CHOICE),
        ("unlisted optional", "=", "None"),
    ]);
}

#[test]
fn other_bodies_are_refused() {
    let sandbox = sandbox();
    wait(async {
        let client = Client::new(&sandbox.ctx());
        for (kind, body, said) in [
            ("text/plain", "x=1", "the body must be `application/x-www-form-urlencoded` or `application/json`"),
            ("multipart/form-data; boundary=x", "", "the body must be `application/x-www-form-urlencoded`"),
            ("application/json", "[1]", "the JSON is wrong: it must be an object"),
            ("application/json", "{", "the JSON is wrong: EOF while parsing an object"),
        ] {
            let headers = [("content-type", kind), ("accept", "application/json")];
            let response = client.send(Method::POST, "/field/?kind=text", &headers, body).await;
            let message = response.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
            assert!(response.status == 400 && message.starts_with(said), "{kind} {body}: {message}");
        }
        let twice = client
            .send(
                Method::POST,
                "/field/?kind=text",
                &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
                "x=a&x=b",
            )
            .await;
        assert_eq!(twice.body, "\"b\"");
    });
}
