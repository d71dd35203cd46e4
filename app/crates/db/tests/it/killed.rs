//! Processes killed at any moment of a migration, and what the next one makes of it.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use db::{
    Backend, Database,
    migrations::{Direction, HISTORY_TABLE},
};

use crate::{
    processes::start,
    random::Random,
    support::{Files, Fresh, applied, count, each, files, key, run, tables, texts},
};

const LENGTH: usize = 1000;
const KILLS: usize = 20;

/// Starts a process that migrates, reads `lines` of what it says, and kills it a little later. False when it came to
/// the end before.
fn kill(fresh: &Fresh, written: &Files, lines: usize, later: Duration) -> bool {
    let mut child = start(fresh, written.root.path(), "no", Stdio::piped());
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let open =
        said.by_ref().filter(|line| line.as_ref().is_ok_and(|line| line.starts_with("said "))).take(lines).count();
    let moment = Instant::now() + later;
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code() != Some(101), "{}", String::from_utf8_lossy(&output.stderr));
    open == lines && !output.status.success()
}

/// Waits until PostgreSQL has ended the session of a client that is gone: by the engine's lock, which it held.
async fn settle(db: &Database) {
    if db.backend() == Backend::Postgres {
        run(db, &format!("SELECT pg_advisory_xact_lock({})", 0x6d69_6772_6174_6521_i64)).await;
    }
}

