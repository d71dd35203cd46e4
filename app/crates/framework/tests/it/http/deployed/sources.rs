//! Where the files of a server come from, and what templates call them.

use framework::http::{Client, StatusCode};
use framework::project::Carried;
use framework::templates::{Engine, context};

use super::{address, collect, collected, deployed, get};
use crate::http::shop::serious;
use crate::sandbox::{Sandbox, wait};

fn rendered(sandbox: &Sandbox, text: &str) -> String {
    let file = sandbox.dir.path().join("templates/address.html");
    std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
    std::fs::write(file, text).expect("a file");
    Engine::new(&sandbox.ctx()).render("address.html", context! {}).unwrap_or_else(|error| error.to_string())
}

#[test]
fn templates_name_files_as_they_were_before() {
    let sandbox = deployed();
    let manifest = collect(&sandbox);
    for (name, expected) in [
        ("css/site.css", address(&manifest, "css/site.css")),
        ("/css/site.css", address(&manifest, "css/site.css")),
        ("img/a.svg?v=1#icon", format!("{}?v=1#icon", address(&manifest, "img/a.svg"))),
        ("img/a.svg?#\\\"<b>", format!("{}?#%22%3Cb%3E", address(&manifest, "img/a.svg"))),
        ("img/", "/static/img/".to_owned()),
        ("", "/static/".to_owned()),
    ] {
        assert_eq!(rendered(&sandbox, &format!("{{{{ static(\"{name}\") }}}}")), expected, "{name}");
    }
    let error = rendered(&sandbox, "{{ static('gone.css') }}");
    assert!(
        error.contains("address.html:1: ") && error.contains("Missing staticfiles manifest entry for 'gone.css'"),
        "{error}"
    );
}

#[test]
fn a_file_that_was_not_collected_has_a_name_where_that_is_allowed() {
    let sandbox = collected().var("APP__STATIC__STRICT", "false").file("static/new.txt", "new");
    let sha256 = framework::staticfiles::digest::Digest::of(b"new").sha256;
    assert_eq!(rendered(&sandbox, "{{ static('new.txt') }}"), format!("/static/new.{}.txt", &sha256[..12]));
    assert!(
        rendered(&sandbox, "{{ static('gone.txt') }}").contains("Missing staticfiles manifest entry for 'gone.txt'")
    );
}

#[test]
fn a_name_of_no_file_is_an_error_while_developing_too() {
    let sandbox = serious().file("src/modules/shop/static/shop/a.css", "").var("APP__DEBUG", "true");
    assert_eq!(rendered(&sandbox, "{{ static('shop/a.css?v=1') }}"), "/static/shop/a.css?v=1");
    let error = rendered(&sandbox, "{{ static('shop/b.css') }}");
    assert!(error.contains("there is no static file `shop/b.css` (looked in `"), "{error}");
}

#[test]
fn without_a_manifest_it_is_said_what_to_do() {
    wait(async {
        let sandbox = deployed();
        let error = rendered(&sandbox, "{{ static('css/site.css') }}");
        let file = sandbox.dir.path().join("var/static/staticfiles.json");
        let text = format!(
            "the static files were not collected: there is no `{}`, so run `app collectstatic`",
            file.display()
        );
        assert!(error.contains(&text), "{error}");
        assert_eq!(get(&Client::new(&sandbox.ctx()), "/static/both.txt", &[]).await.status, StatusCode::NOT_FOUND);
        let nowhere = deployed().file("config/default.toml", "[static]\nroot = ''\n");
        let error = rendered(&nowhere, "{{ static('css/site.css') }}");
        assert!(error.contains("`static.root` is not set, so nothing can be collected"), "{error}");
    });
}

#[test]
fn a_damaged_manifest_keeps_a_server_from_starting() {
    let sandbox = collected().file("var/static/staticfiles.json", "{");
    let ran = sandbox.line("runserver 0 --skip-checks");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("staticfiles.json` is no manifest of static files: "), "{ran:?}");
}

