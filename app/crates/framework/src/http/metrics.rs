//! What a serving process counts, as numbers that several processes' can be added up, and as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The upper bounds of the histogram of durations, in milliseconds.
const BOUNDS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];

/// The first status there is, and how many there are.
const FIRST_STATUS: u16 = 100;
const STATUSES: usize = 900;

/// The counters of one process. Each is exact; together they are what was true at about the same time.
pub(crate) struct Metrics {
    statuses: Box<[AtomicU64]>,
    durations: [AtomicU64; BOUNDS.len()],
    microseconds: AtomicU64,
    in_flight: AtomicU64,
    connections: AtomicU64,
    accepted: AtomicU64,
    displaced: AtomicU64,
    slow_clients: AtomicU64,
    timeouts: AtomicU64,
    panics: AtomicU64,
    sent_bytes: AtomicU64,
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An idle connection was closed to make room for another.
    Displaced,
    /// A client sent too slowly, or did not read its answer.
    SlowClient,
    /// A handler took too long.
    Timeout,
    /// A handler panicked.
    Panic,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            statuses: std::iter::repeat_with(AtomicU64::default).take(STATUSES).collect(),
            durations: Default::default(),
            microseconds: AtomicU64::default(),
            in_flight: AtomicU64::default(),
            connections: AtomicU64::default(),
            accepted: AtomicU64::default(),
            displaced: AtomicU64::default(),
            slow_clients: AtomicU64::default(),
            timeouts: AtomicU64::default(),
            panics: AtomicU64::default(),
            sent_bytes: AtomicU64::default(),
        }
    }

    /// A request was answered.
    pub(super) fn answered(&self, status: StatusCode, after: Duration) {
        // Status codes have three digits.
        add(&self.statuses[usize::from(status.as_u16() - FIRST_STATUS)], 1);
        let microseconds = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        add(&self.microseconds, microseconds);
        if let Some(index) = BOUNDS.iter().position(|bound| microseconds <= bound * 1000) {
            add(&self.durations[index], 1);
        }
    }

    /// So many bytes were handed to the system.
    pub(super) fn sent(&self, bytes: usize) {
        add(&self.sent_bytes, bytes as u64);
    }

    pub(super) fn count(&self, event: Event) {
        let counter = match event {
            Event::Displaced => &self.displaced,
            Event::SlowClient => &self.slow_clients,
            Event::Timeout => &self.timeouts,
            Event::Panic => &self.panics,
        };
        add(counter, 1);
    }

    /// A connection was accepted; it is open as long as what is given back is there.
    pub(super) fn connection(self: &Arc<Self>) -> Going {
        add(&self.accepted, 1);
        add(&self.connections, 1);
        Going(Arc::clone(self), |metrics| &metrics.connections)
    }

    /// A request has come; it is under way as long as what is given back is there.
    pub(super) fn request(self: &Arc<Self>) -> Going {
        add(&self.in_flight, 1);
        Going(Arc::clone(self), |metrics| &metrics.in_flight)
    }

    /// The numbers now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let statuses = (FIRST_STATUS..).zip(&self.statuses).map(|(status, counter)| (status, value(counter)));
        Snapshot {
            requests: statuses.filter(|(_, count)| *count > 0).collect(),
            durations: self.durations.iter().map(value).collect(),
            microseconds: value(&self.microseconds),
            in_flight: value(&self.in_flight),
            connections: value(&self.connections),
            accepted: value(&self.accepted),
            displaced: value(&self.displaced),
            slow_clients: value(&self.slow_clients),
            timeouts: value(&self.timeouts),
            panics: value(&self.panics),
            sent_bytes: value(&self.sent_bytes),
        }
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Something that is going on, and is counted until it is dropped.
pub(super) struct Going(Arc<Metrics>, fn(&Metrics) -> &AtomicU64);

impl Drop for Going {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_sub(1, Ordering::Relaxed);
    }
}

/// The numbers of one process, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Snapshot {
    /// How many requests were answered, by status.
    pub(crate) requests: BTreeMap<u16, u64>,
    /// How many of them took up to each of [`BOUNDS`], and longer than the one before.
    pub(crate) durations: Vec<u64>,
    /// How long they took together.
    pub(crate) microseconds: u64,
    /// How many requests are under way, the sending of their answers included.
    pub(crate) in_flight: u64,
    /// How many connections are open.
    pub(crate) connections: u64,
    /// How many were accepted.
    pub(crate) accepted: u64,
    /// How many idle ones were closed to make room.
    pub(crate) displaced: u64,
    /// How many were closed because the client was too slow.
    pub(crate) slow_clients: u64,
    /// How many handlers were stopped because they took too long.
    pub(crate) timeouts: u64,
    /// How many handlers panicked.
    pub(crate) panics: u64,
    /// How many bytes were sent.
    pub(crate) sent_bytes: u64,
}

