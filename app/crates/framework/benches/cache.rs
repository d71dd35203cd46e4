//! What a get and a set cost. Run by hand: `cargo bench -p framework --bench cache -- redis://127.0.0.1:6379/0 postgres://…`;
//! memory and a SQLite file are measured in any case.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use framework::cache::Cache;
use framework::conf::{Layout, Settings};
use framework::context::ContextBuilder;
use futures_util::StreamExt as _;
use secrecy::SecretString;

const LONG: Duration = Duration::from_secs(3600);
const CALLS: u64 = 20_000;

#[expect(clippy::print_stdout, reason = "what it measures is for people")]
fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let given = std::env::args().skip(1).filter(|word| word.contains(':'));
    println!("1,000 bytes, one caller / 32 at once:");
    for url in ["memory:", "sqlite://cache.sqlite3"].into_iter().map(str::to_owned).chain(given) {
        let mut settings = Settings::default();
        settings.cache.url = SecretString::from(url.as_str());
        settings.cache.prefix = "bench".to_owned();
        let ctx = ContextBuilder::new(settings, Layout { root: directory.path().to_owned() }, Vec::new()).build();
        let measured: anyhow::Result<()> = runtime.block_on(async {
            let (cache, value) = (ctx.cache(), "x".repeat(1000));
            cache.ping().await.with_context(|| format!("failed to open the cache of kind `{}`", scheme(&url)))?;
            let sets = (rate(&cache, 1, &value, set).await?, rate(&cache, 32, &value, set).await?);
            let gets = (rate(&cache, 1, &value, get).await?, rate(&cache, 32, &value, get).await?);
            let counts = (rate(&cache, 1, &value, count).await?, rate(&cache, 32, &value, count).await?);
            println!(
                "{:>8}: {:>7} / {:>7} sets/s, {:>7} / {:>7} gets/s, {:>7} / {:>7} counts/s",
                scheme(&url),
                sets.0,
                sets.1,
                gets.0,
                gets.1,
                counts.0,
                counts.1
            );
            cache.clear().await?;
            ctx.close().await;
            Ok(())
        });
        measured?;
    }
    Ok(())
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or(url)
}

async fn set(cache: Cache, key: String, value: String) -> anyhow::Result<()> {
    Ok(cache.set(&key, &value, LONG).await?)
}

async fn get(cache: Cache, key: String, value: String) -> anyhow::Result<()> {
    anyhow::ensure!(cache.get(&key).await? == Some(value), "`{key}` is not there");
    Ok(())
}

async fn count(cache: Cache, _: String, _: String) -> anyhow::Result<()> {
    cache.incr("count", 1, LONG).await?;
    Ok(())
}

/// Calls a second, so many at once.
async fn rate<F>(
    cache: &Cache,
    at_once: usize,
    value: &str,
    call: impl Fn(Cache, String, String) -> F,
) -> anyhow::Result<u64>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let begun = Instant::now();
    let calls = (0..CALLS).map(|number| call(cache.clone(), format!("key:{}", number % 500), value.to_owned()));
    let mut calls = futures_util::stream::iter(calls.map(tokio::spawn)).buffer_unordered(at_once);
    while let Some(done) = calls.next().await {
        done??;
    }
    Ok((CALLS as f64 / begun.elapsed().as_secs_f64()) as u64)
}
