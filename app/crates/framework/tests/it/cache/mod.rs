//! The cache on every backend: alone, between processes, in pages, and from the command line.

mod backends;
mod command;
mod degraded;
mod fragments;
mod pages;
mod processes;
mod redis;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta};
use framework::clock::ManualClock;
use framework::context::{Context, ContextBuilder};

use crate::postgres;
use crate::sandbox::{Sandbox, wait};

static PREFIXES: AtomicU32 = AtomicU32::new(0);

/// A project whose cache is somewhere else each time.
struct Place {
    name: &'static str,
    sandbox: Sandbox,
}

/// Wherever a cache can be on this machine; each is empty.
fn places() -> Vec<Place> {
    let new = || Sandbox::new(&[]);
    let mut places = vec![
        Place { name: "memory", sandbox: new().var("APP__CACHE__URL", "memory:") },
        Place { name: "sqlite", sandbox: new().var("APP__CACHE__URL", "sqlite://var/cache.sqlite3") },
    ];
    if let Some(server) = postgres::server() {
        let name = wait(postgres::database(server));
        let url = format!("postgres://test@127.0.0.1:{}/{name}?sslmode=disable", server.port);
        places.push(Place { name: "postgres", sandbox: new().var("APP__CACHE__URL", &url) });
    }
    if let Some(server) = redis::server() {
        let prefix = format!("test-{}", PREFIXES.fetch_add(1, Ordering::Relaxed));
        let sandbox = new().var("APP__CACHE__URL", &server.url()).var("APP__CACHE__PREFIX", &prefix);
        places.push(Place { name: "redis", sandbox });
    }
    places
}

impl Place {
    /// A context on a clock that stands still.
    fn ctx(&self) -> (Context, Arc<ManualClock>) {
        clocked(&self.sandbox)
    }

    /// Makes time pass. Redis has its own, on which what lives for a moment is soon gone.
    async fn pass(&self, clock: &ManualClock, time: TimeDelta) {
        clock.advance(time);
        if self.name == "redis" {
            tokio::time::sleep(time.to_std().expect("forwards")).await;
        }
    }
}

fn clocked(sandbox: &Sandbox) -> (Context, Arc<ManualClock>) {
    let ctx = sandbox.ctx();
    let clock = Arc::new(ManualClock::new(DateTime::from_timestamp(1_767_323_040, 0).expect("a time")));
    let builder = ContextBuilder::new(sandbox.settings(), ctx.layout().clone(), ctx.modules().to_vec());
    (builder.project("Test", "1.2.3").env(sandbox.env()).clock(Arc::<ManualClock>::clone(&clock)).build(), clock)
}
