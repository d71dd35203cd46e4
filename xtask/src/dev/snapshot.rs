//! The files of the project as they were when they were last looked at: which are there, and a hash of each one's
//! content. A file whose metadata is as before is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::dev::content::{Stat, nanos};
use crate::dev::kinds::{ROOT_FILES, Rules};
use crate::dev::model::{Changes, Kind};
use crate::fingerprint::{self, Nanos};
use crate::project::Project;

/// Directories that are deeper below the root are not listed.
const DEEPEST: usize = 32;

/// Which names in a directory are of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// Every one.
    All,
    /// These.
    Only(BTreeSet<OsString>),
}

/// Is told of every directory before it is looked at.
pub type Visit<'a> = &'a mut dyn FnMut(&Path, Names);

/// Whether anything was different from the look before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Same,
    /// Something.
    Different,
}

/// What is known of the files of a project.
#[derive(Debug)]
pub struct Tree {
    rules: Rules,
    /// Cargo's dep-info, and as of when it is known.
    dep_info: PathBuf,
    dep_info_stat: Option<Stat>,
    /// A file that is written when a build begins.
    begun: PathBuf,
    files: BTreeMap<PathBuf, File>,
    /// Looks are counted, so that files that a look did not find can be told apart.
    round: u64,
    now: Nanos,
    look: Look,
}

/// What is known of one file.
#[derive(Debug)]
struct File {
    kind: Option<Kind>,
    stat: Stat,
    /// Whether the same metadata means the same content.
    is_settled: bool,
    /// A hash; none if the file is not there.
    content: Option<u64>,
    /// What was the content when changes were last asked for.
    told: Option<u64>,
    round: u64,
}

impl Tree {
    /// Looks at all files for the first time. There are no changes then.
    pub fn new(project: &Project, visit: Visit<'_>) -> Self {
        let mut tree = Self {
            rules: Rules::new(project),
            dep_info: project.app_binary().with_extension("d"),
            dep_info_stat: None,
            begun: fingerprint::root_file(project),
            files: BTreeMap::new(),
            round: 0,
            now: 0,
            look: Look::Same,
        };
        tree.look(visit);
        tree.changes();
        tree
    }

    /// Looks at all files again.
    pub fn look(&mut self, visit: Visit<'_>) -> Look {
        (self.round, self.now, self.look) = (self.round + 1, nanos(SystemTime::now()), Look::Same);
        let newly_named = self.read_dep_info(visit);
        visit(&self.rules.root, Names::Only(["app".into(), ".cargo".into()].into()));
        let app = self.rules.root.join("app");
        self.look_in(&app, &mut Vec::new(), visit);
        self.look_at_single_files(visit);
        let round = self.round;
        for file in self.files.values_mut().filter(|file| file.round != round && file.content.is_some()) {
            file.content = None;
            self.look = Look::Different;
        }
        let begun = self.begun();
        for path in newly_named {
            let Some(file) = self.files.get_mut(&path) else { continue };
            // The build that named it has read it as it is, unless it was changed after that build began.
            file.told = file.content.filter(|_| file.stat.newest() < begun);
        }
        self.look
    }

    /// When the last build began: a save since then may have come after the compiler had read the file, and before the
    /// dep-info was written. Of a build that is not xtask's, only the end is known.
    fn begun(&self) -> Nanos {
        let begun = std::fs::metadata(&self.begun).map(|metadata| Stat::of(&metadata)).ok();
        begun.or(self.dep_info_stat).map_or(0, |stat| stat.newest())
    }

