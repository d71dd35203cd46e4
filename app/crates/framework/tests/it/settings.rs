//! Settings: layers, files, variables, what production refuses.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use framework::conf::{Env, Environment, Error, Layout, Settings, Source, load, production_problems};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// A project directory with settings files and an environment.
pub(crate) struct Project {
    directory: TempDir,
    variables: Vec<(OsString, OsString)>,
    explicit: Option<PathBuf>,
}

impl Project {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(directory.path().join("config")).expect("a directory");
        Self { directory, variables: Vec::new(), explicit: None }
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
        self
    }

    pub(crate) fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub(crate) fn settings(mut self, explicit: impl Into<PathBuf>) -> Self {
        self.explicit = Some(explicit.into());
        self
    }

    pub(crate) fn env(&self) -> Env {
        Env::new(self.root(), self.variables.clone())
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout { root: self.root().to_owned() }
    }

    pub(crate) fn try_load(&self) -> Result<Settings, Error> {
        load(&Source { explicit: self.explicit.clone(), ..Source::default() }, &self.env(), &self.layout())
    }

    #[track_caller]
    pub(crate) fn load(&self) -> Settings {
        self.try_load().unwrap_or_else(|error| panic!("settings load: {error}"))
    }

    #[track_caller]
    pub(crate) fn error(&self) -> String {
        self.try_load().expect_err("settings do not load").to_string()
    }
}

fn url(settings: &Settings) -> &str {
    settings.database.url.expose_secret()
}

#[test]
fn nothing_at_all_is_enough() {
    let settings = Project::new().load();
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!(settings.origins.name, "development");
    assert_eq!(url(&settings), "sqlite://var/app.sqlite3");
    assert!(settings.debug && settings.auth.anonymous_read);
    assert_eq!(settings.server.drain_seconds, 5);
    assert_eq!(settings.modules, None);
}

#[test]
fn defaults_depend_on_the_environment() {
    let production = Project::new().var("APP__ENVIRONMENT", "production").load();
    assert!(!production.debug && !production.auth.anonymous_read);
    assert_eq!(production.server.drain_seconds, 10);
    let test = Project::new().var("APP__ENVIRONMENT", "test").load();
    assert!(!test.debug);
    assert_eq!(url(&test), "sqlite::memory:");
}

#[test]
fn later_layers_win() {
    let mut project = Project::new().file("config/default.toml", "[log]\nkeep = 2\nmax_bytes = 2\nlevel = 'debug'");
    assert_eq!(project.load().log.keep, 2);
    project = project.file("config/development.toml", "log.keep = 3\nlog.max_bytes = 3");
    assert_eq!(project.load().log.keep, 3);
    project = project.file(".env", "APP__LOG__KEEP=4\n");
    assert_eq!(project.load().log.keep, 4);
    project = project.var("APP__LOG__KEEP", "5");
    let log = project.load().log;
    assert_eq!((log.keep, log.max_bytes, log.level.name()), (5, 3, "debug"), "deep merge");
    let settings = project.load();
    assert_eq!(settings.origins.of("log.keep"), Some("`APP__LOG__KEEP`"));
    assert_eq!(settings.origins.of("log.max_bytes"), Some("config/development.toml:2:5"));
    assert_eq!(settings.origins.of("log.level"), Some("config/default.toml:4:1"));
    assert_eq!(settings.origins.of("debug"), None);
}

#[test]
fn argument_beats_environment_beats_default_file() {
    let mut project = Project::new()
        .file("config/default.toml", "language = 'ru'")
        .file("config/development.toml", "time_zone = 'Europe/Paris'")
        .file("config/alternate.toml", "time_zone = 'Europe/Madrid'")
        .file("other.toml", "time_zone = 'Europe/Berlin'");
    assert_eq!(project.load().time_zone.name(), "Europe/Paris");
    project = project.var("APP_SETTINGS", "other.toml");
    assert_eq!(project.load().time_zone.name(), "Europe/Berlin");
    project = project.settings("alternate");
    let settings = project.load();
    assert_eq!(settings.time_zone.name(), "Europe/Madrid");
    assert_eq!(settings.origins.name, "alternate");
    assert_eq!(settings.language.tag(), "ru", "default.toml stays below");
    assert_eq!(project.var("APP__TIME_ZONE", "Asia/Tokyo").load().time_zone.name(), "Asia/Tokyo");
}

#[test]
fn a_directory_of_settings_works_like_a_file() {
    let mut project = Project::new()
        .file("config/alternate/10-a.toml", "language = 'ru'\ntime_zone = 'Europe/Paris'")
        .file("config/alternate/20-b.toml", "time_zone = 'Europe/Berlin'")
        .file("config/alternate/30-c.txt", "not toml");
    for name in ["alternate", "config/alternate"] {
        project = project.settings(name);
        let settings = project.load();
        assert_eq!((settings.language.tag(), settings.time_zone.name()), ("ru", "Europe/Berlin"));
    }
}

