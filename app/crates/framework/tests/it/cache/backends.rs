//! What every backend does alike.

use std::time::Duration;

use chrono::TimeDelta;
use framework::cache::{Error, FOREVER};
use framework::context::Context;
use sea_orm::{ConnectionTrait as _, Statement};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::{Place, places};
use crate::sandbox::{Sandbox, wait};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    title: String,
    rows: Vec<Option<f64>>,
}

#[test]
fn values_come_back_as_they_were() {
    for place in places() {
        wait(async {
            let (ctx, _) = place.ctx();
            let (cache, name) = (ctx.cache(), place.name);
            assert_eq!(cache.get::<String>("nothing").await, Ok(None), "{name}");
            let report = Report { title: "Ü\u{1f600}\0\n".to_owned(), rows: vec![Some(1.5), None] };
            cache.set("a:report", &report, LONG).await.expect(name);
            assert_eq!(cache.get("a:report").await, Ok(Some(report)), "{name}");
            for number in [0, -7, i64::MAX, i64::MIN] {
                cache.set("number", &number, FOREVER).await.expect(name);
                assert_eq!(cache.get("number").await, Ok(Some(number)), "{name}");
            }
            cache.set("number", &u64::MAX, LONG).await.expect(name);
            assert_eq!(cache.get("number").await, Ok(Some(u64::MAX)), "{name}");
            // Another version of the program wrote something else there.
            assert_eq!(cache.get::<Report>("number").await, Ok(None), "{name}");
            assert_eq!(cache.delete("number").await, Ok(true), "{name}");
            assert_eq!(cache.delete("number").await, Ok(false), "{name}");
            let long = "я".repeat(3000);
            let other = format!("{long}!");
            cache.set(&long, &1, LONG).await.expect(name);
            cache.set(&other, &2, LONG).await.expect(name);
            assert_eq!((cache.get(&long).await, cache.get(&other).await), (Ok(Some(1)), Ok(Some(2))), "{name}");
            let bad = Error::BadKey { key: "a\nb".to_owned() };
            assert_eq!(cache.set("a\nb", &1, LONG).await, Err(bad), "{name}");
            ctx.close().await;
        });
    }
}

#[test]
fn entries_expire() {
    for place in places() {
        wait(async {
            let ((ctx, clock), name) = (place.ctx(), place.name);
            let cache = ctx.cache();
            cache.set("short", &1, SHORT).await.expect(name);
            cache.set("long", &1, LONG).await.expect(name);
            cache.set("gone", &1, LONG).await.expect(name);
            cache.set("gone", &1, Duration::ZERO).await.expect(name);
            assert_eq!(cache.get("gone").await, Ok(None::<i32>), "{name}");
            assert_eq!(cache.incr("counter", 1, SHORT).await, Ok(1), "{name}");
            place.pass(&clock, TimeDelta::milliseconds(60)).await;
            assert_eq!(cache.get("short").await, Ok(None::<i32>), "{name}");
            assert_eq!(cache.get("long").await, Ok(Some(1)), "{name}");
            assert_eq!(cache.delete("short").await, Ok(false), "{name}");
            assert_eq!(cache.incr("counter", 5, LONG).await, Ok(5), "{name}");
            assert_eq!(cache.add("short", &2, LONG).await, Ok(true), "{name}");
            assert_eq!(cache.get("short").await, Ok(Some(2)), "{name}");
            ctx.close().await;
        });
    }
}

#[test]
fn counters_add_up_and_keep_their_time() {
    for place in places() {
        wait(async {
            let ((ctx, clock), name) = (place.ctx(), place.name);
            let cache = ctx.cache();
            assert_eq!(cache.add("lock", &"mine", LONG).await, Ok(true), "{name}");
            assert_eq!(cache.add("lock", &"yours", LONG).await, Ok(false), "{name}");
            assert_eq!(cache.get("lock").await, Ok(Some("mine".to_owned())), "{name}");
            assert_eq!(cache.incr("hits", 1, Duration::from_millis(200)).await, Ok(1), "{name}");
            assert_eq!(cache.incr("hits", 41, FOREVER).await, Ok(42), "{name}");
            assert_eq!(cache.incr("hits", -50, FOREVER).await, Ok(-8), "{name}");
            assert_eq!(cache.get("hits").await, Ok(Some(-8)), "{name}");
            place.pass(&clock, TimeDelta::milliseconds(250)).await;
            assert_eq!(cache.get("hits").await, Ok(None::<i64>), "{name}");
            cache.set("hits", &7, LONG).await.expect(name);
            assert_eq!(cache.incr("hits", 1, LONG).await, Ok(8), "{name}");
            cache.set("much", &i64::MAX, LONG).await.expect(name);
            for key in ["lock", "much"] {
                let refused = Err(Error::NotANumber { key: key.to_owned() });
                assert_eq!(cache.incr(key, 1, LONG).await, refused, "{name}");
            }
            assert_eq!(cache.get("much").await, Ok(Some(i64::MAX)), "{name}");
            ctx.close().await;
        });
    }
}

