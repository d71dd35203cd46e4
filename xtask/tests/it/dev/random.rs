//! Random saves, deaths and waits, under load: whatever happened, after it the newest sources are served.

use std::ffi::OsStr;
use std::fs::File;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal};

use super::site::{SETTINGS, SOURCE, STYLE, Site, TEMPLATE, touch};

/// How many things happen.
const STEPS: usize = 40;

/// Numbers that look random (xorshift).
struct Random(u64);

impl Random {
    /// From the variable `SEED`, else from the clock; says which.
    #[expect(clippy::print_stdout, reason = "a run that fails can be done again")]
    fn new() -> Self {
        let given = xtask::environment::read().get(OsStr::new("SEED")).and_then(|seed| seed.to_str()?.parse().ok());
        let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").subsec_nanos();
        let seed = given.unwrap_or_else(|| u64::from(clock()));
        println!("SEED={seed}");
        Self(seed.wrapping_mul(2_685_821_657_736_338_717) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

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
