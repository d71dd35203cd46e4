//! Servers that are down: what says so, what goes on without, and how it is when they are back.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use framework::cache::{Cache, Error};

use super::redis::{self, Server};
use crate::sandbox::{Sandbox, wait};

const LONG: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(30);

async fn is_unavailable(cache: &Cache) -> bool {
    matches!(cache.get::<i32>("x").await, Err(Error::Unavailable { .. }))
}

#[test]
fn values_are_made_without_a_cache() {
    let sandbox = Sandbox::new(&[]).var("APP__CACHE__URL", &format!("redis://127.0.0.1:{}/", redis::free_port()));
    wait(async {
        let ctx = sandbox.ctx();
        let cache = ctx.cache();
        let made = cache.get_or_set("x", LONG, || async { Ok::<_, Infallible>(7) }).await;
        assert_eq!(made, Ok(7));
        for error in [cache.set("x", &1, LONG).await.err(), cache.incr("x", 1, LONG).await.err()] {
            assert!(matches!(error, Some(Error::Unavailable { .. })), "{error:?}");
        }
    });
}

#[test]
fn a_server_that_says_nothing_keeps_nobody_for_long() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}/", silent.local_addr().expect("an address"));
    let sandbox = Sandbox::new(&[]).var("APP__CACHE__URL", &url);
    wait(async {
        let ctx = sandbox.ctx();
        let begun = Instant::now();
        assert!(is_unavailable(&ctx.cache()).await);
        let first = begun.elapsed();
        assert!(first < Duration::from_secs(10), "{first:?}");
        // The others need not find out for themselves.
        let begun = Instant::now();
        for _ in 0..100 {
            assert!(is_unavailable(&ctx.cache()).await);
        }
        assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    });
}

#[test]
fn a_server_that_comes_back_is_used_again() {
    if redis::server().is_none() {
        return;
    }
    let port = redis::free_port();
    let sandbox = Sandbox::new(&[]).var("APP__CACHE__URL", &format!("redis://127.0.0.1:{port}/"));
    wait(async {
        let ctx = sandbox.ctx();
        let cache = ctx.cache();
        assert!(is_unavailable(&cache).await);
        let server = Server::start(port);
        let deadline = Instant::now() + PATIENCE;
        while cache.set("x", &1, LONG).await.is_err() {
            assert!(Instant::now() < deadline, "it stays unavailable");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(server);
        let server = Server::start(port);
        // The connection broke with the old server, which nobody has to know.
        assert_eq!(cache.get("x").await, Ok(None::<i32>));
        assert_eq!(cache.incr("x", 1, LONG).await, Ok(1));
        drop(server);
        assert!(is_unavailable(&cache).await);
    });
}
