//! `diffsettings`, and with its help: the shipped settings files name every key.

use std::fs;
use std::path::Path;

use framework::conf::{Environment, Settings};
use framework::context::ContextBuilder;
use framework::management::Call;

use crate::sandbox::wait;
use crate::settings::Project;

fn diff(project: &Project, settings: Settings, command: cli::Diffsettings, verbosity: u8) -> Vec<String> {
    let ctx = ContextBuilder::new(settings, project.layout(), Vec::new()).env(project.env()).build();
    let called = wait(Call::typed(command).verbosity(verbosity).run(&ctx)).expect("diffsettings runs");
    called.stdout.lines().map(str::to_owned).collect()
}

fn changes(project: &Project, command: cli::Diffsettings) -> Vec<String> {
    diff(project, project.load(), command, 1)
}

#[test]
fn only_changes_are_listed() {
    let project = Project::new();
    assert!(changes(&project, cli::Diffsettings::default()).is_empty());
    let project = project
        .file("config/default.toml", "allowed_hosts = ['a', \"it's\"]\nlanguage = 'en'\nmodules = ['users']")
        .var("APP__ENVIRONMENT", "production")
        .var("APP_ROOT", "/nowhere")
        .var("APP__SECRET_KEY", "hunter2")
        .var("APP__DATABASE__URL", "sqlite://other.sqlite3")
        .var("APP__DATABASES__REPORTS__URL", "postgres://u:hunter2@h/d")
        .var("APP__DATABASES__REPORTS__MAX_CONNECTIONS", "2");
    let expected = [
        r"allowed_hosts = ['a', 'it\'s']",
        "database.url = 'sqlite://other.sqlite3'",
        "databases.reports.max_connections = 2 ###",
        "databases.reports.url = '********' ###",
        "environment = 'production'",
        "modules = ['users'] ###",
        "secret_key = '********'",
    ];
    assert_eq!(changes(&project, cli::Diffsettings::default()), expected);
    let with_origins = diff(&project, project.load(), cli::Diffsettings::default(), 2);
    assert_eq!(with_origins[0], format!("{}  # config/default.toml:1:1", expected[0]));
    assert_eq!(with_origins[6], format!("{}  # `APP__SECRET_KEY`", expected[6]));
}

#[test]
fn all_and_unified() {
    let project = Project::new().var("APP__LOG__KEEP", "2").var("APP__MODULES", "users");
    let all = changes(&project, cli::Diffsettings { all: true, ..Default::default() });
    assert!(all.contains(&"### debug = true".to_owned()) && all.contains(&"log.keep = 2".to_owned()), "{all:?}");
    let unified = || Some("unified".to_owned());
    let changed = changes(&project, cli::Diffsettings { output: unified(), ..Default::default() });
    assert_eq!(changed, ["- log.keep = 5", "+ log.keep = 2", "+ modules = ['users']"]);
    let all = changes(&project, cli::Diffsettings { all: true, output: unified(), default: None });
    assert!(all.contains(&"  debug = true".to_owned()), "{all:?}");
}

#[test]
fn another_file_can_be_the_default() {
    let project = Project::new()
        .file("config/other.toml", "language = 'ru'\nlog.keep = 2")
        .var("APP__LANGUAGE", "ru")
        .var("APP__LOG__KEEP", "3");
    let other = cli::Diffsettings { default: Some("other".into()), ..Default::default() };
    assert_eq!(changes(&project, other), ["log.keep = 3"]);
    let ctx = ContextBuilder::new(project.load(), project.layout(), Vec::new()).env(project.env()).build();
    let missing = cli::Diffsettings { default: Some("bad".into()), ..Default::default() };
    let error = wait(Call::typed(missing).run(&ctx)).expect_err("no such file").to_string();
    assert!(error.starts_with("`bad`: the settings file does not exist"), "{error}");
}

/// A file of the repository.
fn shipped(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    fs::read_to_string(root.join(path)).expect("a file of the repository")
}

/// The text with its commented settings switched on.
fn uncommented(text: &str) -> String {
    let is_setting = |line: &&str| {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        line.starts_with('[') || key.is_some_and(|key| !key.contains(' '))
    };
    let lines = text.lines().map(|line| line.strip_prefix("# ").filter(is_setting).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_files_hold_the_defaults() {
    for environment in Environment::ALL {
        let name = environment.name();
        let project = Project::new()
            .var("APP__ENVIRONMENT", name)
            .file("config/default.toml", shipped("app/config/default.toml"))
            .file(&format!("config/{name}.toml"), uncommented(&shipped(&format!("app/config/{name}.toml"))));
        let mut changed = changes(&project, cli::Diffsettings::default());
        changed.retain(|line| !line.starts_with("environment = "));
        assert_eq!(changed, ["static.dirs = ['static']"], "{name}");
    }
}

#[test]
fn default_toml_names_every_key() {
    let project = Project::new()
        .var("APP__ENVIRONMENT", "production")
        .file("config/default.toml", uncommented(&shipped("app/config/default.toml")));
    let settings = project.load();
    let all = changes(&project, cli::Diffsettings { all: true, ..Default::default() });
    assert!(all.len() > 15, "{all:?}");
    for line in &all {
        let line = line.trim_start_matches("### ");
        let key = line.split(" = ").next().unwrap_or(line);
        assert!(key == "environment" || settings.origins.of(key).is_some(), "`{key}` is not in default.toml");
    }
    // What has no default is there as an example.
    let changed = changes(&project, cli::Diffsettings::default());
    let is_example = |line: &String| line.ends_with("###") || line.starts_with("environment = ");
    let others: Vec<_> = changed.into_iter().filter(|line| !is_example(line)).collect();
    // The file says what holds for all; production differs.
    assert_eq!(others, ["auth.secure_cookies = false", "static.dirs = ['static']"]);
}

#[test]
fn every_variable_of_env_example_sets_something() {
    let text = uncommented(&shipped(".env.example"));
    let settings = Project::new().file(".env", &text).load();
    let variables = text.lines().filter_map(|line| line.strip_prefix("APP__")?.split_once('='));
    let mut seen = 0;
    for (name, value) in variables {
        seen += 1;
        let key = name.to_lowercase().replace("__", ".");
        let is_set = value.is_empty() || key == "environment" || settings.origins.of(&key).is_some();
        assert!(is_set, "APP__{name} sets nothing");
    }
    assert!(seen >= 8, "{text}");
}
