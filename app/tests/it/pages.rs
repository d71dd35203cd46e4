//! The pages, through the test client: empty, with demo data, refused.

use app::modules::mailings::{demo, service};
use framework::context::Context;
use framework::http::Client;
use framework::management::Call;

use crate::project::context;

async fn migrated() -> Context {
    let ctx = context(|_| {});
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    ctx
}

async fn with_demo() -> Context {
    let ctx = migrated().await;
    let db = ctx.db().await.expect("a database");
    service::load_demo(&db, &demo::data(ctx.now()), None).await.expect("demo data");
    ctx
}

#[tokio::test]
async fn pages_of_an_empty_database_say_what_to_do() {
    let client = Client::new(&migrated().await);
    for path in ["/", "/mailings/"] {
        let response = client.get(path).await;
        assert_eq!(response.status, 200);
        assert!(response.body.contains("cargo xtask dev --demo"), "{path}: {}", response.body);
    }
}

#[tokio::test]
async fn mailings_are_listed_page_by_page() {
    let ctx = with_demo().await;
    // Its mailings a second time, so that they fill more than a page.
    service::load_demo(&ctx.db().await.expect("a database"), &demo::data(ctx.now()), None).await.expect("demo data");
    let client = Client::new(&ctx);
    let first = client.get("/mailings/").await;
    assert_eq!(first.status, 200);
    // A head row, and a page of mailings.
    assert_eq!(first.body.matches("<tr>").count(), 1 + 50, "{}", first.body);
    assert!(first.body.contains("Autumn sale: 20 % off everything"));
    assert!(first.body.contains("Page 1 of 2 · 54 mailings"));
    assert!(first.body.contains("href=\"?page=2\"") && !first.body.contains("rel=\"prev\""));
    let second = client.get("/mailings/?page=2").await;
    assert_eq!(second.body.matches("<tr>").count(), 1 + 4);
    assert!(second.body.contains("href=\"?page=1\"") && !second.body.contains("rel=\"next\""));
    for (path, status) in
        [("/mailings/?page=3", 404), ("/mailings/?page=0", 404), ("/mailings/?page=x", 400), ("/mailings", 301)]
    {
        assert_eq!(client.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn times_are_shown_in_the_time_zone_of_the_settings() {
    let ctx = context(|settings| settings.time_zone = "Europe/Moscow".parse().expect("a time zone"));
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    service::load_demo(&ctx.db().await.expect("a database"), &demo::data(ctx.now()), None).await.expect("demo data");
    let page = Client::new(&ctx).get("/mailings/").await.body;
    // The first mailing starts in an hour; Moscow is three hours ahead.
    assert!(page.contains("<time datetime=\"2026-01-02T04:04:00Z\">2026-01-02 07:04</time>"), "{page}");
}

#[tokio::test]
async fn the_front_page_counts_what_there_is() {
    let response = Client::new(&with_demo().await).get("/").await;
    assert_eq!(response.status, 200);
    for (count, what) in [(27, "mailings"), (8, "running"), (500, "recipients"), (6, "messages"), (1042, "attempts")] {
        assert!(response.body.contains(&format!("<strong>{count}</strong> {what}")), "{what}: {}", response.body);
    }
}

#[tokio::test]
async fn visitors_are_sent_to_the_login_where_reading_needs_one() {
    let ctx = context(|settings| settings.auth.anonymous_read = false);
    let client = Client::new(&ctx);
    for (path, login) in [("/", "/login/?next=/"), ("/mailings/", "/login/?next=/mailings/")] {
        let response = client.get(path).await;
        assert_eq!((response.status.as_u16(), response.header("location")), (303, Some(login)), "{path}");
    }
    assert_eq!(client.get("/health").await.status, 200);
}

#[tokio::test]
async fn an_unknown_page_and_a_broken_database_have_pages_of_their_own() {
    // No migrate: there are no tables.
    let client = Client::new(&context(|_| {}));
    let missing = client.get("/nope/").await;
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("Page not found") && missing.body.contains("/mailings/"), "{}", missing.body);
    let broken = client.get("/mailings/").await;
    assert_eq!(broken.status, 500);
    assert!(broken.body.contains("no such table"), "debug shows why: {}", broken.body);
    let client = Client::new(&context(|settings| {
        settings.debug = false;
        settings.allowed_hosts = vec!["*".to_owned()];
    }));
    let broken = client.get("/mailings/").await;
    assert_eq!(broken.status, 500);
    assert!(broken.body.contains("Something went wrong") && !broken.body.contains("no such table"), "{}", broken.body);
}

#[tokio::test]
async fn the_stylesheet_is_served() {
    let response = Client::new(&context(|_| {})).get("/static/css/site.css").await;
    assert_eq!((response.status.as_u16(), response.header("content-type")), (200, Some("text/css; charset=utf-8")));
}
