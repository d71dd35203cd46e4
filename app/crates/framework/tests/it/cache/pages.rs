//! Whole pages from the cache.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use framework::http::{self, Body, Client, Method, Request, Response, StatusCode, get, header};
use framework::module::Module;
use framework::templates::context;

use super::clocked;
use crate::sandbox::{Sandbox, wait};

const MINUTE: Duration = Duration::from_secs(60);

static MADE: AtomicU32 = AtomicU32::new(0);

/// No two answers of a handler are the same.
fn number() -> String {
    MADE.fetch_add(1, Ordering::Relaxed).to_string()
}

fn module() -> Module {
    let mut module = Module::new("news");
    module.routes(vec![
        get("/news/", plain).name("news").cached(MINUTE),
        get("/uncached/", plain),
        get("/user/", user).cached(MINUTE),
        get("/visit/", visit).cached(MINUTE),
        get("/form/", form).cached(MINUTE),
        get("/odd/{what}/", odd).cached(MINUTE),
    ]);
    module.clone()
}

fn site() -> Sandbox {
    Sandbox::new(&[module, framework::contrib::sessions::module])
        .var("APP__ALLOWED_HOSTS", "example.com,example.org")
        .file("templates/form.html", "<form>{{ csrf_field() }}</form> {{ number }}")
}

async fn plain(_: Request) -> http::Result {
    Response::html(number()).header(header::CONTENT_LANGUAGE, "en")
}

/// Asks who is there, as pages for members do.
async fn user(request: Request) -> http::Result {
    let name = request.user().await?.map_or("nobody".to_owned(), |user| user.username.clone());
    Ok(Response::html(format!("{name} {}", number())))
}

async fn visit(request: Request) -> http::Result {
    request.session().await?.set("seen", &true)?;
    Ok(Response::html(number()))
}

async fn form(request: Request) -> http::Result {
    request.render("form.html", context! { number => number() })
}

async fn odd(request: Request) -> http::Result {
    let answer = Response::html(number());
    match request.param::<String>("what")?.as_str() {
        "cookie" => answer.header(header::SET_COOKIE, "a=b"),
        "private" => answer.header(header::CACHE_CONTROL, "private, max-age=5"),
        "vary" => answer.header(header::VARY, "Accept-Language, X-Shoe-Size"),
        "created" => Ok(answer.status(StatusCode::CREATED)),
        "large" => Ok(Response::html("x".repeat(1024 * 1024) + &number())),
        "stream" => {
            let text: Vec<Result<String, std::io::Error>> = vec![Ok(number())];
            let body = Body::from_stream(futures_util::stream::iter(text));
            Ok(Response::of("text/plain", body))
        }
        _ => answer.header(header::CACHE_CONTROL, "public, max-age=5"),
    }
}

/// Whether two visits get the same.
async fn is_kept(client: &Client, path: &str) -> bool {
    let (first, second) = (client.get(path).await, client.get(path).await);
    first.body == second.body
}

#[test]
fn a_page_is_made_once_a_minute() {
    wait(async {
        let (ctx, clock) = clocked(&site());
        let client = Client::new(&ctx);
        let first = client.get("/news/").await;
        assert_eq!((first.header("age"), first.header("cache-control")), (None, Some("max-age=60")));
        clock.advance(TimeDelta::seconds(59));
        let second = client.get("/news/").await;
        assert_eq!(second.body, first.body);
        assert_eq!((second.header("age"), second.header("cache-control")), (Some("59"), Some("max-age=60")));
        assert_eq!(second.header("vary"), Some("Cookie"));
        assert_eq!(second.header("content-type"), first.header("content-type"));
        assert_eq!(second.header("content-language"), Some("en"));
        assert_ne!(second.header("x-request-id"), first.header("x-request-id"));
        clock.advance(TimeDelta::seconds(1));
        assert_ne!(client.get("/news/").await.body, first.body);
        assert!(!is_kept(&client, "/uncached/").await);
    });
}

#[test]
fn what_differs_is_kept_apart() {
    wait(async {
        let sandbox = site();
        let ctx = sandbox.ctx();
        let client = Client::new(&ctx);
        let first = client.get("/news/").await.body;
        assert_ne!(client.get("/news/?page=2").await.body, first);
        assert_ne!(client.send(Method::GET, "/news/", &[("host", "example.org")], "").await.body, first);
        let head = client.head("/news/").await;
        assert_eq!((head.body.as_str(), head.header("content-length").is_some()), ("", true), "{head:?}");
        let russian = Client::new(&ctx.with_locale(Some(framework::i18n::Locale::Ru)));
        assert_ne!(russian.get("/news/").await.body, first);
        assert_eq!(client.get("/news/").await.body, first);
        assert_eq!(ctx.cache().clear_prefix("page:/news/?").await, Ok(1));
        assert_eq!(client.get("/news/").await.body, first);
    });
}

#[test]
fn nobody_gets_what_is_anothers() {
    wait(async {
        let sandbox = site();
        let ctx = sandbox.ctx();
        sandbox.line("migrate -v 0").is(0, "", "");
        let client = Client::new(&ctx);
        // Who is not there is the same for all.
        assert!(is_kept(&client, "/user/").await);
        let kept = client.get("/user/").await.body;
        for (name, value) in [("cookie", format!("sessionid={}", "a".repeat(64))), ("authorization", "x".to_owned())] {
            let sent = [(name, value.as_str())];
            let answer = client.send(Method::GET, "/user/", &sent, "").await;
            assert_ne!(answer.body, kept, "{name}");
        }
        assert_eq!(client.get("/user/").await.body, kept);
        assert!(!is_kept(&Client::new(&ctx), "/visit/").await);
        assert!(!is_kept(&Client::new(&ctx), "/form/").await);
        // The second time the browser has a token, and gets no new cookie; the page holds it all the same.
        assert!(!is_kept(&Client::new(&ctx), "/form/").await);
    });
}

#[test]
fn some_answers_are_not_kept() {
    wait(async {
        let sandbox = site();
        let client = Client::new(&sandbox.ctx());
        for what in ["cookie", "private", "vary", "created", "large", "stream"] {
            assert!(!is_kept(&client, &format!("/odd/{what}/")).await, "{what}");
        }
        assert!(is_kept(&client, "/odd/public/").await);
        let public = client.get("/odd/public/").await;
        assert_eq!(public.header("cache-control"), Some("public, max-age=5"));
        let debugging = site().var("APP__DEBUG", "true");
        assert!(!is_kept(&Client::new(&debugging.ctx()), "/news/").await);
    });
}

#[test]
fn pages_go_on_without_a_cache() {
    let down = format!("redis://127.0.0.1:{}/", super::redis::free_port());
    for sandbox in [site().var("APP__CACHE__URL", &down), site().var("APP__CACHE__URL", "sqlite:///proc/none/x")] {
        wait(async {
            let client = Client::new(&sandbox.ctx());
            for _ in 0..3 {
                assert_eq!(client.get("/news/").await.status, StatusCode::OK);
            }
        });
    }
}
