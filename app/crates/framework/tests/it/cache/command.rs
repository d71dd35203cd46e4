//! `clear_cache`, `doctor` and dry runs.

use std::time::Duration;

use cli::BulkOptions;
use framework::context::Context;
use framework::management::{Checks, Command, Console, Output, command};
use framework::module::Module;

use super::{places, redis};
use crate::sandbox::{Sandbox, wait};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_cache_is_emptied_from_another_process() {
    for place in places() {
        let (ctx, name) = (place.sandbox.ctx(), place.name);
        let set = |key: &'static str| wait(async { ctx.cache().set(key, &1, LONG).await.expect(name) });
        let get = |key: &'static str| wait(async { ctx.cache().get::<i32>(key).await.expect(name) });
        // A connection to a server belongs to the runtime that opened it; these tests have many.
        if !["memory", "sqlite"].contains(&name) {
            continue;
        }
        for key in ["page:a", "page:b", "other"] {
            set(key);
        }
        let prefixed = place.sandbox.line("clear_cache --prefix page:");
        let whole = place.sandbox.line("clear-cache");
        if name == "memory" {
            prefixed.is(
                0,
                "Told every process to drop the entries that begin with `page:` of its own cache `default`.\n",
                "",
            );
            whole.is(0, "Told every process to drop the entries of its own cache `default`.\n", "");
        } else {
            prefixed.is(0, "Removed 2 entries that begin with `page:` from the cache `default`.\n", "");
            whole.is(0, "Removed 1 entry from the cache `default`.\n", "");
        }
        assert_eq!((get("page:a"), get("other")), (None, None), "{name}");
        set("other");
        place.sandbox.line("clear_cache -v 0 --prefix page:").is(0, "", "");
        assert_eq!(get("other"), Some(1), "{name}");
    }
}

#[test]
fn servers_are_emptied_too() {
    for place in places().into_iter().filter(|place| ["postgres", "redis"].contains(&place.name)) {
        wait(async {
            let ctx = place.sandbox.ctx();
            for key in ["a", "b", "b:c"] {
                ctx.cache().set(key, &1, LONG).await.expect(place.name);
            }
            ctx.close().await;
        });
        let removed = "Removed 2 entries that begin with `b` from the cache `default`.\n";
        place.sandbox.line("clear_cache --prefix b").is(0, removed, "");
        place.sandbox.line("clear_cache").is(0, "Removed 1 entry from the cache `default`.\n", "");
        place.sandbox.line("clear_cache").is(0, "Removed 0 entries from the cache `default`.\n", "");
    }
}

#[test]
fn wrong_names_and_urls_are_said() {
    let sandbox = Sandbox::new(&[]).var("APP__CACHES__PAGES__URL", "dummy:");
    let choices = "argument --alias: invalid choice: 'nowhere' (choose from 'default', 'pages')";
    sandbox.line("clear_cache --alias nowhere").says_on_err(2, choices);
    sandbox.line("clear_cache --alias pages").is(0, "Removed 0 entries from the cache `pages`.\n", "");
    for (key, value, text) in [
        ("APP__CACHE__URL", "mysql://joe:hunter2@db/x", "`APP__CACHE__URL`"),
        ("APP__CACHE__URL", "var/cache", "expected `sqlite://var/cache.sqlite3`, `postgres://…`, `redis://…`"),
        ("APP__CACHE__PREFIX", "a b", "expected at most 64 letters, digits, `_`, `-` and `.`, found `a b`"),
        ("APP__CACHE__MAX_ENTRIES", "0", "must be a number from 1 to"),
        ("APP__CACHES__DEFAULT__URL", "memory:", "the alias `default` belongs to `cache`"),
    ] {
        let ran = Sandbox::new(&[]).var(key, value).line("clear_cache");
        ran.says_on_err(1, text);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    let redis = Sandbox::new(&[]).var("APP__CACHE__URL", "redis://joe:hunter2@127.0.0.1:x/0").line("clear_cache");
    redis.says_on_err(1, "the url of the cache `default` cannot be used: ");
    assert!(!redis.err.contains("hunter2"), "{}", redis.err);
}

#[test]
fn a_server_that_is_down_is_said() {
    let port = redis::free_port();
    for (url, text) in [
        (format!("redis://:hunter2@127.0.0.1:{port}/0"), format!("(127.0.0.1:{port})")),
        (format!("postgres://joe:hunter2@127.0.0.1:{port}/x"), format!("cannot reach PostgreSQL at 127.0.0.1:{port}")),
    ] {
        let sandbox = Sandbox::new(&[]).var("APP__CACHE__URL", &url);
        let ran = sandbox.line("clear_cache");
        ran.says_on_err(1, "the cache `default` cannot be reached: ");
        ran.says_on_err(1, &text);
        let doctor = sandbox.line("doctor");
        let found = doctor.err.contains("(cache.default)") || doctor.out.contains("(cache.default)");
        assert!(doctor.code == 1 && found, "{doctor:?}");
        assert!(!ran.err.contains("hunter2") && !doctor.out.contains("hunter2"), "{ran:?} {doctor:?}");
    }
}

/// Writes to the cache.
#[derive(clap::Args)]
struct Warm {
    #[command(flatten)]
    bulk: BulkOptions,
}

impl Command for Warm {
    const NAME: &'static str = "warm";
    const CHECKS: Checks = Checks::None;

    fn bulk(&self) -> Option<&BulkOptions> {
        Some(&self.bulk)
    }

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let cache = ctx.cache();
        cache.set("b", &2, LONG).await?;
        let sum = (cache.incr("a", 1, LONG).await?, cache.get::<i32>("b").await?, cache.delete("c").await?);
        cache.clear_prefix("c").await?;
        let again: (Option<i32>, bool) = (cache.get("c").await?, cache.add("b", &3, LONG).await?);
        console.stdout.write(format!("{sum:?} {again:?}"));
        Ok(Output::None)
    }
}

fn warming() -> Module {
    let mut module = Module::new("warming");
    module.commands(vec![command::<Warm>()]);
    module.clone()
}

#[test]
fn a_dry_run_leaves_the_cache_alone() {
    let sandbox = Sandbox::new(&[warming]).var("APP__CACHE__URL", "sqlite://var/cache.sqlite3");
    let ctx = sandbox.ctx();
    wait(async {
        for key in ["a", "c"] {
            ctx.cache().set(key, &1, LONG).await.expect("a cache");
        }
    });
    let said = "(2, Some(2), true) (None, false)\n";
    let writes = "Dry run: everything was rolled back. What would have happened:\n  \
        set 2 rows: cache default\n  delete 2 rows: cache default\n";
    sandbox.line("warm --dry-run").is(0, said, writes);
    sandbox.line("warm --dry-run").is(0, said, writes);
    sandbox.line("warm").is(0, said, "");
    sandbox.line("clear_cache").is(0, "Removed 2 entries from the cache `default`.\n", "");
}

#[test]
fn a_table_beside_the_projects_own_is_no_drift() {
    let sandbox = Sandbox::new(&[]).var("APP__CACHE__URL", "sqlite://var/test.sqlite3");
    sandbox.line("migrate -v 0").is(0, "", "");
    wait(async { sandbox.ctx().cache().set("x", &1, LONG).await.expect("a cache") });
    sandbox.line("migrate --drift").is(0, "No drift detected.\n", "");
}
