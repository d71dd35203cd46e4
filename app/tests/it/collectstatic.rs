//! `collectstatic` when the machine fails it: what is served is the old set or the new one, never a mix.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use framework::staticfiles::digest::Digest;
use framework::staticfiles::manifest::{self, Manifest};

use crate::binary::Root;

/// A project root whose static files are in `files/`.
fn site() -> Root {
    let root = Root::new();
    let files = root.path().join("files");
    fs::create_dir(&files).expect("a directory");
    root.var("APP__STATIC__DIRS", files.to_str().expect("UTF-8"))
}

fn write(root: &Root, name: &str, content: &[u8]) {
    let path = root.path().join("files").join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, content).expect("a file");
}

/// Forty files that all change from one version to the next.
fn write_version(root: &Root, version: u32) {
    for number in 0..40 {
        let text = format!("a{{color:red;b:url(img/{number}.png)}} /* {version} */\n").repeat(30);
        write(root, &format!("css/{number}.css"), text.as_bytes());
        write(root, &format!("css/img/{number}.png"), version.to_string().as_bytes());
    }
    write(root, "version.txt", version.to_string().as_bytes());
}

fn static_root(root: &Root) -> PathBuf {
    root.path().join("var/static")
}

/// The version that is there as a whole: every file that the manifest names, and no other.
fn version(root: &Root) -> Option<u32> {
    let directory = static_root(root);
    let manifest = Manifest::read(&directory).expect("a manifest that can be read")?;
    let mut known = BTreeSet::from([manifest::NAME.to_owned()]);
    let check = |name: &str, sha256: &str| {
        let bytes = fs::read(directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Digest::of(&bytes).sha256, sha256, "{name}");
    };
    for (name, entry) in &manifest.files {
        check(name, &entry.sha256);
        known.insert(name.clone());
        for (encoding, encoded) in &entry.encodings {
            check(&encoding.name_for(name), &encoded.sha256);
            known.insert(encoding.name_for(name));
        }
    }
    assert_eq!(names(&directory), known);
    let read = |name: &str| fs::read_to_string(directory.join(name)).expect("a version").parse().expect("a number");
    let version: u32 = read("version.txt");
    assert_eq!(version, read(&manifest.stored_name("version.txt").expect("it is collected")));
    Some(version)
}

fn names(directory: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = vec![directory.to_owned()];
    while let Some(one) = rest.pop() {
        // What is being removed may be gone.
        for path in fs::read_dir(&one).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                rest.push(path);
            } else if let Ok(name) = path.strip_prefix(directory) {
                names.insert(name.display().to_string());
            }
        }
    }
    names
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the seed of an earlier run may be given")]
fn wherever_it_is_killed_there_is_one_whole_set() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let mut seed = std::env::var("COLLECT_SEED").ok().map_or_else(now, |seed| seed.parse().expect("a number"));
    println!("COLLECT_SEED={seed}");
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let root = site();
    let stage = root.path().join("var/.static.new");
    write_version(&root, 0);
    root.line("collectstatic --noinput -v 0").is(0, "", "");
    let whole = names(&static_root(&root)).len() as u64;
    let mut served = version(&root);
    let mut ends = BTreeSet::new();
    for round in 1..=10 {
        write_version(&root, round);
        let mut app = root.command();
        let mut app = app.args(["collectstatic", "--noinput", "-v", "0"]).spawn().expect("the app starts");
        let inode = || std::os::unix::fs::MetadataExt::ino(&static_root(&root).metadata().expect("it is there"));
        let before = inode();
        // As many files of the new set are there, or it was published and as many of the old one are left.
        let (files, is_published) = (below(whole), round % 2 == 0);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let reached = match is_published {
                false => names(&stage).len() as u64 >= files,
                true => inode() != before && (names(&stage).len() as u64) <= files,
            };
            if reached || app.try_wait().expect("a child").is_some() {
                break;
            }
            assert!(Instant::now() < deadline, "round {round}: neither {files} files nor an end");
        }
        app.kill().expect("a child");
        app.wait().expect("a child");
        let now = version(&root);
        assert!(now == served || now == Some(round), "round {round}: {now:?} after {served:?}");
        ends.insert(now == served);
        served = now;
    }
    assert_eq!(ends.len(), 2, "both were to be seen");
    root.line("collectstatic --noinput -v 0").is(0, "", "");
    assert_eq!(version(&root), Some(10));
    assert!(!stage.exists());
}

#[test]
fn a_disk_that_takes_no_more_leaves_the_old_set() {
    let root = site();
    write_version(&root, 0);
    root.line("collectstatic --noinput -v 0").is(0, "", "");
    write_version(&root, 1);
    let mut random = 1_u32;
    let noise = (0..300_000).map(|_| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    });
    write(&root, "noise.bin", &noise.collect::<Vec<u8>>());
    let app = root.command();
    // No file can become bigger than 100 or 200 kB, as some shells count.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" collectstatic --noinput", env!("CARGO_BIN_EXE_app")]);
    limited.env_clear().envs(app.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = limited.current_dir(root.path()).stdin(Stdio::null()).output().expect("a shell");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{err}");
    let stage = root.path().join("var/.static.new");
    let message = format!(
        "CommandError: failed to write `{}`: File too large (os error 27)\nhint: what is served is whole; run `app \
         collectstatic` again when this is mended\n",
        stage.join("noise.bin").display()
    );
    assert_eq!(err, message);
    assert_eq!(version(&root), Some(0));
    assert!(!stage.exists());
    root.line("collectstatic --noinput -v 0").is(0, "", "");
    assert_eq!(version(&root), Some(1));
}