#[test]
fn a_bare_name_prefers_what_stands_there() {
    let project = Project::new()
        .file("alternate", "language = 'ru'")
        .file("config/alternate.toml", "language = 'en'")
        .file("app-dir/readme.txt", "")
        .file("config/app-dir.toml", "language = 'ru'");
    let project = project.settings("alternate");
    assert_eq!(project.load().language.tag(), "ru");
    let project = project.settings("app-dir");
    assert_eq!(project.load().language.tag(), "ru", "a directory without settings is not meant");
}

#[test]
fn text_from_the_environment_becomes_what_is_asked_for() {
    let settings = Project::new()
        .var("APP__SECRET_KEY", "12345")
        .var("APP__DEBUG", "off")
        .var("APP__ALLOWED_HOSTS", " example.com, .example.org ,,")
        .var("APP__MODULES", "users,mailings")
        .var("APP__LOG__LEVEL", "WARN")
        .var("APP__LOG__MAX_BYTES", " 4096 ")
        .var("APP__SERVER__ADDRESS", "0.0.0.0:80")
        .var("APP__DATABASES__OTHER__URL", "sqlite://other")
        .var("APP__LANGUAGE", "")
        .load();
    assert_eq!(settings.secret_key.expose_secret(), "12345");
    assert!(!settings.debug);
    assert_eq!(settings.allowed_hosts, ["example.com", ".example.org"]);
    assert_eq!(settings.modules, Some(vec!["users".to_owned(), "mailings".to_owned()]));
    assert_eq!((settings.log.level.name(), settings.log.max_bytes), ("warn", 4096));
    assert_eq!(settings.server.address.to_string(), "0.0.0.0:80");
    assert_eq!(settings.databases["other"].url.expose_secret(), "sqlite://other");
    assert_eq!(settings.databases["other"].max_connections, 8);
    assert_eq!(settings.language.tag(), "en", "an empty variable counts as unset");
    for (text, value) in [("1", true), ("Yes", true), ("on", true), ("TRUE", true), ("0", false), ("no", false)] {
        assert_eq!(Project::new().var("APP__DEBUG", text).load().debug, value, "{text}");
    }
}

#[test]
fn dotenv_is_read_except_in_tests() {
    let dotenv = "# comment\nexport APP__LOG__KEEP=7\nOTHER=1\nAPP__COLORS='light'\n\nAPP__LANGUAGE=\"ru\" # comment\n";
    let project = Project::new().file(".env", dotenv);
    let settings = project.load();
    assert_eq!((settings.log.keep, settings.language.tag()), (7, "ru"));
    assert_eq!(settings.origins.of("colors"), Some(".env:4: `APP__COLORS`"));
    assert_eq!(project.var("APP__ENVIRONMENT", "test").load().log.keep, 5);
    let named = Project::new().file(".env", "\u{feff}APP__ENVIRONMENT=production\nAPP__DEBUG=1\n").load();
    assert_eq!((named.environment, named.debug), (Environment::Production, true));
    let test = Project::new().file(".env", "APP__ENVIRONMENT=test\nAPP__DEBUG=1\n").load();
    assert_eq!((test.environment, test.debug), (Environment::Test, false));
    let error = Project::new().file(".env", "\nAPP__DEBUG=1\nAPP__LOG__KEEP=many\n").error();
    assert!(error.starts_with(".env:3: `APP__LOG__KEEP`: expected a whole number"), "{error}");
    assert_eq!(Project::new().file(".env", [0xff]).error().split(':').next(), Some(".env"));
}

#[test]
fn production_names_every_unsafe_setting() {
    let ids =
        |settings: &Settings| production_problems(settings).into_iter().map(|problem| problem.id).collect::<Vec<_>>();
    let bare = Project::new().var("APP__ENVIRONMENT", "production").var("APP__DEBUG", "1");
    assert_eq!(ids(&bare.load()), ["security.E001", "security.E002", "security.E004"]);
    let production = || Project::new().var("APP__ENVIRONMENT", "production").var("APP__ALLOWED_HOSTS", "example.com");
    assert_eq!(ids(&production().var("APP__SECRET_KEY", "short").load()), ["security.E003"]);
    assert_eq!(ids(&production().var("APP__SECRET_KEY", "a".repeat(64)).load()), ["security.E003"]);
    assert!(ids(&production().var("APP__SECRET_KEY", "0123456789abcdef0123456789abcdef").load()).is_empty());
}
