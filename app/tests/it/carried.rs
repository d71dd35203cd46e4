//! What the build script puts into a release build.

#[path = "../../build.rs"]
#[expect(dead_code, reason = "its `main` is cargo's to call")]
mod build;

use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn all_that_a_release_needs_is_carried() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, "").expect("a file");
    };
    for path in [
        "secret.txt",
        "static/css/a b.css",
        "static/css/.hidden.css",
        "static/css/a.css~",
        "static/CVS/entries",
        "templates/base.html",
        "src/templates/mod.rs",
        "src/modules/mod.rs",
        "src/modules/cms/mod.rs",
        "src/modules/cms/locale/de/cms.ftl",
        "src/modules/cms/migrations/0002_b.toml",
        "src/modules/cms/migrations/0001_initial.toml",
        "src/modules/cms/migrations/README.md",
        "src/modules/cms/adp/roles/migrations/0001_größe.toml",
        "src/modules/cms/static/vendor/static/x.js",
        "src/modules/templates/mod.rs",
        "src/modules/templates/templates/plain.html",
    ] {
        write(path);
    }
    symlink(dir.path().join("secret.txt"), dir.path().join("static/secret.txt")).expect("a link");
    symlink(dir.path().join("static"), dir.path().join("static/loop")).expect("a link");
    symlink("a b.css", dir.path().join("static/css/link.css")).expect("a link");
    let text = r#"Some(framework::project::Carried {
    migrations: &[
        ("cms/adp/roles", &[
            ("0001_größe", include_str!("ROOT/src/modules/cms/adp/roles/migrations/0001_größe.toml")),
        ]),
        ("cms", &[
            ("0001_initial", include_str!("ROOT/src/modules/cms/migrations/0001_initial.toml")),
            ("0002_b", include_str!("ROOT/src/modules/cms/migrations/0002_b.toml")),
        ]),
    ],
    templates: &[
        ("templates", &[
            ("base.html", include_str!("ROOT/templates/base.html")),
        ]),
        ("src/modules/templates/templates", &[
            ("plain.html", include_str!("ROOT/src/modules/templates/templates/plain.html")),
        ]),
    ],
    statics: &[
        ("static", &[
            ("css/a b.css", include_bytes!("ROOT/static/css/a b.css").as_slice()),
            ("css/link.css", include_bytes!("ROOT/static/css/link.css").as_slice()),
        ]),
        ("src/modules/cms/static", &[
            ("vendor/static/x.js", include_bytes!("ROOT/src/modules/cms/static/vendor/static/x.js").as_slice()),
        ]),
    ],
    locales: &[
        ("src/modules/cms/locale", &[
            ("de/cms.ftl", include_str!("ROOT/src/modules/cms/locale/de/cms.ftl")),
        ]),
    ],
})
"#;
    let text = text.replace("ROOT", &dir.path().display().to_string());
    assert_eq!(build::carried(dir.path()).expect("a text"), text);
    let error = build::carried(&dir.path().join("nowhere")).expect_err("no such folder");
    assert!(error.to_string().contains("nowhere"), "{error}");
}
