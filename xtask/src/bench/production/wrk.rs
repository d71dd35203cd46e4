//! wrk: as many requests as a server can answer.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::failure::Failure;
use crate::system;

/// What wrk counted.
#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) requests: u64,
    pub(super) per_second: f64,
    pub(super) p99: Duration,
    /// Connections that broke or were not accepted.
    pub(super) broken: u64,
    /// Answers that took longer than wrk waits.
    pub(super) late: u64,
    /// Answers with another status than 2xx and 3xx.
    pub(super) errors: u64,
}

impl Figures {
    pub(super) fn failed(&self) -> u64 {
        self.broken + self.late + self.errors
    }
}

/// A load that goes on for a set time.
pub(super) struct Load(Child);

/// Begins with as many connections as the project's figures are promised for.
pub(super) fn start(address: SocketAddr, path: &str, time: Duration) -> anyhow::Result<Load> {
    let mut command = Command::new("wrk");
    command.args(["-t2", "-c64", "--latency", "--timeout", "10s", "-d"]).arg(format!("{}s", time.as_secs()));
    command.arg(format!("http://{address}{path}")).stdin(Stdio::null()).stdout(Stdio::piped());
    system::end_with_parent(&mut command);
    let child = command.spawn().map_err(|error| {
        anyhow::Error::from(Failure::new(format!("failed to start `wrk`: {error}")).hint("apt-get install wrk"))
    })?;
    Ok(Load(child))
}

impl Load {
    /// Waits for the end.
    pub(super) fn figures(self) -> anyhow::Result<Figures> {
        let output = self.0.wait_with_output().context("failed to wait for `wrk`")?;
        let text = String::from_utf8_lossy(&output.stdout);
        parse(&text).with_context(|| format!("failed to understand what `wrk` said:\n{text}"))
    }
}

fn parse(text: &str) -> Option<Figures> {
    let after = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    // `Socket errors: connect 0, read 3, write 0, timeout 1`, only when there are some.
    let socket = |name: &str| -> Option<u64> {
        let Some(errors) = after("Socket errors:") else { return Some(0) };
        errors.split(',').find_map(|part| part.trim().strip_prefix(name))?.trim().parse().ok()
    };
    Some(Figures {
        requests: text.lines().find_map(|line| line.split_once(" requests in "))?.0.trim().parse().ok()?,
        per_second: after("Requests/sec:")?.parse().ok()?,
        p99: time(after("99%")?)?,
        broken: socket("connect")? + socket("read")? + socket("write")?,
        late: socket("timeout")?,
        errors: after("Non-2xx or 3xx responses:").map_or(Some(0), |number| number.parse().ok())?,
    })
}

/// `1.20ms`, `812.00us`, `2.01s`, `1.50m`.
fn time(text: &str) -> Option<Duration> {
    let units = text.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let number: f64 = text.strip_suffix(units)?.parse().ok()?;
    let seconds = match units {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Running 2s test @ http://127.0.0.1:1/\n  2 threads and 64 connections\n  Thread Stats   Avg      Stdev\n\
        \x20   Latency    23.17ms    9.37ms 107.35ms   84.76%\n    Req/Sec     1.40k   238.79     1.99k    67.50%\n  Latency Distribution\n\
        \x20    50%   21.27ms\n     75%   25.73ms\n     90%   31.69ms\n     99%   63.02ms\n  5580 requests in 2.01s, 77.64MB read\n";
    const END: &str = "Requests/sec:   2777.50\nTransfer/sec:     38.65MB\n";

    #[test]
    fn what_wrk_says_is_understood() {
        let good = Figures {
            requests: 5580,
            per_second: 2777.5,
            p99: Duration::from_micros(63_020),
            broken: 0,
            late: 0,
            errors: 0,
        };
        assert_eq!(parse(&format!("{GOOD}{END}")), Some(good));
        let bad = "  Socket errors: connect 1, read 20, write 300, timeout 4\n  Non-2xx or 3xx responses: 12\n";
        let bad = parse(&format!("{GOOD}{bad}{END}")).expect("figures");
        assert_eq!((bad.broken, bad.late, bad.errors, bad.failed()), (321, 4, 12, 337));
        assert_eq!(parse("unable to connect to 127.0.0.1:1 Connection refused\n"), None);
    }

    #[test]
    fn times_have_units() {
        let times = ["812.00us", "1.20ms", "2.00s", "1.50m", "3", "3x", "ms"].map(time);
        let ms = |ms: u64| Some(Duration::from_micros(ms));
        assert_eq!(times, [ms(812), ms(1200), ms(2_000_000), ms(90_000_000), None, None, None]);
    }
}
