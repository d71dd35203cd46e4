//! The login: pages, sessions, forged requests.

use chrono::TimeDelta;
use framework::accounts::{self, Account, Accounts as _, NewAccount, Rank};
use framework::clock::SystemRandom;
use framework::context::Context;
use framework::contrib::sessions::models::session;
use framework::contrib::sessions::service as sessions;
use framework::http::{Client, Method, TestResponse};
use framework::management::Call;
use sea_orm::EntityTrait as _;

use super::{each, wait};
use crate::project::{clock, context, context_at};
use app::modules::users::service::ACCOUNTS;

pub(super) const EMAIL: &str = "joe@example.com";
pub(super) const PASSWORD: &str = "sturdy-otter-47";

const WRONG: &str = "Please enter a correct email and password. Note that both fields may be case-sensitive.";

/// Makes joe.
pub(super) async fn joe(ctx: &Context, rank: Rank) -> Account {
    let db = ctx.db().await.expect("a database");
    let password = accounts::hash(PASSWORD, &SystemRandom).await.expect("a hash");
    let (email, username) = (EMAIL.to_owned(), "joe".to_owned());
    ACCOUNTS.create(&db, NewAccount { email, username, password, rank, joined: ctx.now() }).await.expect("joe")
}

/// A closed site with joe in it.
async fn closed() -> (Context, Client) {
    let ctx = context(|settings| settings.auth.anonymous_read = false);
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    joe(&ctx, Rank::User).await;
    let client = Client::new(&ctx);
    (ctx, client)
}

pub(super) async fn log_in(client: &Client, next: &str) -> TestResponse {
    client.post("/login/", &[("username", EMAIL), ("password", PASSWORD), ("next", next)]).await
}

async fn rows(ctx: &Context) -> Vec<session::Model> {
    session::Entity::find().all(&ctx.db().await.expect("a database")).await.expect("sessions")
}

/// The token in a page's form.
fn token(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrfmiddlewaretoken\" value=\"").expect("a token");
    rest.split_once('"').expect("an end").0
}

#[tokio::test]
async fn pages_lead_to_the_login_and_back() {
    let (ctx, client) = closed().await;
    let away = client.get("/mailings/?page=1").await;
    assert_eq!((away.status.as_u16(), away.header("location")), (303, Some("/login/?next=/mailings/%3Fpage%3D1")));
    assert_eq!(away.header("cache-control"), Some("no-store"));
    let form = client.get("/login/?next=/mailings/%3Fpage%3D1").await;
    assert_eq!((form.status.as_u16(), form.header("cache-control")), (200, Some("no-store")));
    assert!(
        form.body.contains("<input type=\"hidden\" name=\"next\" value=\"&#x2f;mailings&#x2f;?page=1\">"),
        "{}",
        form.body
    );
    for (name, password) in [(EMAIL, "wrong"), ("ann@example.com", PASSWORD), ("", ""), ("joe", PASSWORD)] {
        let refused = client.post("/login/", &[("username", name), ("password", password), ("next", "/x/")]).await;
        assert_eq!(refused.status, 200);
        assert!(refused.body.contains(WRONG) && refused.body.contains("value=\"&#x2f;x&#x2f;\""), "{}", refused.body);
        assert!(!refused.body.contains(PASSWORD));
        assert_eq!((client.cookie("sessionid"), rows(&ctx).await.len()), (None, 0));
    }
    let answer = log_in(&client, "/mailings/?page=1").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/mailings/?page=1")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.headers.get_all("set-cookie").iter().next().and_then(|value| value.to_str().ok());
    let cookie = cookie.expect("a cookie");
    assert!(cookie.starts_with("sessionid="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"), "{cookie}");
    let page = client.get("/mailings/").await;
    assert_eq!((page.status.as_u16(), page.header("vary")), (200, Some("Cookie")));
    assert!(page.body.contains("joe@example.com") && page.body.contains("Log out"), "{}", page.body);
    let account = ACCOUNTS.by_email(&ctx.db().await.expect("a database"), EMAIL).await.expect("a table");
    assert_eq!(account.expect("joe").last_login, Some(ctx.now()));
    let answer = client.post("/logout/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/")));
    assert_eq!((client.cookie("sessionid"), rows(&ctx).await.len()), (None, 0));
    assert_eq!(client.get("/mailings/").await.status, 303);
    assert_eq!(client.get("/logout/").await.status, 405, "a link or an image must not log anybody out");
}

