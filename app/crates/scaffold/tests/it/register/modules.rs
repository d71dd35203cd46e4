//! Modules in their parent's `mod.rs`.

use scaffold::register::{Parent, add_module, remove_module};

use super::file;

/// Adds, adds again, takes out, takes out again; gives back what was there in between.
fn round_trip(text: &str, parent: Parent, name: &str) -> String {
    let added = add_module(file(), text, parent, name).expect("the file is understood");
    assert_eq!(add_module(file(), &added, parent, name).expect("the result is understood"), added);
    let removed = remove_module(file(), &added, parent, name).expect("the result is understood");
    assert_eq!(removed, text);
    assert_eq!(remove_module(file(), &removed, parent, name).expect("the file is understood"), removed);
    added
}

#[track_caller]
fn check(parent: Parent, name: &str, text: &str, expected: &str) {
    assert_eq!(round_trip(text, parent, name), expected);
    let windows = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(round_trip(&windows(text), parent, name), windows(expected));
}

#[test]
fn the_registry_of_all_modules() {
    let text = "//! The registry.\n\npub mod mailings;\npub mod users;\n\nuse framework::contrib::{auth, sessions};\n\n\
        pub const MODULES: &[fn() -> Module] = &[\n    // One a line.\n    mailings::module,\n    users::module,\n    \
        auth::module,\n    sessions::module,\n];\n";
    for (name, before_declaration, before_element) in [
        ("cms", "pub mod mailings;", "    mailings::module,"),
        ("news", "pub mod users;", "    users::module,"),
        ("web", "\nuse framework", "    auth::module,"),
    ] {
        let expected = text
            .replacen(before_declaration, &format!("pub mod {name};\n{before_declaration}"), 1)
            .replacen(before_element, &format!("    {name}::module,\n{before_element}"), 1);
        check(Parent::Top, name, text, &expected);
    }
}

#[test]
fn a_list_in_one_line_gets_the_element_in_that_line() {
    for (list, expected) in [
        ("&[]", "&[cms::module]"),
        ("&[users::module]", "&[cms::module, users::module]"),
        ("&[alpha::module, users::module]", "&[alpha::module, cms::module, users::module]"),
        ("&[alpha::module]", "&[alpha::module, cms::module]"),
        ("&[alpha::module,]", "&[alpha::module, cms::module,]"),
        ("&[alpha::module /* first */, auth::module]", "&[alpha::module, cms::module /* first */, auth::module]"),
        ("&[auth::module]", "&[cms::module, auth::module]"),
        ("[ ]", "[cms::module ]"),
    ] {
        let text = |declared: &str, list: &str| {
            format!("pub mod alpha;\n{declared}pub mod users;\nuse x::auth;\npub const MODULES: A = {list};\n")
        };
        check(Parent::Top, "cms", &text("", list), &text("pub mod cms;\n", expected));
    }
}

#[test]
fn a_list_of_several_lines_keeps_its_shape() {
    for (list, expected) in [
        ("[\n]", "[\n    cms::module,\n]"),
        ("[\n    // None.\n]", "[\n    // None.\n    cms::module,\n]"),
        ("[\n\talpha::module // a\n]", "[\n\talpha::module, // a\n\tcms::module\n]"),
        ("[alpha::module,\n  users::module]", "[alpha::module,\n  cms::module,\n  users::module]"),
        (
            "[\n    alpha::module, /* a\n    */ users::module\n]",
            "[\n    alpha::module, cms::module, /* a\n    */ users::module\n]",
        ),
        (
            "[\n    users::module,\n    alpha::module, // first\n    #[cfg(x)]\n    auth::module,\n]",
            "[\n    users::module,\n    alpha::module, // first\n    cms::module,\n    #[cfg(x)]\n    auth::module,\n]",
        ),
    ] {
        let text = |declared: &str, list: &str| {
            format!("pub mod alpha;\n{declared}pub mod users;\nuse x::auth;\npub static MODULES: A = &{list};\n")
        };
        check(Parent::Top, "cms", &text("", list), &text("pub mod cms;\n", expected));
    }
}

