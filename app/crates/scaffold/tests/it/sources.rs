//! What is read of a project's sources.

use std::fs;
use std::path::{Path, PathBuf};

use scaffold::names::{ModulePath, check_free};
use scaffold::sources::{Command, Field, Sources, command};
use tempfile::TempDir;

const MODULE: &str = "pub fn module() -> Module { let mut m = Module::new(\"x\"); m }\n";

/// A project with these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(root.path().join("app/src/modules")).expect("a directory");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    root
}

fn read(root: &TempDir) -> Sources {
    Sources::read(root.path()).expect("the sources")
}

fn path(words: &[&str]) -> ModulePath {
    ModulePath::parse(words).expect("a path")
}

#[test]
fn this_project_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let sources = Sources::read(&root).expect("the sources");
    for (name, entity, table) in [
        ("users.User", "crate::modules::users::models::user", "users_user"),
        (
            "mailings.mailingrecipient",
            "crate::modules::mailings::models::mailing_recipient",
            "mailings_mailing_recipients",
        ),
        ("auth.Group", "framework::contrib::auth::models::group", "auth_group"),
        ("sessions.Session", "framework::contrib::sessions::models::session", "sessions_session"),
    ] {
        let (_, model) = sources.model(name).expect(name);
        assert_eq!((model.entity_path.as_str(), model.table.as_str()), (entity, table));
        assert!(model.primary_key().is_some(), "{model:?}");
    }
    let (module, user) = sources.model("users.User").expect("the user");
    assert_eq!(module.path, Some(path(&["users"])));
    assert_eq!(user.first_text().map(|field| (field.name.as_str(), field.unique)), Some(("email", true)));
    let login = user.fields.iter().find(|field| field.name == "last_login").expect("a field");
    assert_eq!((login.rust_type.as_str(), login.nullable), ("DateTimeUtc", true));
    let auth = sources.module("auth").expect("the framework's");
    assert_eq!((auth.path.as_ref(), auth.place().as_str()), (None, "framework::contrib::auth"));
    assert_eq!(auth.migrations.first().map(String::as_str), Some("0001_initial"));
    let demo = sources.module("mailings").and_then(|module| module.commands.iter().find(|it| it.name == "load_demo"));
    assert!(demo.is_some_and(|demo| demo.help.starts_with("Load demo data (users, ")), "{demo:?}");
    assert!(sources.has_crate("sea_orm") && sources.has_crate("app") && sources.has_crate("xtask"));
}

#[test]
fn modules_are_folders_with_the_function() {
    let root = project(&[
        (
            "app/src/modules/mod.rs",
            "pub mod cms;\nuse framework::contrib::{auth, none};\nconst MODULES: A = &[cms::module, auth::module, none::module];",
        ),
        ("app/src/modules/cms/mod.rs", MODULE),
        ("app/src/modules/cms/adp/mod.rs", "this does not parse {"),
        ("app/src/modules/cms/adp/roles/mod.rs", MODULE),
        ("app/src/modules/cms/helpers/mod.rs", "pub fn help() {}"),
        ("app/src/modules/cms/helpers/deep/mod.rs", MODULE),
        ("app/src/modules/cms/migrations/0002_more.toml", ""),
        ("app/src/modules/cms/migrations/0001_initial.toml", ""),
        ("app/src/modules/cms/migrations/_draft.toml", ""),
        ("app/src/modules/empty/views.rs", ""),
        ("app/crates/framework/src/contrib/auth/mod.rs", MODULE),
    ]);
    let sources = read(&root);
    let places: Vec<(String, String)> = sources.modules().iter().map(|it| (it.place(), it.label.clone())).collect();
    let expected = [
        ("cms", "cms"),
        ("cms/adp", "cms_adp"),
        ("cms/adp/roles", "cms_adp_roles"),
        ("framework::contrib::auth", "auth"),
    ];
    assert_eq!(places, expected.map(|(place, label)| (place.to_owned(), label.to_owned())));
    assert_eq!(
        sources.module("cms-adp").map(|module| module.folder.clone()),
        Some(PathBuf::from("app/src/modules/cms/adp"))
    );
    assert_eq!(
        sources.module("cms").map(|it| it.migrations.clone()),
        Some(vec!["0001_initial".to_owned(), "0002_more".to_owned()])
    );
    assert!(sources.is_module(&path(&["cms", "adp"])) && !sources.is_module(&path(&["cms", "helpers"])));
}