#[tokio::test]
async fn other_sites_are_not_followed() {
    let (_, client) = closed().await;
    for next in
        ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"]
    {
        assert_eq!(log_in(&client, next).await.header("location"), Some("/"), "{next}");
        let form = client.get(&format!("/login/?next={}", next.replace('\t', "%09").replace('\\', "%5C"))).await;
        assert!(form.body.contains("name=\"next\" value=\"\""), "{}", form.body);
    }
}

#[tokio::test]
async fn programs_and_forms_are_refused_instead_of_redirected() {
    let (_, client) = closed().await;
    let json = client.send(Method::GET, "/mailings/", &[("accept", "application/json")], "").await;
    assert_eq!(json.status, 403);
    assert!(json.body.contains("not open to visitors without login"), "{}", json.body);
    assert_eq!(client.head("/mailings/").await.status, 303);
}

#[tokio::test]
async fn a_visitor_who_is_not_logged_in_costs_no_query() {
    // There is no such server: any query would fail.
    let ctx = context(|settings| settings.database.url = "postgres://nobody@127.0.0.1:1/none".into());
    let client = Client::new(&ctx);
    let form = client.get("/login/").await;
    assert_eq!(form.status, 200);
    assert!(form.body.contains("Log in"));
    for cookie in ["", "x", "' OR 1=1 --", &"f".repeat(63), &"F".repeat(64)] {
        client.set_cookie("sessionid", Some(cookie));
        assert_eq!(client.get("/login/").await.status, 200, "{cookie}");
        client.set_cookie("sessionid", Some(cookie));
        assert_eq!(client.get("/nope/").await.status, 404, "{cookie}");
    }
    client.set_cookie("sessionid", Some(&"f".repeat(64)));
    assert_eq!(client.get("/nope/").await.status, 404, "a page that asks nothing of the session");
    assert_eq!(client.get("/login/").await.status, 500);
}

#[test]
fn sessions_are_rows_that_give_nothing_away() {
    each(|root| {
        wait(async {
            let ctx = root.ctx();
            joe(&ctx, Rank::User).await;
            let client = Client::new(&ctx);
            log_in(&client, "").await;
            let first = client.cookie("sessionid").expect("a key");
            let found = rows(&ctx).await;
            assert_eq!(found.len(), 1);
            assert!(!format!("{found:?}").contains(&first) && !found[0].data.contains("argon2"), "{found:?}");
            assert_eq!((found[0].expires_at - found[0].created_at).num_seconds(), 1_209_600);
            // A second login has a new key, and the old one is worth nothing.
            log_in(&client, "").await;
            let second = client.cookie("sessionid").expect("a key");
            assert!(second != first && rows(&ctx).await.len() == 1);
            client.set_cookie("sessionid", Some(&first));
            let stranger = client.get("/login/").await;
            assert!(!stranger.body.contains(EMAIL) && client.cookie("sessionid").is_none());
            // What somebody planted before the login does not become the login.
            let planted = "a".repeat(64);
            client.set_cookie("sessionid", Some(&planted));
            log_in(&client, "").await;
            assert_ne!(client.cookie("sessionid"), Some(planted));
            ctx.close().await;
        });
    });
}

