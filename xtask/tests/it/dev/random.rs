//! Random saves, deaths and waits, under load: whatever happened, after it the newest sources are served.

use std::fs::File;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::site::{SETTINGS, SOURCE, STYLE, Site, TEMPLATE, touch};
use crate::random::Random;

/// How many things happen.
const STEPS: usize = 40;

#[test]
fn after_anything_the_newest_sources_are_served() {
    let mut random = Random::new();
    let site = Site::new();
    let good = site.read(SOURCE);
    let extra = "app/src/modules/extra";
    let dev = site.start();
    dev.until_newest();
    let load = dev.load();
    let mut killed = false;
    for step in 0..STEPS {
        let action = random.below(14);
        println!("step {step}: {action}");
        match action {
            0..=2 => site.append(SOURCE, &format!("// Step {step}.")),
            3 => site.write(SOURCE, &good),
            4 => site.append(SOURCE, "broken"),
            5 => site.append(SOURCE, ["// dies", "// hangs"][step % 2]),
            6 => site.append(TEMPLATE, &format!("<!-- step {step} -->")),
            7 => site.append(STYLE, &format!("/* step {step} */")),
            8 => site.append(SETTINGS, &format!("# Step {step}.")),
            9 => touch(&site.path(SOURCE)),
            10 if site.path(extra).exists() => site.remove(extra),
            10 => site.write(&format!("{extra}/mod.rs"), &format!("// Step {step}.\n")),
            11 if site.path("build.wait").exists() => site.remove("build.wait"),
            11 => drop(File::create(site.path("build.wait")).expect("a file")),
            12 => {
                let server = site.processes().into_iter().find(|process| process.contains("bin/app runserver"));
                let pid = server.and_then(|process| Pid::from_raw(process.split(' ').next()?.parse().ok()?));
                killed |= pid.is_some_and(|pid| rustix::process::kill_process(pid, Signal::KILL).is_ok());
            }
            _ => std::thread::park_timeout(Duration::from_millis(random.below(150))),
        }
        // Mostly sooner than anything is done about it.
        std::thread::park_timeout(Duration::from_millis(random.below(30)));
    }
    let _ = std::fs::remove_file(site.path("build.wait"));
    site.write(SOURCE, &format!("{good}// The end.\n"));
    dev.until_newest();
    let figures = load.stop();
    assert!(figures.refused == 0 && (killed || figures.failed() == 0), "{figures}\n{}", dev.said());
    dev.signal(Signal::INT);
    assert_eq!(dev.end().0, 130);
}
