//! A new module does not hide the page of another.

use cli::AddModule;
use scaffold::{Error, Result};

use super::{Person, Project, plain};

const REGISTRY: &str = "pub mod mailings;\nuse framework::contrib::auth;\n\
    pub const MODULES: &[fn() -> Module] = &[\n    mailings::module,\n    auth::module,\n];\n";

/// Makes a module of these words with pages or an API, both for a model.
fn add(project: &Project, words: &str, option: &str) -> Result<()> {
    let path = words.split(' ').map(str::to_owned).collect();
    let model = if option.is_empty() { Vec::new() } else { vec!["Item".to_owned(), "title:string".to_owned()] };
    let (pages, api) = (option == "--pages", option == "--api");
    let args = AddModule { path, model, pages, api, change: plain(), ..AddModule::default() };
    scaffold::add_module(project.root(), &args, &mut Person::absent())
}

fn refusal(project: &Project, words: &str, option: &str) -> (String, String) {
    let files = project.files();
    let error: Error = add(project, words, option).expect_err(words);
    assert_eq!(project.files(), files, "{words}");
    (error.to_string(), error.hint().unwrap_or_default().to_owned())
}

fn taken(name: &str, hint: &str) -> (String, String) {
    (format!("'{name}' conflicts with the name of an existing page. Please try another name."), hint.to_owned())
}

#[test]
fn an_address_that_another_module_has_is_refused() {
    let project = Project::new();
    project.write("app/src/modules/mod.rs", REGISTRY);
    let auth = "app/crates/framework/src/contrib/auth";
    project.write(&format!("{auth}/mod.rs"), "pub fn module() -> Module { Module::new(\"auth\") }");
    project.write(&format!("{auth}/tests.rs"), "fn t() { get(\"/free/\", x) }");
    let views = "fn routes() -> Vec<Route> {\n    // get(\"/free/\", x)\n    let page = client.get(\"/free/\");\n    \
                 vec![get(\"/login/\", form).name(\"/free/\"), http::post(\"/logout\", log_out),\n        \
                 Route::new(Method::PATCH, \"/profile/\", x)]\n}";
    project.write(&format!("{auth}/views/pages.rs"), views);
    for (name, route) in [("login", "/login/"), ("logout", "/logout"), ("profile", "/profile/")] {
        let hint = format!("`{route}` is an address of `framework::contrib::auth`, in `{auth}/views/pages.rs`");
        assert_eq!(refusal(&project, name, ""), taken(name, &hint));
    }
    for option in ["", "--pages", "--api"] {
        assert_eq!(refusal(&project, "login below", option).0, taken("login", "").0);
    }
    add(&project, "free", "").expect("nothing is there");
    // Made by hand, and not as a module would be.
    assert!(
        refusal(&project, "mailings", "").0.starts_with("'mailings' conflicts with the name of an existing module.")
    );
}

#[test]
fn names_are_only_read() {
    let project = Project::new();
    let ran = project.root().join("ran");
    let bomb = format!("std::fs::write({ran:?}, \"\").unwrap();");
    project.write("app/build.rs", &format!("fn main() {{ {bomb} }}"));
    project.write("app/src/modules/mod.rs", &format!("{REGISTRY}const _: () = {{ {bomb} }};\n"));
    let module = format!("mod x {{ include!(\"/dev/zero\"); }}\npub fn module() -> Module {{ {bomb} loop {{}} }}\n");
    project.write("app/src/modules/mailings/mod.rs", &module);
    project.write("app/src/modules/mailings/commands/x.rs", &format!("pub struct Command;\nfn handle() {{ {bomb} }}"));
    project.write("app/src/modules/mailings/views.rs", &format!("fn x() {{ {bomb} get(\"/busy/\", x) }}"));
    let hint = "`/busy/` is an address of `mailings`, in `app/src/modules/mailings/views.rs`";
    assert_eq!(refusal(&project, "busy", ""), taken("busy", hint));
    for (name, what) in [("std", "crate"), ("auth", "module"), ("mailings x", "module"), ("mailings", "module")] {
        let last = name.rsplit(' ').next().unwrap_or(name);
        let message = format!("'{last}' conflicts with the name of an existing {what}. Please try another name.");
        assert!(refusal(&project, name, "").0.starts_with(&message), "{name}");
    }
    assert!(!ran.exists());
}

#[test]
fn pages_and_interfaces_have_more_addresses() {
    let project = Project::new();
    add(&project, "cms", "--pages").expect("a module");
    let hint = "`/cms/create/` is an address of `cms`, in `app/src/modules/cms/views.rs`";
    assert_eq!(refusal(&project, "cms create", ""), taken("create", hint));
    add(&project, "cms adp", "").expect("beside `/cms/{id}/`");
    add(&project, "cms", "--pages").expect("nothing to do");

    add(&project, "shop create", "").expect("a module");
    add(&project, "api blog", "").expect("a module");
    let hint = "`/api/blog/` is an address of `api/blog`, in `app/src/modules/api/blog/views.rs`";
    assert_eq!(refusal(&project, "blog", "--api"), taken("blog", hint));
    add(&project, "news", "--api").expect("a module");
    let hint = "`/api/news/` is an address of `news`, in `app/src/modules/news/api.rs`";
    assert_eq!(refusal(&project, "api news", ""), taken("news", hint));
}
