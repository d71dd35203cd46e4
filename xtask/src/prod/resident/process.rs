//! A process that is known by more than its number, which may be another's by the next moment: on Linux by a descriptor of
//! the process and the time of its start.

use std::os::fd::OwnedFd;

use rustix::process::{Pid, Signal};

use super::lock::Record;

/// A process that still is the one that it was.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// Readable when the process has ended. Only Linux has such a thing.
    descriptor: Option<OwnedFd>,
}

impl Process {
    /// The process that wrote this record, if it still runs.
    #[cfg(target_os = "linux")]
    pub(super) fn open(record: &Record) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let process = Self::numbered(record.pid)?;
        // Looked at after the descriptor was opened: it is this process, or the descriptor is a dead one's.
        let is_it = boot.trim() == record.boot_id && Stat::of(record.pid)?.start_ticks == record.start_ticks;
        is_it.then_some(process)
    }

    /// The process that wrote this record: whoever holds the lock wrote it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn open(record: &Record) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(record.pid).ok()?)?;
        rustix::process::test_kill_process(pid).ok()?;
        Some(Self { pid, descriptor: None })
    }

    #[cfg(target_os = "linux")]
    fn numbered(pid: u32) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let descriptor = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
        Some(Self { pid, descriptor: Some(descriptor) })
    }

    /// The processes that this one started, and those that they did.
    #[cfg(target_os = "linux")]
    pub(super) fn descendants(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut parents = vec![self.number()];
        while let Some(parent) = parents.pop() {
            for pid in children(parent) {
                // Its parent is asked for once more after the descriptor was opened, as above.
                let Some(process) = Self::numbered(pid) else { continue };
                if Stat::of(pid).is_some_and(|stat| stat.parent == parent) {
                    parents.push(pid);
                    found.push(process);
                }
            }
        }
        found
    }

    /// The processes that this one started: they cannot be told from others without descriptors.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn descendants(&self) -> Vec<Self> {
        Vec::new()
    }

    /// The process that starts this one again when it crashes (`--restart-on-failure`): its parent, with the same arguments.
    #[cfg(target_os = "linux")]
    pub(super) fn keeper(&self) -> Option<Self> {
        let parent = Stat::of(self.number())?.parent;
        let process = Self::numbered(parent)?;
        let arguments = |pid: u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Some(line.split(|byte| *byte == 0).skip(1).map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        let own = arguments(self.number())?;
        let keeps = own.iter().any(|argument| argument.starts_with(b"--restart"));
        (keeps && arguments(parent).as_ref() == Some(&own)).then_some(process)
    }

    /// The process that starts this one again: it cannot be told from others without descriptors.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn keeper(&self) -> Option<Self> {
        None
    }

    /// Its number.
    pub(super) fn number(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends it a signal. Nothing happens when it has ended.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = match &self.descriptor {
            #[cfg(target_os = "linux")]
            Some(descriptor) => rustix::process::pidfd_send_signal(descriptor, signal),
            _ => rustix::process::kill_process(self.pid, signal),
        };
    }

    /// True when it has ended, whether or not anybody waited for it.
    pub(super) fn has_ended(&self) -> bool {
        match &self.descriptor {
            Some(descriptor) => super::waiting::is_readable(descriptor),
            None => rustix::process::test_kill_process(self.pid).is_err(),
        }
    }
}

/// What `/proc/<pid>/stat` says.
#[cfg(target_os = "linux")]
struct Stat {
    parent: u32,
    start_ticks: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in brackets, which may have any letters in it.
        let mut fields = text.rsplit_once(')')?.1.split_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        Some(Self { parent, start_ticks: fields.nth(17)?.parse().ok()? })
    }
}

#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().filter_map(Result::ok);
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_known_by_its_number_its_start_and_the_machines() {
        let mut child = Command::new("sleep").arg("1000").spawn().expect("sleep starts");
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux").trim().to_owned();
        let start_ticks = Stat::of(child.id()).expect("it runs").start_ticks;
        let record = Record { pid: child.id(), start_ticks, boot_id, ..Record::default() };
        let process = Process::open(&record).expect("the process");
        assert!(!process.has_ended());
        assert!(Process::open(&Record { start_ticks: start_ticks + 1, ..record.clone() }).is_none());
        assert!(Process::open(&Record { boot_id: "another".to_owned(), ..record.clone() }).is_none());
        assert!(Process::open(&Record { pid: 0, ..record.clone() }).is_none());
        let me = Process::numbered(std::process::id()).expect("the test");
        assert!(me.descendants().iter().any(|child| child.number() == process.number()));
        process.signal(Signal::KILL);
        child.wait().expect("a child");
        assert!(process.has_ended());
        assert!(Process::open(&record).is_none());
    }
}
