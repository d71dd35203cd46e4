//! The cache for code that cannot wait as futures do: templates. It is asked from a thread of its own, with its own
//! connections, because whoever asks keeps a thread of the server waiting.

use std::future::Future;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Handle, RuntimeFlavor};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Cache, Error, Link, Target};

/// Longer than the cache itself takes to give up.
const PATIENCE: Duration = Duration::from_secs(4);

type Job = Box<dyn FnOnce(Cache) -> BoxFuture<'static, ()> + Send>;

/// A cache that is waited for.
pub(crate) struct Blocking {
    link: Arc<Link>,
    /// Made with the first question; nothing when the system gives no thread.
    worker: OnceLock<Option<UnboundedSender<Job>>>,
}

impl Blocking {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self { link, worker: OnceLock::new() }
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = key.to_owned();
        self.ask(move |cache| async move { cache.get_bytes(&key).await })
    }

    pub(crate) fn set(&self, key: &str, bytes: Vec<u8>, ttl: Duration) -> Result<(), Error> {
        let key = key.to_owned();
        self.ask(move |cache| async move { cache.set_bytes(&key, bytes, ttl).await })
    }

    /// Says in the log, now and then, that the work goes on without the cache.
    pub(crate) fn note(&self, error: &Error) {
        self.link.note(error);
    }

    fn ask<T, F>(&self, work: impl FnOnce(Cache) -> F + Send + 'static) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let unavailable = |reason: &str| Error::unavailable(self.link.alias(), reason);
        let worker = self.worker.get_or_init(|| start(&self.link));
        let worker = worker.as_ref().ok_or_else(|| unavailable("the system gives no thread"))?;
        let (answer, answers): (SyncSender<Result<T, Error>>, _) = sync_channel(1);
        let job: Job = Box::new(move |cache| {
            Box::pin(async move {
                // Whoever asked may have given up.
                let _ = answer.send(work(cache).await);
            })
        });
        worker.send(job).map_err(|_| unavailable("its thread is gone"))?;
        let wait = || answers.recv_timeout(PATIENCE).map_err(|_| unavailable("no answer in time"))?;
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            // The other tasks of this thread go on elsewhere.
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
            _ => wait(),
        }
    }
}

/// The thread that asks. It ends with whoever could ask it.
fn start(link: &Arc<Link>) -> Option<UnboundedSender<Job>> {
    // Connections belong to the runtime that opened them. The process's memory is one.
    let link = match link.target() {
        Some(Target::Memory) => Arc::clone(link),
        _ => Arc::new(link.again()),
    };
    let (sender, jobs) = unbounded_channel();
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let work = move || runtime.block_on(serve(Cache::new(link), jobs));
    std::thread::Builder::new().name("cache".to_owned()).spawn(work).ok()?;
    Some(sender)
}

async fn serve(cache: Cache, mut jobs: UnboundedReceiver<Job>) {
    while let Some(job) = jobs.recv().await {
        tokio::spawn(job(cache.clone()));
    }
    cache.link().close().await;
}