#[test]
fn a_prefix_is_emptied_and_nothing_else() {
    for place in places() {
        wait(async {
            let Place { name, sandbox } = place;
            let (url, prefix) = (url(&sandbox), sandbox.settings().cache.prefix);
            let sandbox = sandbox.var("APP__CACHES__OTHER__URL", &url).var("APP__CACHES__OTHER__PREFIX", &prefix);
            let ctx = sandbox.ctx();
            let (cache, other) = (ctx.cache(), ctx.cache_of("other").expect("another cache"));
            other.set("page:/a/", &0, LONG).await.expect(name);
            for key in ["page:/a/", "page:/a/b/", "page:/A/", "page:/*/", "page", "qage", "page:/a\u{10ffff}"] {
                cache.set(key, &1, LONG).await.expect(name);
            }
            assert_eq!(cache.clear_prefix("page:/*").await, Ok(1), "{name}");
            assert_eq!(cache.clear_prefix("page:/a").await, Ok(3), "{name}");
            assert_eq!(cache.get("page:/A/").await, Ok(Some(1)), "{name}");
            assert_eq!(cache.clear().await, Ok(3), "{name}");
            assert_eq!(cache.clear().await, Ok(0), "{name}");
            assert_eq!(other.get("page:/a/").await, Ok(Some(0)), "{name}");
            ctx.close().await;
        });
    }
}

fn url(sandbox: &Sandbox) -> String {
    sandbox.settings().cache.url.expose_secret().to_owned()
}

#[test]
fn what_is_missing_is_made_once() {
    for place in places() {
        wait(async {
            let (ctx, _) = place.ctx();
            let (cache, name) = (ctx.cache(), place.name);
            let made = async |value| cache.get_or_set("x", LONG, || async move { Ok::<_, Error>(value) }).await;
            assert_eq!((made(1).await, made(2).await), (Ok(1), Ok(1)), "{name}");
            let failed = cache.get_or_set("y", LONG, || async { Err::<i32, _>("no") }).await;
            assert_eq!((failed, cache.get("y").await), (Err("no"), Ok(None::<i32>)), "{name}");
            ctx.close().await;
        });
    }
}

#[test]
fn a_database_keeps_neither_expired_entries_nor_too_many() {
    for place in places().into_iter().filter(|place| ["sqlite", "postgres", "memory"].contains(&place.name)) {
        wait(async {
            let Place { name, sandbox } = place;
            let place = Place { name, sandbox: sandbox.var("APP__CACHE__MAX_ENTRIES", "20") };
            let (ctx, clock) = place.ctx();
            let cache = ctx.cache();
            for number in 0..15 {
                cache.set(&format!("old:{number}"), &number, SHORT).await.expect(name);
            }
            clock.advance(TimeDelta::seconds(31));
            cache.set("new", &1, FOREVER).await.expect(name);
            assert_eq!(rows(&place, &ctx).await.unwrap_or(1), 1, "{name}");
            for number in 0..25 {
                cache.set(&format!("new:{number}"), &number, LONG + Duration::from_secs(number)).await.expect(name);
            }
            clock.advance(TimeDelta::seconds(31));
            cache.set("new:25", &25, LONG * 2).await.expect(name);
            assert!(rows(&place, &ctx).await.unwrap_or(18) <= 18, "{name}");
            // What would expire first went first.
            assert_eq!(cache.get::<i32>("new:0").await, Ok(None), "{name}");
            assert_eq!(cache.get("new:24").await, Ok(Some(24)), "{name}");
            assert_eq!(cache.get("new").await, Ok(Some(1)), "{name}");
            ctx.close().await;
        });
    }
}

/// How many rows the table has, where there is one.
async fn rows(place: &Place, ctx: &Context) -> Option<i64> {
    if place.name == "memory" {
        return None;
    }
    let options = db::ConnectOptions::new(url(&place.sandbox), &ctx.layout().root);
    let database = db::Database::connect(options).await.expect("the cache's database");
    let count = Statement::from_string(
        database.get_database_backend(),
        format!("SELECT COUNT(*) AS n FROM {}", framework::cache::TABLE),
    );
    let row = database.query_one_raw(count).await.expect("a table").expect("a row");
    let count = row.try_get("", "n").expect("a number");
    database.close().await.expect("the end");
    Some(count)
}

#[test]
fn a_table_that_is_dropped_comes_back() {
    for place in places().into_iter().filter(|place| ["sqlite", "postgres"].contains(&place.name)) {
        wait(async {
            let ((ctx, _), name) = (place.ctx(), place.name);
            let cache = ctx.cache();
            cache.set("x", &1, LONG).await.expect(name);
            let options = db::ConnectOptions::new(url(&place.sandbox), &ctx.layout().root);
            let database = db::Database::connect(options).await.expect("the cache's database");
            let drop = "DROP TABLE cache_entries";
            database.execute_unprepared(drop).await.expect("a table");
            assert_eq!(cache.get("x").await, Ok(None::<i32>), "{name}");
            cache.set("x", &2, LONG).await.expect(name);
            assert_eq!(cache.get("x").await, Ok(Some(2)), "{name}");
            database.close().await.expect("the end");
            ctx.close().await;
        });
    }
}
