//! `cargo xtask bench dev-loop`: from a save to the new page, and what the development server costs while it waits.

mod scratch;
mod server;

use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::Signal;

use self::scratch::{PAGE, Scratch};
use self::server::Server;
use super::load::{Figures, Load, Plan};
use super::report::{self, Row};
use super::{median, meter};
use crate::output;
use crate::plan::Step;
use crate::process;
use crate::project::Project;

/// The load that no save may disturb.
const PER_SECOND: u32 = 100;
const RUST_EDITS: u32 = 20;
const TEMPLATE_EDITS: u32 = 20;
/// The Rust edits before which the sources do not compile.
const BROKEN_BEFORE: [u32; 3] = [5, 10, 15];

/// How long the server is left alone to see what it does then.
const IDLE: Duration = Duration::from_secs(10);

/// The processes that a person is shown instead of a run.
pub(super) fn steps(project: &Project) -> Vec<Step> {
    vec![Scratch::build_step(project)]
}

/// Measures.
///
/// # Errors
/// When the sources cannot be copied, built or served.
pub(super) fn run(project: &Project, runs: u32) -> anyhow::Result<u8> {
    let mut scratch = Scratch::new(project)?;
    output::note(format_args!(
        "building a copy of the sources in `{}`; the first time takes as long as a build of everything",
        scratch.build().directory.display()
    ));
    build(scratch.build())?;
    let mut server = Server::start(&scratch.server(project))?;
    // Everything once before it counts.
    let marker = scratch.edit_view()?;
    server.until_page(&marker)?;
    let mut rows = Vec::new();
    // Builds that follow the first ones may be faster, once that is prepared.
    server.until_quiet()?;
    let marker = scratch.edit_view()?;
    server.until_page(&marker)?;
    output::note(format_args!("{runs} edits, in turns with builds by cargo alone"));
    rows.extend(rust_edits(&mut server, &mut scratch, runs)?);
    output::note("templates, style sheets, and nothing at all");
    rows.extend(page_edits(&mut server, &mut scratch, runs)?);
    rows.extend(idle(&mut server)?);
    output::note(format_args!("{PER_SECOND} requests per second during edits"));
    rows.extend(loaded(&mut server, &mut scratch)?);
    server.stop()?;
    report::print(&format!("medians of {runs} runs; in brackets from the fastest to the slowest"), &rows)
}

/// A build by cargo, which must succeed; gives how long it took.
fn build(step: &Step) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let status = process::command(step).status().with_context(|| format!("failed to start `{}`", step.short()))?;
    anyhow::ensure!(status.success(), "`{}` failed: {status}", step.short());
    Ok(begun.elapsed())
}

/// Edits of a view, by the server and by cargo alone in turns, so that whatever else the machine does hits both.
fn rust_edits(server: &mut Server, scratch: &mut Scratch, runs: u32) -> anyhow::Result<[Row; 3]> {
    let (mut served, mut bare) = (Vec::new(), Vec::new());
    let mut quiet = scratch.build().clone();
    quiet.args.push("--quiet".into());
    for _ in 0..runs {
        server.until_quiet()?;
        let page = server.listen()?;
        let begun = Instant::now();
        let marker = scratch.edit_view()?;
        // Asking all the time would take time from the build; the page knows when another process serves.
        page.until_end();
        let there = server.until_page(&marker)?.duration_since(begun);
        server.until_quiet()?;
        // It notices nothing until cargo has built.
        server.signal(Signal::STOP)?;
        scratch.edit_view()?;
        let built = build(&quiet);
        server.signal(Signal::CONT)?;
        let built = built?;
        let marker = scratch.edit_view()?;
        server.until_page(&marker)?;
        served.push(there);
        bare.push(built);
    }
    let difference = median(served.clone()).as_secs_f64() - median(bare.clone()).as_secs_f64();
    Ok([
        Row::times("`cargo build` of an edit in a module", &bare),
        Row::limited("edit in a module to its page", &served, Duration::from_millis(1500)),
        Row::number(
            "  more than `cargo build` (at most 150)",
            format_args!("{:8.1} ms", difference * 1e3),
            difference <= 0.150,
        ),
    ])
}

