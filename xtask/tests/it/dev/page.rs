//! What a browser makes of the dev channel: failures, style sheets, new generations, migrations.

use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use xtask::dev::channel::Holding;
use xtask::dev::model::{Failure, Message, Request, State, Status};

use super::chromium::{Page, browser};
use super::front::Front;
use super::stage::Stage;
use crate::sandbox::PATIENCE;

const PAGE: &str = include_str!("page.html");

/// What is in the shadow root.
const ROOT: &str = "document.querySelector('cargo-xtask-dev')?.shadowRoot";

impl Stage {
    /// The process that serves this generation.
    fn front(&self, generation: u64) -> Front {
        let page = PAGE.replace("{generation}", &generation.to_string());
        let files = [
            ("/", page.as_str()),
            ("/static/css/site.css", "@import url('base.css'); h1 { color: rgb(1, 2, 3) }"),
            ("/static/css/base.css", "body { background: rgb(250, 250, 250); font-family: sans-serif; margin: 40px }"),
            ("/favicon.ico", ""),
            ("/static/css/other.css", "h2 { color: rgb(4, 5, 6) }"),
        ];
        Front::start(&self.listener, (self.channel.port(), self.channel.token(generation)), &files)
    }

    fn url(&self) -> String {
        format!("http://{}/", self.listener.local_addr().expect("an address"))
    }

    /// A page of the first generation.
    fn open(&self) -> Option<(Front, Page)> {
        let page = browser()?.page();
        self.channel.publish(&Self::serving(1));
        let front = self.front(1);
        page.resize(1200, 800);
        page.go(&self.url());
        self.wait_for_stream();
        Some((front, page))
    }
}

/// As the compiler writes them, with `§` for the begin of an escape sequence.
const MISMATCH: &str = "§1m§91merror[E0308]§0m§1m: mismatched types§0m
  §1m§94m--> §0mapp/src/modules/mailings/views.rs:42:17
   §1m§94m|§0m
§1m§94m42§0m §1m§94m|§0m     page(\"Mailings\", format!(\"{people}\"))
   §1m§94m|§0m                      §1m§91m^^^^^^^^^^^^^^^^^^^§0m §1m§91mexpected `usize`, found `String`§0m
   §1m§94m|§0m
   §1m§94m= §0m§1mnote§0m: expected type `§1m§35musize§0m`
              found struct `§1m§35mVec<Option<String>>§0m`
";
const UNUSED: &str = "§1m§33mwarning§0m§1m: unused import: `std::collections::BTreeMap`§0m
 §1m§94m--> §0mapp/src/modules/mailings/views.rs:1:5
  §1m§94m|§0m
§1m§94m1§0m §1m§94m|§0m use std::collections::BTreeMap;
  §1m§94m|§0m     §1m§33m^^^^^^^^^^^^^^^^^^^^^^^^^^§0m
  §1m§94m|§0m
  §1m§94m= §0m§1mnote§0m: `#[warn(unused_imports)]` (part of `#[warn(unused)]`) on by default
";

fn painted(text: &str) -> String {
    text.replace('§', "\u{1b}[")
}

fn is_shown(part: &str) -> String {
    format!("!!{ROOT} && !{ROOT}.querySelector('{part}').hidden")
}

fn is_hidden(part: &str) -> String {
    format!("!{ROOT} || {ROOT}.querySelector('{part}').hidden")
}

#[test]
fn a_failure_is_shown_with_colours_and_links_until_it_is_mended() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    page.value("window.mark = 1");
    stage.fail("`app` does not build: 1 error, 1 warning", &[&painted(MISMATCH), &painted(UNUSED)]);
    page.wait_for(&is_shown(".overlay"));
    assert_eq!(page.value(&format!("{ROOT}.querySelectorAll('main pre').length")), 2);
    page.screenshot("overlay");
    page.resize(390, 700);
    page.screenshot("overlay-small");
    page.resize(1200, 800);
    let link = format!("{ROOT}.querySelector('main a').href");
    assert_eq!(page.value(&link), format!("vscode://file{}:42:17", stage.source().display()));
    let colour = format!("getComputedStyle({ROOT}.querySelector('main .c9')).color");
    assert_eq!(page.value(&colour), "rgb(255, 139, 135)");

    // Another one takes its place.
    stage.fail("`app` does not build", &["error: another\n"]);
    page.wait_for(&format!("{ROOT}.querySelector('main').textContent === 'error: another\\n'"));
    // While the next build runs, it says so.
    stage.channel.publish(&Status {
        state: State::Building,
        failure: Some(Failure { title: "`app` does not build".to_owned(), messages: Vec::new() }),
        generation: 1,
        pending: Vec::new(),
    });
    page.wait_for(&format!("!{ROOT}.querySelector('.busy').hidden"));
    stage.channel.publish(&Stage::serving(1));
    stage.channel.tell(&Message::Clear);
    page.wait_for(&is_hidden(".overlay"));
    assert_eq!(page.value("window.mark"), 1, "the page was not loaded again");
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn a_failure_that_was_closed_comes_back_with_the_next() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    stage.fail("first", &["error: first\n"]);
    page.wait_for(&is_shown(".overlay"));
    page.press("Escape");
    page.wait_for(&is_hidden(".overlay"));
    // Also in the next page it stays closed.
    page.go(&stage.url());
    stage.wait_for_stream();
    page.wait_for(&format!("!!{ROOT}.querySelector('.overlay').dataset.failure"));
    assert_eq!(page.value(&is_hidden(".overlay")), true);
    stage.fail("second", &["error: second\n"]);
    page.wait_for(&is_shown(".overlay"));
    page.value(&format!("{ROOT}.querySelector('.close').click()"));
    page.wait_for(&is_hidden(".overlay"));
}

