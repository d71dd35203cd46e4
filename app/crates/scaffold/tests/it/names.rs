//! What names are taken, and what is said of those that are not.

use scaffold::names::{self, ModulePath, RULE, camel_case, snake_case};

#[test]
fn words_make_a_path() {
    let path = ModulePath::parse(&["cms", "adp", "roles"]).expect("a path");
    assert_eq!(path.segments(), ["cms", "adp", "roles"]);
    assert_eq!(path.to_string(), "cms/adp/roles");
    assert_eq!((path.name(), path.label().as_str()), ("roles", "cms_adp_roles"));
    assert_eq!(path.rust_path(), "crate::modules::cms::adp::roles");
    assert_eq!(path.folder().to_str(), Some("app/src/modules/cms/adp/roles"));
    assert_eq!(path.mod_file().to_str(), Some("app/src/modules/cms/adp/roles/mod.rs"));
    assert_eq!(path.declaring_file().to_str(), Some("app/src/modules/cms/adp/mod.rs"));
    let lineage: Vec<String> = path.lineage().map(|path| path.to_string()).collect();
    assert_eq!(lineage, ["cms", "cms/adp", "cms/adp/roles"]);
    let top = ModulePath::parse(&["cms"]).expect("a path");
    assert_eq!(top.parent(), None);
    assert_eq!(top.declaring_file().to_str(), Some("app/src/modules/mod.rs"));
}

#[test]
fn no_name_is_a_usage_error() {
    let error = ModulePath::parse::<&str>(&[]).expect_err("no name");
    assert_eq!((error.to_string().as_str(), error.code()), ("You must provide an application name.", 2));
}

#[test]
fn what_is_no_name_is_refused_with_the_rule_and_a_proposal() {
    let long = "a".repeat(200);
    let bad = [
        "",
        "7testproject",
        "7up",
        "..",
        ".",
        "/",
        "/etc",
        "a b",
        "_a",
        "ünï",
        "рассылки",
        "a\u{301}",
        "a.b",
        "Type",
        "a__b",
        "a_",
    ];
    for name in bad.into_iter().chain([long.as_str()]) {
        let error = ModulePath::parse(&[name]).expect_err(name);
        let message = format!("'{name}' is not a valid app name. Please make sure the name is a valid identifier.");
        assert_eq!((error.to_string(), error.code(), error.hint()), (message, 1, Some(RULE)));
    }
    for name in ["type", "crate", "self", "super", "async", "gen", "yield", "abstract", "union"] {
        let error = ModulePath::parse(&[name]).expect_err(name);
        assert_eq!(error.hint(), Some(format!("`{name}` is a keyword of Rust: choose another name").as_str()));
    }
    for name in ["con", "com1"] {
        let error = ModulePath::parse(&[name]).expect_err(name);
        assert!(error.hint().is_some_and(|hint| hint.starts_with(&format!("`{name}` is a device in Windows"))));
    }
    for (name, hint) in [
        ("a-b", format!("`a_b` would be one: {RULE}")),
        ("News", format!("`news` would be one: {RULE}")),
        ("cms/adp", "the names of a path are typed with spaces between them: `cms adp`".to_owned()),
        ("../testproject", RULE.to_owned()),
        ("cms/../adp", RULE.to_owned()),
    ] {
        let error = ModulePath::parse(&["cms", name]).expect_err(name);
        let message = format!("'{name}' is not a valid app name. Please make sure the name is a valid identifier.");
        assert_eq!((error.to_string(), error.hint()), (message, Some(hint.as_str())));
    }
    let error = ModulePath::parse(&["a\nb\u{1b}[2J"]).expect_err("control characters");
    assert!(error.to_string().starts_with("'a\\u{a}b\\u{1b}[2J' is not "), "{error}");
    assert!(ModulePath::parse(&["a".repeat(50)]).is_ok());
}

#[test]
fn a_path_that_is_too_long_is_refused() {
    let (first, second) = ("a".repeat(30), "b".repeat(20));
    let error = ModulePath::parse(&[&first, &second]).expect_err("51 characters");
    let message = format!(
        "'{first}_{second}' is not a valid app name. Please make sure the name is a valid identifier: it is the label of \
         `{first}/{second}`, and has 51 characters"
    );
    assert_eq!(error.to_string(), message);
    assert!(ModulePath::parse(&[&first[1..], &second]).is_ok());
}

#[test]
fn names_of_other_things_are_checked_alike() {
    assert!(names::identifier("command", "close_poll").is_ok());
    let error = names::identifier("command", "close-poll").expect_err("a hyphen");
    let message = "'close-poll' is not a valid command name. Please make sure the name is a valid identifier.";
    assert_eq!(error.to_string(), message);
    for good in ["Role", "NewsItem", "HTTPServer", "Area51"] {
        assert!(names::model(good).is_ok(), "{good}");
    }
    for (bad, proposal) in [
        ("", None),
        ("role", Some("Role")),
        ("news_item", Some("NewsItem")),
        ("News-Item", Some("NewsItem")),
        ("Model", None),
        ("Entity", None),
        ("Type", None),
        ("7up", None),
        ("Größe", None),
    ] {
        let error = names::model(bad).expect_err(bad);
        let message = format!("'{bad}' is not a valid model name. Please make sure the name is a valid identifier.");
        let rule = "a model is called like a type: letters and digits, each word with a capital (`NewsItem`)";
        let hint = proposal.map(|name| format!("`{name}` would be one: {rule}")).unwrap_or(rule.to_owned());
        assert_eq!((error.to_string(), error.hint()), (message, Some(hint.as_str())));
    }
}

#[test]
fn cases_are_changed() {
    for (camel, snake) in
        [("Role", "role"), ("NewsItem", "news_item"), ("HTTPServer", "http_server"), ("Area51", "area51")]
    {
        assert_eq!(snake_case(camel), snake);
    }
    assert_eq!(["news_item", "_a__b", "", "über_x"].map(camel_case), ["NewsItem", "AB", "", "ÜberX"]);
}
