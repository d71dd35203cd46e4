//! What processes use, from `/proc`.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rustix::process::Pid;

/// A process and all that it has started, with what those have started.
pub(super) fn family(of: Pid) -> anyhow::Result<Vec<i32>> {
    let entries = std::fs::read_dir("/proc").context("failed to list the processes (only Linux has `/proc`)")?;
    let pids: Vec<i32> =
        entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent = |pid: i32| -> Option<i32> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may contain anything; the state and the parent follow its last bracket.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let parents: Vec<(i32, i32)> = pids.into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut family = vec![of.as_raw_nonzero().get()];
    let mut known = 0;
    while let Some(&member) = family.get(known) {
        known += 1;
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
    }
    Ok(family)
}

/// The time that these processes have had a processor so far, to the nanosecond: the sum over their threads. What has
/// ended does not count.
pub(super) fn cpu(processes: &[i32]) -> Duration {
    let threads = processes.iter().filter_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).ok());
    let times = threads.flatten().filter_map(Result::ok).filter_map(|thread| on_cpu(&thread.path()));
    Duration::from_nanos(times.sum())
}

fn on_cpu(thread: &Path) -> Option<u64> {
    let statistics = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    statistics.split_whitespace().next()?.parse().ok()
}

/// The memory that a process has in use, in kB.
pub(super) fn resident(process: Pid) -> anyhow::Result<u64> {
    let path = format!("/proc/{}/status", process.as_raw_nonzero());
    let status = std::fs::read_to_string(&path).with_context(|| format!("failed to read `{path}`"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    size.with_context(|| format!("failed to find `VmRSS` in `{path}`"))
}

/// How long a tick of the counters below is. Linux tells user space no other value.
const TICKS_PER_SECOND: f64 = 100.0;

/// The seconds that all processors together were busy with anything so far.
pub(super) fn busy() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat").context("failed to read `/proc/stat`")?;
    let line = stat.lines().next().unwrap_or_default();
    // `cpu user nice system idle iowait irq softirq steal …`
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let busy = ticks.iter().take(8).enumerate().filter(|(field, _)| !matches!(field, 3 | 4)).map(|(_, ticks)| ticks);
    Ok(busy.sum::<f64>() / TICKS_PER_SECOND)
}

/// The seconds that this process had, and all that it started and waited for.
pub(super) fn own() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("failed to read `/proc/self/stat`")?;
    // The 14th to the 17th field, where the state, after the name's bracket, is the third.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok());
    Ok(ticks.sum::<f64>() / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_its_children_time_and_memory_are_found() {
        let myself = rustix::process::getpid();
        let mut child = Command::new("sleep").arg("1000").spawn().expect("sleep starts");
        let found = family(myself).expect("processes");
        assert!(found.contains(&myself.as_raw_nonzero().get()));
        assert!(found.contains(&Pid::from_child(&child).as_raw_nonzero().get()));
        child.kill().and_then(|()| child.wait()).expect("an end");
        let before = cpu(&found);
        let begun = Instant::now();
        while cpu(&found) < before + Duration::from_millis(5) {
            assert!(begun.elapsed() < Duration::from_secs(60), "no time is counted");
        }
        assert!(resident(myself).expect("a size") > 1000);
    }
}
