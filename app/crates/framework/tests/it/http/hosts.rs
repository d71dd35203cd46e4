//! The host check.

use framework::http::{Client, Method, StatusCode};

use super::shop::{debugging, serious};
use crate::sandbox::{Sandbox, wait};

async fn status(sandbox: &Sandbox, host: &str) -> StatusCode {
    Client::new(&sandbox.ctx()).send(Method::GET, "/annex/", &[("host", host)], "").await.status
}

#[test]
fn debug_mode_allows_this_machine() {
    wait(async {
        let sandbox = debugging();
        for host in ["localhost", "LOCALHOST:8000", "a.localhost:80", "127.0.0.1:8000", "[::1]:8000", "localhost."] {
            assert_eq!(status(&sandbox, host).await, StatusCode::OK, "{host}");
        }
        for host in
            ["example.com", "127.0.0.2", "localhost.evil.com", "evillocalhost", "[::2]", "a b", "", "x@localhost"]
        {
            assert_eq!(status(&sandbox, host).await, StatusCode::BAD_REQUEST, "{host}");
        }
    });
}

#[test]
fn the_setting_says_which_hosts_are_allowed() {
    wait(async {
        let sandbox = serious().var("APP__ALLOWED_HOSTS", "example.com,.example.org");
        for host in ["example.com", "example.org", "a.b.example.org:443"] {
            assert_eq!(status(&sandbox, host).await, StatusCode::OK, "{host}");
        }
        for host in ["www.example.com", "localhost", "badexample.org"] {
            assert_eq!(status(&sandbox, host).await, StatusCode::BAD_REQUEST, "{host}");
        }
        let any = serious().var("APP__ALLOWED_HOSTS", "*");
        assert_eq!(status(&any, "whoever.example").await, StatusCode::OK);
    });
}

#[test]
fn the_refusal_names_host_and_setting() {
    wait(async {
        let sandbox = debugging();
        let client = Client::new(&sandbox.ctx());
        let response =
            client.send(Method::GET, "/", &[("host", "evil.example:80"), ("accept", "application/json")], "").await;
        assert!(response.body.contains("the host `evil.example` is not allowed"), "{}", response.body);
        assert!(response.body.contains("`allowed_hosts` (`APP__ALLOWED_HOSTS`)"), "{}", response.body);
        let two = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(client.send(Method::GET, "/", &two, "").await.status, StatusCode::BAD_REQUEST);
    });
}
