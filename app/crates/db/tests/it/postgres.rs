//! A throw-away PostgreSQL server for the whole test program, on a free loopback port.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// A running server.
pub struct Server {
    pub port: u16,
    pub tls: bool,
    /// With its end of the pipe.
    _process: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server, started by whoever asks first; `None`, said on stderr once, when PostgreSQL is not installed.
pub fn server() -> Option<&'static Server> {
    SERVER
        .get_or_init(|| match binaries() {
            Some(bin) => Some(start(&bin)),
            None => {
                // `.ci/run` installs what tests need; there a skipped test is a failed one.
                #[expect(clippy::disallowed_methods, reason = "asked by no code of the product")]
                let may_skip = std::env::var_os("CI").is_none();
                assert!(may_skip, "PostgreSQL is not installed");
                // Not `eprintln!`, which the test harness would swallow.
                let _ = writeln!(
                    std::io::stderr(),
                    "SKIPPED: PostgreSQL is not installed, its half of the tests does not run"
                );
                None
            }
        })
        .as_ref()
}

/// The name of a new, empty database.
pub async fn database(server: &Server) -> String {
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let admin =
        sea_orm::Database::connect(format!("postgres://test@127.0.0.1:{}/postgres?sslmode=disable", server.port))
            .await
            .unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&admin, &format!("CREATE DATABASE {name}")).await.unwrap();
    admin.close().await.unwrap();
    name
}

fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.retain(|bin| bin.join("initdb").exists() && bin.join("postgres").exists());
    found.sort();
    found.pop()
}

fn start(bin: &Path) -> Server {
    let home = tempfile::Builder::new().prefix("db-test-postgres-").tempdir().unwrap().keep();
    let user = account();
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(&home, Some(uid), Some(gid)).unwrap();
    }
    let command = |program: PathBuf| {
        let mut command = Command::new(program);
        command.current_dir(&home).stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command
    };
    let data = home.join("data");
    let made = command(bin.join("initdb"))
        .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=test", "--pgdata"])
        .arg(&data)
        .status();
    assert!(made.unwrap().success(), "initdb failed");
    let tls = command("openssl".into())
        .args([
            "req",
            "-new",
            "-x509",
            "-days",
            "2",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-out",
            "cert",
            "-keyout",
            "key",
        ])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // The shell holds the read end of our pipe: when this program ends, however, it stops the server and cleans up.
    let script = r#"
        "$0" "$@" < /dev/null &
        cat > /dev/null
        kill -INT $! ; wait $! ; rm -rf "$PWD"
    "#;
    let mut server = command("sh".into());
    server
        .arg("-c")
        .arg(script)
        .arg(bin.join("postgres"))
        .arg("-D")
        .arg(&data)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut options = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "max_connections=200".to_owned(),
    ];
    if tls {
        let file = |name: &str| home.join(name).display().to_string();
        options.extend([
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file("cert")),
            format!("ssl_key_file={}", file("key")),
        ]);
    }
    for option in options {
        server.arg("-c").arg(option);
    }
    #[allow(clippy::zombie_processes, reason = "it outlives this program on purpose, to clean up after it")]
    let mut child = server.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    for line in log.by_ref() {
        let line = line.unwrap();
        if line.contains("ready to accept connections") {
            // Somebody must go on reading, or the server blocks on a full pipe.
            std::thread::spawn(move || log.for_each(drop));
            return Server { port, tls, _process: child };
        }
        said.push_str(&line);
        said.push('\n');
    }
    panic!("PostgreSQL did not start:\n{said}");
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("a user postgres");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next().unwrap(), ids.next().unwrap()))
}
