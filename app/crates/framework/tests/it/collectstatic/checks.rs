//! What system checks say of the settings and of names in templates.

use super::site;

const NO_ISSUES: &str = "System check identified no issues (0 silenced).\n";

#[test]
fn directories_are_a_list() {
    let sandbox = site().file("config/default.toml", "[static]\ndirs = \"static\"\n");
    let message = "config/default.toml:2:1: `static.dirs`: expected a list, found the text `static`";
    sandbox.line("check").says_on_err(1, message);
}

#[test]
fn the_root_and_the_directories_are_apart() {
    for dirs in [
        "[\"static\", \"var/static\"]",
        "[\"static\", \"./static/../var\"]",
        "[\"static\", \"var/static/deep\"]",
        "[\"static\", { prefix = \"x\", path = \"var/static\" }]",
    ] {
        let sandbox = site().file("config/default.toml", &format!("[static]\ndirs = {dirs}\n"));
        let sandbox = sandbox.file("var/static/deep/x.txt", "");
        let ran = sandbox.line("check");
        ran.says_on_err(1, "?: (staticfiles.E002) the directory `");
        sandbox.line("collectstatic --noinput").says_on_err(1, "staticfiles.E002");
    }
}

#[test]
fn a_prefix_ends_without_a_slash() {
    let sandbox = site().file("config/default.toml", "[static]\ndirs = [{ prefix = \"docs/\", path = \"static\" }]\n");
    let message = "(staticfiles.E003) the prefix `docs/` in the setting `static.dirs` must not end with a slash";
    sandbox.line("check").says_on_err(1, message);
}

#[test]
fn a_directory_that_is_not_there_is_a_warning() {
    let sandbox = site().var("APP__STATIC__DIRS", "nowhere,static,elsewhere");
    let ran = sandbox.line("check");
    assert_eq!((ran.code, ran.err.matches("(staticfiles.W004)").count()), (0, 2), "{ran:?}");
    assert_eq!(sandbox.line("collectstatic --noinput").code, 0);
}

#[test]
fn a_storage_is_needed() {
    let with = |storage: &str| {
        site().file("config/default.toml", &format!("[static]\ndirs = [\"static\"]\nstorage = \"{storage}\"\n"))
    };
    with("").line("check").says_on_err(1, "(staticfiles.E005) the setting `static.storage` is empty");
    with("s3").line("check").says_on_err(1, "(staticfiles.E005) the setting `static.storage` names no storage");
    with("plain").line("check").is(0, NO_ISSUES, "");
}

#[test]
fn static_names_in_templates_are_there() {
    let sandbox = site()
        .file("static/css/site.css", "")
        .file(
            "templates/base.html",
            "<link href=\"{{ static('css/site.css') }}\">\n{{ static('css/missing.css?v=1') }}",
        )
        .file("src/modules/shop/templates/shop/list.html", "\n\n{% if x %}{{ static(\"shop.js\") }}{% endif %}");
    let report = "SystemCheckError: System check identified some issues:\n\nERRORS:\n\
        src/modules/shop/templates/shop/list.html:3: (staticfiles.E007) there is no static file `shop.js`\n\
        \tHINT: `app findstatic -v 2 shop.js` says where it is looked for\n\
        templates/base.html:2: (staticfiles.E007) there is no static file `css/missing.css`\n\
        \tHINT: `app findstatic -v 2 css/missing.css` says where it is looked for\n\n\
        System check identified 2 issues (0 silenced).\n";
    sandbox.line("check").is(1, "", report);
    sandbox.line("check --tag staticfiles").is(1, "", report);
    // No command waits for it, and no server.
    assert_eq!(sandbox.line("collectstatic --noinput").code, 0);
    let sandbox = sandbox.file("src/modules/shop/static/shop.js", "").file("static/css/missing.css", "");
    sandbox.line("check").is(0, NO_ISSUES, "");
}
