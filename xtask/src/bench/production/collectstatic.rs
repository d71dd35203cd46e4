//! Collecting 3,000 files, beside Django with WhiteNoise's storage.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Deserialize;

use super::peers::Django;
use super::running::quietly;
use super::site::Site;
use super::{Noise, Peered, median, tree};
use crate::bench::report::{self, Row};
use crate::output;
use crate::project::Project;

/// What the app may need of Django's time, for everything and when nothing changed, and of its bytes.
const OF_TIME: f64 = 0.1;
const OF_TIME_UNCHANGED: f64 = 0.01;
const OF_SIZE: f64 = 1.02;

/// The part of the manifest that both have.
#[derive(Deserialize)]
struct Manifest {
    paths: BTreeMap<String, String>,
}

pub(super) fn run(project: &Project, home: &Path, site: &Site, peered: &Peered) -> anyhow::Result<u8> {
    let files = home.join("tree");
    tree::make(&files)?;
    let django = Django::new(project, peered.python.as_deref())?;
    // A new root each time: file systems are slow where much was just removed.
    let root = |round: u32| home.join(format!("collected-{round}"));
    let django_root = |round: u32| home.join(format!("collected-by-django-{round}"));
    let roots = || (1..=peered.runs).flat_map(|round| [root(round), django_root(round)]);
    roots().try_for_each(|root| remove(&root))?;
    let ours = |round| {
        let mut command = site.command(&["collectstatic", "--noinput"]);
        command.env("APP__STATIC__DIRS", &files).env("APP__STATIC__ROOT", root(round));
        command
    };
    let noise = Noise::begin()?;
    let (mut times, mut again, mut django_times, mut django_again) = (vec![], vec![], vec![], vec![]);
    for round in 1..=peered.runs {
        output::note(format_args!("round {round} of {}", peered.runs));
        times.push(time(&mut ours(round))?);
        again.push(time(&mut ours(round))?);
        if let Some(django) = &django {
            django_times.push(time(&mut django.collectstatic(&files, &django_root(round)))?);
            django_again.push(time(&mut django.collectstatic(&files, &django_root(round)))?);
        }
    }
    let sizes = Sizes::of(&root(1), &files)?;
    let mut rows = vec![
        Row::times("the app: everything", &times),
        Row::times("the app: nothing changed", &again),
        Row::fact("the app: br, gz, zst", &sizes),
    ];
    if django.is_some() {
        let django_sizes = Sizes::of(&django_root(1), &files)?;
        let ratio = |ours: &[Duration], theirs: &[Duration]| {
            let rounds = ours.iter().zip(theirs);
            median(rounds.map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64()).collect())
        };
        let limited = |what: &str, figure: f64, most: f64| {
            Row::number(&format!("{what} (at most {most})"), format_args!("{figure:8.4}"), figure <= most)
        };
        rows.extend([
            Row::times("Django: everything", &django_times),
            Row::times("Django: nothing changed", &django_again),
            Row::fact("Django: br, gz, zst", &django_sizes),
            limited("everything, in Django's time", ratio(&times, &django_times), OF_TIME),
            limited(
                "nothing changed, in Django's time for everything",
                ratio(&again, &django_times),
                OF_TIME_UNCHANGED,
            ),
            limited("br and gz together, in Django's bytes", sizes.both() / django_sizes.both(), OF_SIZE),
        ]);
    } else {
        rows.push(Row::fact("in Django's time", "skipped"));
    }
    rows.push(noise.row()?);
    roots().try_for_each(|root| remove(&root))?;
    let heading = format!("{} files; medians of {} rounds, in turns", tree::FILES, peered.runs);
    report::print(&heading, &rows)
}

fn time(command: &mut Command) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    quietly(command)?;
    Ok(begun.elapsed())
}

fn remove(directory: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{}`", directory.display()))
        }
        _ => Ok(()),
    }
}

/// What is sent of the hashed style sheets and scripts, by encoding; where there is no such file, the plain one is.
#[derive(Debug, Default, PartialEq)]
struct Sizes {
    br: u64,
    gz: u64,
    zst: u64,
}

impl Sizes {
    fn of(root: &Path, files: &Path) -> anyhow::Result<Self> {
        let manifest = root.join("staticfiles.json");
        let text = fs::read(&manifest).with_context(|| format!("failed to read `{}`", manifest.display()))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).with_context(|| format!("failed to read `{}`", manifest.display()))?;
        let mut sizes = Self::default();
        let mut known = 0;
        for (name, hashed) in manifest.paths.iter().filter(|(name, _)| files.join(name).exists()) {
            known += 1;
            if !name.ends_with(".png") {
                let size = |end: &str| {
                    let [file, plain] = [end, ""].map(|end| fs::metadata(root.join(format!("{hashed}{end}"))));
                    file.or(plain).map(|file| file.len()).with_context(|| format!("failed to find `{hashed}`"))
                };
                sizes.br += size(".br")?;
                sizes.gz += size(".gz")?;
                sizes.zst += size(".zst")?;
            }
        }
        anyhow::ensure!(known == tree::FILES, "`{}` has {known} of the files", root.display());
        Ok(sizes)
    }

    #[expect(clippy::cast_precision_loss, reason = "for a ratio")]
    fn both(&self) -> f64 {
        (self.br + self.gz) as f64
    }
}

impl std::fmt::Display for Sizes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [br, gz, zst] = [self.br, self.gz, self.zst].map(|size| size / 1024);
        write!(f, "{br:8} kB, {gz} kB, {zst} kB")
    }
}