#[test]
fn a_line_that_would_become_too_long_is_broken() {
    let text = |names: &[&str], head: &str, between: &str, end: &str| {
        let declared: String = names.iter().map(|name| format!("pub mod {name};\n")).collect();
        let elements: Vec<String> = names.iter().map(|name| format!("{name}::module")).collect();
        format!("{declared}pub const MODULES: &[M] ={head}{}{end}\n", elements.join(between))
    };
    let names: Vec<String> = (0..8).map(|number| format!("module_{number}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    let in_line = text(&names[..5], " &[", ", ", "];");
    names.insert(5, "module_44");
    let in_next_line = text(&names[..6], "\n    &[", ", ", "];");
    check(Parent::Top, "module_44", &in_line, &in_next_line);
    let one_a_line = text(&names[..7], " &[\n    ", ",\n    ", ",\n];");
    check(Parent::Top, "module_5", &in_next_line, &one_a_line);
    let attribute = |text: &str| text.replace("    module_0::", "    #[cfg(x)]\n    module_0::");
    let short = attribute(&text(&names[..2], " &[\n    ", ",\n    ", ",\n];"));
    check(Parent::Top, "module_2", &short, &attribute(&text(&names[..3], " &[\n    ", ",\n    ", ",\n];")));
    check(Parent::Top, "module_6", &one_a_line, &text(&names[..8], " &[\n    ", ",\n    ", ",\n];"));
}

#[test]
fn a_module_gets_a_submodule_before_its_tail() {
    let text = "//! Pages.\n\nmod views;\n\nuse framework::module::Module;\n\n/// The module.\npub fn module() -> Module {\n    \
        let mut module = Module::new(\"cms\");\n    module.routes(views::routes()); // The pages.\n\n    \
        // That is all.\n    module\n}\n";
    let expected = text
        .replace("mod views;", "pub mod roles;\nmod views;")
        .replace("// The pages.\n", "// The pages.\n    module.submodule(roles::module);\n");
    check(Parent::Module, "roles", text, &expected);
}

#[test]
fn submodules_stay_in_order_if_they_are() {
    let text = |lines: &[&str]| {
        let lines: String = lines.iter().map(|name| format!("    m.submodule({name}::module);\n")).collect();
        format!(
            "pub fn module() -> Module {{\n    let mut m: Module = Module::new(\"x\");\n{lines}    m.checks(c());\n    m\n}}\n"
        )
    };
    for (before, after) in [
        (vec!["b", "d"], vec!["b", "c", "d"]),
        (vec!["d", "e"], vec!["c", "d", "e"]),
        (vec!["a", "b"], vec!["a", "b", "c"]),
        (vec!["d", "b", "e"], vec!["d", "b", "e", "c"]),
    ] {
        check(Parent::Module, "c", &text(&before), &format!("pub mod c;\n\n{}", text(&after)));
    }
}

#[test]
fn a_function_in_one_line_gets_the_statement_in_that_line() {
    check(
        Parent::Module,
        "c",
        "mod b; use x::Module;\nfn module() -> Module { let mut m = Module::new(\"x\");  m }",
        "mod b; use x::Module;\npub mod c;\nfn module() -> Module { let mut m = Module::new(\"x\"); m.submodule(c::module);  m }",
    );
}

#[test]
fn a_last_line_that_does_not_end_still_does_not() {
    check(
        Parent::Top,
        "c",
        "//! Docs.\nconst MODULES: A = &[b::module]; mod b; // Last.",
        "//! Docs.\nconst MODULES: A = &[b::module, c::module]; mod b; // Last.\npub mod c;",
    );
}

#[test]
fn declarations_go_to_their_like() {
    let rest = "fn module() -> M {\n    let mut m = M::new();\n    m\n}\n";
    let call = rest.replace("new();\n", "new();\n    m.submodule(c::module);\n");
    for (text, expected) in [
        // The group of the public ones; tests stay last.
        (
            "mod alpha;\nmod views;\n\npub mod b;\npub mod d;\n\n#[cfg(test)]\nmod tests;\n",
            "mod alpha;\nmod views;\n\npub mod b;\npub mod c;\npub mod d;\n\n#[cfg(test)]\nmod tests;\n",
        ),
        // What rustfmt leaves where it is has no part in the order.
        ("#[macro_use]\nmod a;\nmod d;\n", "#[macro_use]\nmod a;\npub mod c;\nmod d;\n"),
        // Doc comments and attributes belong to their line; comments are no borders to cross.
        (
            "mod b; // b\n// About d.\n/// D.\n#[path = \"x.rs\"]\nmod d;\n",
            "mod b; // b\npub mod c;\n// About d.\n/// D.\n#[path = \"x.rs\"]\nmod d;\n",
        ),
        // Alone, with an empty line behind, after the first comment.
        ("// Licence.\n\nuse x;\n", "// Licence.\n\npub mod c;\n\nuse x;\n"),
        ("//! Docs.\n#![allow(x)]\nuse x;\n", "//! Docs.\n#![allow(x)]\npub mod c;\n\nuse x;\n"),
        ("\u{feff}use x;\n", "\u{feff}pub mod c;\n\nuse x;\n"),
        ("/* a */ mod inline {}\n", "pub mod c;\n\n/* a */ mod inline {}\n"),
        // By bytes, as rustfmt has them.
        ("mod b10;\nmod r#c2;\n", "mod b10;\npub mod c;\nmod r#c2;\n"),
    ] {
        check(Parent::Module, "c", &format!("{text}{rest}"), &format!("{expected}{call}"));
    }
}

#[test]
fn what_is_there_already_is_seen_however_it_is_written() {
    for (parent, text) in [
        (Parent::Top, "mod c;\nconst MODULES: A = &[self::c::module as fn() -> M];"),
        (Parent::Top, "pub(crate) mod c {}\nstatic MODULES: A = &[#[cfg(x)] crate::modules::c::module];"),
        (Parent::Module, "mod c;\nfn module() -> M { let mut m = M::new(); m.checks(c()).submodule(c::module,); m }"),
        (Parent::Module, "mod c;\nfn module() -> M { let mut m = M::new(); if x { m . submodule(c::module); } m }"),
    ] {
        assert_eq!(add_module(file(), text, parent, "c").expect("understood"), text);
    }
}

#[test]
fn one_of_the_two_lines_is_completed() {
    let text = "pub mod c;\nconst MODULES: A = &[];\n";
    let expected = "pub mod c;\nconst MODULES: A = &[c::module];\n";
    assert_eq!(add_module(file(), text, Parent::Top, "c").expect("understood"), expected);
    let text = "const MODULES: A = &[c::module];\n";
    let expected = "pub mod c;\n\nconst MODULES: A = &[c::module];\n";
    assert_eq!(add_module(file(), text, Parent::Top, "c").expect("understood"), expected);
    assert_eq!(remove_module(file(), text, Parent::Top, "c").expect("understood"), "const MODULES: A = &[];\n");
}

#[test]
fn what_cannot_be_understood_says_what_to_write_by_hand() {
    for (parent, text, reason) in [
        (Parent::Top, "", "it has no `MODULES`"),
        (Parent::Top, "const MODULES: A = all();", "`MODULES` is not a list in square brackets"),
        (Parent::Top, "const MODULES: A = vec![a; 2];", "`MODULES` is not a list in square brackets"),
        (
            Parent::Top,
            "#[cfg(a)]\nconst MODULES: A = [];\n#[cfg(b)]\nconst MODULES: A = [];",
            "it has more than one `MODULES`",
        ),
        (Parent::Module, "modules!(cms);", "it has no function `module`"),
        (Parent::Module, "fn module() {}", "`module()` does not end with a variable that it made with `let mut`"),
        (
            Parent::Module,
            "fn module() -> M { MODULE }",
            "`module()` does not end with a variable that it made with `let mut`",
        ),
        (Parent::Module, "mod a;\nfn module( {", "it does not parse (line 2: cannot parse string into token stream)"),
        (Parent::Module, "mod a;\n\nmod mod;", "it does not parse (line 3: expected identifier, found keyword `mod`)"),
    ] {
        let error = add_module(file(), text, parent, "c").expect_err(text);
        assert_eq!(error.to_string(), format!("failed to understand `app/src/modules/cms/mod.rs`: {reason}"));
        assert_eq!(error.code(), 1);
        let second = match parent {
            Parent::Top => "c::module,",
            Parent::Module => "module.submodule(c::module);",
        };
        let hint = format!("what is to be written there by hand: `pub mod c;` and `{second}`");
        assert_eq!(error.hint(), Some(hint.as_str()));
    }
    let chained = "mod c;\nfn module() -> M { let mut m = M::new(); m.checks(c()).submodule(c::module); m }";
    let error = remove_module(file(), chained, Parent::Module, "c").expect_err("a chain");
    let reason = "the call of `submodule` is not a statement of its own";
    assert_eq!(error.to_string(), format!("failed to understand `app/src/modules/cms/mod.rs`: {reason}"));
    let hint = "what is to be taken out there by hand: `pub mod c;` and `module.submodule(c::module);`";
    assert_eq!(error.hint(), Some(hint));
}

#[test]
fn nesting_without_end_is_an_error() {
    let text = format!("const MODULES: A = {}1{};", "(".repeat(50_000), ")".repeat(50_000));
    let error = add_module(file(), &text, Parent::Top, "c").expect_err("nested too deep");
    let reason = "it does not parse (brackets are nested too deep)";
    assert_eq!(error.to_string(), format!("failed to understand `app/src/modules/cms/mod.rs`: {reason}"));
}