#[test]
fn a_project_without_modules_is_an_error() {
    let root = tempfile::tempdir().expect("a directory");
    let error = Sources::read(root.path()).expect_err("no modules");
    assert!(error.to_string().starts_with("failed to read `"), "{error}");
}

#[test]
fn names_that_are_taken_are_refused() {
    let root = project(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"app\", \"tools/xtask\"]\n[workspace.dependencies]\nsea-orm = \"2\"\n",
        ),
        ("app/Cargo.toml", "[package]\nname = \"shop\"\n[dependencies]\nserde.workspace = true\n"),
        (
            "app/src/modules/mod.rs",
            "pub mod cms;\nmod helpers {}\nuse framework::contrib::auth as login;\nuse framework::contrib::{self};",
        ),
        ("app/src/modules/cms/mod.rs", &format!("mod demo;\nstruct Thing;\n{MODULE}")),
        ("app/src/modules/cms/adp_roles/mod.rs", MODULE),
        ("app/src/modules/stray.rs", ""),
    ]);
    let sources = read(&root);
    for free in
        [&["news"][..], &["cms"], &["cms", "news"], &["cms", "adp_roles", "x"], &["module"], &["auth"], &["api"]]
    {
        assert!(check_free(&sources, &path(free)).is_ok(), "{free:?}");
    }
    for (words, name, what, hint) in [
        (&["std"][..], "std", "crate", None),
        (&["cms", "sea_orm"], "sea_orm", "crate", None),
        (&["serde", "x"], "serde", "crate", None),
        (&["shop"], "shop", "crate", None),
        (&["xtask"], "xtask", "crate", None),
        (&["cms", "views"], "views", "part of a module", None),
        (&["cms", "api"], "api", "part of a module", None),
        (&["helpers"], "helpers", "module", Some("the name is used in `app/src/modules/mod.rs`")),
        (&["login"], "login", "module", Some("the name is used in `app/src/modules/mod.rs`")),
        (&["contrib"], "contrib", "module", Some("the name is used in `app/src/modules/mod.rs`")),
        (&["cms", "demo"], "demo", "module", Some("the name is used in `app/src/modules/cms/mod.rs`")),
        (&["stray"], "stray", "module", Some("`app/src/modules/stray.rs` is in the way")),
        (
            &["cms", "adp", "roles"],
            "cms_adp_roles",
            "module",
            Some("`cms/adp/roles` would have the label of `cms/adp_roles`"),
        ),
    ] {
        let error = check_free(&sources, &path(words)).expect_err("taken");
        let message = format!("'{name}' conflicts with the name of an existing {what}. Please try another name.");
        assert_eq!((error.to_string(), error.code(), error.hint()), (message, 1, hint));
    }
}

