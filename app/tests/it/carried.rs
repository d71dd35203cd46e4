//! What the build script puts into a release build.

#[path = "../../build.rs"]
#[expect(dead_code, reason = "its `main` is cargo's to call")]
mod build;

use std::fs;

#[test]
fn every_migration_of_every_module_is_carried() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |path: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, "").expect("a file");
    };
    for path in [
        "mod.rs",
        "cms/mod.rs",
        "cms/migrations/0002_b.toml",
        "cms/migrations/0001_initial.toml",
        "cms/migrations/README.md",
        "cms/adp/roles/migrations/0001_größe.toml",
        "plain/mod.rs",
    ] {
        write(path);
    }
    let root = dir.path().display();
    let text = format!(
        "Some(&[\n    (\"cms/adp/roles\", &[\n        (\"0001_größe\", \
         include_str!(\"{root}/cms/adp/roles/migrations/0001_größe.toml\")),\n    ]),\n    (\"cms\", &[\n        \
         (\"0001_initial\", include_str!(\"{root}/cms/migrations/0001_initial.toml\")),\n        (\"0002_b\", \
         include_str!(\"{root}/cms/migrations/0002_b.toml\")),\n    ]),\n])\n"
    );
    assert_eq!(build::carried(dir.path()).expect("a text"), text);
    let error = build::carried(&dir.path().join("nowhere")).expect_err("no such folder");
    assert!(error.to_string().contains("nowhere"), "{error}");
}
