//! Routes, parameters, bodies, headers.

use std::sync::Arc;

use framework::clock::Random;
use framework::context::ContextBuilder;
use framework::http::{Client, Method, StatusCode};

use super::shop::{annex, debugging, module, serious};
use crate::sandbox::{Sandbox, wait};

#[test]
fn a_route_answers_and_its_parameters_are_decoded() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        assert_eq!(client.get("/items/7/").await.body, "GET item 7");
        assert_eq!(client.send(Method::DELETE, "/items/7/", &[], "").await.body, "DELETE item 7");
        assert_eq!(client.get("/files/a/b%20c/%D1%8F.txt").await.body, "a/b c/я.txt");
        assert_eq!(client.get("/items/").await.body, "page None text None first /items/1/");
        assert_eq!(
            client.get("/items/?page=2&text=a+b%26c").await.body,
            "page Some(2) text Some(\"a b&c\") first /items/1/"
        );
    });
}

#[test]
fn what_cannot_be_read_is_refused() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        for path in
            ["/items/x/", "/items/-1/", "/items/101/", "/items/1/2/", "/nothing/", "//items/", "/files/%FF", "/ITEMS/"]
        {
            assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let response = client.get("/items/?page=two").await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST);
        assert!(response.body.contains("the query is wrong"), "{}", response.body);
    });
}

#[test]
fn the_earlier_module_takes_precedence() {
    wait(async {
        let sandbox = Sandbox::new(&[annex, module]);
        assert_eq!(Client::new(&sandbox.ctx()).get("/").await.body, "annex");
        let sandbox = serious();
        assert!(Client::new(&sandbox.ctx()).get("/").await.body.starts_with("home "));
        assert_eq!(Client::new(&sandbox.ctx()).get("/annex/").await.body, "annex");
    });
}

#[test]
fn a_missing_slash_is_added_when_there_is_such_a_page() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        let response = client.get("/items/7?x=1&y=%2F").await;
        assert_eq!(response.status, StatusCode::MOVED_PERMANENTLY);
        assert_eq!(response.header("location"), Some("/items/7/?x=1&y=%2F"));
        assert_eq!(client.head("/items").await.header("location"), Some("/items/"));
        for path in ["/nothing", "/exact/"] {
            assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // A form would be lost on the way.
        assert_eq!(client.post("/items", &[]).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    wait(async {
        let sandbox = serious();
        let response = Client::new(&sandbox.ctx()).send(Method::PUT, "/items/", &[], "").await;
        assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.header("allow"), Some("GET, HEAD, POST"));
    });
}

#[test]
fn a_head_has_the_length_but_not_the_body() {
    wait(async {
        let sandbox = serious();
        let response = Client::new(&sandbox.ctx()).head("/annex/").await;
        assert_eq!((response.status, response.body.as_str()), (StatusCode::OK, ""));
        assert_eq!(response.header("content-length"), Some("5"));
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    });
}

#[test]
fn forms_and_json_are_read() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        let response = client.post("/echo/", &[("name", "кофе & co"), ("amount", "3")]).await;
        assert_eq!((response.status, response.body.as_str()), (StatusCode::CREATED, "3 × кофе & co"));
        let response = client.post("/items/", &[]).await;
        assert_eq!((response.status, response.header("location")), (StatusCode::SEE_OTHER, Some("/items/1/")));
        let sent = [("content-type", "application/json; charset=utf-8")];
        let response = client.send(Method::POST, "/json/", &sent, r#"{"a": [1]}"#).await;
        assert_eq!(
            (response.body.as_str(), response.header("content-type")),
            (r#"{"a":[1]}"#, Some("application/json"))
        );
    });
}

#[test]
fn bodies_that_are_wrong_or_too_large_are_refused() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        assert_eq!(client.post("/echo/", &[("name", "x")]).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(client.post("/echo/", &[("name", "x"), ("amount", "-1")]).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(client.post("/json/", &[]).await.status, StatusCode::BAD_REQUEST);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let large = "x".repeat(1024 * 1024 + 1);
        assert_eq!(client.send(Method::POST, "/echo/", &form, large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let announced = [form[0], ("content-length", "99999999")];
        assert_eq!(client.send(Method::POST, "/echo/", &announced, "").await.status, StatusCode::PAYLOAD_TOO_LARGE);
    });
}

/// Not random at all.
struct Sevens;

impl Random for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

#[test]
fn every_response_carries_an_id_and_security_headers() {
    wait(async {
        let sandbox = serious();
        let ctx = sandbox.ctx();
        let modules = ctx.modules().to_vec();
        let builder = ContextBuilder::new(sandbox.settings(), ctx.layout().clone(), modules);
        let client = Client::new(&builder.random(Arc::new(Sevens)).build());
        for path in ["/", "/nothing/", "/panic/", "/health"] {
            let response = client.get(path).await;
            assert_eq!(response.header("x-request-id"), Some("0707070707070707"), "{path}");
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(response.header("referrer-policy"), Some("same-origin"), "{path}");
            assert_eq!(response.header("x-frame-options"), Some("DENY"), "{path}");
        }
        let sane = client.send(Method::GET, "/", &[("x-request-id", "proxy-0123_4.5")], "").await;
        assert_eq!(sane.body, "home proxy-0123_4.5");
        for id in ["short", "with space in it", "<script>", &"x".repeat(65)] {
            let response = client.send(Method::GET, "/", &[("x-request-id", id)], "").await;
            assert_eq!(response.header("x-request-id"), Some("0707070707070707"), "{id}");
        }
    });
}

#[test]
fn health_needs_no_host_and_no_database() {
    wait(async {
        let sandbox = serious().var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
        let client = Client::new(&sandbox.ctx());
        let response = client.send(Method::GET, "/health", &[("host", "10.0.0.1")], "").await;
        assert_eq!((response.status, response.body.as_str()), (StatusCode::OK, r#"{"status":"ok"}"#));
        assert_eq!(client.post("/health", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    });
}

#[test]
fn visitors_without_login_read_where_the_settings_say_so() {
    wait(async {
        let closed = serious();
        assert_eq!(Client::new(&closed.ctx()).get("/members/").await.status, StatusCode::FORBIDDEN);
        let open = debugging().var("APP__AUTH__ANONYMOUS_READ", "true");
        assert_eq!(Client::new(&open.ctx()).get("/members/").await.body, "members");
    });
}
