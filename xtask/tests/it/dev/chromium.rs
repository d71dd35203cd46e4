//! A browser for tests: Chromium without a window, driven over a pair of pipes (its DevTools protocol).
//!
//! It runs in a process group of its own, and ends when its pipe does: with the test program, however that ends.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sandbox::PATIENCE;

/// What a page that is not there yet is asked again after.
const PAUSE: Duration = Duration::from_millis(20);

/// The one browser of this test program.
pub(crate) struct Browser {
    pipe: Mutex<ChildStdin>,
    numbers: AtomicU64,
    shared: Arc<Shared>,
    _process: Child,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, Sender<Value>>>,
    /// What pages wrote to their console, by session.
    complaints: Mutex<HashMap<String, Vec<String>>>,
}

/// A tab.
pub(crate) struct Page {
    browser: &'static Browser,
    session: String,
    target: String,
    context: String,
}

/// The browser, started by whoever asks first; none, said on stderr once, when there is none on this machine.
pub(crate) fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
    let start = || {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let found = names.iter().map(|name| Path::new("/usr/bin").join(name)).find(|path| path.exists());
        if found.is_none() {
            // `.ci/run` installs what tests need; there a skipped test is a failed one.
            assert!(!xtask::environment::read().contains_key(OsStr::new("CI")), "Chromium is not installed");
            // Not `eprintln!`, which the test harness would swallow.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: Chromium is not installed, the tests in a browser do not run");
        }
        found.map(|program| Browser::start(&program))
    };
    BROWSER.get_or_init(start).as_ref()
}

impl Browser {
    fn start(program: &Path) -> Self {
        // The shell outlives the browser, which ends with the pipe, and cleans up.
        let script = r#"home=$(mktemp -d) && "$0" --user-data-dir="$home" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1
            rm -rf "$home""#;
        let mut process = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .args(["--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb", "about:blank"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let pipe = Mutex::new(process.stdin.take().expect("a pipe"));
        let shared = Arc::new(Shared::default());
        let replies = BufReader::new(process.stdout.take().expect("a pipe"));
        let reader = Arc::clone(&shared);
        std::thread::spawn(move || {
            for message in replies.split(0).map_while(Result::ok) {
                reader.receive(&serde_json::from_slice(&message).expect("JSON"));
            }
        });
        Self { pipe, numbers: AtomicU64::new(1), shared, _process: process }
    }

    /// A tab that shares nothing with the tabs of others.
    pub(crate) fn page(&'static self) -> Page {
        let context = self.call("", "Target.createBrowserContext", json!({})).expect("a context");
        self.page_in(text(&context, "browserContextId"))
    }

    fn page_in(&'static self, context: String) -> Page {
        let asked = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(&self.call("", "Target.createTarget", asked).expect("a tab"), "targetId");
        let asked = json!({ "targetId": target, "flatten": true });
        let session = text(&self.call("", "Target.attachToTarget", asked).expect("a session"), "sessionId");
        let page = Page { browser: self, session, target, context };
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    fn call(&self, session: &str, method: &str, params: Value) -> Result<Value, String> {
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (send, reply) = channel();
        self.shared.waiting.lock().expect("whole").insert(id, send);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        self.pipe.lock().expect("whole").write_all(format!("{message}\0").as_bytes()).expect("the browser runs");
        let mut reply = reply.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no reply to {message}"));
        match reply["error"].is_null() {
            true => Ok(reply["result"].take()),
            false => Err(reply["error"].to_string()),
        }
    }
}

impl Shared {
    fn receive(&self, message: &Value) {
        if let Some(waiting) = message["id"].as_u64().and_then(|id| self.waiting.lock().expect("whole").remove(&id)) {
            // Nobody waits any more where a test has failed.
            let _ = waiting.send(message.clone());
            return;
        }
        let params = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => params["exceptionDetails"].to_string(),
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => params["entry"].to_string(),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" => params["args"].to_string(),
            _ => return,
        };
        let session = message["sessionId"].as_str().unwrap_or_default().to_owned();
        self.complaints.lock().expect("whole").entry(session).or_default().push(complaint);
    }
}

impl Page {
    /// Another tab of the same browser window, with the same storage and connections.
    pub(crate) fn another(&self) -> Self {
        self.browser.page_in(self.context.clone())
    }

    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.browser.call(&self.session, method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Goes to this address, and waits until the page is loaded.
    pub(crate) fn go(&self, url: &str) {
        let went = self.call("Page.navigate", json!({ "url": url }));
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.wait_for(&format!("location.href.startsWith({}) && document.readyState === 'complete'", json!(url)));
    }

    /// Puts this tab before the others.
    pub(crate) fn to_front(&self) {
        self.call("Page.bringToFront", json!({}));
    }

    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    pub(crate) fn press(&self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key, "code": key }));
        }
    }

    /// The value of an expression (awaited, if it is a promise).
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut reply = self.browser.call(&self.session, "Runtime.evaluate", asked)?;
        match reply["exceptionDetails"].is_null() {
            true => Ok(reply["result"]["value"].take()),
            false => Err(reply["exceptionDetails"].to_string()),
        }
    }

    /// Waits until the expression is true, in whichever document the tab then has.
    pub(crate) fn wait_for(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = Ok(Value::Null);
        while Instant::now() < deadline {
            last = self.evaluate(expression);
            if last == Ok(Value::Bool(true)) {
                return;
            }
            // Waits in place of a sleep: nobody sends.
            let (_send, never) = channel::<()>();
            let _ = never.recv_timeout(PAUSE);
        }
        let page = self.evaluate("document.documentElement.outerHTML.slice(0, 2000)");
        panic!("never true: {expression}\nlast {last:?}\npage {page:?}\ncomplaints {:?}", self.complaints());
    }

    /// Errors in the console so far.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.browser.shared.complaints.lock().expect("whole").get(&self.session).cloned().unwrap_or_default()
    }

    /// Keeps a picture of the tab as `target/dev-screenshots/<name>.png`.
    pub(crate) fn screenshot(&self, name: &str) {
        let picture = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("dev-screenshots");
        std::fs::create_dir_all(&directory).expect("a directory");
        let bytes = base64(picture["data"].as_str().expect("a picture"));
        std::fs::write(directory.join(format!("{name}.png")), bytes).expect("a file");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // The browser may be gone, and then the tab is too.
        let _ = self.browser.call("", "Target.closeTarget", json!({ "targetId": self.target }));
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    let group = |digits: &[u8]| {
        let number =
            digits.iter().fold(0_u32, |number, digit| number << 6 | u32::from(*digit)) << (6 * (4 - digits.len()));
        number.to_be_bytes()[1..digits.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
