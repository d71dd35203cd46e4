//! Pages for staff, for those with a permission, with values in the session, and for requests that come from no page.

use framework::accounts::Rank;
use framework::context::Context;
use framework::contrib::auth::service;
use framework::http::{self, Client, Request, Response, get, post};
use framework::management::Call;
use framework::module::Module;
use sea_orm::ConnectionTrait as _;

use super::login::{joe, log_in};
use crate::project::{clock, context_with};

fn gates() -> Module {
    Module::new("gates")
        .routes(vec![
            get("/staff/", staff),
            post("/staff/", staff),
            get("/users/", view_users),
            get("/count/", count),
            get("/race/", race),
            post("/hook/", hook).csrf_exempt(),
            post("/form/", hook),
        ])
        .clone()
}

async fn staff(request: Request) -> http::Result {
    Ok(Response::text(request.require_staff().await?.email.clone()))
}

async fn view_users(request: Request) -> http::Result {
    Ok(Response::text(request.require_permission("users.view_user").await?.email.clone()))
}

async fn count(request: Request) -> http::Result {
    let session = request.session().await?;
    let count = session.get::<u32>("count")?.unwrap_or_default() + 1;
    if count > 3 {
        session.remove("count");
    } else {
        session.set("count", &count)?;
    }
    if count == 2 {
        return Err(anyhow::anyhow!("two is one too many").into());
    }
    Ok(Response::text(count.to_string()))
}

/// Takes so long that somebody logs out in between.
async fn race(request: Request) -> http::Result {
    request.session().await?.set("late", &true)?;
    sql(request.ctx(), "DELETE FROM sessions_session").await;
    Ok(Response::text("late"))
}

async fn hook(_request: Request) -> http::Result {
    Ok(Response::text("heard"))
}

async fn site() -> Context {
    let ctx = context_with(clock(), vec![gates()], |_| {});
    Call::named("migrate", [""; 0]).run(&ctx).await.expect("tables");
    ctx
}

async fn sql(ctx: &Context, sql: &str) {
    ctx.db().await.expect("a database").execute_unprepared(sql).await.expect("a change");
}

#[tokio::test]
async fn staff_pages_are_for_staff() {
    let ctx = site().await;
    joe(&ctx, Rank::User).await;
    let client = Client::new(&ctx);
    assert_eq!(client.get("/staff/").await.header("location"), Some("/login/?next=/staff/"));
    assert_eq!(client.post("/staff/", &[]).await.status, 403, "what was sent would be lost on the way");
    log_in(&client, "").await;
    let refused = client.get("/staff/").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("this page is for staff") && refused.body.contains("Log out"), "{}", refused.body);
    sql(&ctx, "UPDATE users_user SET is_staff = true").await;
    let open = client.get("/staff/").await;
    assert_eq!((open.status.as_u16(), open.body.as_str()), (200, "joe@example.com"));
}

#[tokio::test]
async fn permissions_come_from_groups_and_superusers_have_all() {
    let ctx = site().await;
    let account = joe(&ctx, Rank::User).await;
    let client = Client::new(&ctx);
    assert_eq!(client.get("/users/").await.header("location"), Some("/login/?next=/users/"));
    log_in(&client, "").await;
    let refused = client.get("/users/").await;
    assert!(refused.status == 403 && refused.body.contains("<code>") | refused.body.contains("users.view_user"));
    let db = ctx.db().await.expect("a database");
    let (group, _) = service::get_or_create_group(&db, "Managers").await.expect("a group");
    service::set_group_permissions(&db, group.id, &["users.view_user"]).await.expect("a grant");
    let join = format!("INSERT INTO users_user_groups (user_id, group_id) VALUES ({}, {})", account.id, group.id);
    sql(&ctx, &join).await;
    assert_eq!(client.get("/users/").await.status, 200);
    sql(&ctx, "DELETE FROM users_user_groups").await;
    assert_eq!(client.get("/users/").await.status, 403);
    sql(&ctx, "UPDATE users_user SET is_superuser = true").await;
    assert_eq!(client.get("/users/").await.status, 200);
}

#[tokio::test]
async fn values_stay_in_the_session_unless_the_page_fails() {
    let ctx = site().await;
    let client = Client::new(&ctx);
    assert_eq!(client.get("/count/").await.body, "1");
    let key = client.cookie("sessionid").expect("a session without login");
    assert_eq!(client.get("/count/").await.status, 500);
    assert_eq!(client.get("/count/").await.status, 500, "what the page did before it failed is not kept");
    // The login takes over what is there, under another key; the logout takes it away.
    joe(&ctx, Rank::User).await;
    log_in(&client, "").await;
    assert_ne!(client.cookie("sessionid"), Some(key));
    assert_eq!(client.get("/count/").await.status, 500);
    client.post("/logout/", &[]).await;
    assert_eq!(client.get("/count/").await.body, "1");
}

#[tokio::test]
async fn a_logout_lasts_whatever_other_pages_do() {
    let ctx = site().await;
    joe(&ctx, Rank::User).await;
    let client = Client::new(&ctx);
    log_in(&client, "").await;
    let key = client.cookie("sessionid").expect("a key");
    assert_eq!(client.get("/race/").await.body, "late");
    client.set_cookie("sessionid", Some(&key));
    assert_eq!(client.get("/staff/").await.header("location"), Some("/login/?next=/staff/"));
    assert_eq!(client.cookie("sessionid"), None);
}

#[tokio::test]
async fn an_exempt_page_takes_what_no_page_of_ours_sent() {
    let client = Client::new(&site().await).with_csrf_checks();
    assert_eq!(client.post("/hook/", &[]).await.body, "heard");
    assert_eq!(client.post("/form/", &[]).await.status, 403);
}
