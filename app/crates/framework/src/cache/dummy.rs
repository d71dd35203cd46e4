//! A cache that keeps nothing, to see how things go without.

use super::store::{Answer, Lifetime, Store, Stored};

pub(super) struct Dummy;

impl Store for Dummy {
    fn get<'a>(&'a self, _: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, _: &'a str, _: Stored, _: Lifetime) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn add<'a>(&'a self, _: &'a str, _: Stored, _: Lifetime) -> Answer<'a, bool> {
        Box::pin(async { Ok(true) })
    }

    fn incr<'a>(&'a self, _: &'a str, by: i64, _: Lifetime) -> Answer<'a, i64> {
        Box::pin(async move { Ok(by) })
    }

    fn delete<'a>(&'a self, _: &'a str) -> Answer<'a, bool> {
        Box::pin(async { Ok(false) })
    }

    fn clear<'a>(&'a self, _: &'a str) -> Answer<'a, u64> {
        Box::pin(async { Ok(0) })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