    /// The files whose content is not what it was when this was last asked, and that are somebody's.
    pub fn changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for (path, file) in self.files.iter_mut().filter(|(_, file)| file.content != file.told) {
            file.told = file.content;
            changes.files.extend(file.kind.map(|kind| (kind, path.clone())));
        }
        self.files.retain(|_, file| file.content.is_some());
        changes
    }

    /// Whether one of the changed files is empty: it may be that its content is just being written.
    pub fn is_emptied(&self) -> bool {
        let is_empty = |file: &File| file.content.is_some() && file.stat.is_empty();
        self.files.values().any(|file| file.content != file.told && file.kind.is_some() && is_empty(file))
    }

    /// Reads which files the last build was made from, if there was one since. Gives those that were nobody's before.
    fn read_dep_info(&mut self, visit: Visit<'_>) -> Vec<PathBuf> {
        if let (Some(folder), Some(name)) = (self.dep_info.parent(), self.dep_info.file_name()) {
            visit(folder, Names::Only([name.to_owned()].into()));
        }
        let stat = std::fs::metadata(&self.dep_info).ok().map(|metadata| Stat::of(&metadata));
        if stat == self.dep_info_stat {
            return Vec::new();
        }
        self.dep_info_stat = stat;
        // While it is missing, or another checkout's, what was known of the last one is the best guess.
        let Ok(files) = fingerprint::named_in(&self.dep_info, &self.rules.root) else { return Vec::new() };
        let before: Vec<PathBuf> = files.iter().filter(|path| self.rules.kind(path).is_none()).cloned().collect();
        self.rules.named = files.into_iter().collect();
        for (path, file) in &mut self.files {
            file.kind = self.rules.kind(path);
        }
        before
    }

    /// The files outside of the directories that are listed.
    fn look_at_single_files(&mut self, visit: Visit<'_>) {
        let of_root = ROOT_FILES.iter().map(|(name, _)| self.rules.root.join(name));
        let all = of_root.chain(self.rules.named.iter().cloned());
        let is_seen = |path: &PathBuf| self.files.get(path).is_some_and(|file| file.round == self.round);
        let single: Vec<PathBuf> = all.filter(|path| !is_seen(path) && self.rules.kind(path).is_some()).collect();
        let mut names: BTreeMap<&Path, BTreeSet<OsString>> = BTreeMap::new();
        for path in &single {
            if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
                names.entry(folder).or_default().insert(name.to_owned());
            }
        }
        for (folder, names) in names {
            visit(folder, Names::Only(names));
        }
        for path in single {
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            let metadata = if metadata.is_symlink() { followed(&path, visit) } else { Some(metadata) };
            if let Some(metadata) = metadata.filter(Metadata::is_file) {
                self.record(path, &metadata);
            }
        }
    }

    /// Lists a directory and what is below. `links` are the directories that links on the way here lead to.
    fn look_in(&mut self, folder: &Path, links: &mut Vec<PathBuf>, visit: Visit<'_>) {
        let deepest = self.rules.root.components().count() + DEEPEST;
        if !self.rules.is_walked(folder) || folder.components().count() > deepest {
            return;
        }
        visit(folder, Names::All);
        // What cannot be listed is not there, for us and for the compiler.
        for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let Ok(file_type) = entry.file_type() else { continue };
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            if file_type.is_dir() {
                self.look_in(&path, links, visit);
            } else if file_type.is_file() {
                if let Ok(metadata) = entry.metadata() {
                    self.record(path, &metadata);
                }
            } else if file_type.is_symlink() {
                self.follow(folder, path, links, visit);
            }
        }
    }

    fn follow(&mut self, folder: &Path, path: PathBuf, links: &mut Vec<PathBuf>, visit: Visit<'_>) {
        let Some(metadata) = followed(&path, visit) else { return };
        if metadata.is_file() {
            return self.record(path, &metadata);
        }
        let (Ok(target), Ok(folder)) = (path.canonicalize(), folder.canonicalize()) else { return };
        if metadata.is_dir() && !folder.starts_with(&target) && !links.contains(&target) {
            links.push(target);
            self.look_in(&path, links, visit);
            links.pop();
        }
    }

    /// Takes down that a file is there, and reads it unless it is certain what is in it.
    fn record(&mut self, path: PathBuf, metadata: &Metadata) {
        let stat = Stat::of(metadata);
        let round = self.round;
        let known = self.files.get_mut(&path);
        if let Some(file) = known.filter(|file| file.is_settled && file.stat == stat && file.content.is_some()) {
            file.round = round;
            return;
        }
        let content = match stat.hash_of(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            content => content,
        };
        let is_settled = content.is_ok() && stat.is_settled(self.now);
        // Not to be readable is a content like any other.
        let content = Some(content.unwrap_or_default());
        let kind = self.rules.kind(&path);
        let (before, told) = self.files.get(&path).map_or((None, None), |file| (file.content, file.told));
        if content != before {
            self.look = Look::Different;
        }
        self.files.insert(path, File { kind, stat, is_settled, content, told, round });
    }
}

