//! The checks for deployments: all that they can say, and that README lists it.

use std::collections::BTreeSet;

use crate::fixtures;
use crate::sandbox::Sandbox;

/// The ids and levels that a report names.
fn reported(text: &str) -> BTreeSet<(String, String)> {
    let mut level = "";
    let mut found = BTreeSet::new();
    for line in text.lines() {
        match line {
            "CRITICALS:" | "ERRORS:" | "WARNINGS:" | "INFOS:" | "DEBUGS:" => level = &line[..line.len() - 2],
            _ => {
                let id = line.split_once(": (").and_then(|(_, rest)| rest.split_once(") "));
                found.extend(id.map(|(id, _)| (id.to_owned(), level.to_owned())));
            }
        }
    }
    found
}

/// Those that README lists.
fn listed() -> BTreeSet<(String, String)> {
    let readme = std::fs::read_to_string("../../../README.md").expect("README");
    let (_, table) = readme.split_once("### What `check --deploy` says").expect("the section");
    let rows = table.split("\n## ").next().expect("a text").lines().filter(|line| line.starts_with("| `"));
    let pairs = rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let ids = cells[1].split(", ").map(|id| id.trim_matches('`').to_owned());
        ids.map(|id| (id, cells[2].to_owned())).collect::<Vec<_>>()
    });
    pairs.collect()
}

/// What is wrong in every way, in two projects: some things exclude each other.
fn worst() -> [Sandbox; 2] {
    let production = || Sandbox::new(&[]).var("APP__ENVIRONMENT", "production").file("app/static/x.css", "");
    let worst = production().var("APP__DEBUG", "true").var("APP__SECURITY__SSL_REDIRECT", "true");
    let other = production()
        .var("APP__SECRET_KEY", "short")
        .var("APP__ALLOWED_HOSTS", "*")
        .var("APP__SECURITY__TRUSTED_PROXIES", "0.0.0.0/0")
        .var("APP__AUTH__SECURE_COOKIES", "false")
        .var("APP__AUTH__ANONYMOUS_READ", "true")
        .var("APP__SERVER__METRICS", "0.0.0.0:9000");
    [worst, other]
}

#[test]
fn readme_lists_what_they_can_say() {
    let found: BTreeSet<_> =
        worst().iter().flat_map(|sandbox| reported(&sandbox.line("check --deploy --fail-level INFO").err)).collect();
    let of_deployments: BTreeSet<_> =
        found.into_iter().filter(|(id, _)| id.starts_with("security.") || id.starts_with("database.")).collect();
    let listed: BTreeSet<_> =
        listed().into_iter().filter(|(id, _)| id.starts_with("security.") || id.starts_with("database.")).collect();
    assert_eq!(of_deployments, listed);
}

#[test]
fn a_good_deployment_is_told_what_is_worth_knowing() {
    let sandbox = Sandbox::new(&[fixtures::module])
        .var("APP__ENVIRONMENT", "production")
        .var("APP__SECRET_KEY", "0123456789abcdef0123456789abcdef")
        .var("APP__ALLOWED_HOSTS", "example.com");
    let ran = sandbox.line("check --deploy --tag security --tag database --fail-level WARNING");
    ran.is(
        0,
        "",
        "System check identified some issues:\n\nINFOS:\n\
         ?: (security.I001) requests over plain HTTP are served (`security.ssl_redirect` is off)\n\
         \tHINT: set `APP__SECURITY__SSL_REDIRECT=true` and `APP__SECURITY__TRUSTED_PROXIES`, unless a proxy redirects\n\
         default: (database.I001) the database is SQLite: for one machine, and one writer at a time\n\
         \tHINT: set `APP__DATABASE__URL` to a `postgres://` URL when that becomes too little\n\n\
         System check identified 2 issues (0 silenced).\n",
    );
    // Before other commands that would be noise. (Nothing was collected here.)
    let sandbox = sandbox.var("APP__SILENCED_CHECKS", "staticfiles.E006");
    let ran = sandbox.line("dance");
    assert!(ran.code == 0 && !ran.err.contains(".I001"), "{ran:?}");
    sandbox.var("APP__ALLOWED_HOSTS", "*").line("dance").says_on_err(1, "?: (security.E005) `allowed_hosts` is open");
}
