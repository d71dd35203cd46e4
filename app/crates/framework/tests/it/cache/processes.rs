//! Several processes at one cache, which none of them has set up.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use framework::conf::{Env, Layout, Source, load};
use framework::context::ContextBuilder;

use super::places;
use crate::sandbox::wait;

const IS_WORKER: &str = "FRAMEWORK_TEST_CACHE_WORKER";
const PROCESSES: usize = 4;
const ROUNDS: usize = 100;
const LONG: Duration = Duration::from_secs(3600);

/// A process itself. Run by the test below only: waits for the start, then counts, and races for locks.
#[test]
#[ignore = "it is a process of the other test"]
fn worker() {
    let env = Env::from_process();
    if env.get(IS_WORKER).is_none() {
        return;
    }
    let layout = Layout { root: env.current_dir.clone() };
    let settings = load(&Source::default(), &env, &layout).expect("settings");
    let ctx = ContextBuilder::new(settings, layout, Vec::new()).env(env).build();
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).expect("a start");
    wait(async {
        let cache = ctx.cache();
        for round in 0..ROUNDS {
            let number = cache.incr("hits", 1, LONG).await.expect("a number");
            let won = cache.add(&format!("lock:{round}"), &number, LONG).await.expect("an answer");
            println!("{number} {won}");
        }
        ctx.close().await;
    });
}

#[test]
fn no_number_is_given_twice_and_every_lock_has_one_owner() {
    for place in places().into_iter().filter(|place| place.name != "memory") {
        let name = place.name;
        let mut children: Vec<_> = (0..PROCESSES)
            .map(|_| {
                Command::new(std::env::current_exe().expect("this program"))
                    .args(["cache::processes::worker", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
                    .envs(place.sandbox.env().iter().map(|(name, value)| (name.to_owned(), value.to_owned())))
                    .env(IS_WORKER, "1")
                    .current_dir(place.sandbox.dir.path())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("a process")
            })
            .collect();
        let outputs: Vec<_> = children
            .iter_mut()
            .map(|child| {
                let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
                assert!(lines.any(|line| line.ends_with("ready")), "{name}");
                lines
            })
            .collect();
        for child in &mut children {
            child.stdin.take().expect("a pipe").write_all(b"go\n").expect("somebody who reads");
        }
        let (mut numbers, mut owners) = (BTreeSet::new(), 0);
        for line in outputs.into_iter().flatten() {
            if let Some((number, won)) = line.split_once(' ')
                && let Ok(number) = number.parse::<usize>()
            {
                assert!(numbers.insert(number), "{name}: {number} twice");
                owners += usize::from(won == "true");
            }
        }
        for mut child in children {
            assert!(child.wait().expect("an end").success(), "{name}");
        }
        assert_eq!(numbers, (1..=PROCESSES * ROUNDS).collect(), "{name}");
        assert_eq!(owners, ROUNDS, "{name}");
    }
}
