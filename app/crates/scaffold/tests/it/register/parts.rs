//! Parts of a module in its `mod.rs`.

use scaffold::register::{Part, add_part, remove_part};

use super::file;

const MODELS: Part = Part { name: "models", keywords: "pub mod", call: Some(("models", "models::MODELS")) };
const SERVICE: Part = Part { name: "service", keywords: "pub mod", call: None };
const VIEWS: Part = Part { name: "views", keywords: "mod", call: Some(("routes", "views::routes()")) };

const MODULE: &str = "//! Roles.\n\nmod views;\n\nuse framework::module::Module;\n\n/// The module.\n\
    pub fn module() -> Module {\n    let mut module = Module::new(\"roles\");\n    module.routes(views::routes());\n    \
    module.submodule(admins::module);\n    module\n}\n";

#[test]
fn parts_are_declared_and_handed_over_in_their_order() {
    let mut text = MODULE.to_owned();
    for part in [Part::COMMANDS, VIEWS, SERVICE, MODELS] {
        let added = add_part(file(), &text, part).expect("understood");
        assert_eq!(add_part(file(), &added, part).expect("understood"), added);
        if part != VIEWS {
            assert_eq!(remove_part(file(), &added, part).expect("understood"), text);
        }
        text = added;
    }
    let expected =
        MODULE.replace("mod views;", "mod commands;\npub mod models;\npub mod service;\nmod views;").replace(
            "    module.routes",
            "    module.models(models::MODELS);\n    module.commands(commands::all());\n    module.routes",
        );
    assert_eq!(text, expected);
    assert_eq!(add_part(file(), &text, VIEWS).expect("understood"), text);
}

#[test]
fn another_argument_is_not_overridden() {
    let text = MODULE.replace("views::routes()", "all_routes()");
    let error = add_part(file(), &text, VIEWS).expect_err("another call");
    let message = "failed to understand `app/src/modules/cms/mod.rs`: `module()` calls `routes` with something else";
    assert_eq!(error.to_string(), message);
    assert_eq!(
        error.hint(),
        Some("what is to be written there by hand: `mod views;` and `module.routes(views::routes());`")
    );
}