#[test]
fn plain_storage_serves_files_under_their_names() {
    wait(async {
        let sandbox = deployed()
            .file("config/default.toml", "[static]\nstorage = 'plain'\n")
            .file("var/static/text.txt", "collected")
            .file("secret.txt", "secret");
        assert_eq!(rendered(&sandbox, "{{ static('text.txt') }}"), "/static/text.txt");
        let client = Client::new(&sandbox.ctx());
        let text = get(&client, "/static/text.txt", &[("range", "bytes=0-0")]).await;
        assert_eq!((text.body.as_str(), text.header("cache-control")), ("c", Some("no-cache")));
        for path in ["/static/both.txt", "/static/../../secret.txt", "/static/%2e%2e/%2e%2e/secret.txt"] {
            assert_eq!(get(&client, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    });
}

const CSS: &str = "body{background:url(a.svg)} body{background:url(a.svg)} body{background:url(a.svg)}";

const RELEASE: Carried = Carried {
    migrations: &[],
    templates: &[],
    statics: &[
        ("static", &[("site.css", CSS.as_bytes()), ("a.svg", b"<svg/>")]),
        ("src/modules/shop/static", &[("shop/a.txt", b"shop"), ("a.svg", b"hidden")]),
    ],
    locales: &[],
};

const NEXT: Carried = Carried { statics: &[("static", &[("site.css", b"next"), ("a.svg", b"<svg/>")])], ..RELEASE };

fn release(carried: Carried) -> Sandbox {
    serious().var("APP__ENVIRONMENT", "production").var("APP__ALLOWED_HOSTS", "localhost").carrying(carried)
}

#[test]
fn a_release_serves_what_it_carries() {
    wait(async {
        let sandbox = release(RELEASE).file("static/site.css", "disk").file("extra/more.css", "more");
        let client = Client::new(&sandbox.ctx());
        let path = rendered(&sandbox, "{{ static('site.css') }}");
        assert!(path.starts_with("/static/site.") && path.len() == "/static/site.0123456789ab.css".len(), "{path}");
        let css = get(&client, &path, &[]).await;
        assert!(css.body.starts_with("body{background:url(a.") && !css.body.contains("a.svg"), "{}", css.body);
        assert_eq!(css.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(css.header("vary"), Some("Accept-Encoding"));
        let brotli = get(&client, &path, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(brotli.header("content-encoding"), Some("br"));
        assert!(brotli.bytes.len() < css.bytes.len() && brotli.header("etag") != css.header("etag"));
        let part = get(&client, &path, &[("range", "bytes=0-3")]).await;
        assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, "body"));
        assert_eq!(get(&client, "/static/shop/a.txt", &[("accept-encoding", "br")]).await.body, "shop");
        assert_eq!(get(&client, "/static/a.svg", &[]).await.body, "<svg/>");
        assert_eq!(get(&client, "/static/more.css", &[]).await.status, StatusCode::NOT_FOUND);
        let sandbox = sandbox.var("APP__STATIC__DIRS", "static,extra");
        assert_eq!(get(&Client::new(&sandbox.ctx()), "/static/more.css", &[]).await.body, "more");
    });
}

#[test]
fn a_release_serves_what_was_collected_of_it_and_knows_the_files_of_others() {
    wait(async {
        let sandbox = release(RELEASE);
        let manifest = collect(&sandbox);
        // Larger than what is carried, so that it shows which is served.
        let hashed = manifest.stored_name("shop/a.txt").expect("a name");
        let encodings = ["br", "gzip", "zstd"].map(|encoding| ("accept-encoding", encoding));
        let client = Client::new(&sandbox.ctx());
        assert_eq!(get(&client, &format!("/static/{hashed}"), &encodings).await.body, "shop");
        std::fs::write(sandbox.dir.path().join("var/static").join(&hashed), "disk").expect("a file");
        assert_eq!(get(&client, &format!("/static/{hashed}"), &[]).await.body, "disk");

        let old = address(&manifest, "site.css");
        let sandbox = sandbox.carrying(NEXT);
        let client = Client::new(&sandbox.ctx());
        let new = rendered(&sandbox, "{{ static('site.css') }}");
        assert_ne!(old, new);
        assert_eq!(get(&client, &new, &[]).await.body, "next");
        assert_eq!(get(&client, "/static/site.css", &[]).await.body, "next");
        assert!(get(&client, &old, &[]).await.body.starts_with("body{"));
        assert_eq!(get(&client, "/static/staticfiles.json", &[]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_release_that_does_not_fit_together_does_not_start() {
    const BROKEN: Carried = Carried { statics: &[("static", &[("a.css", b"a{b:url(gone.png)}")])], ..RELEASE };
    let sandbox = release(BROKEN).var("APP__SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz");
    let ran = sandbox.line("runserver 0 --skip-checks");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("a.css:1:9: `gone.png` leads nowhere: there is no static file `gone.png`"), "{ran:?}");
}

#[test]
fn what_is_not_in_the_manifest_has_an_address_when_the_settings_say_so() {
    wait(async {
        let sandbox = collected().file("static/more/late.min.js", "late").file("static/plain", "plain");
        let template = "{{ static('more/late.min.js') }} {{ static('plain') }}";
        assert!(rendered(&sandbox, template).contains("Missing staticfiles manifest entry for 'more/late.min.js'"));
        let sandbox = sandbox.var("APP__STATIC__STRICT", "false");
        let client = Client::new(&sandbox.ctx());
        let paths = rendered(&sandbox, template);
        let (late, plain) = paths.split_once(' ').expect("two addresses");
        assert!(late.starts_with("/static/more/late.min.") && plain.starts_with("/static/plain."), "{paths}");
        for (path, body) in [(late, "late"), (plain, "plain")] {
            let response = get(&client, path, &[]).await;
            assert_eq!((response.body.as_str(), response.header("cache-control")), (body, Some("no-cache")), "{path}");
        }
        for path in ["/static/more/late.min.js", "/static/more/late.min.0123456789ab.js", "/static/plain"] {
            assert_eq!(get(&client, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(rendered(&sandbox, "{{ static('gone.css') }}").contains("Missing staticfiles manifest entry"));
    });
}

#[test]
fn a_check_of_production_says_that_nothing_was_collected() {
    let deployed = || deployed().var("APP__SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz");
    let file = |sandbox: &Sandbox| sandbox.dir.path().join("var/static/staticfiles.json").display().to_string();
    let sandbox = deployed();
    let text = format!(
        "?: (staticfiles.E006) the static files were not collected: there is no `{}`, so run `app collectstatic`\n",
        file(&sandbox)
    );
    sandbox.line("check --deploy --tag staticfiles").says_on_err(1, &text);
    sandbox.line("check --tag staticfiles").is(0, "System check identified no issues (0 silenced).\n", "");
    collect(&sandbox);
    let clean = "System check identified no issues (0 silenced).\n";
    sandbox.line("check --deploy --tag staticfiles").is(0, clean, "");
    let sandbox = sandbox.file("var/static/staticfiles.json", "{}");
    sandbox.line("check --deploy --tag staticfiles").says_on_err(1, "(staticfiles.E006) `");
    release(RELEASE).line("check --deploy --tag staticfiles").is(0, clean, "");
}
