//! Templates: where they are found, what they can use, how their mistakes are reported.

use framework::http::{Client, StatusCode};
use framework::templates::{Engine, context};

use super::shop::{debugging, serious};
use crate::sandbox::{Sandbox, wait};

fn rendered(sandbox: &Sandbox, name: &str) -> String {
    Engine::new(&sandbox.ctx()).render(name, context! {}).unwrap_or_else(|error| error.to_string())
}

#[test]
fn the_project_comes_before_its_modules_and_those_before_the_framework() {
    let sandbox = serious()
        .file("src/modules/annex/templates/a.html", "annex")
        .file("src/modules/annex/templates/b.html", "annex")
        .file("src/modules/annex/templates/c.html", "annex")
        .file("src/modules/shop/templates/b.html", "shop")
        .file("src/modules/shop/templates/c.html", "shop")
        .file("templates/c.html", "project {% include 'b.html' %}");
    assert_eq!(rendered(&sandbox, "a.html"), "annex");
    assert_eq!(rendered(&sandbox, "b.html"), "shop");
    assert_eq!(rendered(&sandbox, "c.html"), "project shop");
    assert!(Engine::new(&sandbox.ctx()).has("error.html"));
}

#[test]
fn values_are_escaped_and_times_are_local() {
    wait(async {
        let text = "{{ name }}|{{ at|localtime }}|{{ rows[1]|default('-', true) }}|{{ total }}|{{ language }}|{{ project }}|{{ path }}|{% if debug %}debug{% endif %}";
        let sandbox = serious().var("APP__TIME_ZONE", "Europe/Moscow").file("templates/page.html", text);
        let response = Client::new(&sandbox.ctx()).get("/page/").await;
        let escaped = "&lt;b&gt;Tom &amp; &quot;Jerry&quot;&lt;&#x2f;b&gt;";
        assert_eq!(response.body, format!("{escaped}|2026-02-01 01:30|-|2|en|Test|&#x2f;page&#x2f;|"));
        let plain = sandbox.file("templates/mail.txt", "{{ '<b>' }}");
        assert_eq!(rendered(&plain, "mail.txt"), "<b>");
    });
}

#[test]
fn addresses_are_made_from_names() {
    let text = "{{ url('shop:item', id=7) }} {{ url('shop:file', path='a b/я') }} {{ static('css/a b.css') }}";
    let sandbox = serious().file("templates/urls.html", text).file("src/modules/shop/static/css/a b.css", "");
    assert_eq!(rendered(&sandbox, "urls.html"), "/items/7/ /files/a%20b/%D1%8F /static/css/a%20b.css");
    for (text, message) in [
        ("{{ url('nowhere') }}", "no route is named `nowhere`"),
        ("{{ url('shop:item') }}", "the route `shop:item` (`/items/{id}/`) needs `id`"),
        ("{{ url('shop:item', id=1, x=2) }}", "the route `shop:item` (`/items/{id}/`) has no `x`"),
    ] {
        let sandbox = serious().file("templates/urls.html", text);
        assert!(rendered(&sandbox, "urls.html").contains(message), "{text}: {}", rendered(&sandbox, "urls.html"));
    }
}

#[test]
fn mistakes_are_reported_with_file_and_line() {
    let sandbox = serious()
        .file("templates/syntax.html", "one\n{% if %}\n")
        .file("templates/undefined.html", "one\ntwo\n{{ misspelt }}")
        .file("templates/outer.html", "one\n{% include 'undefined.html' %}")
        .file("templates/lost.html", "one\n{% extends 'nowhere.html' %}");
    let at = |file: &str| sandbox.dir.path().join("templates").join(file).display().to_string();
    assert!(
        rendered(&sandbox, "syntax.html")
            .contains(&format!("the template `syntax.html` failed at {}:2: syntax error", at("syntax.html")))
    );
    let undefined = format!("the template `undefined.html` failed at {}:3: undefined value", at("undefined.html"));
    assert!(rendered(&sandbox, "undefined.html").contains(&undefined), "{}", rendered(&sandbox, "undefined.html"));
    assert!(rendered(&sandbox, "outer.html").contains(&undefined), "{}", rendered(&sandbox, "outer.html"));
    let lost = rendered(&sandbox, "lost.html");
    assert!(
        lost.contains("`lost.html` failed at") && lost.contains("nowhere.html") && lost.contains("looked in"),
        "{lost}"
    );
    let none = rendered(&sandbox, "nowhere.html");
    assert!(none.starts_with("there is no template `nowhere.html` (looked in `"), "{none}");
}

#[test]
fn names_do_not_leave_the_directories() {
    let sandbox =
        serious().file("secret.html", "secret").file("templates/a.html", "a").file("templates/.hidden.html", "secret");
    for name in [
        "../secret.html",
        "x/../../secret.html",
        "./a.html",
        "/a.html",
        "a.html\0",
        ".hidden.html",
        "",
        "..\\secret.html",
    ] {
        assert!(rendered(&sandbox, name).starts_with("there is no template"), "{name}");
    }
    let absolute = sandbox.dir.path().join("secret.html");
    assert!(rendered(&sandbox, &absolute.to_string_lossy()).starts_with("there is no template"));
}

#[test]
fn debug_mode_reads_templates_again_and_shows_the_place_of_a_mistake() {
    wait(async {
        for (sandbox, second) in [(debugging(), "two"), (serious(), "one")] {
            let sandbox = sandbox.file("templates/page.html", "one");
            let client = Client::new(&sandbox.ctx());
            assert_eq!(client.get("/page/").await.body, "one");
            let sandbox = sandbox.file("templates/page.html", "two");
            assert_eq!(client.get("/page/").await.body, second);
            let sandbox = sandbox.file("templates/page.html", "{{ nothing }}");
            let response = client.get("/page/").await;
            let shows = response.status == StatusCode::INTERNAL_SERVER_ERROR && response.body.contains("page.html:1");
            assert_eq!(shows, second == "two", "{}", response.body);
            drop(sandbox);
        }
    });
}
