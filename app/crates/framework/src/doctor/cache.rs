//! The caches: whether they answer. Nothing is written, and no file is made.

use super::{DoctorCheck, Finding, edit};
use crate::cache::{Cache, Error, Target};
use crate::context::Context;

pub(super) const CHECKS: &[DoctorCheck] = &[DoctorCheck::new("cache", |ctx| Box::pin(caches(ctx)))];

async fn caches(ctx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (alias, _) in ctx.settings().caches() {
        if let Ok(cache) = ctx.cache_of(alias) {
            findings.push(answers(ctx, &cache).await);
        }
    }
    findings
}

async fn answers(ctx: &Context, cache: &Cache) -> Finding {
    let (alias, link) = (cache.alias(), cache.link());
    let id = format!("cache.{alias}");
    let file = link.file();
    if file.is_some_and(|file| !file.exists()) {
        return Finding::ok(id, format!("the cache `{alias}` is made at its first use"));
    }
    match (link.target(), cache.ping().await) {
        (Some(Target::Memory), Ok(())) => Finding::ok(id, format!("the cache `{alias}` is each process's own memory")),
        (Some(Target::Dummy), Ok(())) => Finding::ok(id, format!("the cache `{alias}` keeps nothing")),
        (_, Ok(())) => Finding::ok(id, format!("the cache `{alias}` answers")),
        (target, Err(error)) => {
            let remedy = remedy(ctx, cache, target.as_ref(), &error);
            Finding::error(id, error.to_string(), remedy)
        }
    }
}

fn remedy(ctx: &Context, cache: &Cache, target: Option<&Target>, error: &Error) -> String {
    let url = match cache.alias() {
        "default" => "cache.url".to_owned(),
        alias => format!("caches.{alias}.url"),
    };
    match (target, error) {
        (Some(Target::Redis), Error::Unavailable { .. }) if cache.link().is_local() => {
            "sudo systemctl start redis-server".to_owned()
        }
        _ => edit(ctx, ctx.settings().origins.of(&url).unwrap_or_default()),
    }
}
