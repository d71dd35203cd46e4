//! Which names stand for files, and which for none.

use std::fs;
use std::os::unix::fs::symlink;

use framework::http::{Client, StatusCode};
use framework::staticfiles::manifest;

use super::{address, collect, collected, deployed, get};
use crate::sandbox::wait;

#[test]
fn names_may_hold_what_addresses_encode() {
    wait(async {
        let names = ["a b.txt", "größe/файл.txt", "%2F.txt", "a+b&c;d'e.txt", "Case.TXT", "100%.txt", "no-dot"];
        let sandbox = names.into_iter().fold(deployed(), |sandbox, name| sandbox.file(&format!("static/{name}"), name));
        collect(&sandbox);
        let text = names.map(|name| format!("{{{{ static(\"{name}\") }}}}")).join("\n");
        let sandbox = sandbox.file("templates/page.html", &text);
        let client = Client::new(&sandbox.ctx());
        let page = get(&client, "/page/", &[]).await.body;
        assert_eq!(page.lines().count(), names.len(), "{page}");
        for (line, name) in page.lines().zip(names) {
            assert!(line.is_ascii() && !line.contains([' ', '"', '&', '\'', '<']), "{line}");
            let hashed = get(&client, line, &[]).await;
            assert_eq!((hashed.status, hashed.body.as_str()), (StatusCode::OK, name), "{line}");
            assert_eq!(hashed.header("cache-control"), Some("public, max-age=31536000, immutable"));
        }
        for (path, name) in [
            ("/static/a%20b.txt", "a b.txt"),
            ("/static/%252F.txt", "%2F.txt"),
            ("/static/gr%C3%B6%C3%9Fe/%D1%84%D0%B0%D0%B9%D0%BB.txt", "größe/файл.txt"),
            ("/static/Case.TXT?v=1", "Case.TXT"),
        ] {
            assert_eq!(get(&client, path, &[]).await.body, name, "{path}");
        }
        for path in ["/static/%2F.txt", "/static/case.txt", "/static/gr%F6%DFe", "/static/css%2Fsite.css"] {
            assert_eq!(get(&client, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    });
}

#[test]
fn nothing_is_served_that_was_not_collected() {
    wait(async {
        let sandbox = collected();
        let root = sandbox.dir.path().to_owned();
        let sandbox = sandbox.file("secret.txt", "secret").file("var/static/later.txt", "secret");
        symlink(root.join("secret.txt"), root.join("var/static/out.txt")).expect("a link");
        symlink(&root, root.join("var/static/outside")).expect("a link");
        let client = Client::new(&sandbox.ctx());
        for path in [
            "/static/",
            "/static/css",
            "/static/css/",
            "/static/missing.css",
            "/static/later.txt",
            "/static/out.txt",
            "/static/outside/secret.txt",
            "/static/staticfiles.json",
            "/static/text.txt.br",
            "/static/../secret.txt",
            "/static/%2e%2e/%2e%2e/secret.txt",
            "/static/..%2f..%2Fsecret.txt",
            "/static/css/../../../secret.txt",
            "/static/..%5C..%5Csecret.txt",
            "/static//etc/passwd",
            "/static/%2Fetc/passwd",
            "/static//both.txt",
            "/static/./both.txt",
            "/static/both.txt/",
            "/static/both.txt%00",
            "/static/%FF",
        ] {
            let response = get(&client, path, &[("accept-encoding", "br")]).await;
            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(response.header("cache-control"), Some("no-store"), "{path}");
            assert!(!response.body.contains("secret\n") && response.body != "secret", "{path}");
        }
    });
}

#[test]
fn a_server_goes_on_with_its_files_while_others_are_collected() {
    wait(async {
        let sandbox = deployed();
        let before = address(&collect(&sandbox), "both.txt");
        let client = Client::new(&sandbox.ctx());
        assert_eq!(get(&client, "/static/both.txt", &[]).await.body, "own");
        let sandbox = sandbox.file("static/both.txt", "changed").file("static/new.txt", "new");
        let manifest = collect(&sandbox);
        let after = address(&manifest, "both.txt");
        assert_ne!(before, after);
        // Pages of this server, also those that a browser has kept; and pages of the one that comes after it.
        for (path, body) in [(before.as_str(), "own"), ("/static/both.txt", "own"), (&after, "changed")] {
            let response = get(&client, path, &[]).await;
            assert_eq!((response.status, response.body.as_str()), (StatusCode::OK, body), "{path}");
        }
        assert_eq!(get(&client, "/static/new.txt", &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(get(&client, &address(&manifest, "new.txt"), &[]).await.body, "new");
        let client = Client::new(&sandbox.ctx());
        assert_eq!(get(&client, "/static/both.txt", &[]).await.body, "changed");
        assert_eq!(get(&client, &after, &[]).await.body, "changed");
    });
}

#[test]
fn what_was_taken_away_or_changed_by_hand_is_not_sent() {
    wait(async {
        let sandbox = deployed();
        let manifest = collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let file = |name: &str| sandbox.dir.path().join("var/static").join(manifest.stored_name(name).expect("a name"));
        let text = file("text.txt");
        fs::remove_file(format!("{}.br", text.display())).expect("a file");
        fs::write(format!("{}.gz", text.display()), "x").expect("a file");
        for encoding in ["br", "gzip"] {
            let plain = get(&client, "/static/text.txt", &[("accept-encoding", encoding)]).await;
            assert_eq!((plain.status, plain.bytes.len()), (StatusCode::OK, 500), "{encoding}");
            assert_eq!(plain.header("content-encoding"), None, "{encoding}");
        }
        fs::remove_file(&text).expect("a file");
        assert_eq!(get(&client, "/static/text.txt", &[]).await.status, StatusCode::NOT_FOUND);
        fs::write(file("both.txt"), "longer than it was").expect("a file");
        assert_eq!(get(&client, "/static/both.txt", &[]).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        // Nothing else is looked at.
        fs::remove_file(sandbox.dir.path().join("var/static").join(manifest::NAME)).expect("a file");
        assert_eq!(get(&client, "/static/img/a.svg", &[]).await.body, "<svg/>");
    });
}