#[test]
fn models_are_read_wherever_their_entities_are() {
    let root = project(&[
        ("app/src/modules/mod.rs", ""),
        ("app/src/modules/shop/mod.rs", MODULE),
        (
            "app/src/modules/shop/models/mod.rs",
            "mod order;\nuse framework::db::{Model, model};\npub static MODELS: &[Model] = &[\n    \
             model::<order::Entity>(\"Order\").with_natural_key(&[\"x\"]),\n    \
             model::<inline::deep::Entity>(\"Deep\"),\n    model::<crate::modules::other::Entity>(\"Far\"),\n    broken(),\n];\n\
             mod inline { pub mod deep { pub struct Model { #[sea_orm(primary_key)] pub a: i32, #[sea_orm(primary_key)] pub b: i32 } } }",
        ),
        (
            "app/src/modules/shop/models/order.rs",
            "#[sea_orm(table_name = \"orders\")]\npub struct Model {\n    #[sea_orm(primary_key)]\n    pub id: i64,\n    \
             #[sea_orm(unique, column_name = \"kind\")]\n    pub r#type: Option<Vec<u8>>,\n    #[sea_orm(ignore)]\n    pub x: i32,\n    \
             #[sea_orm(has_many)]\n    pub lines: HasMany<super::line::Entity>,\n}\n",
        ),
    ]);
    let sources = read(&root);
    let (_, order) = sources.model("shop.order").expect("a model");
    assert_eq!((order.name.as_str(), order.table.as_str()), ("Order", "orders"));
    assert_eq!(order.entity_path, "crate::modules::shop::models::order");
    let field = |name: &str, column: &str, rust_type: &str| Field {
        name: name.to_owned(),
        column: column.to_owned(),
        rust_type: rust_type.to_owned(),
        nullable: false,
        unique: false,
        primary_key: false,
    };
    let id = Field { primary_key: true, ..field("id", "id", "i64") };
    let kind = Field { nullable: true, unique: true, ..field("type", "kind", "Vec<u8>") };
    assert_eq!(order.fields, [id.clone(), kind]);
    assert_eq!((order.primary_key(), order.first_text()), (Some(&id), None));
    let (_, deep) = sources.model("shop.Deep").expect("a model");
    assert_eq!((deep.table.as_str(), deep.primary_key()), ("shop_deep", None));
    assert_eq!(deep.entity_path, "crate::modules::shop::models::inline::deep");
    let (_, far) = sources.model("shop.Far").expect("a model");
    assert_eq!((far.entity_path.as_str(), far.fields.len()), ("crate::modules::other", 0));
    assert!(sources.model("shop").is_none() && sources.model("shop.None").is_none());
}

#[test]
fn a_row_is_not_shown_as_its_secret() {
    let entity = "#[sea_orm(table_name = \"shop_keys\")]\npub struct Model { #[sea_orm(primary_key)] pub id: i64, \
                  pub token: String, pub password_hash: String, pub pin: String, pub codename: String }";
    let root = project(&[
        ("app/src/modules/mod.rs", ""),
        ("app/src/modules/shop/mod.rs", MODULE),
        ("app/src/modules/shop/models/mod.rs", "mod key;\nconst MODELS: &[Model] = &[model::<key::Entity>(\"Key\")];"),
        ("app/src/modules/shop/models/key.rs", entity),
    ]);
    let sources = read(&root);
    let (_, key) = sources.model("shop.key").expect("a model");
    assert_eq!(key.first_text().map(|field| field.name.as_str()), Some("codename"));
}

#[test]
fn commands_are_files_that_define_one() {
    let made = |name: &str, help: &str| {
        Some(Command { file: "close".to_owned(), name: name.to_owned(), help: help.to_owned() })
    };
    for (text, expected) in [
        ("/// Close polls.\n///\n/// More.\n#[derive(clap::Args)]\nstruct Command {}", made("close", "Close polls")),
        (
            "/// Close\n/// all...\npub(super) struct Command;\nimpl a::Command for Command { const NAME: &'static str = \"shut\"; }",
            made("shut", "Close all..."),
        ),
        ("pub struct Command;\nimpl Command { const NAME: &'static str = \"no\"; }", made("close", "")),
        ("pub struct Command;\nimpl a::Command for Command { const NAME: &'static str = OTHER; }", made("close", "")),
        ("pub struct Command {", made("close", "")),
        ("// struct Command\nfn f() {}", None),
        ("pub struct Commands;", None),
        ("mod inside { struct Command; }", None),
        ("", None),
    ] {
        assert_eq!(command("close", text), expected, "{text}");
    }
    let root = project(&[
        ("app/src/modules/mod.rs", ""),
        ("app/src/modules/shop/mod.rs", MODULE),
        ("app/src/modules/shop/commands/mod.rs", "struct Command;"),
        ("app/src/modules/shop/commands/_draft.rs", "struct Command;"),
        ("app/src/modules/shop/commands/open.rs", "\u{feff}/// Open\nstruct Command;"),
        ("app/src/modules/shop/commands/helpers.rs", "struct Helper;"),
        ("app/src/modules/shop/commands/close.txt", "struct Command;"),
    ]);
    let sources = read(&root);
    let commands = &sources.module("shop").expect("a module").commands;
    assert_eq!(*commands, [Command { file: "open".to_owned(), name: "open".to_owned(), help: "Open".to_owned() }]);
}