#[test]
fn nothing_in_a_message_becomes_markup() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    let evil = "<img src=x onerror=\"window.evil=1\"><script>window.evil=1</script>";
    let lines = format!(
        "\u{1b}[31m{evil}\u{1b}[0m\n --> {evil}:1:2\n\u{1b}]8;;javascript:window.evil=1\u{7}x\u{1b}]8;;\u{7}\n"
    );
    stage.fail(evil, &[&lines]);
    page.wait_for(&is_shown(".overlay"));
    assert_eq!(page.value(&format!("{ROOT}.querySelectorAll('img, script, main a').length")), 0);
    assert_eq!(page.value(&format!("{ROOT}.querySelector('h1').textContent")), evil);
    let text = page.value(&format!("{ROOT}.querySelector('main').textContent"));
    assert_eq!(text, format!("{evil}\n --> {evil}:1:2\nx\n"));
    assert!(page.value("window.evil").is_null());

    // The same in the page that stands in for the app.
    drop(_front);
    let holding = Holding::start(&stage.listener, "localhost", &stage.channel).expect("a server");
    let other = page.another();
    other.go(&stage.url());
    other.wait_for(&is_shown(".overlay"));
    assert_eq!(other.value("document.querySelectorAll('img').length"), 0);
    assert!(other.value("window.evil").is_null());
    drop(holding);
}

