//! Databases and migration folders for the tests.

use std::{fs, path::Path};

use db::{
    Backend, ConnectOptions, Database, Error, ProjectState,
    migrations::{
        DetectOptions, Executor, Functions, Loader, Mode, ModuleMigrations, NewMigration, NodeKey, NonInteractive,
        Operation, Outcome, Progress, Questioner, Source, Target, autodetect,
    },
};
use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;

use crate::postgres;

/// A fresh database; its files go with it.
pub struct Fresh {
    pub db: Database,
    pub url: String,
    pub root: TempDir,
}

pub async fn sqlite() -> Fresh {
    let root = tempfile::tempdir().unwrap();
    let url = "sqlite://var/test.sqlite3".to_owned();
    let db = Database::connect(ConnectOptions::new(&url, root.path())).await.unwrap();
    Fresh { db, url, root }
}

pub async fn postgres() -> Option<Fresh> {
    let server = postgres::server()?;
    let name = postgres::database(server).await;
    let root = tempfile::tempdir().unwrap();
    let url = format!("postgresql://test@127.0.0.1:{}/{name}?sslmode=disable", server.port);
    let options = ConnectOptions { max_connections: 3, ..ConnectOptions::new(&url, root.path()) };
    let db = Database::connect(options).await.unwrap();
    Some(Fresh { db, url, root })
}

/// Runs a test's body once on each backend.
pub async fn each(body: impl AsyncFn(Fresh)) {
    let fresh = sqlite().await;
    let db = fresh.db.clone();
    body(fresh).await;
    db.close().await.unwrap();
    if let Some(fresh) = postgres().await {
        let db = fresh.db.clone();
        body(fresh).await;
        db.close().await.unwrap();
    }
}

/// Modules with migration files in a temporary directory.
pub struct Files {
    pub root: TempDir,
    pub modules: Vec<ModuleMigrations>,
}

/// Writes migration files: module, name, text. A module is there even if its only "file" is an empty name.
pub fn files(files: &[(&str, &str, &str)]) -> Files {
    let mut written = Files { root: tempfile::tempdir().unwrap(), modules: Vec::new() };
    for (module, name, text) in files {
        written.add(module, name, text);
    }
    written
}

impl Files {
    pub fn add(&mut self, module: &str, name: &str, text: &str) {
        let directory = self.root.path().join(module).join("migrations");
        if !self.modules.iter().any(|known| known.label == module) {
            let source = Source::Dir(directory.clone());
            self.modules.push(ModuleMigrations { label: module.to_owned(), source });
        }
        if !name.is_empty() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(format!("{name}.toml")), text).unwrap();
        }
    }

    pub fn load(&self) -> Loader {
        Loader::load(&self.modules).unwrap()
    }
}

/// The migrations between two states, when there are none yet and nobody answers.
pub fn detect(from: &ProjectState, to: &ProjectState) -> Result<Vec<NewMigration>, Error> {
    detect_after(&Loader::load(&[]).unwrap(), from, to, &mut NonInteractive::default())
}

/// The migrations between two states, at a fixed time.
pub fn detect_after(
    loader: &Loader,
    from: &ProjectState,
    to: &ProjectState,
    questioner: &mut dyn Questioner,
) -> Result<Vec<NewMigration>, Error> {
    autodetect(from, to, loader, questioner, &DetectOptions::new("2024-05-06T07:08:09Z".parse().unwrap()))
}

/// What a migration does, in words.
pub fn words(new: &NewMigration) -> Vec<String> {
    new.migration.operations.iter().map(Operation::describe).collect()
}

/// Migrates without listening.
pub async fn migrate(db: &Database, loader: &Loader, targets: &[Target]) -> Result<Outcome, Error> {
    Executor::new(db, loader, &Functions::default()).migrate(targets, Mode::Run, &mut |_| {}).await
}

/// Migrates and returns what was said on the way, one word and name each.
pub async fn migrate_aloud(
    db: &Database,
    loader: &Loader,
    targets: &[Target],
    mode: Mode,
) -> Result<Vec<String>, Error> {
    let mut said = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        said.push(match progress {
            Progress::RenderStart => "render".to_owned(),
            Progress::RenderSuccess => "rendered".to_owned(),
            Progress::ApplyStart(key) => format!("apply {key}"),
            Progress::ApplySuccess(key, mode) => format!("applied {key} {mode:?}"),
            Progress::UnapplyStart(key) => format!("unapply {key}"),
            Progress::UnapplySuccess(key, mode) => format!("unapplied {key} {mode:?}"),
            Progress::Resuming { key, done, total } => format!("resuming {key} after {done} of {total}"),
        });
    };
    Executor::new(db, loader, &Functions::default()).migrate(targets, mode, &mut listen).await?;
    Ok(said)
}

