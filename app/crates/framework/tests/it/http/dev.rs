//! The development layer: the task runner's paths, and its script in pages.

use framework::http::{Client, Method, Site, StatusCode};

use super::runner::{Runner, TOKEN};
use super::studio::{self, PAGE};
use super::{shop, shop::debugging};
use crate::sandbox::{Sandbox, wait};

const TAG: &str = "<script src=\"/__dev/client.js\" defer></script>";

fn studio() -> Sandbox {
    Sandbox::new(&[studio::module, shop::module]).var("APP__DEBUG", "true")
}

/// A client of the studio as it is developed. No task runner answers.
fn developing() -> (Sandbox, Client) {
    let sandbox = Runner::new().develops(studio());
    let client = Client::new(&sandbox.ctx());
    (sandbox, client)
}

#[test]
fn pages_are_left_alone_where_that_is_asked_for() {
    wait(async {
        let sandbox = Runner::new().develops(studio()).var("APP_DEV_SCRIPT", "off");
        let client = Client::new(&sandbox.ctx());
        let page = client.get("/tagged/").await;
        assert_eq!((page.body.as_str(), page.header("etag").is_some()), (PAGE, true));
    });
}

/// The page with the script in it.
fn with_script() -> String {
    PAGE.replace("<head>", &format!("<head>{TAG}"))
}

#[test]
fn pages_load_the_script() {
    wait(async {
        let (_sandbox, client) = developing();
        for path in ["/whole/", "/pieces/", "/tagged/"] {
            let (page, head) = (client.get(path).await, client.head(path).await);
            assert_eq!((page.body.as_str(), head.body.as_str()), (with_script().as_str(), ""), "{path}");
            let length = with_script().len().to_string();
            let expected = (path != "/pieces/").then_some(length.as_str());
            assert_eq!(head.header("content-length"), expected, "{path}");
            assert_eq!((page.header("etag"), page.header("last-modified")), (None, None), "{path}");
        }
        assert_eq!(
            client.get("/tagged/").await.header("content-length"),
            Some(with_script().len().to_string().as_str())
        );
        for path in ["/nowhere/", "/panic/", "/refused/", "/__dev/status"] {
            let page = client.get(path).await;
            let loads = page.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            assert_eq!(page.body.matches(TAG).count(), usize::from(loads), "{path} {}", page.body);
            assert_eq!(loads, path != "/__dev/status", "{path}");
        }
    });
}

#[test]
fn the_script_stands_where_the_head_begins() {
    wait(async {
        let (_sandbox, client) = developing();
        let comment = format!("<!doctype html><!--{}-->", "x".repeat(100_000));
        for (page, at) in [
            ("<HTML><HEAD lang='>'><TITLE>", 21),
            ("<!-- <head> --><!DOCTYPE html><body>", 30),
            ("<p>no head</p>", 0),
            ("", 0),
            ("x", 0),
            ("<!-- never closed <head>", 0),
            (&format!("{comment}<head>"), 15),
        ] {
            let response = client.send(Method::POST, "/markup/", &[], page.to_owned()).await;
            assert_eq!(response.body, format!("{}{TAG}{}", &page[..at], &page[at..]), "{page:.40}");
        }
    });
}

#[test]
fn a_large_page_arrives_whole() {
    wait(async {
        let (_sandbox, client) = developing();
        let text = "0123456789abcdef".repeat(60_000);
        let response = client.send(Method::POST, "/markup/", &[], format!("{PAGE}{text}")).await;
        assert!(response.body == format!("{}{text}", with_script()));
    });
}

#[test]
fn what_is_no_whole_page_is_left_alone() {
    wait(async {
        let (_sandbox, client) = developing();
        for path in ["/plain/", "/packed/", "/saved/"] {
            assert_eq!(client.get(path).await.body, PAGE, "{path}");
        }
        assert_eq!(client.get("/part/").await.body, PAGE[..9]);
        assert_eq!(client.get("/nothing/").await.body, "");
        assert_eq!(client.send(Method::GET, "/whole/", &[("sec-fetch-dest", "empty")], "").await.body, PAGE);
        let navigates = client.send(Method::GET, "/whole/", &[("sec-fetch-dest", "document")], "").await;
        assert_eq!(navigates.body, with_script());
    });
}

