//! Builds that fail, and processes that do not start, hang, or die.

use rustix::process::{Pid, Signal};

use super::site::{Dev, SOURCE, Site};

/// The number of the process that serves, or starts to.
fn server(site: &Site) -> Option<Pid> {
    let servers = site.processes().into_iter().filter(|process| process.contains("bin/app runserver"));
    servers.filter_map(|process| Pid::from_raw(process.split(' ').next()?.parse().ok()?)).next_back()
}

#[track_caller]
fn kill_server(site: &Site, dev: &Dev<'_>) {
    let pid = dev.until("a server", || server(site));
    // It may have ended since.
    let _ = rustix::process::kill_process(pid, Signal::KILL);
}

#[test]
fn a_first_build_that_fails_is_a_page_that_turns_into_the_site() {
    let site = Site::new();
    let good = site.read(SOURCE);
    site.append(SOURCE, "// A line.\nfn f() { broken }");
    let dev = site.start();
    let status = dev.until_state("failed");
    assert_eq!(status["generation"], 0);
    let error = &status["errors"][0];
    let line = good.lines().count() + 2;
    assert_eq!((&error["level"], &error["line"], &error["column"]), (&"error".into(), &line.into(), &10.into()));
    assert!(error["file"].as_str().expect("a file").ends_with(SOURCE), "{status}");
    assert!(error["text"].as_str().expect("text").contains("cannot find value `broken`"), "{status}");
    let page = dev.get("/any/page?at=all");
    assert_eq!((page.status, page.header("retry-after")), (503, Some("1")));
    let text = page.text();
    assert!(text.contains("/__dev/client.js") && text.contains("cannot find value"), "{text}");
    assert_eq!(dev.get("/__dev/client.js").status, 200);
    dev.until_said("cannot find value `broken`");
    site.write(SOURCE, &good);
    assert_eq!(dev.until_newest(), 1);
}

#[test]
fn a_broken_build_leaves_the_old_process_and_is_shown_until_it_is_mended() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let (good, name) = (site.read(SOURCE), site.newest());
    let mut events = dev.events();
    site.append(SOURCE, "broken");
    let status = dev.until_state("failed");
    assert!(status["errors"][0]["file"].as_str().expect("a file").ends_with("views.rs"), "{status}");
    assert!(status["errors"][0]["html"].as_str().expect("text").contains("broken"), "{status}");
    assert_eq!((dev.served(), dev.generation()), (Some(name.clone()), 1));
    let mut kinds = Vec::new();
    site.write(SOURCE, &good);
    // The same sources as before: what serves is what they give.
    assert_eq!(dev.until_newest(), 1);
    assert_eq!(dev.until_state("serving")["errors"], serde_json::json!([]));
    while let Some(data) = events.next(std::time::Instant::now() + crate::sandbox::PATIENCE) {
        let event: serde_json::Value = serde_json::from_str(&data).expect("JSON");
        if event["type"] != "state" {
            kinds.push(event["type"].as_str().expect("a type").to_owned());
        }
        if event["type"] == "clear" {
            break;
        }
    }
    assert_eq!(kinds, ["hello", "error", "clear"]);
}

#[test]
fn a_process_that_does_not_start_is_told_of_and_the_old_one_serves_on() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let name = site.newest();
    site.append(SOURCE, "// dies");
    let status = dev.until_state("failed");
    assert!(status.to_string().contains(&format!("last words of {}", site.newest())), "{status}");
    assert_eq!(dev.served(), Some(name));
    dev.until_said("last words of");
    assert_eq!(site.starts().len(), 2, "it is not tried again and again");
    site.append(SOURCE, "// Mended.");
    let mended = site.read(SOURCE).replace("dies", "lives");
    site.write(SOURCE, &mended);
    dev.until_newest();
}

#[test]
fn three_deaths_at_the_first_start_wait_for_the_next_save() {
    let site = Site::new();
    site.append(SOURCE, "// dies");
    let dev = site.start();
    dev.until("three starts", || (site.starts().len() == 3).then_some(()));
    let status = dev.until_state("failed");
    assert!(status.to_string().contains("last words of"), "{status}");
    let page = dev.get("/");
    assert!(page.status == 503 && page.text().contains("last words of"), "{}", page.text());
    site.write(SOURCE, &site.read(SOURCE).replace("dies", "lives"));
    assert_eq!(dev.until_newest(), 1);
    assert_eq!(site.starts().len(), 4);
}

#[test]
fn a_process_that_hangs_at_its_start_is_replaced_by_the_next_build() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let name = site.newest();
    site.append(SOURCE, "// hangs");
    dev.until("a start", || (site.starts().len() == 2).then_some(()));
    assert_eq!((dev.served(), dev.status()["state"].as_str()), (Some(name), Some("building")));
    site.write(SOURCE, &site.read(SOURCE).replace("hangs", "goes"));
    dev.until_newest();
    dev.until("an end of what hung", || {
        let left = site.processes().into_iter().filter(|process| process.contains("sleep 1000"));
        (left.count() == 0).then_some(())
    });
}

#[test]
fn a_server_that_is_killed_is_started_again() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    kill_server(&site, &dev);
    // Whoever comes meanwhile is told to come again; nobody is refused.
    dev.until("another start", || {
        dev.get("/mailings/");
        (site.starts().len() == 2).then_some(())
    });
    dev.until_newest();
    assert_eq!(site.begun(), 1);
}

#[test]
fn a_server_that_dies_again_and_again_is_left_until_the_next_save() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    for death in 1..=3 {
        dev.until("a start", || (site.starts().len() == death).then_some(()));
        kill_server(&site, &dev);
        dev.until("a death", || (dev.get("/mailings/").status != 200 || site.starts().len() > death).then_some(()));
    }
    let status = dev.until_state("failed");
    assert!(status["title"].as_str().is_some_and(|title| title.contains("SIGKILL")), "{status}");
    assert_eq!(dev.get("/mailings/").status, 503);
    assert_eq!(site.starts().len(), 3);
    site.append(SOURCE, "// An edit.");
    dev.until_newest();
}
