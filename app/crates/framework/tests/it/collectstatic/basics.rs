//! What is collected, and what the command says and asks.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::{Duration, SystemTime};

use super::{collect, copied, filled, hashed, manifest, names, root, site, text};

#[test]
fn files_of_the_project_and_of_modules_are_collected() {
    let sandbox = filled()
        .file("config/default.toml", "[static]\ndirs = [\"static\", { prefix = \"docs/v1\", path = \"manual\" }]\n")
        .file("manual/index.html", "manual")
        .file("static/größe/CAPITALS/a b%2Fc.txt", "odd");
    collect(&sandbox, "");
    for (name, content) in [
        ("test.txt", "project"),
        ("sub/deep/file.txt", "deep"),
        ("shop.js", "let shop;"),
        ("annex.txt", "annex"),
        ("docs/v1/index.html", "manual"),
        ("größe/CAPITALS/a b%2Fc.txt", "odd"),
    ] {
        assert_eq!(text(&sandbox, name), content);
        assert_eq!(text(&sandbox, &hashed(&sandbox, name)), content);
    }
    assert_eq!(manifest(&sandbox).paths.len(), 6);
    assert!(!root(&sandbox).join("index.html").exists());
}

#[test]
fn the_project_comes_before_modules_whatever_the_times() {
    let sandbox = filled()
        .file("static/both.txt", "project")
        .file("src/modules/shop/static/both.txt", "shop")
        .file("src/modules/shop/static/modules.txt", "shop")
        .file("src/modules/annex/static/modules.txt", "annex");
    let touch = |path: &str, ago: u64| {
        let file = File::options().write(true).open(sandbox.dir.path().join(path)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(ago)).expect("a time");
    };
    for ago in [10_000, 0, 20_000] {
        touch("static/both.txt", ago);
        touch("src/modules/shop/static/modules.txt", ago);
        let out = collect(&sandbox, "").out;
        assert_eq!(out.matches("Found another file with the destination path 'both.txt'.").count(), 1, "{out}");
        assert_eq!(text(&sandbox, "both.txt"), "project");
        assert_eq!(text(&sandbox, "modules.txt"), "shop");
    }
    let quiet = collect(&sandbox, "-v 0").out;
    assert_eq!(quiet, "");
    fs::remove_file(sandbox.dir.path().join("src/modules/annex/static/modules.txt")).expect("it was there");
    fs::remove_file(sandbox.dir.path().join("src/modules/shop/static/both.txt")).expect("it was there");
    assert!(!collect(&sandbox, "").out.contains("Found another file"));
}

#[test]
fn patterns_say_what_is_left_out() {
    let sandbox = site()
        .file("static/test.ignoreme", "")
        .file("static/.hidden", "")
        .file("static/CVS/entries", "")
        .file("static/backup~", "")
        .file("static/vendor/a.js", "")
        .file("static/js/vendor/a.js", "")
        .file("static/a.css", "");
    let collected = |options: &str| {
        collect(&sandbox, &format!("--clear --no-post-process {options}"));
        names(&sandbox).join(" ")
    };
    assert_eq!(collected(""), "a.css js/vendor/a.js test.ignoreme vendor/a.js");
    assert_eq!(collected("-i *.ignoreme -i vendor"), "a.css");
    assert_eq!(collected("--ignore */vendor/*.js"), "a.css test.ignoreme vendor/a.js");
    let all = ".hidden CVS/entries a.css backup~ js/vendor/a.js test.ignoreme vendor/a.js";
    assert_eq!(collected("--no-default-ignore"), all);
    let sandbox = sandbox.var("APP__STATIC__IGNORE", "*.css,*/vendor/*.js");
    collect(&sandbox, "--clear --no-post-process");
    assert_eq!(names(&sandbox).join(" "), ".hidden CVS/entries backup~ test.ignoreme vendor/a.js");
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = filled();
    let ran = sandbox.line("collectstatic --dry-run");
    let source = sandbox.dir.path().join("static/test.txt");
    assert!(ran.out.contains(&format!("Pretending to copy '{}'\n", source.display())), "{ran:?}");
    assert!(ran.out.ends_with(&copied(&sandbox, "4 static files", ", 4 post-processed")), "{ran:?}");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(!sandbox.dir.path().join("var").exists());
    collect(&sandbox, "");
    let (before, listed) = (manifest(&sandbox), names(&sandbox));
    let sandbox = sandbox.file("static/test.txt", "changed").file("static/new.css", "a{}");
    fs::remove_file(sandbox.dir.path().join("static/sub/deep/file.txt")).expect("it was there");
    let ran = sandbox.line("collectstatic -n");
    assert!(ran.out.contains("Pretending to delete 'sub/deep/file.txt'\n"), "{ran:?}");
    assert_eq!((manifest(&sandbox), names(&sandbox)), (before, listed));
}

