//! Which form of a file is sent: conditions, encodings.

use framework::http::{Client, Method, StatusCode};
use framework::staticfiles::compress::{Effort, Encoding, encode};

use super::{TEXT, address, collect, deployed, get};
use crate::sandbox::wait;

#[test]
fn hashed_names_are_kept_for_good_and_others_are_asked_for() {
    wait(async {
        let sandbox = deployed();
        let manifest = collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let (css, svg) = (address(&manifest, "css/site.css"), address(&manifest, "img/a.svg"));
        let hashed = get(&client, &css, &[]).await;
        assert_eq!(hashed.status, StatusCode::OK);
        assert_eq!(hashed.body, format!("body{{background:url(..{})}}", &svg["/static".len()..]));
        assert_eq!(hashed.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(hashed.header("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(hashed.header("accept-ranges"), Some("bytes"));
        assert_eq!(hashed.header("x-content-type-options"), Some("nosniff"));
        let tag = hashed.header("etag").expect("a tag");
        assert_eq!(tag, format!("\"{}\"", &manifest.files[&css["/static/".len()..]].sha256[..32]));
        // The same content under the name that does not say what it is.
        let named = get(&client, "/static/css/site.css", &[]).await;
        assert_eq!((named.status, &named.body, named.header("etag")), (StatusCode::OK, &hashed.body, Some(tag)));
        assert_eq!(named.header("cache-control"), Some("no-cache"));
        let head = client.head(&css).await;
        assert_eq!((head.status, head.bytes.len(), head.header("etag")), (StatusCode::OK, 0, Some(tag)));
        assert_eq!(head.header("content-length"), Some(hashed.bytes.len().to_string().as_str()));
        let posted = client.post(&css, &[]).await;
        assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("GET, HEAD")));
        assert_eq!(get(&client, "/static/both.txt", &[]).await.body, "own");
    });
}

#[test]
fn each_encoding_has_its_own_bytes_and_tag() {
    wait(async {
        let sandbox = deployed();
        let manifest = collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let path = address(&manifest, "text.txt");
        let plain = get(&client, &path, &[]).await;
        assert_eq!((plain.body.as_str(), plain.header("content-encoding")), (TEXT.repeat(50).as_str(), None));
        assert_eq!(plain.header("vary"), Some("Accept-Encoding"));
        let mut tags = vec![plain.header("etag").expect("a tag").to_owned()];
        for encoding in Encoding::ALL {
            let encoded = encode(TEXT.repeat(50).as_bytes(), encoding, Effort::Quick)
                .expect("an encoder")
                .expect("something smaller");
            let asked = [("accept-encoding", encoding.token())];
            let response = get(&client, &path, &asked).await;
            assert_eq!(response.header("content-encoding"), Some(encoding.token()));
            assert_eq!(response.header("vary"), Some("Accept-Encoding"));
            assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
            assert_eq!(response.bytes, encoded);
            let head = client.send(Method::HEAD, &path, &asked, "").await;
            assert_eq!(head.header("content-length"), Some(encoded.len().to_string().as_str()));
            let tag = response.header("etag").expect("a tag").to_owned();
            let again = get(&client, &path, &[asked[0], ("if-none-match", &tag)]).await;
            assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(again.header("vary"), Some("Accept-Encoding"));
            // What was kept of one encoding does not stand for another.
            assert_eq!(get(&client, &path, &[("if-none-match", &tag)]).await.status, StatusCode::OK);
            tags.push(tag);
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4);
        for (value, expected) in [
            ("br;q=0, gzip;q=0", None),
            ("gzip, deflate, br", Some("br")),
            ("gzip;q=1.0, br;q=0.9, *;q=0", Some("gzip")),
            ("identity", None),
            ("*;q=0.1", Some("br")),
        ] {
            let response = get(&client, &path, &[("accept-encoding", value)]).await;
            assert_eq!((response.status, response.header("content-encoding")), (StatusCode::OK, expected), "{value}");
        }
        // Too small to be worth it.
        let small = get(&client, &address(&manifest, "both.txt"), &[("accept-encoding", "br, gzip, zstd")]).await;
        assert_eq!((small.header("content-encoding"), small.header("vary")), (None, None));
    });
}

#[test]
fn conditions_are_followed() {
    wait(async {
        let sandbox = deployed();
        collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let tag = get(&client, "/static/text.txt", &[]).await.header("etag").map(str::to_owned).expect("a tag");
        for (header, value, status) in [
            ("if-none-match", tag.as_str(), 304),
            ("if-none-match", &format!("W/{tag}"), 304),
            ("if-none-match", &format!("\"other\", {tag}"), 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"other\"", 200),
            ("if-none-match", tag.trim_matches('"'), 200),
            ("if-match", tag.as_str(), 200),
            ("if-match", "*", 200),
            ("if-match", &format!("W/{tag}"), 412),
            ("if-match", "\"other\"", 412),
            ("if-modified-since", "Sat, 21 Nov 2026 00:00:00 GMT", 200),
        ] {
            let response = get(&client, "/static/text.txt", &[(header, value)]).await;
            assert_eq!(response.status.as_u16(), status, "{header}: {value}");
            match status {
                200 => assert_eq!(response.bytes.len(), 500),
                304 => {
                    assert_eq!(response.header("etag"), Some(tag.as_str()), "{value}");
                    assert_eq!(response.header("cache-control"), Some("no-cache"));
                    assert_eq!(response.bytes.len(), 0);
                }
                _ => assert_eq!((response.header("cache-control"), response.bytes.len()), (Some("no-store"), 0)),
            }
        }
        let head = client.send(Method::HEAD, "/static/text.txt", &[("if-none-match", &tag)], "").await;
        assert_eq!(head.status, StatusCode::NOT_MODIFIED);
    });
}
