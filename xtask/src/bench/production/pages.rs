//! Requests per second of one page: the app, the same page written by hand with axum, and on Django under Daphne.

use std::time::Duration;

use super::peers::{self, Django};
use super::running::Running;
use super::site::{PAGE, Site};
use super::{Noise, Peered, median, meter, wrk};
use crate::bench::report::{self, Row};
use crate::output;
use crate::project::Project;

/// How long each server is asked in a round.
const TIME: Duration = Duration::from_secs(5);

/// What the app must reach of the page written by hand, and of Django.
const OF_AXUM: f64 = 0.8;
const OF_DJANGO: f64 = 50.0;

/// One server and what was measured of it.
struct Measured {
    server: Running,
    per_second: Vec<f64>,
    p99: Vec<Duration>,
    /// Seconds of a processor for one request, in the server.
    cpu: Vec<f64>,
    failed: u64,
}

impl Measured {
    fn new(server: Running) -> Self {
        Self { server, per_second: Vec::new(), p99: Vec::new(), cpu: Vec::new(), failed: 0 }
    }

    fn round(&mut self) -> anyhow::Result<()> {
        let processes = self.server.processes()?;
        let before = meter::cpu(&processes);
        let figures = wrk::start(self.server.address(), PAGE, TIME)?.figures()?;
        let used = meter::cpu(&processes).saturating_sub(before);
        self.failed += figures.failed();
        self.per_second.push(figures.per_second);
        self.p99.push(figures.p99);
        #[expect(clippy::cast_precision_loss, reason = "no bench has so many requests")]
        self.cpu.push(used.as_secs_f64() / figures.requests.max(1) as f64);
        Ok(())
    }

    fn rows(&self) -> [Row; 4] {
        let name = self.server.name();
        let [least, most] = [f64::min, f64::max].map(|pick| self.per_second.iter().copied().reduce(pick));
        let (least, most) = (least.unwrap_or_default(), most.unwrap_or_default());
        let per_second = format!("{:8.0}     ({least:.0} to {most:.0})", median(self.per_second.clone()));
        [
            Row::fact(&format!("{name}: requests per second"), per_second),
            Row::times(&format!("{name}: 99 of 100 answered within"), &self.p99),
            Row::fact(
                &format!("{name}: processor time of a request"),
                format_args!("{:8.3} ms", median(self.cpu.clone()) * 1e3),
            ),
            Row::number(&format!("{name}: failed (0)"), self.failed, self.failed == 0),
        ]
    }
}

pub(super) fn run(project: &Project, site: &Site, peered: &Peered) -> anyhow::Result<u8> {
    site.load()?;
    let noise = Noise::begin()?;
    let mut all = vec![Measured::new(site.serve(1, &[])?), Measured::new(peers::axum(project, &site.database())?)];
    if let Some(django) = Django::new(project, peered.python.as_deref())? {
        all.push(Measured::new(django.serve(&project.root.join("app/static"), &site.database())?));
    }
    same_page(&all)?;
    output::note(format_args!("{} rounds of {} s for each of {} servers", peered.runs, TIME.as_secs(), all.len()));
    for measured in &mut all {
        wrk::start(measured.server.address(), PAGE, Duration::from_secs(2))?.figures()?;
    }
    // In turns, so that whatever else the machine does hits all of them alike.
    for _ in 0..peered.runs {
        all.iter_mut().try_for_each(Measured::round)?;
    }
    let mut rows: Vec<Row> = all.iter().flat_map(Measured::rows).collect();
    let ratio = |peer: &Measured| {
        let rounds = all[0].per_second.iter().zip(&peer.per_second);
        median(rounds.map(|(ours, theirs)| ours / theirs).collect())
    };
    let mut compare = |what: &str, peer: &Measured, least: f64| {
        let ratio = ratio(peer);
        rows.push(Row::number(&format!("{what} (at least {least})"), format_args!("{ratio:8.2}"), ratio >= least));
    };
    compare("the app, in pages by hand", &all[1], OF_AXUM);
    match all.get(2) {
        Some(django) => compare("the app, in Djangos", django, OF_DJANGO),
        None => rows.push(Row::fact("the app, in Djangos", "skipped")),
    }
    for measured in all {
        measured.server.stop()?;
    }
    rows.push(noise.row()?);
    let heading = format!("medians of {} rounds, in turns; 64 connections; in brackets the extremes", peered.runs);
    report::print(&heading, &rows)
}

/// What is compared must be the same: 50 rows with the same text.
fn same_page(all: &[Measured]) -> anyhow::Result<()> {
    let mut expected: Option<String> = None;
    for measured in all {
        let content = content(&measured.server.page(PAGE)?.text());
        let rows = content.matches("<tr>").count();
        anyhow::ensure!(rows == 51, "{} shows {rows} rows instead of a head and 50", measured.server.name());
        let expected = expected.get_or_insert_with(|| content.clone());
        if *expected != content {
            let at = expected.bytes().zip(content.bytes()).take_while(|(one, other)| one == other).count();
            let around = |text: &str| text.chars().skip(at.saturating_sub(40)).take(120).collect::<String>();
            anyhow::bail!(
                "{} shows another page than {}:\n{}\n{}",
                measured.server.name(),
                all[0].server.name(),
                around(&content),
                around(expected)
            );
        }
    }
    Ok(())
}

/// What stands in `<main>`, without the blanks around the tags, times to the second.
fn content(page: &str) -> String {
    let main = page.split_once("<main>").map_or("", |(_, rest)| rest);
    let main = main.split_once("</main>").map_or("", |(main, _)| main);
    let words: Vec<&str> = main.split_whitespace().collect();
    let text = words.join(" ").replace("> ", ">").replace(" <", "<");
    let mut parts = text.split("datetime=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    // Django knows microseconds only, and writes UTC another way: to the second will do.
    parts.fold(first, |text, part| {
        let (time, rest) = part.split_once('"').unwrap_or((part, ""));
        text + "datetime=\"" + time.get(..19).unwrap_or(time) + "\"" + rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_person_reads_is_compared() {
        let page = "<main>\n  <h1>A b</h1>  <time datetime=\"2026-01-01T00:00:00.123+00:00\">x</time>\n</main>";
        assert_eq!(content(page), "<h1>A b</h1><time datetime=\"2026-01-01T00:00:00\">x</time>");
        assert_eq!(content("nothing"), "");
    }
}
