//! Commands in their module's `commands/mod.rs`.

use scaffold::register::{add_command, listed_commands, remove_command};

use super::file;

const EMPTY: &str = "//! The module's commands, one file each.\n\nuse framework::management;\n\n/// The commands.\n\
    pub(super) fn all() -> Vec<management::CommandSpec> {\n    vec![\n        // One a line.\n    ]\n}\n";

#[track_caller]
fn check(name: &str, text: &str, expected: &str) {
    let added = add_command(file(), text, name).expect("the file is understood");
    assert_eq!(added, expected);
    assert_eq!(add_command(file(), &added, name).expect("the result is understood"), added);
    assert_eq!(remove_command(file(), &added, name).expect("the result is understood"), text);
}

#[test]
fn the_first_command_and_the_next_ones() {
    let first = EMPTY
        .replace("use framework", "mod open;\n\nuse framework")
        .replace("line.\n", "line.\n        management::command::<open::Command>(),\n");
    check("open", EMPTY, &first);
    let second = first
        .replace("mod open;", "mod close;\nmod open;")
        .replace("line.\n", "line.\n        management::command::<close::Command>(),\n");
    check("close", &first, &second);
    assert_eq!(listed_commands(file(), &second).expect("understood"), ["close", "open"]);
}

#[test]
fn order_and_comments_by_hand_survive() {
    let text = EMPTY.replace("use framework", "mod apply;\nmod open;\nmod zero;\n\nuse framework").replace(
        "        // One a line.\n",
        "        // First of all.\n        management::command::<zero::Command>(), // !\n\
            \n        // Then the rest.\n        management::command_as::<open::Command>(\"unlock\"),\n        \
            management::command::<apply::Command>(),\n",
    );
    let expected = text
        .replace("mod open;", "mod close;\nmod open;")
        .replace("<apply::Command>(),\n", "<apply::Command>(),\n        management::command::<close::Command>(),\n");
    check("close", &text, &expected);
    assert_eq!(listed_commands(file(), &text).expect("understood"), ["zero", "open", "apply"]);
}

#[test]
fn the_function_is_named_as_the_others_name_it_or_as_it_is_imported() {
    for (head, list, expected) in [
        ("use framework::management::{self, command};", "vec![]", "vec![management::command::<b::Command>()]"),
        ("use framework::management::command;", "vec![]", "vec![command::<b::Command>()]"),
        ("use framework::management as m;", "vec![]", "vec![framework::management::command::<b::Command>()]"),
        (
            "use framework::management as m; mod a;",
            "vec![m::command::<a::Command>()]",
            "vec![m::command::<a::Command>(), m::command::<b::Command>()]",
        ),
    ] {
        let text = |head: &str, list: &str| format!("{head}\nfn all() -> Vec<Spec> {{ {list} }}\n");
        let declared = if head.contains("mod a;") { format!("{head}\nmod b;") } else { format!("mod b;\n\n{head}") };
        check("b", &text(head, list), &text(&declared, expected));
    }
}

#[test]
fn what_is_declared_but_not_listed_is_no_command() {
    let text =
        "mod helpers;\nmod a;\nfn all() -> Vec<S> { vec![command::<a::Command>(), command::<other::Command>()] }";
    assert_eq!(listed_commands(file(), text).expect("understood"), ["a"]);
}

#[test]
fn what_cannot_be_understood_says_what_to_write_by_hand() {
    let text = "fn all() -> Vec<S> { let mut all = Vec::new(); all }";
    let error = add_command(file(), text, "close").expect_err("no list");
    let message = "failed to understand `app/src/modules/cms/mod.rs`: `all()` does not end with `vec![…]`";
    assert_eq!(error.to_string(), message);
    let hint = "what is to be written there by hand: `mod close;` and `management::command::<close::Command>(),`";
    assert_eq!(error.hint(), Some(hint));
    assert_eq!(listed_commands(file(), text).expect_err("no list").to_string(), message);
    assert_eq!(
        remove_command(file(), "", "close").expect_err("no function").hint().map(|it| it.contains("taken")),
        Some(true)
    );
}