/// Edits that build nothing.
fn page_edits(server: &mut Server, scratch: &mut Scratch, runs: u32) -> anyhow::Result<[Row; 3]> {
    let (mut pages, mut reloads, mut styles) = (Vec::new(), Vec::new(), Vec::new());
    server.until_quiet()?;
    let page = server.listen()?;
    for _ in 0..runs {
        let begun = Instant::now();
        let marker = scratch.edit_template()?;
        pages.push(server.until_page(&marker)?.duration_since(begun));
        reloads.push(page.until("reload")?.duration_since(begun));
        server.wait(Duration::from_millis(600))?;
        let begun = Instant::now();
        scratch.edit_style()?;
        styles.push(page.until("css")?.duration_since(begun));
        server.wait(Duration::from_millis(600))?;
    }
    Ok([
        Row::limited("edit of a template to its page", &pages, Duration::from_millis(60)),
        Row::limited("edit of a template to the browser's event", &reloads, Duration::from_millis(100)),
        Row::limited("edit of a style sheet to the browser's event", &styles, Duration::from_millis(100)),
    ])
}

/// What it uses while nothing happens and a page is open.
fn idle(server: &mut Server) -> anyhow::Result<[Row; 2]> {
    server.until_quiet()?;
    let _page = server.listen()?;
    server.wait(Duration::from_secs(1))?;
    let processes = meter::family(server.pid())?;
    let (before, begun) = (meter::cpu(&processes), Instant::now());
    server.wait(IDLE)?;
    let used = meter::cpu(&processes).saturating_sub(before);
    let share = 100.0 * used.as_secs_f64() / begun.elapsed().as_secs_f64();
    let resident = meter::resident(server.pid())? / 1024;
    let cpu = format!("{share:8.2} %");
    Ok([
        Row::number("idle, of one processor (less than 0.5)", cpu, share < 0.5),
        Row::number("memory of xtask (less than 40)", format_args!("{resident:8} MB"), resident < 40),
    ])
}

/// Edits of all kinds under load.
fn loaded(server: &mut Server, scratch: &mut Scratch) -> anyhow::Result<Vec<Row>> {
    server.until_quiet()?;
    let plan = Plan {
        address: server.address(),
        path: PAGE.to_owned(),
        per_second: PER_SECOND,
        patience: Duration::from_secs(10),
    };
    let load = Load::start(plan)?;
    for edit in 0..RUST_EDITS {
        if BROKEN_BEFORE.contains(&edit) {
            scratch.break_view()?;
            server.until_state("failed")?;
        }
        let page = server.listen()?;
        let marker = scratch.edit_view()?;
        page.until_end();
        server.until_page(&marker)?;
    }
    for _ in 0..TEMPLATE_EDITS {
        let marker = scratch.edit_template()?;
        server.until_page(&marker)?;
        server.wait(Duration::from_millis(100))?;
    }
    // The last of the old processes has gone then.
    server.until_state("serving")?;
    server.wait(Duration::from_secs(2))?;
    let figures = load.stop();
    let all = RUST_EDITS + TEMPLATE_EDITS;
    let heading = format!("{all} edits and {} broken builds under load: requests", BROKEN_BEFORE.len());
    let Figures { refused, reset, timeouts, .. } = figures;
    let errors: u64 = figures.errors.values().sum();
    let slowest = format!("{:8.1} ms", figures.percentile(0.99).as_secs_f64() * 1e3);
    let mut rows = vec![
        Row::fact(&heading, figures.sent()),
        Row::fact("  99 of 100 answered within", slowest),
        Row::number("  refused (0)", refused, refused == 0),
        Row::number("  reset (0)", reset, reset == 0),
        Row::number("  without an answer in 10 s (0)", timeouts, timeouts == 0),
        Row::number("  answered with an error (0)", errors, errors == 0),
    ];
    rows.extend(figures.examples.into_iter().map(|example| Row::number("  a failure", example, false)));
    Ok(rows)
}