pub fn key(text: &str) -> NodeKey {
    text.parse().unwrap()
}

pub fn node(text: &str) -> Target {
    Target::Node(key(text))
}

pub async fn applied(db: &Database) -> Vec<String> {
    db.applied_migrations().await.unwrap().keys().map(NodeKey::to_string).collect()
}

/// The tables, those of the migrations themselves excepted.
pub async fn tables(db: &Database) -> Vec<String> {
    let mut tables = db.table_names().await.unwrap();
    tables.retain(|table| !db::migrations::is_own_table(table));
    tables
}

pub async fn run(db: &impl ConnectionTrait, sql: &str) -> u64 {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
}

/// The first column of every row, as text.
pub async fn texts(db: &impl ConnectionTrait, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter()
        .map(|row| row.try_get_by_index::<Option<String>>(0).unwrap().unwrap_or_else(|| "NULL".to_owned()))
        .collect()
}

pub async fn count(db: &Database, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM \"{table}\"");
    let row = db.query_one_raw(Statement::from_string(db.backend().into(), sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Everything the database itself says about its tables, sorted, to compare before and after.
pub async fn schema(db: &Database) -> Vec<String> {
    let mut lines = Vec::new();
    match db.backend() {
        Backend::Sqlite => {
            for table in tables(db).await {
                for sql in [
                    "SELECT 'column ' || name || ' ' || type || ' ' || \"notnull\" || ' ' || coalesce(dflt_value, '-') || ' ' || pk FROM pragma_table_info('T')",
                    "SELECT 'reference ' || \"from\" || ' ' || \"table\" || ' ' || \"to\" || ' ' || on_delete || ' ' || on_update FROM pragma_foreign_key_list('T')",
                    "SELECT 'index ' || CASE origin WHEN 'c' THEN i.name ELSE origin END || ' ' || i.\"unique\" || ' ' || i.partial || ' ' || group_concat(c.name) FROM pragma_index_list('T') i, pragma_index_info(i.name) c GROUP BY i.name",
                    "SELECT 'numbered' FROM sqlite_master WHERE name = 'T' AND sql LIKE '%AUTOINCREMENT%'",
                    "SELECT 'trigger ' || name FROM sqlite_master WHERE tbl_name = 'T' AND type = 'trigger'",
                ] {
                    let found = texts(db, &sql.replace("'T'", &format!("'{table}'"))).await;
                    lines.extend(found.into_iter().map(|line| format!("{table} {line}")));
                }
                let sql =
                    texts(db, &format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '{table}'"))
                        .await;
                // SQLite quotes a column when it renames it, so quotes say nothing.
                let sql = sql[0].replace('"', "");
                lines.extend(sql.match_indices("CONSTRAINT ").map(|(at, _)| {
                    let rest = &sql[at..];
                    format!("{table} {}", &rest[..rest.find(')').map_or(rest.len(), |end| end + 1)])
                }));
                let partial = format!(
                    "SELECT substr(sql, instr(sql, ' WHERE ')) FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' AND sql LIKE '% WHERE %'"
                );
                lines.extend(
                    texts(db, &partial).await.into_iter().map(|line| format!("{table}{}", line.replace('"', ""))),
                );
            }
        }
        Backend::Postgres => {
            for sql in [
                "SELECT table_name || ' column ' || column_name || ' ' || data_type || ' ' || coalesce(character_maximum_length::text, '-') || ' ' || is_nullable || ' ' || coalesce(column_default, '-') || ' ' || is_identity FROM information_schema.columns WHERE table_schema = current_schema()",
                "SELECT conrelid::regclass || ' constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace",
                "SELECT tablename || ' index ' || indexdef FROM pg_indexes WHERE schemaname = current_schema()",
                "SELECT c.oid::regclass || ' comment ' || description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid WHERE c.relnamespace = current_schema()::regnamespace",
            ] {
                lines.extend(texts(db, sql).await);
            }
            lines.retain(|line| !db::migrations::is_own_table(line.split([' ', '.']).next().unwrap_or_default()));
        }
    }
    lines.sort();
    lines
}

/// Asserts that an error's text has all the parts.
#[track_caller]
pub fn says(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

pub fn exists(root: &TempDir, path: &str) -> bool {
    Path::new(root.path()).join(path).exists()
}