#[test]
fn style_sheets_are_swapped_in_place() {
    let stage = Stage::new();
    let Some((front, page)) = stage.open() else { return };
    page.value("window.mark = 1; document.querySelector('input').value = 'typed'; scrollTo(0, 300)");
    assert_eq!(page.value("getComputedStyle(document.querySelector('h1')).color"), "rgb(1, 2, 3)");
    front.write("/static/css/site.css", "@import url('base.css'); h1 { color: rgb(200, 0, 0) }");
    stage.channel.tell(&Message::Css(vec!["css/site.css".to_owned()]));
    page.wait_for("getComputedStyle(document.querySelector('h1')).color === 'rgb(200, 0, 0)'");
    page.wait_for("document.querySelectorAll('link[rel=stylesheet]').length === 2");
    assert_eq!(page.value("document.querySelectorAll('link[href*=\"other.css?\"]').length"), 0, "the other stays");
    page.screenshot("css-swapped");

    // One that is only imported, and which the browser could take from its cache.
    front.write("/static/css/base.css", "body { background: rgb(0, 0, 9) }");
    stage.channel.tell(&Message::Css(vec!["css/base.css".to_owned()]));
    page.wait_for("getComputedStyle(document.body).backgroundColor === 'rgb(0, 0, 9)'");

    // Two changes on each other's heels.
    for number in [7, 8] {
        front.write("/static/css/site.css", &format!("h1 {{ color: rgb({number}, 0, 0) }}"));
        stage.channel.tell(&Message::Css(vec!["css/site.css".to_owned()]));
    }
    page.wait_for("getComputedStyle(document.querySelector('h1')).color === 'rgb(8, 0, 0)'");
    page.wait_for("document.querySelectorAll('link[rel=stylesheet]').length === 2");
    let kept = "[window.mark, document.querySelector('input').value, scrollY]";
    assert_eq!(page.value(kept), json!([1, "typed", 300]));
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn a_new_generation_and_a_changed_template_load_the_page_again() {
    let stage = Stage::new();
    let Some((old, page)) = stage.open() else { return };
    // Connections that the browser keeps to the old process.
    page.value("Promise.all([1, 2, 3, 4].map((n) => fetch('/?' + n).then((answer) => answer.text()))).then(() => 1)");
    page.value("window.mark = 1; scrollTo(0, 300)");
    let new = stage.front(2);
    drop(old);
    stage.channel.publish(&Stage::serving(2));
    page.wait_for("document.querySelector('h2')?.textContent === 'Generation 2' && window.mark === undefined");
    page.wait_for("scrollY === 300");

    page.wait_for("document.readyState === 'complete'");
    page.value("window.mark = 1");
    page.wait_for("!!document.querySelector('cargo-xtask-dev')");
    new.write("/", &PAGE.replace("{generation}", "2b"));
    stage.channel.tell(&Message::Reload);
    page.wait_for("document.querySelector('h2')?.textContent === 'Generation 2b' && window.mark === undefined");
}

#[test]
fn a_page_to_which_one_goes_back_is_the_newest() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    page.go(&format!("{}?other", stage.url()));
    stage.wait_for_stream();
    let _new = {
        drop(_front);
        stage.front(2)
    };
    page.call(
        "Page.navigateToHistoryEntry",
        json!({ "entryId": page.call("Page.getNavigationHistory", json!({}))["entries"][1]["id"] }),
    );
    stage.channel.publish(&Stage::serving(2));
    page.wait_for("location.search === '' && document.querySelector('h2')?.textContent === 'Generation 2'");
}

#[test]
fn pending_migrations_are_applied_from_the_page() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    let pending = |names: &[&str]| {
        let pending = names.iter().map(|name| (*name).to_owned()).collect();
        stage.channel.publish(&Status { pending, ..Stage::serving(1) });
        stage.channel.tell(&Message::Migrations);
    };
    pending(&["mailings.0002_subject", "users.0003_last_login"]);
    page.wait_for(&is_shown(".banner"));
    page.screenshot("migrations");
    page.resize(390, 700);
    page.screenshot("migrations-small");
    let button = format!("{ROOT}.querySelector('.banner button')");
    let press = || {
        page.value(&format!("window.mark = 1; {button}.click()"));
        assert_eq!(stage.asked.recv_timeout(PATIENCE), Ok(Request::Migrate));
        assert_eq!(page.value(&format!("[{button}.textContent, {button}.disabled]")), json!(["Applying…", true]));
    };
    press();
    stage.channel.migrated(Err("error: table `mailings_mailing` has no column <subject>".to_owned()));
    page.wait_for(&format!("{ROOT}.querySelector('.banner pre').textContent.endsWith('no column <subject>')"));
    page.resize(1200, 800);
    page.screenshot("migrations-failed");
    press();
    pending(&[]);
    stage.channel.migrated(Ok(()));
    page.wait_for("window.mark === undefined && document.readyState === 'complete'");
    page.wait_for(&is_hidden(".banner"));
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn the_page_in_the_apps_place_turns_into_the_site() {
    let stage = Stage::new();
    let Some(browser) = browser() else { return };
    let holding = Holding::start(&stage.listener, "localhost", &stage.channel).expect("a server");
    let page = browser.page();
    page.resize(1200, 800);
    page.go(&stage.url());
    stage.wait_for_stream();
    page.wait_for("document.title === 'The app is being built'");
    page.screenshot("holding-building");
    stage.fail("`app` does not build: 1 error", &[&painted(MISMATCH)]);
    page.wait_for("document.title === '`app` does not build: 1 error'");
    page.screenshot("holding-failed");
    page.press("Escape");
    assert_eq!(page.value(&is_shown(".overlay")), true, "there is nothing behind it");

    let _front = stage.front(1);
    drop(holding);
    stage.channel.publish(&Stage::serving(1));
    page.wait_for("document.querySelector('h2')?.textContent === 'Generation 1'");
    page.wait_for("document.readyState === 'complete'");
    assert_eq!(page.value(&is_hidden(".overlay")), true);
}

