//! Whatever the file looks like: the same lines and two more, and the way back.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use scaffold::Result;
use scaffold::register::{Parent, Part, add_command, add_module, add_part, remove_command, remove_module, remove_part};
use similar::{ChangeTag, TextDiff};
use syn::Item;
use syn::punctuated::Punctuated;

use super::file;
use super::random::{Random, Sample};

/// What is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Top,
    Module,
    Command,
    /// A module's commands, whatever the name.
    Commands,
}

const KINDS: [Kind; 4] = [Kind::Top, Kind::Module, Kind::Command, Kind::Commands];

/// None of those that are in a sample.
const NEW: &[&str] = &["roles", "a", "m3", "m02", "news_", "newsa", "zz", "type_1"];

impl Kind {
    fn sample(self, random: &mut Random) -> Sample {
        match self {
            Self::Top => random.top(),
            Self::Module | Self::Commands => random.module_file(),
            Self::Command => random.commands_file(),
        }
    }

    fn add(self, text: &str, name: &str) -> Result<String> {
        match self {
            Self::Top => add_module(file(), text, Parent::Top, name),
            Self::Module => add_module(file(), text, Parent::Module, name),
            Self::Command => add_command(file(), text, name),
            Self::Commands => add_part(file(), text, Part::COMMANDS),
        }
    }

    fn remove(self, text: &str, name: &str) -> Result<String> {
        match self {
            Self::Top => remove_module(file(), text, Parent::Top, name),
            Self::Module => remove_module(file(), text, Parent::Module, name),
            Self::Command => remove_command(file(), text, name),
            Self::Commands => remove_part(file(), text, Part::COMMANDS),
        }
    }

    /// The two lines, as they are in a file where `module()` calls the module so.
    fn lines(self, name: &str, text: &str) -> [String; 2] {
        let receiver = if text.contains("let mut module = Module::new(\"x\")") { "module" } else { "m" };
        match self {
            Self::Top => [format!("pub mod {name};"), format!("{name}::module,")],
            Self::Module => [format!("pub mod {name};"), format!("{receiver}.submodule({name}::module);")],
            Self::Command => [format!("mod {name};"), format!("management::command::<{name}::Command>(),")],
            Self::Commands => ["mod commands;".to_owned(), format!("{receiver}.commands(commands::all());")],
        }
    }

