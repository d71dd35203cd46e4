//! Completion: what the engine answers, and what shells make of it.

mod engine;
mod shells;

use crate::sandbox::Sandbox;

/// A workspace with modules, settings and a script, whose app is built and has commands of its own.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    let module =
        |about: &str| format!("//! {about}. And more.\n\npub fn module() -> Module {{ Module::new(\"x\") }}\n");
    sandbox.write("app/src/modules/users/mod.rs", &module("People"));
    sandbox.write("app/src/modules/users/models.rs", MODELS);
    sandbox.write("app/src/modules/users/migrations/0001_initial.toml", "");
    sandbox.write("app/src/modules/users/migrations/0002_names.toml", "");
    sandbox.write("app/src/modules/users/migrations/notes.txt", "");
    sandbox.write("app/src/modules/cms/mod.rs", &module("Pages"));
    sandbox.write("app/src/modules/cms/adp/mod.rs", &module("Parts"));
    sandbox.write("app/src/modules/cms/adp/migrations/0001_initial.toml", "");
    sandbox.write("app/src/modules/cms/commands/mod.rs", "//! Commands.\n");
    sandbox.write("app/src/modules/cms/commands/publish.rs", "//! Publish.\npub struct Command;\n");
    sandbox.write("app/src/modules/cms/commands/_draft.rs", "//! Not a command.\n");
    sandbox.write("app/crates/framework/src/contrib/auth/mod.rs", &module("Groups"));
    sandbox.write("app/config/default.toml", "[databases.reports]\nurl = \"sqlite://var/reports.sqlite3\"\n");
    sandbox.write("app/config/development.toml", "[databases.local]\nurl = \"sqlite://var/local.sqlite3\"\n");
    let manifest = std::fs::read_to_string(sandbox.root().join("Cargo.toml")).expect("a manifest");
    sandbox.write(
        "Cargo.toml",
        &format!("{manifest}[workspace.metadata.xtask.scripts]\nlines = \"wc -l\"\n\"two words\" = \"echo 2\"\n"),
    );
    sandbox.write("catalogue.json", CATALOGUE);
    // Older than any binary: the code of the completion, as the scripts look for it.
    let code = sandbox.root().join("xtask/src/complete/mod.rs");
    sandbox.write("xtask/src/complete/mod.rs", "");
    std::fs::File::options()
        .write(true)
        .open(code)
        .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
        .expect("a time");
    sandbox.xtask(["version"]).any_output().run();
    // Has the catalogue remembered, so that no question is a matter of time.
    sandbox.xtask(["help"]).any_output().run();
    sandbox
}

const MODELS: &str = r#"//! Models.

pub const MODELS: &[Model] = &[model::<user::Entity>("User")];

pub mod user {
    #[derive(DeriveEntityModel)]
    #[sea_orm(table_name = "users_user")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }
}
"#;

/// Commands of the app: an overridden built-in one is not among them, a hidden one is.
const CATALOGUE: &str = r#"{"version":1,"commands":[
{"name":"migrate","module":"framework","builtin":true,"help":"Migrate","hidden":false,"args":[]},
{"name":"load_demo","module":"mailings","builtin":false,"help":"Load demo data","hidden":false,"args":[
  {"name":"if_empty","long":"if-empty","short":null,"value":null,"choices":[],"required":false,"multiple":false,"hidden":true,"help":"Quietly"},
  {"name":"force","long":"force","short":"f","value":null,"choices":[],"required":false,"multiple":false,"help":"Anyway"}]},
{"name":"send_mailing","module":"mailings","builtin":false,"help":"Send a mailing\nto all","hidden":false,"args":[
  {"name":"mailing","long":null,"short":null,"value":"MAILING_ID","choices":[],"required":true,"multiple":false,"help":"Which"},
  {"name":"format","long":"format","short":null,"value":"FORMAT","choices":["html","text"],"required":false,"multiple":true,"help":"How"},
  {"name":"report","long":"report","short":null,"value":"REPORT","choices":[],"required":false,"multiple":false,"path":true,"help":"Where to"},
  {"name":"database","long":"database","short":null,"value":"ALIAS","choices":[],"required":false,"multiple":false,"help":"In which"}]},
{"name":"secret","module":"mailings","builtin":false,"help":"Not listed","hidden":true,"args":[]}]}"#;
