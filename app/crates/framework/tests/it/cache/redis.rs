//! Throw-away Redis servers on free loopback ports.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A running server. It ends with this value, and with this program.
pub(super) struct Server {
    pub(super) port: u16,
    process: Child,
    _home: TempDir,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

/// The server of all tests that break nothing; none, said on stderr once, when Redis is not installed.
pub(super) fn server() -> Option<&'static Server> {
    SERVER
        .get_or_init(|| {
            if is_installed() {
                return Some(Server::start(free_port()));
            }
            // `.ci/run` installs what tests need; there a skipped test is a failed one.
            #[expect(clippy::disallowed_methods, reason = "asked by no code of the product")]
            let may_skip = std::env::var_os("CI").is_none();
            assert!(may_skip, "Redis is not installed");
            // Not `eprintln!`, which the test harness would swallow.
            let said = writeln!(std::io::stderr(), "SKIPPED: redis-server is not installed, its tests do not run");
            said.expect("a stream for errors");
            None
        })
        .as_ref()
}

fn is_installed() -> bool {
    let asked = Command::new("redis-server").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

impl Server {
    /// Starts a server on this port, and waits until it is ready.
    pub(super) fn start(port: u16) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        // The shell holds the read end of our pipe: when this program ends, however, it stops the server.
        let script = r#""$0" "$@" < /dev/null & cat > /dev/null; kill -TERM $!; wait $!"#;
        let process = Command::new("sh")
            .args(["-c", script, "redis-server", "--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut server = Self { port, process, _home: home };
        let mut said = String::new();
        let mut log = BufReader::new(server.process.stdout.take().expect("a pipe")).lines();
        for line in log.by_ref().map_while(Result::ok) {
            if line.contains("Ready to accept connections") {
                // Somebody must go on reading, or the server blocks on a full pipe.
                std::thread::spawn(move || log.for_each(drop));
                return server;
            }
            said.push_str(&line);
            said.push('\n');
        }
        panic!("Redis did not start:\n{said}");
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("the end of the server");
    }
}
