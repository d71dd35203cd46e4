//! Opening pools, and saying clearly why one cannot be opened.

#[cfg(any(test, not(unix)))]
mod portable;
#[cfg(unix)]
mod unix;

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectOptions as OrmOptions, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{
        self,
        postgres::PgConnectOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::net::TcpStream;

#[cfg(not(unix))]
use self::portable::{check_directory, check_file, knock_at};
#[cfg(unix)]
use self::unix::{check_directory, check_file, knock_at};

use super::{
    Access, ConnectOptions,
    url::{Mode, Target, redact},
};
use crate::Error;

/// How soon a busy file is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// What a commit on SQLite survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// The death of the program, at any moment; the last commits may be missing after a power failure.
    Program,
    /// A power failure too: each commit waits for the disk.
    Machine,
}

/// Opens `target` with a pool of `size` connections.
pub(super) async fn pool(
    target: &Target,
    options: &ConnectOptions,
    size: u32,
    durability: Durability,
) -> Result<DatabaseConnection, Error> {
    match target {
        Target::File { path, mode, query } => file(path, *mode, query, options, size, durability).await,
        Target::Memory => {
            let mut orm = orm_options("sqlite::memory:".to_owned(), options, 1);
            // The database lives exactly as long as its one connection.
            orm.idle_timeout(None).max_lifetime(None);
            orm.map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true));
            Ok(sea_orm::Database::connect(orm).await?)
        }
        Target::Server { url } => server(url, options, size).await,
    }
}

fn orm_options(url: String, options: &ConnectOptions, size: u32) -> OrmOptions {
    let mut orm = OrmOptions::new(url);
    orm.max_connections(size.max(1)).acquire_timeout(options.connect_timeout);
    if let Ok(level) = "debug".parse() {
        orm.sqlx_logging_level(level);
    }
    if size == 1 {
        // What a session does may take its time, and a warning would stand in the middle of a migration's line.
        if let Ok(level) = "debug".parse() {
            orm.sqlx_slow_statements_logging_settings(level, Duration::from_secs(1));
        }
        // A session keeps state (locks, pragmas) that a silently replaced connection would not have.
        orm.idle_timeout(None).max_lifetime(None);
    }
    orm
}

async fn file(
    path: &Path,
    mode: Mode,
    query: &str,
    options: &ConnectOptions,
    size: u32,
    durability: Durability,
) -> Result<DatabaseConnection, Error> {
    prepare(path, mode)?;
    let synchronous = match durability {
        Durability::Program => SqliteSynchronous::Normal,
        Durability::Machine => SqliteSynchronous::Full,
    };
    let mut orm = orm_options(format!("sqlite://file?{query}"), options, size);
    let filename = path.to_owned();
    let busy_timeout = options.busy_timeout;
    orm.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .filename(&filename)
            .create_if_missing(mode == Mode::Create)
            .read_only(mode == Mode::ReadOnly)
            .busy_timeout(busy_timeout)
            .foreign_keys(true);
        match mode {
            // Both settings below write to the file.
            Mode::ReadOnly => sqlite,
            Mode::ReadWrite | Mode::Create => sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous),
        }
    });
    // The pool's own deadline must not cut the wait for another process that is just creating the file.
    orm.acquire_timeout(options.connect_timeout.max(busy_timeout));
    let deadline = Instant::now() + busy_timeout;
    loop {
        match sea_orm::Database::connect(orm.clone()).await {
            // Turning a new file to WAL fails at once, without the busy timeout, while another process is doing so.
            Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(RETRY).await,
            Err(error) => return Err(Error::BadFile { path: path.to_owned(), reason: reason(&error) }),
            Ok(pool) => return Ok(pool),
        }
    }
}

/// SQLite's primary result code 5; extended ones have it in their lowest byte.
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = error else {
        return false;
    };
    let code = inner.as_database_error().and_then(|database| database.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// Creates the directory and finds out early what SQLite would only say as "unable to open database file".
fn prepare(path: &Path, mode: Mode) -> Result<(), Error> {
    let refuse = |place: &Path, error: &dyn ToString| Error::NotWritable {
        path: path.to_owned(),
        place: place.to_owned(),
        reason: error.to_string(),
    };
    let exists = match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(Error::BadFile { path: path.to_owned(), reason: "it is a directory".to_owned() });
        }
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(refuse(path, &error)),
    };
    if !exists && mode != Mode::Create {
        return Err(Error::NoFile { path: path.to_owned() });
    }
    if mode == Mode::ReadOnly {
        return Ok(());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if mode == Mode::Create {
        fs::create_dir_all(directory).map_err(|error| refuse(directory, &error))?;
    }
    // WAL keeps two files beside the database, so the directory must be writable even if the file exists.
    check_directory(directory).map_err(|error| refuse(directory, &error))?;
    if exists {
        check_file(path).map_err(|error| refuse(path, &error))?;
    }
    Ok(())
}

async fn server(url: &str, options: &ConnectOptions, size: u32) -> Result<DatabaseConnection, Error> {
    let parsed: PgConnectOptions =
        url.parse().map_err(|error: sqlx::Error| Error::BadUrl { url: redact(url), reason: error.to_string() })?;
    // The pool repeats refused connections until its timeout and then says only "timed out": knock first.
    knock(&parsed, options.connect_timeout).await?;
    let mut orm = orm_options(url.to_owned(), options, size);
    if options.access == Access::ReadOnly {
        orm.map_sqlx_postgres_opts(|server| server.options([("default_transaction_read_only", "on")]));
    }
    sea_orm::Database::connect(orm).await.map_err(|error| match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => {
            Error::Refused { url: redact(&options.url), reason: reason(&error) }
        }
        other => Error::Database(other),
    })
}

async fn knock(server: &PgConnectOptions, timeout: Duration) -> Result<(), Error> {
    let (host, port) = (server.get_host(), server.get_port());
    let socket = server
        .get_socket()
        .cloned()
        .or_else(|| host.starts_with('/').then(|| host.into()))
        .map(|directory| directory.join(format!(".s.PGSQL.{port}")));
    let address = match &socket {
        Some(path) => path.display().to_string(),
        None => format!("{host}:{port}"),
    };
    let attempt = async {
        match &socket {
            Some(path) => knock_at(path).await,
            None => TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map(drop),
        }
    };
    let reason = match tokio::time::timeout(timeout, attempt).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", timeout.as_secs_f32()),
    };
    Err(Error::Unreachable { address, reason })
}

/// The innermost message: SeaORM and sqlx each put their own words in front.
fn reason(error: &DbErr) -> String {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner)) => match inner.as_ref() {
            sqlx::Error::Database(database) => database.message().to_owned(),
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Path, io, portable, unix};

    #[tokio::test]
    async fn both_have_the_same_functions() {
        let _: [fn(&Path) -> io::Result<()>; 2] = [unix::check_directory, portable::check_directory];
        let checks: [fn(&Path) -> io::Result<()>; 2] = [unix::check_file, portable::check_file];
        let missing = Path::new("missing");
        for check in checks {
            assert!(check(missing).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
        }
        let knocks: [io::Result<()>; 2] = [unix::knock_at(missing).await, portable::knock_at(missing).await];
        assert!(knocks.iter().all(Result::is_err));
    }
}
