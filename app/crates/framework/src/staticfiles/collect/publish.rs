//! Puts the new set in the old one's place: in one step where the file system can, otherwise file by file in an order that
//! never leaves a manifest without the files that it names.

use std::fs;
use std::io;
use std::path::Path;

use super::existing::Existing;
use super::places::{Places, Stand};
use super::plan::Plan;
use super::stage::{Modes, Staged, take_along, write};
use super::{Result, tried};
use crate::staticfiles::manifest;

/// Exchanges two directories.
pub(super) type Exchange = fn(&Path, &Path) -> io::Result<()>;

/// Makes the new set and publishes it. When that fails before the old one is touched, nothing has happened.
pub(super) fn publish(
    places: &Places,
    plan: &Plan,
    existing: &Existing,
    modes: Modes,
    exchange: Exchange,
) -> Result<()> {
    clean(places)?;
    let result = write(places, plan, modes).and_then(|staged| {
        match places.stand {
            Stand::Beside if in_one_step(places, plan, existing, exchange)? => {}
            Stand::Beside | Stand::Inside => file_by_file(places, plan, &staged)?,
        }
        Ok(())
    });
    let cleaned = clean(places);
    result.and(cleaned)
}

/// Whether the system could do it.
fn in_one_step(places: &Places, plan: &Plan, existing: &Existing, exchange: Exchange) -> Result<bool> {
    let Places { root, stage, .. } = places;
    if !root.exists() {
        fs::rename(stage, root).map_err(tried("make", root))?;
        return Ok(true);
    }
    take_along(places, plan, existing)?;
    let permissions = root.metadata().map_err(tried("look at", root))?.permissions();
    fs::set_permissions(stage, permissions).map_err(tried("set the permissions of", stage))?;
    // A mount point, a file system without it, another system: there is another way.
    Ok(exchange(stage, root).is_ok())
}

fn file_by_file(places: &Places, plan: &Plan, staged: &Staged) -> Result<()> {
    let manifest = plan.is_hashed().then(|| manifest::NAME.to_owned());
    for name in staged.hashed.iter().chain(&manifest).chain(&staged.originals) {
        moved(&places.stage.join(name), &places.root.join(name))?;
    }
    for name in &plan.removed {
        let path = places.root.join(name);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(tried("remove", &path)(error)),
        }
        // Directories that are empty now; the first that is not ends it.
        let above = path.ancestors().skip(1).take_while(|directory| *directory != places.root);
        above.map(fs::remove_dir).take_while(io::Result::is_ok).for_each(drop);
    }
    Ok(())
}

/// Moves a file in one step; where the two are not on one file system, by way of a copy beside the target.
fn moved(from: &Path, to: &Path) -> Result<()> {
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory).map_err(tried("make", directory))?;
    }
    match fs::rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let mut beside = to.as_os_str().to_owned();
            beside.push(".new");
            let beside = Path::new(&beside);
            fs::copy(from, beside).map_err(tried("write", beside))?;
            fs::rename(beside, to).map_err(tried("write", to))
        }
        Err(error) => Err(tried("write", to)(error)),
    }
}

/// Removes what a run that was killed left behind, or this one needs no more.
pub(super) fn clean(places: &Places) -> Result<()> {
    match fs::remove_dir_all(&places.stage) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(tried("remove", &places.stage)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::io;
    use std::path::Path;

    use bytes::Bytes;

    use super::{Exchange, publish};
    use crate::staticfiles::build::{Data, Source, build};
    use crate::staticfiles::collect::existing::Existing;
    use crate::staticfiles::collect::places::{Places, Stand, WORK};
    use crate::staticfiles::collect::plan::{Plan, Way};
    use crate::staticfiles::collect::stage::Modes;
    use crate::system;

    fn collect(root: &Path, sources: &[(&str, &str)], stand: Stand, exchange: Exchange) {
        let mut places = Places::take(root, || {}).expect("nobody else is here");
        if stand == Stand::Inside {
            fs::create_dir_all(root).expect("a directory");
            (places.stand, places.stage) = (stand, root.join(WORK[0]));
        }
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).to_owned(),
            data: Data::Memory(Bytes::copy_from_slice(text.as_bytes())),
        };
        let existing =
            Existing::look(root, &sources.iter().map(|(path, _)| *path).collect::<Vec<_>>(), None).expect("a root");
        let built = build(sources.iter().map(source).collect(), "/static/").expect("good sources");
        let plan = Plan::hashed(built, Way::Copy, 1, &existing);
        let modes = Modes { files: None, directories: None };
        publish(&places, &plan, &existing, modes, exchange).expect("a set");
    }

    fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut rest = vec![root.to_owned()];
        while let Some(directory) = rest.pop() {
            for entry in fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    rest.push(path);
                } else {
                    let name = path.strip_prefix(root).expect("below it").display().to_string();
                    files.insert(name, fs::read(path).expect("a file"));
                }
            }
        }
        files
    }

    #[test]
    fn file_by_file_leads_to_the_same() {
        let cannot: Exchange = |_, _| Err(io::ErrorKind::Unsupported.into());
        let sets: [&[(&str, &str)]; 4] = [
            &[("a.css", "a{b:url(deep/b.png)}"), ("deep/b.png", "1"), ("gone/gone.txt", "gone")],
            &[("a.css", "a{b:url(deep/b.png)}"), ("deep/b.png", "2"), ("new/new.txt", "new")],
            &[("a.css", "a{}")],
            &[],
        ];
        for stand in [Stand::Beside, Stand::Inside] {
            let dir = tempfile::tempdir().expect("a directory");
            let (one, other) = (dir.path().join("one"), dir.path().join("other"));
            for set in sets {
                for root in [&one, &other] {
                    fs::create_dir_all(root).expect("a directory");
                    fs::write(root.join("theirs.txt"), "theirs").expect("a file");
                }
                collect(&one, set, Stand::Beside, system::exchange);
                collect(&other, set, stand, cannot);
                assert_eq!(files(&one), files(&other), "{stand:?} {set:?}");
                assert!(files(&one).contains_key("theirs.txt"));
            }
            assert!(!one.join("deep").exists() && !other.join("deep").exists());
        }
    }
}