#[test]
fn eight_tabs_leave_each_other_connections() {
    let stage = Stage::new();
    let Some((front, first)) = stage.open() else { return };
    let mut tabs = vec![first];
    for _ in 1..8 {
        let tab = tabs[0].another();
        tab.go(&stage.url());
        stage.wait_for_stream();
        tabs.push(tab);
    }
    for tab in &tabs {
        assert_eq!(tab.value("fetch('/static/css/other.css?' + Math.random()).then((answer) => answer.status)"), 200);
        tab.value("window.mark = 1");
    }
    front.write("/", &PAGE.replace("{generation}", "1b"));
    stage.channel.tell(&Message::Reload);
    for tab in &tabs {
        tab.to_front();
        tab.wait_for("document.querySelector('h2')?.textContent === 'Generation 1b' && window.mark === undefined");
    }
}

#[test]
fn a_page_says_when_nobody_answers_and_comes_back_by_itself() {
    let Some(browser) = browser() else { return };
    let mut stage = Stage::new();
    stage.channel.publish(&Stage::serving(1));
    let front = stage.front(1);
    let page = browser.page();
    page.resize(1200, 800);
    page.go(&stage.url());
    stage.wait_for_stream();
    let address = stage.listener.local_addr().expect("an address");
    drop(front);
    drop(stage);
    page.wait_for(&is_shown(".note"));
    page.screenshot("lost");
    // Another session, at the same address.
    stage = Stage::new();
    stage.listener = TcpListener::bind(address).expect("the same port");
    stage.channel.publish(&Stage::serving(1));
    page.value("window.mark = 1");
    let _front = stage.front(1);
    page.wait_for("window.mark === undefined && document.readyState === 'complete'");
    page.wait_for(&is_hidden(".note"));
}

#[test]
fn an_event_is_in_the_page_within_a_few_milliseconds() {
    let stage = Stage::new();
    let Some((_front, page)) = stage.open() else { return };
    page.value(
        "window.times = []; new EventSource('/__dev/events').onmessage = (event) => \
         times.push([JSON.parse(event.data).type, performance.timeOrigin + performance.now()])",
    );
    page.wait_for("times.length === 1");
    let mut delays = Vec::new();
    for round in 2..23 {
        let told = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        stage.channel.tell(&Message::Css(vec!["none.css".to_owned()]));
        page.wait_for(&format!("times.length === {round}"));
        let arrived = page.value("times.at(-1)[1]").as_f64().expect("a time");
        delays.push(arrived - told.as_secs_f64() * 1e3);
    }
    delays.sort_by(f64::total_cmp);
    let (median, worst) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    // Shown with `--nocapture`. The machine may be busy, so that only the median is held to anything.
    println!("from tell to the page: median {median:.1} ms, worst {worst:.1} ms");
    assert!(median < Duration::from_millis(60).as_secs_f64() * 1e3, "{delays:?}");
}