    /// What the file lists, in order, as tokens.
    fn listed(self, source: &syn::File) -> Vec<String> {
        let text = |tokens: TokenStream| tokens.to_string();
        let list = |tokens: TokenStream| {
            let elements =
                syn::parse::Parser::parse2(Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated, tokens);
            elements.expect("a list").iter().map(|it| text(quote::quote!(#it))).collect()
        };
        let found = source.items.iter().find_map(|item| match (self, item) {
            (
                Self::Top,
                Item::Const(syn::ItemConst { ident, expr, .. }) | Item::Static(syn::ItemStatic { ident, expr, .. }),
            ) if ident == "MODULES" => {
                let array = match &**expr {
                    syn::Expr::Reference(reference) => &*reference.expr,
                    array => array,
                };
                let syn::Expr::Array(syn::ExprArray { elems, .. }) = array else { panic!("no list") };
                Some(list(quote::quote!(#elems)))
            }
            (Self::Module | Self::Commands, Item::Fn(function)) if function.sig.ident == "module" => {
                Some(function.block.stmts.iter().map(|it| text(quote::quote!(#it))).collect())
            }
            (Self::Command, Item::Fn(function)) if function.sig.ident == "all" => match function.block.stmts.as_slice()
            {
                [syn::Stmt::Expr(syn::Expr::Macro(list_macro), None)] => Some(list(list_macro.mac.tokens.clone())),
                [syn::Stmt::Macro(list_macro)] => Some(list(list_macro.mac.tokens.clone())),
                _ => panic!("no list"),
            },
            _ => None,
        });
        found.expect("the registry")
    }
}

fn parse(text: &str) -> syn::File {
    syn::parse_file(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// The names of the file's `mod` lines, and its other items as tokens.
fn items(source: &syn::File) -> (Vec<String>, Vec<String>) {
    let (mut modules, mut others) = (Vec::new(), Vec::new());
    for item in &source.items {
        match item {
            Item::Mod(item) if item.content.is_none() => modules.push(quote::quote!(#item).to_string()),
            Item::Const(item) if item.ident == "MODULES" => {}
            Item::Static(item) if item.ident == "MODULES" => {}
            Item::Fn(item) if item.sig.ident == "module" || item.sig.ident == "all" => {}
            item => others.push(quote::quote!(#item).to_string()),
        }
    }
    (modules, others)
}

/// Where the one element is that `longer` has more.
fn extra<'a>(shorter: &[String], longer: &'a [String]) -> (usize, &'a str) {
    assert_eq!(longer.len(), shorter.len() + 1, "{shorter:?} {longer:?}");
    let at = shorter.iter().zip(longer).position(|(a, b)| a != b).unwrap_or(shorter.len());
    assert_eq!(shorter[at..], longer[at + 1..]);
    (at, &longer[at])
}

/// The lines that are only before, and those that are only after.
fn difference(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        match change.tag() {
            ChangeTag::Delete => gone.push(change.value().to_owned()),
            ChangeTag::Insert => new.push(change.value().to_owned()),
            ChangeTag::Equal => {}
        }
    }
    (gone, new)
}

/// What is left of `longer` when the characters of `shorter` are taken out of it.
fn left_over(shorter: &str, longer: &str) -> String {
    let mut expected = shorter.chars().filter(|c| !c.is_whitespace()).peekable();
    let left = longer.chars().filter(|c| !c.is_whitespace() && expected.next_if_eq(c).is_none()).collect();
    assert_eq!(expected.next(), None, "something is missing of\n{shorter}\nin\n{longer}");
    left
}

fn check(kind: Kind, sample: &Sample, name: &str) {
    let Sample { text, is_plain } = sample;
    let before = parse(text);
    let added = kind.add(text, name).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    let shown = format!("{kind:?} {name}: from\n{text}\nto\n{added}");

    assert_eq!(kind.add(&added, name).expect("the result is understood"), added, "not idempotent: {shown}");
    assert_eq!(kind.remove(&added, name).expect("the result is understood"), *text, "not taken back: {shown}");
    assert_eq!(kind.remove(text, name).expect("the file is understood"), *text, "taken out of nothing: {shown}");

    let after = parse(&added);
    let printed = quote::quote!(#after).to_string();
    let again = parse(&printed);
    assert_eq!(quote::quote!(#again).to_string(), printed, "printed, it is something else: {shown}");

    let lines = kind.lines(name, text);
    let ((modules, others), (new_modules, new_others)) = (items(&before), items(&after));
    assert_eq!(others, new_others, "other items changed: {shown}");
    assert_eq!(extra(&modules, &new_modules).1.replace(' ', ""), lines[0].replace(' ', ""), "{shown}");
    let listed = kind.listed(&before);
    let new_listed = kind.listed(&after);
    let (at, new) = extra(&listed, &new_listed);
    assert_eq!(new.replace(' ', ""), lines[1].trim_end_matches(',').replace(' ', ""), "{shown}");
    let foreign = listed.iter().position(|it| ["auth ::", "framework ::"].iter().any(|start| it.starts_with(start)));
    assert!(kind != Kind::Top || foreign.is_none_or(|foreign| at <= foreign), "behind the framework's: {shown}");

    let (gone, mut new) = difference(text, &added);
    if *is_plain {
        assert_eq!(gone, [] as [&str; 0], "lines changed: {shown}");
        let ending = |line: &String| line.ends_with("\r\n");
        assert!(text.contains("\r\n") || !new.iter().any(ending), "another line ending: {shown}");
        let all_windows = text.matches('\n').count() == text.matches("\r\n").count();
        assert!(!all_windows || new.iter().all(ending), "another line ending: {shown}");
        new.retain(|line| !line.trim().is_empty());
        let new: Vec<&str> = new.iter().map(|line| line.trim()).collect();
        let [declared, element] = &lines;
        assert!(new == [declared, element] || new == [element, declared], "not the two lines: {new:?} {shown}");
    } else {
        // Within a line, next to the end of a text that has none, a comma that was missing.
        let mut left: Vec<char> = left_over(text, &added).replace(',', "").chars().collect();
        let mut expected: Vec<char> = lines.concat().replace([',', ' '], "").chars().collect();
        left.sort_unstable();
        expected.sort_unstable();
        assert_eq!(left, expected, "{shown}");
    }
}

#[test]
fn the_same_lines_and_two_more() {
    let mut random = Random::from_environment();
    let (mut plain, mut count) = (0, 0);
    for _ in 0..60 {
        for kind in KINDS {
            let sample = kind.sample(&mut random);
            let name = random.pick(NEW);
            plain += usize::from(sample.is_plain);
            count += 1;
            check(kind, &sample, name);
        }
    }
    assert!(plain * 12 > count, "only {plain} of {count} files have a line for each element");
}

#[test]
fn what_is_broken_is_an_error_and_nothing_worse() {
    let mut random = Random::from_environment();
    let mut broken = 0;
    for _ in 0..400 {
        for kind in KINDS {
            let mut text = kind.sample(&mut random).text;
            for _ in 0..=random.below(3) {
                damage(&mut random, &mut text);
            }
            let name = random.pick(NEW);
            match kind.add(&text, name) {
                Ok(added) => {
                    assert_eq!(
                        kind.add(&added, name).ok().as_ref(),
                        Some(&added),
                        "{kind:?} {name}: from\n{text}\nto\n{added}"
                    );
                    kind.remove(&added, name).ok();
                }
                Err(error) => {
                    assert!(error.to_string().starts_with("failed to understand `app/"), "{error}");
                    assert!(
                        error.hint().is_some_and(|hint| hint.starts_with("what is to be written there by hand: `"))
                    );
                    broken += 1;
                }
            }
        }
    }
    assert!(broken > 0, "nothing was broken");
}

/// Takes something out, or puts something in.
fn damage(random: &mut Random, text: &mut String) {
    let mut place = |text: &str| {
        let at = random.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    let (start, end) = (place(text), place(text));
    if start < end && end - start < 40 {
        text.replace_range(start..end, "");
    } else {
        let piece = random.pick(&[
            "{",
            "}",
            "[",
            "]",
            "(",
            "\"",
            "'",
            "/*",
            "//",
            "r#\"",
            "mod ",
            ";",
            ",",
            "::",
            "\0",
            "\r",
            "é",
            "#",
            "!",
            "fn module() -> M { m }",
        ]);
        text.insert_str(start, piece);
    }
}

#[test]
fn what_rustfmt_has_written_stays_as_it_would_write_it() {
    let mut random = Random::from_environment();
    let mut count = 0;
    for kind in KINDS.into_iter().cycle().take(32) {
        let sample = kind.sample(&mut random);
        let Some(clean) = format(&sample.text) else {
            eprintln!("skipped: there is no rustfmt");
            return;
        };
        // A line between comments that stand in a column would move them, and so does an element in a line with some.
        if ["  //", "  /*", "/* , */", "/* ] */"].iter().any(|comment| clean.contains(comment)) {
            continue;
        }
        // Once is not always enough for rustfmt itself.
        if format(&clean).as_ref() != Some(&clean) {
            continue;
        }
        let name = random.pick(NEW);
        let added = kind.add(&clean, name).unwrap_or_else(|error| panic!("{error} in\n{clean}"));
        assert_eq!(format(&added).expect("rustfmt"), added, "{kind:?} {name}: from\n{clean}");
        assert_eq!(kind.remove(&added, name).expect("understood"), clean, "{kind:?} {name}: of\n{added}");
        count += 1;
    }
    assert!(count > 5, "only {count} files");
}

#[test]
fn lists_around_the_width_of_a_line_are_as_rustfmt_has_them() {
    let top = "const MODULES: &[fn() -> Module] =";
    for width in 118..=123 {
        for (kind, before, behind) in [
            (Kind::Top, format!("{top} &["), "];"),
            (Kind::Top, format!("{top}\n    &["), "];"),
            (Kind::Command, "fn all() -> Vec<Spec> {\n    vec![".to_owned(), "]\n}"),
        ] {
            let list = |names: &[&str]| {
                let elements = names.iter().map(|name| match kind {
                    Kind::Command => format!("framework::management::command::<{name}::Command>()"),
                    _ => format!("{name}::module"),
                });
                format!("{before}{}{behind}\n", elements.collect::<Vec<_>>().join(", "))
            };
            // The line with the new name in it is so wide.
            let longest = |text: &str| text.lines().map(str::len).max().unwrap_or(0);
            let long = "l".repeat(width - longest(&list(&["", "roles"])));
            let text = format!("pub mod {long};\n\n{}", list(&[&long]));
            let Some(clean) = format(&text) else {
                eprintln!("skipped: there is no rustfmt");
                return;
            };
            let added = kind.add(&clean, "roles").expect("understood");
            assert_eq!(format(&added).expect("rustfmt"), added, "{width}: {clean}");
            assert_eq!(kind.remove(&added, "roles").expect("understood"), clean);
        }
    }
}

/// The text as rustfmt writes it; nothing when it is not installed.
fn format(text: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}