#[tokio::test]
async fn a_session_that_cannot_be_read_is_none() {
    let (ctx, client) = closed().await;
    log_in(&client, "").await;
    assert_eq!(client.get("/").await.status, 200);
    let db = ctx.db().await.expect("a database");
    let spoil = "UPDATE sessions_session SET data = '[1'";
    sea_orm::ConnectionTrait::execute_unprepared(&db, spoil).await.expect("an update");
    assert_eq!(client.get("/").await.status, 303);
    assert_eq!(client.cookie("sessionid"), None);
    assert_eq!(log_in(&client, "").await.status, 303);
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn a_login_ends_with_its_time_with_the_password_and_with_the_account() {
    let clock = clock();
    let ctx = context_at(clock.clone(), |settings| settings.auth.anonymous_read = false);
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    let account = joe(&ctx, Rank::User).await;
    let db = ctx.db().await.expect("a database");
    let (client, other) = (Client::new(&ctx), Client::new(&ctx));
    log_in(&client, "").await;
    log_in(&other, "").await;
    assert_eq!((client.get("/").await.status.as_u16(), other.get("/").await.status.as_u16()), (200, 200));
    // Another password ends all sessions.
    let hash = accounts::hash("quiet-heron-12", &SystemRandom).await.expect("a hash");
    ACCOUNTS.set_password(&db, account.id, &hash).await.expect("a change");
    assert_eq!((client.get("/").await.status.as_u16(), other.get("/").await.status.as_u16()), (303, 303));
    client.post("/login/", &[("email", EMAIL), ("password", "quiet-heron-12")]).await;
    assert_eq!(client.get("/").await.status, 200);
    let deactivate = "UPDATE users_user SET is_active = false";
    sea_orm::ConnectionTrait::execute_unprepared(&db, deactivate).await.expect("an update");
    assert_eq!(client.get("/").await.status, 303);
    let refused = client.post("/login/", &[("username", EMAIL), ("password", "quiet-heron-12")]).await;
    assert!(refused.body.contains(WRONG));
    let activate = "UPDATE users_user SET is_active = true";
    sea_orm::ConnectionTrait::execute_unprepared(&db, activate).await.expect("an update");
    client.post("/login/", &[("username", EMAIL), ("password", "quiet-heron-12")]).await;
    clock.advance(TimeDelta::seconds(1_209_599));
    assert_eq!(client.get("/").await.status, 200);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(client.get("/").await.status, 303);
    // `clearsessions` takes the expired ones away, and those only.
    client.post("/login/", &[("username", EMAIL), ("password", "quiet-heron-12")]).await;
    let called = Call::named("clearsessions", [""; 0]).run(&ctx).await.expect("a deletion");
    assert_eq!(called.stdout, "Deleted 2 expired session(s).\n");
    assert_eq!(rows(&ctx).await.len(), 1);
    assert_eq!(sessions::delete_expired(&db, ctx.now()).await.expect("none"), 0);
}

#[tokio::test]
async fn an_old_hash_is_made_anew_at_the_login() {
    let (ctx, client) = closed().await;
    let db = ctx.db().await.expect("a database");
    let account = ACCOUNTS.by_email(&db, EMAIL).await.expect("a table").expect("joe");
    // The password `old one`, hashed with less memory.
    let old = "$argon2id$v=19$m=64,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$jrJW1A2N64ghY+pcB/ttBuRshXSyBWXz7x6QEgyuCD4";
    ACCOUNTS.set_password(&db, account.id, old).await.expect("a change");
    let answer = client.post("/login/", &[("username", EMAIL), ("password", "old one")]).await;
    assert_eq!(answer.status, 303);
    let account = ACCOUNTS.by_email(&db, EMAIL).await.expect("a table").expect("joe");
    assert!(account.password.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", account.password);
    assert_eq!(client.get("/").await.status, 200, "the session goes with the new hash");
}

#[tokio::test]
async fn forged_requests_are_refused() {
    let (ctx, client) = closed().await;
    let client = client.with_csrf_checks();
    let fields = |token: &str| {
        let token = token.to_owned();
        [("username", EMAIL.to_owned()), ("password", PASSWORD.to_owned()), ("csrfmiddlewaretoken", token)]
    };
    let post = async |path: &str, token: &str, headers: &[(&str, &str)]| {
        let fields = fields(token).map(|(name, value)| format!("{name}={}", value.replace('@', "%40")));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        client.send(Method::POST, path, &[&form, headers].concat(), fields.join("&")).await
    };
    let refused = |response: &TestResponse, reason: &str| {
        assert_eq!(response.status, 403, "{}", response.body);
        assert!(response.body.contains("CSRF verification failed. Request aborted."), "{}", response.body);
        assert!(response.body.contains(reason), "{reason}: {}", response.body);
    };
    refused(&post("/login/", "x", &[]).await, "CSRF cookie not set.");
    let form = client.get("/login/").await;
    let shown = token(&form.body).to_owned();
    let good = client.cookie("csrftoken").expect("a token");
    refused(&client.post("/login/", &[("username", EMAIL), ("password", PASSWORD)]).await, "CSRF token missing.");
    let (nonce, mac) = good.split_once('.').expect("two parts");
    for bad in ["", "x", ".", nonce, &format!("{nonce}.{}", "0".repeat(64)), &format!("{nonce}0.{mac}")] {
        refused(&post("/login/", bad, &[]).await, "CSRF token from POST incorrect.");
    }
    // One that somebody plants as cookie and field, but that is not ours.
    let planted = format!("{}.{}", "0".repeat(32), "0".repeat(64));
    client.set_cookie("csrftoken", Some(&planted));
    refused(&post("/login/", &planted, &[]).await, "CSRF token from POST incorrect.");
    client.set_cookie("csrftoken", Some(&good));
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:8001"),
        ("origin", "http://localhost.evil.example"),
        ("referer", "https://evil.example/localhost/"),
        ("referer", "about:blank"),
    ] {
        let reason = " does not match any trusted origins.";
        refused(&post("/login/", &good, &[(name, value)]).await, reason);
    }
    // The same form again is the same token under another mask, so that two open pages both work.
    assert_ne!(token(&client.get("/login/").await.body), shown);
    assert_eq!(client.cookie("csrftoken").as_deref(), Some(good.as_str()));
    let own = [("origin", "http://localhost"), ("referer", "http://localhost/login/")];
    assert_eq!(post("/login/", &shown, &own).await.status, 303);
    // The login has a token of its own.
    let page = client.get("/").await;
    let fresh = token(&page.body).to_owned();
    assert_ne!(fresh, good);
    refused(&post("/logout/", &good, &[]).await, "CSRF token from POST incorrect.");
    let answer = client.send(Method::POST, "/logout/", &[("x-csrftoken", "x")], "").await;
    refused(&answer, "CSRF token from the &#x27;X-CSRFToken&#x27; HTTP header incorrect.");
    let answer = client.send(Method::POST, "/logout/", &[("x-csrftoken", &fresh)], "").await;
    assert_eq!(answer.status, 303);
    // Outside debug mode nobody is told why.
    let quiet = context(|settings| {
        settings.debug = false;
        settings.allowed_hosts = vec!["localhost".to_owned()];
    });
    let page = Client::new(&quiet).with_csrf_checks().post("/login/", &[]).await;
    assert!(page.status == 403 && !page.body.contains("cookie not set"), "{}", page.body);
    drop(ctx);
}

#[tokio::test]
async fn cookies_are_for_https_alone_in_production() {
    let ctx = context(|settings| settings.auth.secure_cookies = true);
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    joe(&ctx, Rank::User).await;
    let client = Client::new(&ctx);
    client.get("/login/").await;
    let answer = log_in(&client, "").await;
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(set.len() == 2 && set.iter().all(|cookie| cookie.ends_with("; Secure")), "{set:?}");
    let client = client.with_csrf_checks();
    let page = client.get("/").await;
    let token = [("x-csrftoken", token(&page.body)), ("origin", "http://localhost")];
    assert_eq!(client.send(Method::POST, "/logout/", &token, "").await.status, 403);
    let token = [token[0], ("origin", "https://localhost")];
    assert_eq!(client.send(Method::POST, "/logout/", &token, "").await.status, 303);
}
