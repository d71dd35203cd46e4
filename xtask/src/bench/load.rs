//! Requests at a steady rate, whatever the server does: each has the moment at which it is due, and its latency counts
//! from there, so a server that stands still is charged for every request that would have come meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::http::{After, Answer, Broken, Connection, request};

/// How many connections are kept. Each has a request every 100 ms at 100 requests per second: a server that announces
/// the end of a connection in its last answer comes to it before it may call it idle.
const KEPT: u32 = 5;

/// How many requests may be under way on connections of their own.
const FRESH: u32 = 32;

/// How many failures are described.
const EXAMPLES: usize = 5;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub address: SocketAddr,
    /// The path.
    pub path: String,
    /// How many requests are due in a second: half of them on kept connections, half on new ones.
    pub per_second: u32,
    /// How long an answer is waited for.
    pub patience: Duration,
}

/// How the requests went.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Answers with a status below 400.
    pub ok: u64,
    /// Other answers, by status.
    pub errors: BTreeMap<u16, u64>,
    /// Connections that nobody accepted.
    pub refused: u64,
    /// Connections that ended after the request was sent and before the answer was whole.
    pub reset: u64,
    /// Answers that did not come.
    pub timeouts: u64,
    /// From when each was due to the end of its answer.
    pub latencies: Vec<Duration>,
    /// The first failures, in words.
    pub examples: Vec<String>,
}

impl Figures {
    /// How many requests there were.
    pub fn sent(&self) -> u64 {
        self.ok + self.failed()
    }

    /// How many of them failed.
    pub fn failed(&self) -> u64 {
        self.refused + self.reset + self.timeouts + self.errors.values().sum::<u64>()
    }

    /// The latency that this share of the answers stays below.
    pub fn percentile(&self, share: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let rank = (sorted.len() as f64 * share) as usize;
        sorted.get(rank.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    fn count(&mut self, due: Instant, result: Result<Answer, Broken>) {
        let failure = match result {
            Ok(answer) => {
                self.latencies.push(due.elapsed());
                if answer.status < 400 {
                    self.ok += 1;
                    return;
                }
                *self.errors.entry(answer.status).or_default() += 1;
                format!("status {}", answer.status)
            }
            Err(Broken::Refused) => {
                self.refused += 1;
                "refused".to_owned()
            }
            Err(Broken::Reset(how)) => {
                self.reset += 1;
                format!("reset: {how}")
            }
            Err(Broken::Timeout) => {
                self.timeouts += 1;
                "no answer in time".to_owned()
            }
        };
        if self.examples.len() < EXAMPLES {
            self.examples.push(failure);
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ok, refused, reset, timeouts, errors, examples, .. } = self;
        write!(f, "{ok} ok, {refused} refused, {reset} reset, {timeouts} too late, errors {errors:?}, {examples:?}")
    }
}

/// What the threads share.
struct Shared {
    plan: Plan,
    started: Instant,
    figures: Mutex<Figures>,
    /// The next request on a connection of its own.
    next_fresh: AtomicU32,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Shared {
    /// Waits until request number `n` of every `interval` is due; none when the load was stopped before.
    fn due(&self, n: u32, interval: Duration, offset: Duration) -> Option<Instant> {
        let due = self.started + offset + interval * n;
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let left = due.saturating_duration_since(Instant::now());
        let waited = self.over.wait_timeout_while(is_over, left, |is_over| !*is_over);
        let (is_over, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!*is_over).then_some(due)
    }

    fn count(&self, due: Instant, result: Result<Answer, Broken>) {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).count(due, result);
    }

    fn kept(&self, number: u32) {
        let interval = Duration::from_secs(2 * u64::from(KEPT)) / self.plan.per_second;
        let mut connection: Option<Connection> = None;
        let mut n = 0;
        while let Some(due) = self.due(n, interval, interval * number / KEPT) {
            n += 1;
            let open = match connection.take().filter(Connection::is_open) {
                Some(open) => Ok(open),
                None => Connection::open(self.plan.address, self.plan.patience),
            };
            let result = open.and_then(|mut open| {
                let answer = open.request("GET", &self.plan.path, After::Keep);
                connection = answer.is_ok().then_some(open);
                answer
            });
            self.count(due, result);
        }
    }

    fn fresh(&self) {
        let interval = Duration::from_secs(2) / self.plan.per_second;
        loop {
            let n = self.next_fresh.fetch_add(1, Ordering::Relaxed);
            // Between the requests on kept connections.
            let Some(due) = self.due(n, interval, interval / 2) else { return };
            self.count(due, request(self.plan.address, "GET", &self.plan.path, self.plan.patience));
        }
    }
}

/// A load that goes on until it is stopped.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins.
    ///
    /// # Errors
    /// When the plan asks for nothing, or no thread can be started.
    pub fn start(plan: Plan) -> anyhow::Result<Self> {
        anyhow::ensure!(plan.per_second > 0, "a load of no requests says nothing");
        let shared = Arc::new(Shared {
            plan,
            started: Instant::now(),
            figures: Mutex::default(),
            next_fresh: AtomicU32::new(0),
            is_over: Mutex::new(false),
            over: Condvar::new(),
        });
        let mut load = Self { shared, threads: Vec::new() };
        for number in 0..KEPT {
            load.thread(move |shared| shared.kept(number))?;
        }
        for _ in 0..FRESH {
            load.thread(Shared::fresh)?;
        }
        Ok(load)
    }

    fn thread(&mut self, work: impl FnOnce(&Shared) + Send + 'static) -> anyhow::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("load".to_owned()).spawn(move || work(&shared));
        self.threads.push(thread.context("failed to start a thread")?);
        Ok(())
    }

    /// How it went so far.
    pub fn figures(&self) -> Figures {
        self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the load; requests that are under way are waited for.
    pub fn stop(mut self) -> Figures {
        self.end();
        self.figures()
    }

    fn end(&mut self) {
        *self.shared.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.over.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// Reads one request; none at the end of the connection.
    fn request(stream: &mut TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            (stream.read(&mut byte).ok()? > 0).then(|| head.extend(byte))?;
        }
        Some(())
    }

    fn each(stream: &mut TcpStream, answer: &str) {
        while request(stream).is_some() && stream.write_all(answer.as_bytes()).is_ok() {}
    }

    /// What a load has to say of a server that treats each connection like this, after two dozen requests.
    fn figures(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Figures {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serve = serve.clone();
                std::thread::spawn(move || serve(stream));
            }
        });
        load(address)
    }