#[test]
fn it_says_as_much_as_is_asked() {
    let sandbox = filled();
    assert_eq!(collect(&sandbox, "-v 0").out, "");
    fs::remove_dir_all(root(&sandbox)).expect("it is there");
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "4 static files", ", 4 post-processed"));
    fs::remove_dir_all(root(&sandbox)).expect("it is there");
    let out = collect(&sandbox, "-v 2").out;
    let source = sandbox.dir.path().join("static/test.txt");
    assert!(out.contains(&format!("Copying '{}'\n", source.display())), "{out}");
    assert!(out.contains(&format!("Post-processed 'test.txt' as '{}'\n", hashed(&sandbox, "test.txt"))), "{out}");
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "0 static files", ", 4 unmodified"));
    let out = collect(&sandbox, "-v 2").out;
    assert!(out.contains("Skipping 'test.txt' (not modified)\n"), "{out}");
    assert!(!out.contains("Copying ") && !out.contains("Post-processed"), "{out}");
    let sandbox = sandbox.file("static/test.txt", "changed");
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "1 static file", ", 3 unmodified, 1 post-processed"));
}

#[test]
fn what_others_put_there_stays_until_it_is_cleared() {
    let sandbox = filled();
    // Nothing is there to be cleared yet.
    collect(&sandbox, "--clear");
    let sandbox = sandbox.file("var/static/theirs/robots.txt", "theirs").file("static/gone.txt", "gone");
    collect(&sandbox, "");
    let gone = hashed(&sandbox, "gone.txt");
    fs::remove_file(sandbox.dir.path().join("static/gone.txt")).expect("it was there");
    let out = collect(&sandbox, "").out;
    assert_eq!(out, format!("Deleting 'gone.txt'\n{}", copied(&sandbox, "0 static files", ", 4 unmodified")));
    assert_eq!(text(&sandbox, "theirs/robots.txt"), "theirs");
    assert_eq!(text(&sandbox, &gone), "gone", "pages of the last generation name it");
    let hash = manifest(&sandbox).hash;
    let out = collect(&sandbox, "--clear").out;
    assert!(out.contains("Deleting 'theirs/robots.txt'\n"), "{out}");
    assert!(!root(&sandbox).join("theirs").exists() && !root(&sandbox).join(&gone).exists());
    assert_eq!(manifest(&sandbox).hash, hash);
    assert_eq!(manifest(&sandbox).generations, []);
}

#[test]
fn it_asks_before_it_overwrites_or_deletes() {
    let sandbox = filled();
    // Nothing is there.
    assert_eq!(sandbox.line("collectstatic -v 0").code, 0);
    let ran = sandbox.line("collectstatic");
    ran.says_on_err(3, "cannot ask ");
    let sandbox = sandbox.typed("no\nno\nyes\n");
    for (options, is_said, is_not) in [
        ("", "This will overwrite existing files!", "DELETE"),
        ("--clear", "This will DELETE ALL FILES in this location!", "overwrite"),
    ] {
        let ran = sandbox.line(&format!("collectstatic {options}"));
        assert_eq!((ran.code, ran.err.as_str()), (1, "CommandError: Collecting static files cancelled.\n"));
        assert!(ran.out.contains(is_said) && !ran.out.contains(is_not), "{ran:?}");
        assert!(ran.out.contains(&format!("    {}\n", root(&sandbox).display())), "{ran:?}");
        assert!(ran.out.ends_with("Type 'yes' to continue, or 'no' to cancel: "), "{ran:?}");
    }
    let sandbox = sandbox.typed("yes\n");
    assert_eq!(sandbox.line("collectstatic --clear").code, 0);
}