fn finish(fresh: &Fresh, written: &Files) {
    let output = start(fresh, written.root.path(), "no", Stdio::null()).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn thousand() -> Files {
    let mut written = files(&[]);
    for n in 0..LENGTH {
        let before = if n == 0 { String::new() } else { format!("dependencies = [\"x.{:04}\"]\n", n - 1) };
        let text = format!(
            "{before}[[operations]]\nop = \"create_model\"\nmodel = \"M{n}\"\ntable = \"x_m{n:04}\"\n\
             fields = [{{ name = \"id\", type = \"integer\", primary_key = true }}]\n\
             [[operations]]\nop = \"run_sql\"\nsql = \"INSERT INTO x_m0000 VALUES ({n})\"\n"
        );
        written.add("x", &format!("{n:04}"), &text);
    }
    written
}

/// Everything in one statement, because PostgreSQL may still be at work for a client that is gone: the numbers of the
/// recorded migrations, of the tables and of the rows written.
async fn found(db: &Database) -> [Vec<String>; 3] {
    let names = db.table_names().await.unwrap();
    if !names.iter().any(|name| name == HISTORY_TABLE) {
        assert_eq!(names, Vec::<String>::new());
        return Default::default();
    }
    let catalogue = match db.backend() {
        Backend::Sqlite => {
            "SELECT 't' || substr(name, 4) FROM sqlite_master WHERE type = 'table' AND name LIKE 'x\\_m%' ESCAPE '\\'"
        }
        Backend::Postgres => "SELECT 't' || substr(tablename::text, 4) FROM pg_tables WHERE tablename LIKE 'x\\_m%'",
    };
    let mut sql = format!("SELECT 'm' || name FROM {HISTORY_TABLE} UNION ALL {catalogue}");
    if names.iter().any(|name| name == "x_m0000") {
        sql.push_str(" UNION ALL SELECT 'r' || CAST(id AS text) FROM x_m0000");
    }
    let mut lists = ['m', 't', 'r'].map(|_| Vec::new());
    for line in texts(db, &sql).await {
        let (kind, number) = line.split_at(1);
        let at = ["m", "t", "r"].iter().position(|known| *known == kind).unwrap();
        lists[at].push(format!("{:04}", number.trim_start_matches('m').parse::<usize>().unwrap()));
    }
    lists.iter_mut().for_each(|list| list.sort());
    lists
}

#[tokio::test]
async fn a_thousand_migrations_killed_twenty_times_are_each_applied_once() {
    let written = thousand();
    each(async |fresh| {
        let mut random = Random::from_environment();
        let mut last = 0;
        for round in 0..KILLS {
            let lines = random.below(60);
            let later = Duration::from_micros(random.below(4000) as u64);
            assert!(kill(&fresh, &written, lines, later), "round {round}: killed too late");
            let [recorded, tables, rows] = found(&fresh.db).await;
            assert_eq!(recorded, tables, "round {round}: every recorded migration's table is there, and no other");
            assert!(recorded == rows || rows.is_empty() && recorded.is_empty(), "round {round}: {rows:?}");
            assert!(recorded.len() >= last, "round {round}: it went on");
            last = recorded.len();
        }
        finish(&fresh, &written);
        let [recorded, tables, rows] = found(&fresh.db).await;
        assert_eq!((recorded.len(), tables.len(), rows.len()), (LENGTH, LENGTH, LENGTH));
    })
    .await;
}

/// One migration with many operations: models, marks that write a row and say so, and a table altered with rows in it.
fn long(atomic: bool) -> (Files, usize) {
    const PARTS: usize = 12;
    let first = "[[operations]]\nop = \"create_model\"\nmodel = \"Log\"\ntable = \"x_log\"\n\
                 fields = [{ name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }]\n\
                 [[operations]]\nop = \"create_model\"\nmodel = \"Big\"\ntable = \"x_big\"\n\
                 fields = [{ name = \"id\", type = \"integer\", primary_key = true }, { name = \"a\", type = \"integer\", null = true }]\n";
    let mut text = format!("atomic = {atomic}\ndependencies = [\"x.0001\"]\n");
    for part in 0..PARTS {
        let (old, new) = (["integer", "big_integer"][part % 2], ["big_integer", "integer"][part % 2]);
        text.push_str(&format!(
            "[[operations]]\nop = \"create_model\"\nmodel = \"P{part}\"\ntable = \"x_p{part:02}\"\n\
             fields = [{{ name = \"id\", type = \"integer\", primary_key = true }}]\n\
             [[operations]]\nop = \"run_rust\"\nfunction = \"x.mark\"\n\
             [[operations]]\nop = \"alter_field\"\nmodel = \"Big\"\n\
             old = {{ name = \"a\", type = \"{old}\", null = true }}\nnew = {{ name = \"a\", type = \"{new}\", null = true }}\n"
        ));
    }
    (files(&[("x", "0001", first), ("x", "0002", &text)]), PARTS)
}

async fn begin(fresh: &Fresh, written: &Files) {
    let loader = written.load();
    crate::support::migrate(&fresh.db, &loader, &[db::migrations::Target::Node(key("x.0001"))]).await.unwrap();
    let numbers: Vec<String> = (0..3000).map(|n| format!("({n}, {n})")).collect();
    run(&fresh.db, &format!("INSERT INTO x_big VALUES {}", numbers.join(", "))).await;
}

#[tokio::test]
async fn one_atomic_migration_killed_inside_leaves_nothing_of_it() {
    let (written, parts) = long(true);
    each(async |fresh| {
        let mut random = Random::from_environment();
        begin(&fresh, &written).await;
        for _ in 0..8 {
            let lines = 1 + random.below(parts);
            kill(&fresh, &written, lines, Duration::from_micros(random.below(3000) as u64));
            settle(&fresh.db).await;
            if applied(&fresh.db).await.len() == 2 {
                // It was killed after its last mark, and had done the rest.
                break;
            }
            assert_eq!(tables(&fresh.db).await, ["x_big", "x_log"]);
            assert_eq!((count(&fresh.db, "x_big").await, count(&fresh.db, "x_log").await), (3000, 0));
        }
        finish(&fresh, &written);
        assert_eq!((count(&fresh.db, "x_big").await, count(&fresh.db, "x_log").await), (3000, parts as i64));
        assert_eq!(tables(&fresh.db).await.len(), 2 + parts);
    })
    .await;
}

#[tokio::test]
async fn one_that_is_not_atomic_goes_on_where_it_was_killed() {
    let (written, parts) = long(false);
    each(async |fresh| {
        let mut random = Random::from_environment();
        begin(&fresh, &written).await;
        let mut last = 0;
        for _ in 0..8 {
            if !kill(&fresh, &written, 1 + random.below(3), Duration::from_micros(random.below(5000) as u64)) {
                break;
            }
            settle(&fresh.db).await;
            let left = fresh.db.unfinished_migrations().await.unwrap().remove(&key("x.0002"));
            let Some(left) = left else { continue };
            assert_eq!((left.direction, left.total, left.under_way), (Direction::Forwards, 3 * parts, None));
            assert!(left.done >= last, "{left:?} after {last}");
            last = left.done;
            assert_eq!(count(&fresh.db, "x_big").await, 3000);
        }
        finish(&fresh, &written);
        assert_eq!((count(&fresh.db, "x_big").await, count(&fresh.db, "x_log").await), (3000, parts as i64));
        assert_eq!(tables(&fresh.db).await.len(), 2 + parts);
        assert!(fresh.db.unfinished_migrations().await.unwrap().is_empty());
    })
    .await;
}