/// What a link leads to, which is watched too.
fn followed(path: &Path, visit: Visit<'_>) -> Option<Metadata> {
    let target = path.canonicalize().ok()?;
    visit(target.parent()?, Names::Only([target.file_name()?.to_owned()].into()));
    std::fs::metadata(&target).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dev::content::{COARSEST, LARGE};

    const FILE: &str = "app/src/a.rs";

    /// A project whose one file was written this long ago.
    fn project(age: Duration) -> (tempfile::TempDir, Project) {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("a directory");
        std::fs::create_dir_all(root.join("app/src")).expect("a directory");
        let project = Project {
            root: root.clone(),
            here: root.clone(),
            binaries: root.join("target/debug"),
            cargo: "cargo".into(),
            variables: Default::default(),
            scrubbed: Default::default(),
        };
        write(&project, "one", SystemTime::now() - age);
        (directory, project)
    }

    fn write(project: &Project, text: &str, time: SystemTime) {
        let path = project.root.join(FILE);
        std::fs::write(&path, text).expect("a file");
        std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(time)).expect("a time");
    }

    fn look(tree: &mut Tree) -> Look {
        tree.look(&mut |_, _| {})
    }

    #[test]
    fn equal_metadata_is_relied_on_only_when_it_is_old() {
        let (_directory, project) = project(Duration::ZERO);
        let path = project.root.join(FILE);
        let mut tree = Tree::new(&project, &mut |_, _| {});
        write(&project, "two", SystemTime::now());
        // As if both writes had come within one tick.
        let stat = |tree: &mut Tree| {
            let now = Stat::of(&std::fs::metadata(&path).expect("a file"));
            let file = tree.files.get_mut(&path).expect("a file");
            file.stat = now;
            file.is_settled
        };
        assert!(!stat(&mut tree));
        assert_eq!(look(&mut tree), Look::Different);
        assert_eq!(tree.changes().files.len(), 1);
        // Later, the same metadata stands for the same content, and the file is not read.
        tree.now += 2 * COARSEST;
        let metadata = std::fs::metadata(&path).expect("a file");
        tree.record(path.clone(), &metadata);
        write(&project, "six", SystemTime::now());
        assert!(stat(&mut tree));
        assert_eq!(look(&mut tree), Look::Same);
        assert!(tree.changes().files.is_empty());
    }

    #[test]
    fn a_file_that_was_set_back_in_time_is_read_again() {
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        let (_directory, project) = project(Duration::from_secs(3600));
        let mut tree = Tree::new(&project, &mut |_, _| {});
        write(&project, "one", long_ago);
        assert_eq!(look(&mut tree), Look::Same);
        write(&project, "two", long_ago);
        assert_eq!(look(&mut tree), Look::Different);
        assert!(tree.changes().has(Kind::Source));
        assert!(tree.changes().files.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_a_content_like_any_other() {
        let (_directory, project) = project(Duration::from_secs(3600));
        let path = project.root.join(FILE);
        let mut tree = Tree::new(&project, &mut |_, _| {});
        // Gone between listing and reading: as if it had not been listed. Even root cannot read a directory as a file.
        let metadata = std::fs::metadata(&path).expect("a file");
        let before = tree.files.len();
        tree.record(project.root.join("app/src/gone.rs"), &metadata);
        assert_eq!(tree.files.len(), before);
        tree.record(project.root.join("app/src"), &metadata);
        assert!(!tree.files[&project.root.join("app/src")].is_settled);
        assert_eq!(look(&mut tree), Look::Different);
        assert!(tree.changes().files.is_empty());
    }

    #[test]
    fn large_files_are_known_by_their_metadata() {
        let (_directory, project) = project(Duration::from_secs(3600));
        let large = project.root.join("app/static/film.bin");
        std::fs::create_dir_all(project.root.join("app/static")).expect("a directory");
        std::fs::File::create(&large).and_then(|file| file.set_len(LARGE + 1)).expect("a file");
        let mut tree = Tree::new(&project, &mut |_, _| {});
        assert_eq!(look(&mut tree), Look::Same);
        std::fs::File::create(&large).and_then(|file| file.set_len(LARGE + 2)).expect("a file");
        assert_eq!(look(&mut tree), Look::Different);
        assert_eq!(tree.changes().files, [(Kind::Page, large)].into());
    }

    #[test]
    fn a_file_that_a_build_names_is_changed_if_it_was_saved_since_that_build_began() {
        let (_directory, project) = project(Duration::from_secs(3600));
        let included = |name: &str| project.root.join("app/src").join(name);
        let stamp = |path: &Path, text: &str| {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
            std::fs::write(path, text).expect("a file");
            Stat::of(&std::fs::metadata(path).expect("a file")).newest()
        };
        // Later by the clock that stamps files, which is coarse.
        let later = |path: &Path, text: &str, than: Nanos| while stamp(path, text) <= than {};
        let before = stamp(&included("before.txt"), "one");
        let mut tree = Tree::new(&project, &mut |_, _| {});
        let begun = fingerprint::root_file(&project);
        later(&begun, "", before);
        let begun = Stat::of(&std::fs::metadata(&begun).expect("a file")).newest();
        later(&included("meanwhile.txt"), "two", begun);
        look(&mut tree);
        assert!(tree.changes().files.is_empty());
        stamp(&tree.dep_info, "app: app/src/a.rs app/src/before.txt app/src/meanwhile.txt\n");
        look(&mut tree);
        assert_eq!(tree.changes().files, [(Kind::Source, included("meanwhile.txt"))].into());
        look(&mut tree);
        assert!(tree.changes().files.is_empty());
    }

    #[test]
    fn an_empty_file_is_told_apart() {
        let (_directory, project) = project(Duration::from_secs(3600));
        let mut tree = Tree::new(&project, &mut |_, _| {});
        for (text, is_emptied) in [("two", false), ("", true), ("one", false), ("", true)] {
            write(&project, text, SystemTime::now());
            look(&mut tree);
            assert_eq!(tree.is_emptied(), is_emptied, "{text:?}");
        }
        tree.changes();
        assert!(!tree.is_emptied());
    }
}