impl Snapshot {
    /// Adds the numbers of another process.
    pub(crate) fn add(&mut self, other: &Self) {
        // A field that is left out here does not compile.
        let Self {
            requests,
            durations,
            microseconds,
            in_flight,
            connections,
            accepted,
            displaced,
            slow_clients,
            timeouts,
            panics,
            sent_bytes,
        } = other;
        for (status, count) in requests {
            *self.requests.entry(*status).or_default() += count;
        }
        self.durations.resize(self.durations.len().max(durations.len()), 0);
        for (sum, count) in self.durations.iter_mut().zip(durations) {
            *sum += count;
        }
        self.microseconds += microseconds;
        self.in_flight += in_flight;
        self.connections += connections;
        self.accepted += accepted;
        self.displaced += displaced;
        self.slow_clients += slow_clients;
        self.timeouts += timeouts;
        self.panics += panics;
        self.sent_bytes += sent_bytes;
    }
}

/// The numbers in Prometheus' text format.
pub(crate) fn render(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    heading(&mut text, "app_http_requests_total", "counter", "Requests that were answered, by status.");
    for (status, count) in &snapshot.requests {
        let _ = writeln!(text, "app_http_requests_total{{status=\"{status}\"}} {count}");
    }
    histogram(&mut text, snapshot);
    let gauges = [
        ("app_http_requests_in_flight", snapshot.in_flight, "Requests under way."),
        ("app_http_connections", snapshot.connections, "Open connections."),
    ];
    let counters = [
        ("app_http_connections_total", snapshot.accepted, "Connections that were accepted."),
        ("app_http_connections_displaced_total", snapshot.displaced, "Idle connections closed to make room."),
        ("app_http_slow_clients_total", snapshot.slow_clients, "Connections closed because the client was too slow."),
        ("app_http_timeouts_total", snapshot.timeouts, "Requests whose handler took too long."),
        ("app_http_panics_total", snapshot.panics, "Requests whose handler panicked."),
        ("app_http_sent_bytes_total", snapshot.sent_bytes, "Bytes that were sent."),
    ];
    for (metrics, kind) in [(gauges.as_slice(), "gauge"), (counters.as_slice(), "counter")] {
        for (name, value, help) in metrics {
            heading(&mut text, name, kind, help);
            let _ = writeln!(text, "{name} {value}");
        }
    }
    text
}

fn heading(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows no other numbers")]
fn histogram(text: &mut String, snapshot: &Snapshot) {
    let name = "app_http_request_duration_seconds";
    heading(text, name, "histogram", "The time from a request's head to the head of its answer.");
    let mut sum = 0;
    for (bound, count) in BOUNDS.iter().zip(&snapshot.durations) {
        sum += count;
        let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {sum}", *bound as f64 / 1e3);
    }
    let all: u64 = snapshot.requests.values().sum();
    let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {all}");
    let _ = writeln!(text, "{name}_sum {}\n{name}_count {all}", snapshot.microseconds as f64 / 1e6);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_processes_add_up_and_read_as_prometheus_wants_them() {
        let (one, other) = (Arc::new(Metrics::new()), Arc::new(Metrics::new()));
        let _open = (one.connection(), other.connection(), other.request());
        drop(one.connection());
        one.answered(StatusCode::OK, Duration::from_micros(900));
        one.answered(StatusCode::NOT_FOUND, Duration::from_millis(30));
        other.answered(StatusCode::OK, Duration::from_secs(20));
        other.count(Event::Panic);
        other.sent(70);
        let json = serde_json::to_string(&other.snapshot()).expect("JSON");
        let mut sum = Snapshot::default();
        sum.add(&one.snapshot());
        sum.add(&serde_json::from_str(&json).expect("a snapshot"));
        let text = render(&sum);
        for line in [
            "# TYPE app_http_requests_total counter",
            "app_http_requests_total{status=\"200\"} 2",
            "app_http_requests_total{status=\"404\"} 1",
            "app_http_request_duration_seconds_bucket{le=\"0.001\"} 1",
            "app_http_request_duration_seconds_bucket{le=\"0.025\"} 1",
            "app_http_request_duration_seconds_bucket{le=\"0.05\"} 2",
            "app_http_request_duration_seconds_bucket{le=\"10\"} 2",
            "app_http_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "app_http_request_duration_seconds_sum 20.0309",
            "app_http_request_duration_seconds_count 3",
            "app_http_requests_in_flight 1",
            "app_http_connections 2",
            "app_http_connections_total 3",
            "app_http_panics_total 1",
            "app_http_sent_bytes_total 70",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
