//! The demo data as a dump, from SQLite to PostgreSQL and back.

use framework::db::{ConnectOptions, Database};
use sea_orm::ConnectionTrait as _;

use crate::binary::Root;
use crate::postgres;

/// A migrated database on the backend of `url`.
fn migrated(url: &str) -> Root {
    let root = Root::new().var("APP__DATABASE__URL", url);
    root.line("migrate -v 0").is(0, "", "");
    root
}

fn postgresql() -> Option<Root> {
    let server = postgres::server()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let name = runtime.block_on(postgres::database(server));
    Some(migrated(&format!("postgres://test@127.0.0.1:{}/{name}", server.port)))
}

fn sqlite() -> Root {
    migrated("sqlite://var/app.sqlite3")
}

/// Loads one root's dump into the other, and compares the dumps.
fn carry(from: &Root, to: &Root, options: &str) -> String {
    let dump = from.line(&format!("dumpdata {options}"));
    assert_eq!((dump.code, dump.err.as_str()), (Some(0), ""));
    std::fs::write(to.path().join("dump.json"), &dump.out).expect("a file");
    let count = dump.out.matches("{\"model\": ").count();
    let loaded = to.line("loaddata dump.json");
    loaded.is(0, &format!("Installed {count} object(s) from 1 fixture(s)\n"), "");
    let again = to.line(&format!("dumpdata {options}"));
    let differing = again.out.split("}}, ").zip(dump.out.split("}}, ")).find(|(again, dump)| again != dump);
    assert_eq!((differing, again.out.len()), (None, dump.out.len()));
    dump.out
}

#[test]
fn the_demo_data_is_the_same_on_the_other_backend_and_back() {
    let first = sqlite();
    first.line("load_demo -v 0");
    let Some(postgresql) = postgresql() else { return };
    let dump = carry(&first, &postgresql, "--natural-foreign");
    assert!(dump.contains("\"owner_id\": [\""), "owners go by their natural keys");
    carry(&postgresql, &sqlite(), "");
    // Numbering goes on, and nothing of the schema was touched.
    postgresql.line("load_demo --force -v 0").is(0, "", "");
    postgresql.line("migrate --drift").is(0, "No drift detected.\n", "");
}

const EDITORS: &str = r#"[
    {"model": "auth.grouppermission", "pk": 1, "fields": {"group_id": ["editors"], "permission_id": ["mailings", "mailing", "add_mailing"]}},
    {"model": "auth.group", "pk": 1, "fields": {"name": "editors"}}
]"#;

#[test]
fn permissions_that_migrate_made_do_not_collide() {
    let (first, second) = (sqlite(), sqlite());
    std::fs::write(first.path().join("editors.json"), EDITORS).expect("a file");
    first.line("loaddata editors.json").is(0, "Installed 2 object(s) from 1 fixture(s)\n", "");
    // The same permissions under other numbers, some of which the dump uses for others.
    let url = format!("sqlite://{}", second.database().display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let db = Database::connect(ConnectOptions::new(url, "/")).await.expect("a database");
        db.execute_unprepared("UPDATE auth_permission SET id = 10000 - id").await.expect("other numbers");
        db.execute_unprepared("UPDATE auth_permission SET id = id - 9990").await.expect("numbers of others");
        db.close().await.expect("closed");
    });
    let dump = first.line("dumpdata auth");
    std::fs::write(second.path().join("dump.json"), &dump.out).expect("a file");
    let loaded = second.line("loaddata dump.json");
    assert_eq!((loaded.code, loaded.err.as_str()), (Some(0), ""));
    let sorted = |root: &Root, what: &str| {
        let dump = root.line(&format!("dumpdata {what} --natural-foreign --natural-primary")).out;
        let mut objects: Vec<String> = dump.trim_matches(['[', ']', '\n']).split("}}, ").map(str::to_owned).collect();
        objects.iter_mut().for_each(|object| *object = object.trim_end_matches('}').to_owned());
        objects.sort();
        objects
    };
    assert_eq!(sorted(&second, "auth"), sorted(&first, "auth"));
}
