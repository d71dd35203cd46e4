//! A cache in the process's own memory: fast, and of no use to other processes, but that all of them can be told to
//! empty theirs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::Error;
use super::store::{Answer, Lifetime, Store, Stored};
use crate::clock::Clock;

/// What was told is begun anew at this size.
const LONGEST_NOTICE: u64 = 64 * 1024;

pub(super) struct Memory {
    clock: Arc<dyn Clock>,
    max_entries: usize,
    /// Where other processes say what is to be deleted, a prefix a line.
    notices: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    entries: BTreeMap<String, Entry>,
    /// How much of the notices has been read.
    read: u64,
}

#[derive(Clone)]
struct Entry {
    value: Stored,
    end: i64,
}

/// Where the processes of a project are told to empty this cache.
pub(super) fn notices(root: &Path, alias: &str) -> PathBuf {
    root.join("var/run").join(format!("cache-{alias}.cleared"))
}

/// Tells all processes to delete the entries whose whole key begins so.
pub(super) fn tell(notices: &Path, prefix: &str) -> io::Result<()> {
    if let Some(directory) = notices.parent() {
        fs::create_dir_all(directory)?;
    }
    // A file that is shorter than what somebody has read of it stands for everything.
    let long = fs::metadata(notices).is_ok_and(|data| data.len() > LONGEST_NOTICE);
    let mut file = File::options().create(true).append(true).open(notices)?;
    if long {
        file.set_len(0)?;
    }
    file.write_all(format!("{prefix}\n").as_bytes())
}

impl Memory {
    pub(super) fn new(clock: Arc<dyn Clock>, max_entries: u64, notices: PathBuf) -> Self {
        let read = fs::metadata(&notices).map_or(0, |data| data.len());
        let inner = Mutex::new(Inner { entries: BTreeMap::new(), read });
        Self { clock, max_entries: usize::try_from(max_entries).unwrap_or(usize::MAX), notices, inner }
    }

    /// The entries, after what others said was obeyed.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let length = fs::metadata(&self.notices).map_or(0, |data| data.len());
        if length != inner.read {
            match told(&self.notices, inner.read, length) {
                Some(prefixes) => {
                    inner.entries.retain(|key, _| !prefixes.lines().any(|prefix| key.starts_with(prefix)));
                }
                None => inner.entries.clear(),
            }
            inner.read = length;
        }
        inner
    }

    fn live<'a>(&self, inner: &'a Inner, key: &str) -> Option<&'a Entry> {
        inner.entries.get(key).filter(|entry| entry.end > millis(self.clock.now()))
    }

    fn put(&self, inner: &mut Inner, key: &str, value: Stored, life: Lifetime) {
        let now = self.clock.now();
        inner.entries.insert(key.to_owned(), Entry { value, end: life.end(now) });
        if inner.entries.len() > self.max_entries {
            make_room(&mut inner.entries, self.max_entries, millis(now));
        }
    }
}

/// What was said since; nothing when that cannot be known.
fn told(notices: &Path, read: u64, length: u64) -> Option<String> {
    if length < read {
        return None;
    }
    let mut file = File::open(notices).ok()?;
    file.seek(SeekFrom::Start(read)).ok()?;
    let mut text = String::new();
    file.take(length - read).read_to_string(&mut text).ok()?;
    Some(text)
}

fn millis(now: DateTime<Utc>) -> i64 {
    now.timestamp_millis()
}

/// Removes what has expired, and when too much is left, a tenth more than that: what would expire first.
fn make_room(entries: &mut BTreeMap<String, Entry>, most: usize, now: i64) {
    entries.retain(|_, entry| entry.end > now);
    if entries.len() <= most {
        return;
    }
    let mut ends: Vec<i64> = entries.values().map(|entry| entry.end).collect();
    ends.sort_unstable();
    let mut surplus = entries.len() - (most - most / 10);
    let last = ends[surplus - 1];
    entries.retain(|_, entry| {
        let goes = surplus > 0 && entry.end <= last;
        surplus -= usize::from(goes);
        !goes
    });
}

impl Store for Memory {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let inner = self.inner();
            Ok(self.live(&inner, key).map(|entry| entry.value.clone().into_bytes()))
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, ()> {
        Box::pin(async move {
            self.put(&mut self.inner(), key, value, life);
            Ok(())
        })
    }

    fn add<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, bool> {
        Box::pin(async move {
            let mut inner = self.inner();
            if self.live(&inner, key).is_some() {
                return Ok(false);
            }
            self.put(&mut inner, key, value, life);
            Ok(true)
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, life: Lifetime) -> Answer<'a, i64> {
        Box::pin(async move {
            let mut inner = self.inner();
            if self.live(&inner, key).is_none() {
                self.put(&mut inner, key, Stored::Number(by), life);
                return Ok(by);
            }
            match inner.entries.get_mut(key).map(|entry| &mut entry.value) {
                Some(Stored::Number(number)) if number.checked_add(by).is_some() => {
                    *number += by;
                    Ok(*number)
                }
                _ => Err(Error::NotANumber { key: key.to_owned() }),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let mut inner = self.inner();
            let was_there = self.live(&inner, key).is_some();
            inner.entries.remove(key);
            Ok(was_there)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64> {
        Box::pin(async move {
            let (mut inner, now) = (self.inner(), millis(self.clock.now()));
            let mut cleared = 0;
            inner.entries.retain(|key, entry| {
                let goes = key.starts_with(prefix);
                cleared += u64::from(goes && entry.end > now);
                !goes
            });
            Ok(cleared)
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
