//! Applying small migrations to a SQLite file: the project promises 100 within a second. `cargo bench -p db --bench
//! migrate`; exit code 1 when a promise is broken.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench")]

use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use db::{
    ConnectOptions, Database,
    migrations::{Executor, Functions, Loader, Mode, ModuleMigrations, Source, Target},
};

const PROMISED: Duration = Duration::from_secs(1);
const RUNS: usize = 3;

/// What one run took.
#[derive(Clone, Copy, Debug)]
struct Times {
    load: Duration,
    apply: Duration,
    /// With nothing left to do.
    again: Duration,
}

impl Times {
    fn sum(self) -> Duration {
        self.load + self.apply
    }
}

/// A migration that creates a model and references the one before, one that adds a field, one that adds an index, in
/// turns.
fn write(directory: &Path, length: usize) {
    fs::create_dir_all(directory).unwrap();
    for n in 0..length {
        let before = if n == 0 { String::new() } else { format!("dependencies = [\"x.{:04}\"]\n", n - 1) };
        let model = n - n % 3;
        let operation = match n % 3 {
            0 => {
                let reference = if n == 0 {
                    String::new()
                } else {
                    format!(
                        "  {{ name = \"m_id\", type = \"big_integer\", null = true, references = {{ model = \"x.M{}\", column = \"id\" }} }},\n",
                        n - 3
                    )
                };
                format!(
                    "op = \"create_model\"\nmodel = \"M{n}\"\ntable = \"x_m{n}\"\nfields = [\n  \
                     {{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }},\n  \
                     {{ name = \"name\", type = \"string(100)\" }},\n{reference}]\n"
                )
            }
            1 => format!(
                "op = \"add_field\"\nmodel = \"M{model}\"\nfield = {{ name = \"size\", type = \"integer\", default = 1 }}\n"
            ),
            _ => format!(
                "op = \"add_index\"\nmodel = \"M{model}\"\nindex = {{ name = \"x_m{model}_size\", fields = [\"size\"] }}\n"
            ),
        };
        fs::write(directory.join(format!("{n:04}.toml")), format!("{before}\n[[operations]]\n{operation}")).unwrap();
    }
}

async fn run(length: usize) -> Times {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("x");
    write(&directory, length);
    let db = Database::connect(ConnectOptions::new("sqlite://bench.sqlite3", root.path())).await.unwrap();
    let started = Instant::now();
    let loader = Loader::load(&[ModuleMigrations { label: "x".to_owned(), source: Source::Dir(directory) }]).unwrap();
    let load = started.elapsed();
    let functions = Functions::default();
    let executor = Executor::new(&db, &loader, &functions);
    let started = Instant::now();
    let outcome = executor.migrate(&[Target::Latest], Mode::Run, &mut |_| {}).await.unwrap();
    let apply = started.elapsed();
    assert_eq!(outcome.plan.steps.len(), length);
    let started = Instant::now();
    assert!(executor.migrate(&[Target::Latest], Mode::Run, &mut |_| {}).await.unwrap().plan.is_empty());
    let again = started.elapsed();
    db.close().await.unwrap();
    Times { load, apply, again }
}

async fn best(length: usize) -> Times {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(run(length).await);
    }
    runs.sort_by_key(|times| times.sum());
    let Times { load, apply, again } = runs[0];
    println!("{length} migrations, best of {RUNS}: load {load:?}, apply {apply:?}, again {again:?}");
    runs[0]
}

/// Working out the last state of so many migrations, without a database.
fn state(length: usize) -> Duration {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("x");
    write(&directory, length);
    let loader = Loader::load(&[ModuleMigrations { label: "x".to_owned(), source: Source::Dir(directory) }]).unwrap();
    let runs = (0..RUNS).map(|_| {
        let started = Instant::now();
        assert_eq!(loader.state().unwrap().models().count(), length.div_ceil(3));
        started.elapsed()
    });
    runs.min().unwrap_or_default()
}

#[tokio::main]
async fn main() -> ExitCode {
    let hundred = best(100).await;
    best(1000).await;
    let (thousand, four) = (state(1000), state(4000));
    let growth = four.as_secs_f64() / thousand.as_secs_f64();
    println!("state after 1,000 migrations: {thousand:?}, after 4,000: {four:?}, {growth:.1} times as long");
    println!("100 migrations: {:?}, promised {PROMISED:?}", hundred.sum());
    // Four times as many in less than sixteen times as long: nothing goes through all of them for each.
    match hundred.sum() <= PROMISED && growth < 10.0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
