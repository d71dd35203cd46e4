//! From one backend to the other and back: the same rows.

use std::fmt::Write as _;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime};
use db::rows::Row;
use sea_orm::Value;
use serde_json::{Value as Json, json};

use super::{insert, library, open, postgresql, rows, sqlite};
use crate::sandbox::{Sandbox, wait};

/// A small generator of random numbers (xorshift), so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn signed(&mut self) -> i64 {
        self.next().cast_signed()
    }

    fn text(&mut self, longest: u64) -> String {
        const LETTERS: [char; 16] =
            ['a', 'Z', '0', ' ', '\'', '"', '\\', '\n', '\t', 'ü', 'ß', '日', '🦀', '\u{1}', '$', '\u{202e}'];
        (0..self.below(longest + 1)).map(|_| LETTERS[self.below(16) as usize]).collect()
    }

    fn json(&mut self, depth: u32) -> Json {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => json!(self.text(8)),
            1 => json!(self.signed()),
            2 => json!(self.below(1000) as f64 / 8.0),
            3 => json!(self.below(2) == 0),
            4 => json!({}),
            5 => (0..self.below(4)).map(|_| self.json(depth - 1)).collect(),
            _ => Json::Object((0..self.below(4)).map(|_| (self.text(4), self.json(depth - 1))).collect()),
        }
    }

    fn thing(&mut self) -> Row {
        let mut row = Row::new().with("short", self.text(20)).with("flag", self.below(2) == 0);
        let micros = self.signed() % 60_000_000_000_000_000;
        let at = DateTime::from_timestamp_micros(micros).expect("a moment within two thousand years");
        let time = NaiveTime::MIN + Duration::microseconds(self.below(86_400_000_000).cast_signed());
        let day = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day") + Duration::days(self.signed() % 500_000);
        let (bytes, uuid) = (self.below(40), (u128::from(self.next()) << 64) | u128::from(self.next()));
        let uuid = format!("{uuid:032x}");
        let uuid = [&uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..]].join("-");
        let cells: [(&str, Value); 15] = [
            ("small", (self.signed() as i16).into()),
            ("big", [i64::MIN, i64::MAX, self.signed()][self.below(3) as usize].into()),
            ("fixed", format!("{:4}", self.below(10_000)).trim_end().replace(' ', "x").into()),
            ("long", self.text(200).into()),
            ("at", at.into()),
            ("naive", at.naive_utc().into()),
            ("day", day.into()),
            ("time", time.into()),
            ("price", format!("{}.{:02}", self.signed() % 100_000_000, self.below(100)).into()),
            ("exact", format!("{}.{}5", self.signed() % 100_000, self.below(100_000)).into()),
            ("single", f32::from_bits(self.next() as u32 & 0xbfff_ffff).into()),
            (
                "double",
                [f64::from_bits(self.next() & 0xbfff_ffff_ffff_ffff), f64::INFINITY, -0.1][self.below(3) as usize]
                    .into(),
            ),
            ("json", self.json(3).into()),
            ("jsonb", self.json(3).into()),
            ("bytes", (0..bytes).map(|_| self.next() as u8).collect::<Vec<u8>>().into()),
        ];
        row.set("uuid", uuid);
        for (column, value) in cells {
            if self.below(8) > 0 {
                row.set(column, value);
            }
        }
        row
    }
}

/// Dumps one database, loads that into the other, and compares rows and dumps.
fn carry(from: &Sandbox, to: Sandbox, options: &str, seed: u64) -> Sandbox {
    let dump = from.line(&format!("dumpdata {options}"));
    assert_eq!((dump.code, dump.err.as_str()), (0, ""), "seed {seed}");
    let to = to.file("dump.json", &dump.out);
    let loaded = to.line("loaddata dump.json");
    assert_eq!((loaded.code, loaded.err.as_str()), (0, ""), "seed {seed}");
    for model in ["shelf.Author", "shelf.Book", "shelf.BookTag", "shelf.Thing"] {
        let (ours, theirs) = (rows(from, model), rows(&to, model));
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            for column in ours.columns() {
                let (ours, theirs) = (ours.value(column).expect("a cell"), theirs.value(column).expect("a cell"));
                assert!(same(ours, theirs), "{model}, {column}: {ours:?} <> {theirs:?}, seed {seed}");
            }
        }
    }
    let parsed = |text: &str| serde_json::from_str::<Json>(text).expect("a dump is JSON");
    let again = to.line(&format!("dumpdata {options}"));
    assert!(parsed(&again.out) == parsed(&dump.out), "seed {seed}:\n{}\n{}", dump.out, again.out);
    to
}

/// Whether two cells are the same; the keys of JSON objects have no order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Json(Some(a)), Value::Json(Some(b))) => a == b,
        (a, b) => a == b,
    }
}

#[test]
fn random_rows_are_the_same_on_the_other_backend_and_back() {
    let Some(postgres) = postgresql() else { return };
    let seed = std::collections::hash_map::RandomState::new();
    let seed = std::hash::BuildHasher::hash_one(&seed, 1) | 1;
    let mut random = Random(seed);
    let first = sqlite();
    library(&first);
    insert(&first, "shelf.Thing", (0..700).map(|_| random.thing()));
    let postgres = carry(&first, postgres, "", seed);
    insert(&postgres, "shelf.Thing", (0..20).map(|_| random.thing()));
    let last = carry(&postgres, sqlite(), "", seed);
    let ids = |sandbox: &Sandbox| -> Vec<i32> {
        rows(sandbox, "shelf.Thing").iter().map(|row| row.get("id").expect("a number")).collect()
    };
    assert_eq!(ids(&last), (1..=720).collect::<Vec<i32>>(), "numbering went on");
    insert(&last, "shelf.Thing", [random.thing()]);
    assert_eq!(ids(&last)[720], 721);
}

#[test]
fn natural_keys_carry_over_too() {
    let Some(postgres) = postgresql() else { return };
    let first = sqlite();
    library(&first);
    let postgres = carry(&first, postgres, "--natural-foreign", 0);
    carry(&postgres, sqlite(), "--natural-foreign --natural-primary", 0);
}

#[test]
fn what_the_other_backend_cannot_store_is_refused_by_name() {
    let Some(postgres) = postgresql() else { return };
    let mut said = String::new();
    for (column, value) in [("double", Value::from(f64::NAN)), ("exact", "12345678901234567890.5".into())] {
        insert(&postgres, "shelf.Thing", [Row::new().with(column, value)]);
        let dump = postgres.line("dumpdata shelf.thing");
        // The same backend takes it back.
        let again = postgresql().expect("a server").file("d.json", &dump.out);
        again.line("loaddata d.json -v 0").is(0, "", "");
        assert_eq!(again.line("dumpdata shelf.thing").out, dump.out);
        let ran = sqlite().file("d.json", &dump.out).line("loaddata d.json");
        assert_eq!((ran.code, ran.out.as_str()), (1, ""));
        let _ = write!(said, "{}", ran.err);
        wait(async {
            let (state, db) = open(&postgres).await;
            state.table("shelf.Thing").expect("it").select().delete(&db).await.expect("gone");
        });
    }
    assert_eq!(
        said,
        "CommandError: Problem installing fixture 'd.json': object 1, shelf.Thing, field double: SQLite cannot store NaN\n\
         CommandError: Problem installing fixture 'd.json': object 1, shelf.Thing, field exact: `12345678901234567890.5` has more \
         than 15 digits, which SQLite cannot store exactly\n"
    );
}
