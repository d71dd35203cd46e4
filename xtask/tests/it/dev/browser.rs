//! The whole loop as a person sees it: the real app and the real server, an editor that saves, a browser that shows.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::chromium::{Page, browser};
use super::site::{SOURCE, STYLE, Site, TEMPLATE};

/// Which build the page in the browser is from.
fn wait_for_newest(site: &Site, page: &Page) {
    page.wait_for(&format!("!!document.querySelector('link[href^=\"/built-{}/\"]')", site.newest()));
}

/// What is in the shadow root.
const ROOT: &str = "document.querySelector('cargo-xtask-dev')?.shadowRoot";

/// Milliseconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64() * 1e3
}

/// Notes when the page is told something, across loads.
fn note_times(page: &Page) {
    let script = "{
        const EventSource = window.EventSource;
        window.EventSource = class extends EventSource {
            constructor(url) {
                super(url);
                this.addEventListener('message', (event) => {
                    const times = JSON.parse(sessionStorage.getItem('times') || '{}');
                    times[JSON.parse(event.data).type] = performance.timeOrigin + performance.now();
                    sessionStorage.setItem('times', JSON.stringify(times));
                });
            }
        };
    }";
    page.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
}

/// When the page was told of this.
fn told(page: &Page, kind: &str) -> f64 {
    page.value(&format!("JSON.parse(sessionStorage.getItem('times')).{kind}")).as_f64().expect("a time")
}

#[test]
fn what_is_saved_is_seen() {
    let Some(browser) = browser() else { return };
    let site = Site::new();
    let dev = site.start();
    let page = browser.page();
    note_times(&page);
    page.resize(1200, 800);
    // Whatever answers there: until the app does, a page that turns into it.
    page.go(&format!("http://{}/mailings/", dev.address()));
    page.wait_for(
        "document.querySelector('main h1')?.textContent === 'Mailings' && document.readyState === 'complete'",
    );
    page.wait_for("!!sessionStorage.getItem('times')");

    page.value("window.mark = 1");
    let (mut styles, mut pages) = (Vec::new(), Vec::new());
    for number in 1..=7 {
        let saved = now();
        site.append(STYLE, &format!("main h1 {{ color: rgb(1, 2, {number}) }}"));
        page.wait_for(&format!("getComputedStyle(document.querySelector('main h1')).color === 'rgb(1, 2, {number})'"));
        styles.push(told(&page, "css") - saved);
    }
    assert_eq!(page.value("window.mark"), 1, "the page was not loaded again");

    let template = site.read(TEMPLATE);
    for number in 1..=7 {
        let saved = now();
        site.write(TEMPLATE, &template.replace("<h1>Mailings", &format!("<h1>{number} Mailings")));
        page.wait_for(&format!("document.querySelector('main h1')?.textContent.startsWith('{number} ') === true"));
        pages.push(told(&page, "reload") - saved);
    }
    page.wait_for(&format!("document.readyState === 'complete' && !!{ROOT}"));
    page.value("window.mark = 1");
    let source = site.read(SOURCE);
    site.write(SOURCE, &format!("// broken\n{source}"));
    page.wait_for(&format!("!!{ROOT} && !{ROOT}.querySelector('.overlay').hidden"));
    let link = page.value(&format!("{ROOT}.querySelector('main a').href"));
    assert_eq!(link, format!("vscode://file{}:1:4", site.path(SOURCE).display()));
    page.screenshot("whole-broken");
    assert_eq!(page.value("window.mark"), 1, "the old page is still there");

    site.write(SOURCE, &format!("// mended\n{source}"));
    let name = site.newest();
    page.wait_for(&format!("window.mark === undefined && !!document.querySelector('link[href^=\"/built-{name}/\"]')"));
    page.wait_for(&format!("!!{ROOT} && {ROOT}.querySelector('.overlay').hidden"));

    let migration = "dependencies = [\"mailings.0001_initial\"]\n[[operations]]\nop = \"run_sql\"\n\
                     sql = \"CREATE TABLE mailings_seen (id INTEGER)\"\nreverse = \"DROP TABLE mailings_seen\"\n";
    site.write("app/src/modules/mailings/migrations/0002_seen.toml", migration);
    page.wait_for(&format!("!!{ROOT} && {ROOT}.querySelector('.banner').textContent.includes('mailings.0002_seen')"));
    page.screenshot("whole-migrations");
    page.value(&format!("window.mark = 1; {ROOT}.querySelector('.banner button').click()"));
    page.wait_for(&format!("window.mark === undefined && !!{ROOT} && {ROOT}.querySelector('.banner').hidden"));
    assert_eq!(dev.status()["pending"], json!([]));

    // Shown with `--nocapture`.
    for (what, mut times) in [("style sheet", styles), ("template", pages)] {
        times.sort_by(f64::total_cmp);
        println!("save of a {what} to the event in the page: median {:.0} ms, worst {:.0} ms", times[3], times[6]);
    }
}

#[test]
fn a_page_is_there_before_the_first_build_and_new_after_each() {
    let Some(browser) = browser() else { return };
    let site = Site::new();
    let source = site.read(SOURCE);
    site.write(SOURCE, &format!("// broken\n{source}"));
    let dev = site.start();
    let page = browser.page();
    page.go(&format!("http://{}/mailings/", dev.address()));
    page.wait_for(&format!("!!{ROOT} && {ROOT}.querySelector('main').textContent.includes('cannot find value')"));
    site.write(SOURCE, &source);
    wait_for_newest(&site, &page);
    for number in 1..=8 {
        // Connections that the browser has kept still lead to the process before.
        page.wait_for("document.readyState === 'complete'");
        page.value(
            "Promise.all([1, 2, 3].map(() => fetch('/mailings/').then((answer) => answer.text()))).then(() => 1)",
        );
        site.write(SOURCE, &format!("// {number}\n{source}"));
        wait_for_newest(&site, &page);
    }

    // What dies does not take the page along.
    page.wait_for(&format!("document.readyState === 'complete' && !!{ROOT}"));
    site.write(SOURCE, &format!("// dies\n{source}"));
    page.wait_for(&format!("{ROOT}.querySelector('.overlay main').textContent.includes('last words of')"));
    assert_eq!(page.value(&format!("{ROOT}.querySelector('.overlay').hidden")), false);
    page.screenshot("whole-dies");
    site.write(SOURCE, &format!("// lives\n{source}"));
    wait_for_newest(&site, &page);
    page.wait_for(&format!("!!{ROOT} && {ROOT}.querySelector('.overlay').hidden"));
}
