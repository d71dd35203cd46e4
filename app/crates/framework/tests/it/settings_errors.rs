//! Settings that cannot be used: every fault names its place, and no secret.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::settings::Project;

#[test]
fn a_missing_file_is_named() {
    let error = Project::new().settings("bad").error();
    assert!(error.starts_with("`bad`: the settings file does not exist\nhint: looked for"), "{error}");
    assert!(error.contains("config/bad.toml"), "{error}");
    assert!(Project::new().var("APP_SETTINGS", "conf/bad.toml").error().contains("`conf/bad.toml`"));
    let empty = Project::new().settings("config").error();
    assert!(empty.starts_with("`config`: the settings directory holds no `.toml` file"), "{empty}");
}

#[test]
fn what_is_not_toml_shows_file_and_line() {
    let error = Project::new().file("config/default.toml", "debug = true\nthis is not toml\n").error();
    assert!(error.starts_with("config/default.toml:2:"), "{error}");
    assert!(error.contains("not valid TOML") && error.contains("this is not toml"), "{error}");
    let duplicate = Project::new().file("config/default.toml", "debug = true\ndebug = false\n").error();
    assert!(duplicate.starts_with("config/default.toml:2:1: not valid TOML: duplicate key"), "{duplicate}");
    let binary = Project::new().file("config/default.toml", [0x64, 0xff, 0xfe]).error();
    assert_eq!(binary, "config/default.toml: the file is not valid UTF-8");
}

#[test]
fn unknown_keys_are_told_all_at_once_with_their_lines() {
    let error = Project::new()
        .file("config/default.toml", "debog = true\n\n[database]\nurll = 'x'\n[zzz]\na = 1\n")
        .var("APP__DATABSE__URL", "sqlite://x")
        .error();
    assert!(error.starts_with("4 problems in the settings:"), "{error}");
    for line in [
        "config/default.toml:1:1: unknown key `debog`\n    hint: did you mean `debug`?",
        "config/default.toml:4:1: unknown key `database.urll`\n    hint: did you mean `url`?",
        "config/default.toml:5:2: unknown key `zzz`\n    hint: known keys: `debug`, `secret_key`",
        "`APP__DATABSE__URL`: unknown key `databse`\n    hint: did you mean `APP__DATABASE__URL`?",
    ] {
        assert!(error.contains(line), "{line}\nis not in\n{error}");
    }
}

#[test]
fn the_environment_is_not_for_files() {
    let error = Project::new().file("config/default.toml", "environment = 'production'").error();
    assert!(error.contains("`APP__ENVIRONMENT` alone"), "{error}");
    let unknown = Project::new().var("APP__ENVIRONMENT", "prodution").error();
    let expected = "`APP__ENVIRONMENT`: unknown environment `prodution` (known: `development`, `production`, `test`)\n\
                    hint: did you mean `production`?";
    assert_eq!(unknown, expected);
}

#[test]
fn wrong_types_name_line_key_and_what_is_expected() {
    let cases = [
        ("debug = 'maybe'", "config/default.toml:1:1: `debug`: expected true or false, found the text `maybe`"),
        ("language = 5", "config/default.toml:1:1: `language`: expected text (in quotes), found the number `5`"),
        ("language = 'xx'", "config/default.toml:1:1: `language`: unknown language `xx` (known: `en`, `ru`)"),
        ("database = 5", "config/default.toml:1:1: `database`: expected a table of keys"),
        ("allowed_hosts = 'a'", "config/default.toml:1:1: `allowed_hosts`: expected a list, found the text `a`"),
        (
            "allowed_hosts = [\n 'a',\n 7]",
            "config/default.toml:3:2: `allowed_hosts`: expected text (in quotes), found the number `7`",
        ),
        (
            "static.url = 'static'",
            "config/default.toml:1:8: `static.url`: expected a path that begins and ends with `/`",
        ),
        ("log.keep = 0", "config/default.toml:1:5: `log.keep`: must be a number from 1 to 1000"),
        ("log.keep = 100000", "`log.keep`: must be a number from 1 to 1000"),
        ("server.drain_seconds = 100000", "`server.drain_seconds`: must be a number from 0 to 86400"),
        (
            "log.keep = 1979-05-27",
            "config/default.toml:1:5: `log.keep`: expected a whole number of 0 or more, found a date",
        ),
        (
            "database.max_connections = -1",
            "config/default.toml:1:10: `database.max_connections`: expected a whole number from 0 to 4294967295, found the number `-1`",
        ),
        (
            "database.max_connections = 0",
            "config/default.toml:1:10: `database.max_connections`: must be a number from 1 to 10000",
        ),
        ("database.max_connections = 4294967295", "`database.max_connections`: must be a number from 1 to 10000"),
        ("colors = 'pink'", "config/default.toml:1:1: `colors`: unknown palette `pink`"),
        ("log.level = 'loud'", "config/default.toml:1:5: `log.level`: unknown level `loud` (known: `off`, `error`"),
        (
            "time_zone = 'Europe/Moskow'",
            "config/default.toml:1:1: `time_zone`: unknown time zone `Europe/Moskow`; did you mean `Europe/Moscow`?",
        ),
        (
            "server.address = 'no pe'",
            "config/default.toml:1:8: `server.address`: \"no pe\" is not a valid port number or address:port pair",
        ),
        ("[databases.default]", "config/default.toml:1:2: `databases`: the alias `default` belongs to `database`"),
        ("allowed_hosts = ['example.com:80']", "config/default.toml:1:1: `allowed_hosts`: expected host names without"),
        ("debug = true\ntrue = 5\n[[server]]", "config/default.toml:3:3: `server`: expected a table of keys"),
    ];
    for (text, expected) in cases {
        let error = Project::new().file("config/default.toml", text).error();
        assert!(error.contains(expected), "{text}\ngives: {error}\ninstead of: {expected}");
    }
}

