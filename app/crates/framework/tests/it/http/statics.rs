//! Static files while developing.

use std::os::unix::fs::symlink;

use framework::http::{Client, Method, StatusCode};

use super::shop::{debugging, serious};
use crate::sandbox::{Sandbox, wait};

fn with_files(sandbox: Sandbox) -> Sandbox {
    sandbox
        .file("config/default.toml", "[static]\ndirs = [\"static\"]\n")
        .file("static/css/site.css", "body{}")
        .file("static/both.txt", "project")
        .file("src/modules/shop/static/both.txt", "shop")
        .file("src/modules/shop/static/shop/a b.js", "1")
        .file("src/modules/annex/static/both.txt", "annex")
        .file("src/modules/annex/static/annex.bin", "\u{1}")
        .file("secret.txt", "secret")
        .file("static-secret/x.txt", "secret")
}

#[test]
fn files_are_served_in_order_of_precedence() {
    wait(async {
        let sandbox = with_files(debugging());
        let client = Client::new(&sandbox.ctx());
        let css = client.get("/static/css/site.css").await;
        assert_eq!((css.status, css.body.as_str()), (StatusCode::OK, "body{}"));
        assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(css.header("cache-control"), Some("no-cache"));
        assert_eq!(client.get("/static/both.txt").await.body, "project");
        assert_eq!(
            client.get("/static/shop/a%20b.js").await.header("content-type"),
            Some("text/javascript; charset=utf-8")
        );
        assert_eq!(client.get("/static/annex.bin").await.header("content-type"), Some("application/octet-stream"));
        assert_eq!(client.head("/static/css/site.css").await.header("content-length"), Some("6"));
        assert_eq!(client.post("/static/css/site.css", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    });
}

#[test]
fn an_unchanged_file_is_not_sent_again() {
    wait(async {
        let sandbox = with_files(debugging());
        let client = Client::new(&sandbox.ctx());
        let tag = client.get("/static/both.txt").await.header("etag").map(str::to_owned).expect("a tag");
        let again = client.send(Method::GET, "/static/both.txt", &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
        let sandbox = sandbox.file("static/both.txt", "changed");
        let changed = client.send(Method::GET, "/static/both.txt", &[("if-none-match", &tag)], "").await;
        assert_eq!((changed.status, changed.body.as_str()), (StatusCode::OK, "changed"));
        drop(sandbox);
    });
}

#[test]
fn nothing_outside_the_directories_is_served() {
    wait(async {
        let sandbox = with_files(debugging());
        let root = sandbox.dir.path().to_owned();
        symlink(root.join("secret.txt"), root.join("static/out.txt")).expect("a link");
        symlink(&root, root.join("static/outside")).expect("a link");
        symlink(root.join("static/both.txt"), root.join("static/inside.txt")).expect("a link");
        let client = Client::new(&sandbox.ctx());
        assert_eq!(client.get("/static/inside.txt").await.body, "project");
        for path in [
            "/static/",
            "/static/css",
            "/static/css/",
            "/static/missing.css",
            "/static/../secret.txt",
            "/static/%2e%2e/secret.txt",
            "/static/..%2Fsecret.txt",
            "/static/%2e%2e%2fsecret.txt",
            "/static/css/../../secret.txt",
            "/static/..\\secret.txt".replace('\\', "%5C").as_str(),
            "/static/.",
            "/static//etc/passwd",
            "/static/%2Fetc/passwd",
            "/static//both.txt",
            "/static/both.txt%00",
            "/static/both.txt%00.css",
            "/static/%FF",
            "/static/out.txt",
            "/static/outside/secret.txt",
            "/static/../static-secret/x.txt",
        ] {
            let response = client.get(path).await;
            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
            assert!(!response.body.contains("secret\n") && response.body != "secret", "{path}");
        }
    });
}

#[test]
fn nothing_is_served_outside_debug_mode() {
    wait(async {
        let sandbox = with_files(serious());
        let client = Client::new(&sandbox.ctx());
        for path in ["/static/both.txt", "/static/missing.txt"] {
            assert_eq!(client.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    });
}

#[test]
fn parts_are_served_while_developing_too() {
    wait(async {
        let large = "0123456789".repeat(200_000);
        let sandbox = with_files(debugging()).file("static/large.txt", &large);
        let client = Client::new(&sandbox.ctx());
        for (path, range, body) in
            [("/static/both.txt", "bytes=1-2", "ro"), ("/static/large.txt", "bytes=1999998-", "89")]
        {
            let part = client.send(Method::GET, path, &[("range", range)], "").await;
            assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, body), "{path}");
        }
        assert_eq!(client.get("/static/large.txt").await.body, large);
    });
}