#[test]
fn a_page_that_was_kept_without_the_script_is_not_shown_again() {
    wait(async {
        let (_sandbox, client) = developing();
        let known = ("if-none-match", "\"1\"");
        let asks = [known, ("accept", "text/html,application/xhtml+xml")];
        let page = client.send(Method::GET, "/tagged/", &asks, "").await;
        assert_eq!((page.status, page.body), (StatusCode::OK, with_script()));
        let other = client.send(Method::GET, "/tagged/", &[known, ("accept", "*/*")], "").await;
        assert_eq!((other.status, other.header("etag")), (StatusCode::NOT_MODIFIED, Some("\"1\"")));
    });
}

#[test]
fn without_the_layer_there_is_nothing_below_its_path() {
    wait(async {
        let runner = Runner::new();
        let lone = || studio().var("APP__ENVIRONMENT", "development");
        let port = runner.port().to_string();
        for sandbox in [
            studio(),
            lone(),
            lone().var("APP_DEV_PORT", &port),
            lone().var("APP_DEV_TOKEN", TOKEN),
            runner.develops(studio()).var("APP__ENVIRONMENT", "test"),
        ] {
            let client = Client::new(&sandbox.ctx());
            for path in ["/__dev/status", "/__dev/client.js", "/__dev/"] {
                assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
            }
            assert_eq!(client.get("/whole/").await.body, PAGE);
        }
    });
}

#[test]
fn what_is_wrong_with_the_variables_is_named() {
    let runner = Runner::new();
    for (variable, value) in
        [("APP_DEV_PORT", "0"), ("APP_DEV_PORT", "http"), ("APP_DEV_PORT", "65536"), ("APP_DEV_TOKEN", "a\nb")]
    {
        let sandbox = runner.develops(studio()).var(variable, value);
        let error = Site::new(sandbox.ctx()).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(&format!("`{variable}`")) && !error.contains("a\nb"), "{variable}={value}: {error}");
    }
}

#[test]
fn requests_are_passed_on_and_answers_come_back() {
    wait(async {
        let runner = Runner::new();
        // Neither the session nor the database is asked.
        let sandbox = runner.develops(studio()).var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
        let client = Client::new(&sandbox.ctx()).with_csrf_checks();
        let port = runner.port();
        let answers = std::thread::spawn(move || {
            let mut asked = runner.asked();
            asked.says(
                "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-Own: 1\r\n\
                 Connection: keep-alive, x-private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\n\r\n{}",
            );
            asked
        });
        client.set_cookie("sessionid", Some(&"a".repeat(32)));
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("origin", "http://LOCALHOST"),
            ("x-dev-token", "forged"),
            ("connection", "keep-alive"),
            ("te", "trailers"),
        ];
        let answer = client.send(Method::POST, "/__dev/migrate?x=%20&y", &headers, "{\"a\": 1}").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::ACCEPTED, "{}"));
        assert_eq!((answer.header("x-own"), answer.header("content-type")), (Some("1"), Some("application/json")));
        for name in ["connection", "keep-alive", "x-private", "set-cookie", "vary"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
        let asked = answers.join().expect("an answer");
        assert_eq!((asked.line.as_str(), asked.body.as_str()), ("POST /__dev/migrate?x=%20&y HTTP/1.1", "{\"a\": 1}"));
        let expected = [
            "accept: application/json",
            "content-length: 8",
            "content-type: application/json",
            &format!("host: 127.0.0.1:{port}"),
            &format!("x-dev-token: {TOKEN}"),
        ];
        assert_eq!(asked.headers, expected);
    });
}

#[test]
fn orders_come_from_pages_of_this_site_only() {
    wait(async {
        let (_sandbox, client) = developing();
        for origin in ["http://evil.example", "null", "http://localhost:1", "http://localhost.evil.example", ""] {
            let answer = client.send(Method::POST, "/__dev/migrate", &[("origin", origin)], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        }
        let foreign = client.send(Method::GET, "/__dev/status", &[("host", "evil.example")], "").await;
        assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
        let large = client.send(Method::POST, "/__dev/migrate", &[], "x".repeat(64 * 1024 + 1)).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    });
}

#[test]
fn a_task_runner_that_is_gone_is_a_bad_gateway() {
    wait(async {
        let (_sandbox, client) = developing();
        let answer = client.send(Method::GET, "/__dev/status", &[("origin", "http://localhost")], "").await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::BAD_GATEWAY, Some("no-store")));
        assert!(answer.body.contains("the task runner does not answer"), "{}", answer.body);
        // Neither does one that breaks off.
        let runner = Runner::new();
        let sandbox = runner.develops(debugging());
        let client = Client::new(&sandbox.ctx());
        let gone = std::thread::spawn(move || drop(runner.asked()));
        assert_eq!(client.get("/__dev/status").await.status, StatusCode::BAD_GATEWAY);
        gone.join().expect("no panic");
    });
}