#[test]
fn wrong_values_in_the_environment_name_the_variable() {
    let cases = [
        ("APP__DEBUG", "maybe", "`APP__DEBUG`: expected true or false, found `maybe`"),
        ("APP__LOG__KEEP", "2.5", "`APP__LOG__KEEP`: expected a whole number of 0 or more, found `2.5`"),
        ("APP__DATABASE", "postgres://u:hunter2@h/d", "`APP__DATABASE`: expected a table of keys"),
        ("APP__DEBUG__X", "1", "`APP__DEBUG__X`: expected true or false, found a table"),
        ("APP__", "1", "`APP__`: unknown key ``"),
    ];
    for (name, value, expected) in cases {
        let error = Project::new().var(name, value).error();
        assert!(error.starts_with(expected), "{name}={value}\ngives: {error}\ninstead of: {expected}");
    }
    let bytes = Project::new().var("APP__LANGUAGE", OsString::from_vec(vec![0x65, 0xff])).error();
    assert_eq!(bytes, "`APP__LANGUAGE`: the value is not valid UTF-8");
}

#[test]
fn secrets_stay_out_of_errors_and_debug_output() {
    const SECRET: &str = "hunter2";
    let errors = [
        Project::new().file("config/default.toml", "secret_key = ['hunter2']").error(),
        Project::new().file("config/default.toml", "[secret_key]\na = 'hunter2'").error(),
        Project::new().file("config/default.toml", "secret_kye = 'hunter2'").error(),
        Project::new().file("config/default.toml", "secret_key = 'hunter2").error(),
        Project::new().file("config/default.toml", "secret_key = \"\"\"\nhunter2\\q\"\"\"").error(),
        Project::new().file("config/default.toml", "database = 'postgres://u:hunter2@h/d'").error(),
        Project::new().file("config/default.toml", "allowed_hosts = ['postgres://u:hunter2@h/d']").error(),
        Project::new().var("APP__DATABASE", "postgres://u:hunter2@h/d").error(),
        Project::new().var("APP__SECRET_KEY__X", "hunter2").error(),
        Project::new().var("APP__LOG__KEEP", "postgres://u:hunter2@h/d").error(),
        Project::new().file(".env", "APP__SECRET_KEY=hunter2 two words\n").error(),
        Project::new().file(".env", "APP__SECRET_KEY='hunter2\n").error(),
        Project::new().file(".env", "hunter2\n").error(),
    ];
    for error in errors {
        assert!(!error.contains(SECRET), "{error}");
    }
    let settings =
        Project::new().var("APP__SECRET_KEY", SECRET).var("APP__DATABASE__URL", "postgres://u:hunter2@h/d").load();
    assert!(!format!("{settings:?}").contains(SECRET));
}

/// Random settings files and environments give settings or an error, never a panic. The seed of a failure is printed.
#[test]
fn no_input_panics() {
    const WORDS: [&str; 30] = [
        "debug",
        "database",
        "url",
        "secret_key",
        "log",
        "keep",
        "static",
        "[",
        "]",
        "[[",
        "=",
        "= ",
        "\n",
        "\"",
        "'",
        "\"\"\"",
        "{",
        "}",
        ",",
        ".",
        "#",
        "5",
        "-1",
        "1e999",
        "99999999999999999999999999999999999999999",
        "true",
        "\u{202e}",
        "é",
        "\\",
        "1979-05-27",
    ];
    let mut seed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as u64 | 1;
    println!("seed {seed}");
    let mut next = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below as u64) as usize
    };
    for _ in 0..300 {
        let mut text = || (0..next(14)).map(|_| WORDS[next(WORDS.len())]).collect::<String>();
        let (file, dotenv, name, value) = (text(), text(), text().replace(['=', '\0'], "__"), text());
        let dotenv = format!("{dotenv}\nAPP__{}", text());
        let project = Project::new()
            .file("config/default.toml", &file)
            .file(".env", &dotenv)
            .var(&format!("APP__{}", name.to_uppercase()), value);
        if let Err(error) = project.try_load() {
            assert!(!error.to_string().is_empty());
        }
    }
    let deep = "A__".repeat(50_000);
    assert!(Project::new().var(&format!("APP__{deep}"), "1").error().contains("unknown key `a`"));
    let many: String = (0..5000).map(|number| format!("key{number} = 1\n")).collect();
    assert!(Project::new().file("config/default.toml", many).error().starts_with("20 problems"));
}
