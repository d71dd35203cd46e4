//! What is wrong with the files, or in their way, is said, all of it; and what was served stays.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use super::{collect, filled, manifest, names, root, site, text};

#[test]
fn all_that_is_missing_is_said_at_once() {
    let sandbox = filled();
    collect(&sandbox, "");
    let before = (manifest(&sandbox), names(&sandbox));
    let sandbox = sandbox
        .file("static/a.css", "a{}\n  b{b:url(img/missing.png)}\n@import 'größe.css';")
        .file("src/modules/shop/static/shop.js", "import './gone.js';")
        .file("static/test.txt", "changed");
    let message = "CommandError: 3 errors in the static files, nothing was changed:\n  \
        static/a.css:2:11: `img/missing.png` leads nowhere: there is no static file `img/missing.png`\n  \
        static/a.css:3:10: `größe.css` leads nowhere: there is no static file `größe.css`\n  \
        src/modules/shop/static/shop.js:1:9: `./gone.js` leads nowhere: there is no static file `gone.js`\n\
        hint: mend them, or leave files out with `--ignore`\n";
    sandbox.line("collectstatic --dry-run").is(1, "", message);
    sandbox.line("collectstatic --noinput").is(1, "", message);
    assert_eq!((manifest(&sandbox), names(&sandbox)), before);
    assert_eq!(text(&sandbox, "test.txt"), "project");
}

#[test]
fn a_missing_source_map_is_a_warning() {
    let sandbox = site().file("static/a.js", "1;\n//# sourceMappingURL=a.js.map\n");
    let ran = sandbox.line("collectstatic --noinput");
    let warning = "warning: static/a.js:2:22: `a.js.map` leads nowhere: there is no static file `a.js.map`\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, warning));
    assert_eq!(text(&sandbox, &super::hashed(&sandbox, "a.js")), sandbox.text("static/a.js"));
}

#[test]
fn bytes_that_are_not_utf_8_stay_as_they_are() {
    let sandbox = site().file("static/img.png", "png");
    let latin = b"a{content:'\xfc';b:url(img.png)}";
    fs::write(sandbox.dir.path().join("static/latin.css"), latin).expect("a file");
    let ran = sandbox.line("collectstatic --noinput");
    let warning = "warning: static/latin.css:1:12: is not UTF-8, which is what browsers will be told\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, warning));
    let bytes = fs::read(root(&sandbox).join(super::hashed(&sandbox, "latin.css"))).expect("a file");
    assert_eq!(bytes[..18], latin[..18]);
    assert_eq!(fs::read(root(&sandbox).join("latin.css")).expect("a file"), latin);
    let name = std::ffi::OsStr::from_bytes(b"n\xfcll.txt");
    fs::write(sandbox.dir.path().join("static").join(name), "").expect("a file");
    let ran = sandbox.line("collectstatic --noinput");
    ran.says_on_err(1, "static/n\u{fffd}ll.txt: has a name that is not UTF-8\n");
}

#[test]
fn names_in_each_others_way_are_said() {
    let sandbox = site()
        .file("static/css", "a file")
        .file("src/modules/shop/static/css/shop.css", "a{}")
        .file("src/modules/annex/static/staticfiles.json", "{}");
    let ran = sandbox.line("collectstatic --noinput");
    ran.says_on_err(1, "CommandError: 2 errors in the static files, nothing was changed:\n");
    ran.says_on_err(1, "static/css: is a file where `css/shop.css` needs a directory\n");
    ran.says_on_err(1, "annex/static/staticfiles.json: has the name of the manifest that is written there\n");
}

#[test]
fn what_others_put_in_the_way_is_left_alone() {
    let sandbox = filled().file("var/static/test.txt/theirs", "theirs").file("var/static/sub", "theirs");
    let ran = sandbox.line("collectstatic --noinput");
    let root = root(&sandbox).display().to_string();
    let message = format!(
        "CommandError: what others put into the static root is in the way of files and directories:\n  {root}/sub\n  \
         {root}/test.txt/theirs\nhint: move it away, or run `app collectstatic --clear`, which removes everything there\n"
    );
    ran.is(1, "", &message);
    assert_eq!(text(&sandbox, "sub"), "theirs");
    assert!(collect(&sandbox, "--clear").out.contains("Deleting 'test.txt/theirs'\n"));
    assert_eq!(text(&sandbox, "test.txt"), "project");
}

#[test]
fn a_root_that_is_no_directory_is_said() {
    let sandbox = filled().file("var/static", "a file");
    let ran = sandbox.line("collectstatic --noinput");
    ran.says_on_err(1, "var/static` is no directory\nhint: the setting `static.root` must name a directory\n");
}

#[test]
fn links_are_followed_as_far_as_they_are_served() {
    let sandbox = filled().file("secret.txt", "secret").file("outside/x.txt", "x");
    let at = |path: &str| sandbox.dir.path().join(path);
    symlink(at("secret.txt"), at("static/out.txt")).expect("a link");
    symlink(at("outside"), at("static/outside")).expect("a link");
    symlink(at("static"), at("static/sub/loop")).expect("a link");
    symlink(at("nowhere"), at("static/nowhere")).expect("a link");
    symlink(at("static/test.txt"), at("static/inside.txt")).expect("a link");
    let ran = sandbox.line("collectstatic --noinput");
    let warnings = "warning: static/nowhere: is a link that leads nowhere, and is left out\n\
        warning: static/out.txt: is a link that leads out of the directory, and is left out\n\
        warning: static/outside: is a link that leads out of the directory, and is left out\n\
        warning: static/sub/loop: is a link that leads back to a directory above it, and is left out\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, warnings));
    assert_eq!(text(&sandbox, "inside.txt"), "project");
    assert!(!root(&sandbox).join("outside").exists() && !root(&sandbox).join("out.txt").exists());
}

#[test]
fn a_root_behind_a_link_stays_there() {
    let sandbox = filled().file("srv/keep.txt", "");
    fs::create_dir(sandbox.dir.path().join("var")).expect("a directory");
    symlink(sandbox.dir.path().join("srv"), root(&sandbox)).expect("a link");
    collect(&sandbox, "");
    assert!(root(&sandbox).symlink_metadata().expect("it is there").is_symlink());
    assert_eq!(sandbox.text("srv/test.txt"), "project");
    assert_eq!(sandbox.names("").iter().filter(|name| name.starts_with(".srv")).collect::<Vec<_>>(), [".srv.lock"]);
}

#[test]
fn two_at_once_take_turns() {
    let sandbox = filled();
    let runs: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| filled_at(&sandbox).line("collectstatic --noinput"))).collect();
        runs.into_iter().map(|run| run.join().expect("no panic")).collect()
    });
    let wrote = runs.iter().filter(|ran| ran.out.contains("4 static files copied")).count();
    assert!(runs.iter().all(|ran| ran.code == 0 && ran.err.is_empty()), "{runs:?}");
    assert_eq!(wrote, 1, "{runs:?}");
    assert_eq!(names(&sandbox).len(), 9);
}

/// Another person at the same project.
fn filled_at(sandbox: &crate::sandbox::Sandbox) -> crate::sandbox::Sandbox {
    let other = site();
    let root = sandbox.dir.path().to_str().expect("UTF-8").to_owned();
    other.var("APP_ROOT", &root)
}