#[test]
fn without_a_static_root_there_is_no_place() {
    let sandbox = filled().file("config/default.toml", "[static]\ndirs = [\"static\"]\nroot = \"\"\n");
    let message = "CommandError: You're using the staticfiles app without having set the STATIC_ROOT setting to a \
                   filesystem path.\nhint: ";
    sandbox.line("collectstatic --noinput").says_on_err(1, message);
    let help = sandbox.line("help collectstatic");
    assert!(help.code == 0 && help.out.contains("--no-post-process"), "{help:?}");
}

#[test]
fn permissions_are_those_of_the_settings() {
    let sandbox = filled().var("APP__STATIC__FILE_MODE", "655").var("APP__STATIC__DIR_MODE", "765");
    collect(&sandbox, "");
    let mode = |name: &str| root(&sandbox).join(name).metadata().expect("it is there").permissions().mode() & 0o7777;
    for name in ["test.txt", &hashed(&sandbox, "test.txt"), "staticfiles.json", "sub/deep/file.txt"] {
        assert_eq!(mode(name), 0o655, "{name}");
    }
    assert_eq!((mode("sub"), mode("sub/deep"), mode("")), (0o765, 0o765, 0o765));
    let sandbox = sandbox.var("APP__STATIC__FILE_MODE", "644");
    let mode = |name: &str| root(&sandbox).join(name).metadata().expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "4 static files", ", 4 post-processed"));
    assert_eq!(mode("test.txt"), 0o644);
    let sandbox = sandbox.var("APP__STATIC__FILE_MODE", "rw");
    sandbox.line("collectstatic --noinput").says_on_err(1, "expected permissions in octal digits, such as `644`");
}

#[test]
fn links_lead_to_the_sources() {
    let sandbox = filled();
    let out = collect(&sandbox, "--link").out;
    assert!(out.starts_with("4 static files symlinked to '"), "{out}");
    let source = sandbox.dir.path().join("static/test.txt");
    assert_eq!(fs::read_link(root(&sandbox).join("test.txt")).expect("a link"), source);
    let name = hashed(&sandbox, "test.txt");
    assert!(root(&sandbox).join(&name).symlink_metadata().expect("it is there").is_file());
    assert!(collect(&sandbox, "--link").out.starts_with("0 static files symlinked to '"));
    assert!(collect(&sandbox, "").out.starts_with("4 static files copied to '"));
    assert!(root(&sandbox).join("test.txt").symlink_metadata().expect("it is there").is_file());
    assert!(collect(&sandbox, "--link").out.starts_with("4 static files symlinked to '"));
}

#[test]
fn nothing_is_hashed_when_that_is_asked_for() {
    for sandbox in [filled().var("APP__STATIC__STORAGE", "plain"), filled()] {
        collect(&sandbox, "--no-post-process");
        assert_eq!(names(&sandbox), ["annex.txt", "shop.js", "sub/deep/file.txt", "test.txt"]);
        assert_eq!(collect(&sandbox, "--no-post-process").out, copied(&sandbox, "0 static files", ", 4 unmodified"));
    }
}

#[test]
fn a_second_run_writes_nothing() {
    let sandbox = filled().file("static/a.css", &"a{color:red}".repeat(50));
    collect(&sandbox, "");
    let state = || {
        let state = |name: &String| {
            let metadata = root(&sandbox).join(name).metadata().expect("it is there");
            (name.clone(), metadata.ino(), metadata.modified().expect("a time"))
        };
        (root(&sandbox).metadata().expect("it is there").ino(), names(&sandbox).iter().map(state).collect::<Vec<_>>())
    };
    let before = state();
    collect(&sandbox, "");
    assert_eq!(state(), before);
    // Somebody touched a copy, and damaged a compressed one: only contents count.
    fs::write(root(&sandbox).join("test.txt"), "project").expect("a file");
    let packed = root(&sandbox).join(format!("{}.gz", hashed(&sandbox, "a.css")));
    let good = fs::read(&packed).expect("a file");
    fs::write(&packed, "damaged").expect("a file");
    assert_eq!(collect(&sandbox, "").out, copied(&sandbox, "0 static files", ", 5 unmodified, 1 post-processed"));
    assert_eq!(fs::read(&packed).expect("a file"), good);
}
