//! What is done about a save: what is built, what only starts again, what only reaches the page.

use std::time::Instant;

use serde_json::Value;
use xtask::bench::http::Events;

use super::site::{Dev, SETTINGS, SOURCE, STYLE, Site, TEMPLATE, touch};
use crate::sandbox::PATIENCE;

/// The next thing that an open page is told.
#[track_caller]
fn next(events: &mut Events, dev: &Dev<'_>) -> Value {
    let data = events.next(Instant::now() + PATIENCE).unwrap_or_else(|| panic!("no event\n{}", dev.said()));
    serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}"))
}

#[test]
fn an_edit_of_a_source_is_built_and_served_in_place_of_the_old_process() {
    let site = Site::new();
    let dev = site.start();
    assert_eq!(dev.until_newest(), 1);
    let mut events = dev.events();
    let hello = next(&mut events, &dev);
    assert_eq!(
        (&hello["type"], &hello["generation"], &hello["state"]),
        (&"hello".into(), &1.into(), &"serving".into())
    );
    site.append(SOURCE, "// An edit.");
    assert_eq!(dev.until_newest(), 2);
    // The end of the stream is what makes a page connect and load itself again.
    while events.next(Instant::now() + PATIENCE).is_some() {}
    assert_eq!(next(&mut dev.events(), &dev)["generation"], 2);
    assert_eq!((site.begun(), site.starts().len()), (2, 2));
    // What was there is still there.
    assert!(dev.get("/mailings/").text().contains("<script src=\"/__dev/client.js\" defer></script>"));
}

#[test]
fn manifests_and_the_lockfile_are_sources() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    site.append("app/Cargo.toml", "# An edit.");
    assert_eq!(dev.until_newest(), 2);
    let builds = site.begun();
    site.write("Cargo.lock", "# An edit.\n");
    dev.until("a build", || (site.begun() > builds).then_some(()));
}

#[test]
fn what_is_read_at_run_time_builds_nothing() {
    let site = Site::new();
    let dev = site.start();
    assert_eq!(dev.until_newest(), 1);
    let mut events = dev.events();
    assert_eq!(next(&mut events, &dev)["type"], "hello");
    let mut saved = |path: &str, expected: &str| {
        site.write(path, &format!("{}\n", std::fs::read_to_string(site.path(path)).unwrap_or_default()));
        let event = next(&mut events, &dev);
        assert_eq!(event["type"], expected, "{path}: {event}");
        event
    };
    saved(TEMPLATE, "reload");
    assert_eq!(saved(STYLE, "css")["paths"], serde_json::json!(["css/site.css"]));
    for path in ["app/static/img/icon.svg", "app/src/modules/mailings/locale/en/main.ftl"] {
        saved(path, "reload");
    }
    saved("app/src/modules/mailings/static/a.js", "reload");
    assert_eq!(saved("app/src/modules/mailings/static/a.css", "css")["paths"], serde_json::json!(["a.css"]));
    // What is nobody's, and what is saved as it was, is not even mentioned: the next event is that of the template.
    touch(&site.path(SOURCE));
    touch(&site.path(TEMPLATE));
    site.write(SOURCE, &site.read(SOURCE));
    let views = site.path(SOURCE);
    std::fs::write(views.with_extension("draft"), site.read(SOURCE)).expect("a file");
    std::fs::rename(views.with_extension("draft"), &views).expect("a save as editors do it");
    for leftover in
        ["app/notes.txt", "app/src/.views.rs.swp", "app/src/views.rs~", "app/src/4913", "var/x.rs", "target/x.rs"]
    {
        site.write(leftover, "leftover");
    }
    assert_eq!(saved(STYLE, "css")["paths"], serde_json::json!(["css/site.css"]));
    assert_eq!((dev.generation(), site.begun(), site.starts().len()), (1, 1, 1));
}

#[test]
fn a_template_is_served_as_it_is_at_once() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    site.write(TEMPLATE, &site.read(TEMPLATE).replace("<h1>", "<h1>Edited "));
    assert!(dev.get("/mailings/").text().contains("<h1>Edited Mailings"));
}

#[test]
fn settings_start_another_process_of_the_same_build() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    assert_eq!(dev.get("/mailings/").status, 200);
    site.append(SETTINGS, "anonymous_read = false");
    assert_eq!(dev.get("/mailings/").status, 200, "[server] has no such key, and the old process serves on");
    let failed = dev.until_state("failed");
    assert!(failed["errors"].to_string().contains("anonymous_read"), "{failed}");
    site.write(SETTINGS, "[auth]\nanonymous_read = false\n");
    dev.until("a login", || (dev.get("/mailings/").status != 200).then_some(()));
    assert_eq!(dev.until_state("serving")["errors"], serde_json::json!([]));
    site.write(".env", "APP__AUTH__ANONYMOUS_READ=true\n");
    dev.until_newest();
    assert_eq!(site.begun(), 1);
}

#[test]
fn a_new_migration_is_pending_until_the_page_applies_it() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    assert_eq!(dev.status()["pending"], serde_json::json!([]));
    let mut events = dev.events();
    assert_eq!(next(&mut events, &dev)["type"], "hello");
    let text = "dependencies = [\"mailings.0001_initial\"]\n\n[[operations]]\nop = \"run_sql\"\nsql = \"\"\n";
    site.write("app/src/modules/mailings/migrations/0002_nothing.toml", text);
    assert_eq!(next(&mut events, &dev)["type"], "migrations");
    assert_eq!(dev.status()["pending"], serde_json::json!(["mailings.0002_nothing"]));
    let answer = dev.request("POST", "/__dev/migrate");
    let answer: Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert_eq!(answer["ok"], true, "{answer}");
    dev.until("nothing is pending", || (dev.status()["pending"] == serde_json::json!([])).then_some(()));
    assert_eq!((dev.generation(), site.begun()), (1, 1));
}

#[test]
fn files_are_looked_at_again_and_again_where_that_is_wanted() {
    let site = Site::new();
    let dev = site.start_with(&["--poll"]);
    dev.until_newest();
    site.append(SOURCE, "// An edit.");
    assert_eq!(dev.until_newest(), 2);
}

#[test]
fn saves_under_load_lose_no_request() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let load = dev.load();
    for edit in 0..10 {
        site.append(SOURCE, &format!("// Edit {edit}."));
        dev.until_newest();
        if edit % 3 == 0 {
            let good = site.read(SOURCE);
            site.append(SOURCE, "broken");
            dev.until_state("failed");
            site.write(SOURCE, &good);
            dev.until_newest();
        }
        site.append(TEMPLATE, &format!("<!-- edit {edit} -->"));
        site.append(SETTINGS, &format!("# Edit {edit}."));
    }
    dev.until_state("serving");
    dev.until("enough requests", || (load.figures().ok > 100).then_some(()));
    let figures = load.stop();
    assert!(figures.failed() == 0, "{figures}\n{}", dev.said());
    assert!(dev.generation() > 10);
}
