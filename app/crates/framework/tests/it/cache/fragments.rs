//! Parts of pages from the cache.

use framework::http::{self, Client, Request, get};
use framework::module::Module;
use framework::templates::{Engine, context};

use super::{clocked, places};
use crate::sandbox::{Sandbox, wait};

const MENU: &str = "{% call cached('menu', 60, who) %}<b>{{ text }}</b>{% endcall %}";

fn rendered(engine: &Engine, who: &str, text: &str) -> String {
    engine.render("menu.html", context! { who, text }).unwrap_or_else(|error| error.to_string())
}

#[test]
fn a_part_is_made_once_for_each_that_it_depends_on() {
    for place in places() {
        let sandbox = place.sandbox.file("templates/menu.html", MENU);
        let (ctx, name) = (sandbox.ctx(), place.name);
        let engine = Engine::new(&ctx);
        assert_eq!(rendered(&engine, "a:b", "<1>"), "<b>&lt;1&gt;</b>", "{name}");
        assert_eq!(rendered(&engine, "a:b", "2"), "<b>&lt;1&gt;</b>", "{name}");
        assert_eq!(rendered(&engine, "a%3Ab", "3"), "<b>3</b>", "{name}");
        // Inside of a server's runtime too.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        assert_eq!(runtime.block_on(async { rendered(&engine, "a:b", "4") }), "<b>&lt;1&gt;</b>", "{name}");
        assert_eq!(wait(async { rendered(&engine, "a:b", "5") }), "<b>&lt;1&gt;</b>", "{name}");
        assert_eq!(
            wait(async { sandbox.ctx().cache().clear_prefix("fragment:menu:en:a%3Ab").await }),
            match name {
                "memory" => Ok(0),
                _ => Ok(1),
            }
        );
    }
}

#[test]
fn a_part_expires_and_is_told_apart_by_language() {
    let sandbox = Sandbox::new(&[]).file("templates/menu.html", MENU);
    let (ctx, clock) = clocked(&sandbox);
    let engine = Engine::new(&ctx);
    assert_eq!(rendered(&engine, "a", "1"), "<b>1</b>");
    let russian = engine.render("menu.html", context! { who => "a", text => "2", language => "ru" });
    assert_eq!(russian.expect("a page"), "<b>2</b>");
    assert_eq!(rendered(&engine, "a", "3"), "<b>1</b>");
    clock.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(rendered(&engine, "a", "4"), "<b>4</b>");
    let cleared = wait(ctx.cache().clear_prefix("fragment:menu:"));
    assert_eq!(cleared, Ok(1));
}

#[test]
fn without_a_cache_or_in_debug_mode_it_is_made_each_time() {
    let down = format!("redis://127.0.0.1:{}/", super::redis::free_port());
    let sandboxes = [("APP__CACHE__URL", down.as_str()), ("APP__CACHE__URL", "dummy:"), ("APP__DEBUG", "true")];
    for (name, value) in sandboxes {
        let sandbox = Sandbox::new(&[]).var(name, value).file("templates/menu.html", MENU);
        let engine = Engine::new(&sandbox.ctx());
        assert_eq!((rendered(&engine, "a", "1"), rendered(&engine, "a", "2")), ("<b>1</b>".into(), "<b>2</b>".into()));
    }
    let wrong = Sandbox::new(&[]).file("templates/menu.html", "{{ cached('menu', 60) }}");
    let said = rendered(&Engine::new(&wrong.ctx()), "a", "b");
    assert!(said.contains("`cached` encloses what is kept"), "{said}");
}

fn module() -> Module {
    let mut module = Module::new("forms");
    module.routes(vec![get("/", form)]);
    module.clone()
}

async fn form(request: Request) -> http::Result {
    request.render("form.html", context! {})
}

#[test]
fn a_token_is_never_kept() {
    let text = "{% call cached('form', 60) %}{{ csrf_field() }}{% endcall %}";
    let sandbox = Sandbox::new(&[module]).file("templates/form.html", text);
    wait(async {
        let ctx = sandbox.ctx();
        let (first, second) = (Client::new(&ctx), Client::new(&ctx));
        let (one, other) = (first.get("/").await.body, second.get("/").await.body);
        assert!(one.contains("name=\"csrfmiddlewaretoken\"") && other.contains("name=\"csrfmiddlewaretoken\""));
        // A token is masked anew for each page, so two are alike only when one was kept.
        assert_ne!(one, other);
    });
}