    fn load(address: SocketAddr) -> Figures {
        let plan = Plan { address, path: "/".to_owned(), per_second: 400, patience: Duration::from_millis(300) };
        let load = Load::start(plan).expect("threads");
        let deadline = Instant::now() + Duration::from_secs(60);
        while load.figures().sent() < 24 {
            assert!(Instant::now() < deadline, "{:?}", load.figures());
            std::thread::park_timeout(Duration::from_millis(5));
        }
        load.stop()
    }

    fn all_is_well(figures: &Figures) {
        assert!(figures.failed() == 0 && figures.ok >= 24, "{figures:?}");
    }

    #[test]
    fn whole_answers_of_every_length_are_well() {
        all_is_well(&figures(|mut stream| each(&mut stream, GOOD)));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";
        all_is_well(&figures(move |mut stream| each(&mut stream, chunked)));
        all_is_well(&figures(|mut stream| {
            request(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nto the end");
        }));
    }

    #[test]
    fn an_end_between_requests_is_well_announced_or_not() {
        let close = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        for answer in [close, GOOD] {
            all_is_well(&figures(move |mut stream| {
                request(&mut stream);
                let _ = stream.write_all(answer.as_bytes());
            }));
        }
    }

    #[test]
    fn an_end_instead_of_an_answer_is_a_reset() {
        for answer in ["", "HTTP/1.1 200", &GOOD[..GOOD.len() - 1]] {
            let figures = figures(move |mut stream| {
                request(&mut stream);
                let _ = stream.write_all(answer.as_bytes());
            });
            assert!(figures.reset >= 24 && figures.ok == 0, "{figures:?}");
        }
        // Also where the connection has served before.
        let figures = figures(|mut stream| {
            for _ in 0..2 {
                request(&mut stream);
                let _ = stream.write_all(GOOD.as_bytes());
            }
            request(&mut stream);
        });
        assert!(figures.reset > 0 && figures.ok > figures.reset, "{figures:?}");
        assert!(figures.examples[0].starts_with("reset: "), "{figures:?}");
    }

    #[test]
    fn refused_late_and_wrong_answers_are_told_apart() {
        let busy = figures(|mut stream| each(&mut stream, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!((busy.errors.get(&503), busy.ok), (Some(&busy.sent()), 0), "{busy:?}");
        let silent = figures(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
        assert_eq!((silent.timeouts, silent.ok), (silent.sent(), 0), "{silent:?}");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let nobody = listener.local_addr().expect("an address");
        drop(listener);
        let nobody = load(nobody);
        assert_eq!((nobody.refused, nobody.ok), (nobody.sent(), 0), "{nobody:?}");
    }

    #[test]
    fn a_server_that_stands_still_is_charged_for_what_was_due_meanwhile() {
        let still = Duration::from_millis(200);
        let started = Instant::now();
        let figures = figures(move |mut stream| {
            while request(&mut stream).is_some() {
                std::thread::park_timeout(still.saturating_sub(started.elapsed()));
                let _ = stream.write_all(GOOD.as_bytes());
            }
        });
        all_is_well(&figures);
        let waited = figures.latencies.iter().filter(|latency| **latency > still / 4).count();
        assert!(waited > 12, "{figures:?}");
        assert!(figures.percentile(1.0) > still / 2 && figures.percentile(0.0) < figures.percentile(1.0));
    }
}
