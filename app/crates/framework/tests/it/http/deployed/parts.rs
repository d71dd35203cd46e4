//! Parts of files.

use framework::http::{Client, Method, StatusCode};

use super::{TEXT, address, collect, deployed, get};
use crate::http::process::Server;
use crate::sandbox::wait;

#[test]
fn parts_are_sent() {
    wait(async {
        let sandbox = deployed();
        collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let whole = TEXT.repeat(50);
        for (range, content, body) in [
            ("bytes=0-0", "bytes 0-0/500", "0"),
            ("bytes=3-5", "bytes 3-5/500", "345"),
            ("bytes=498-", "bytes 498-499/500", "89"),
            ("bytes=498-10000", "bytes 498-499/500", "89"),
            ("bytes=-3", "bytes 497-499/500", "789"),
            ("bytes=-1000", "bytes 0-499/500", whole.as_str()),
            ("bytes=1-1,900-", "bytes 1-1/500", "1"),
        ] {
            let part = get(&client, "/static/text.txt", &[("range", range)]).await;
            assert_eq!((part.status, part.body.as_str()), (StatusCode::PARTIAL_CONTENT, body), "{range}");
            assert_eq!(part.header("content-range"), Some(content), "{range}");
            assert_eq!(part.header("content-type"), Some("text/plain; charset=utf-8"));
            assert!(part.header("etag").is_some() && part.header("cache-control") == Some("no-cache"));
        }
        for range in ["bytes=500-", "bytes=-0", "bytes=600-700,800-"] {
            let none = get(&client, "/static/text.txt", &[("range", range)]).await;
            assert_eq!((none.status, none.body.as_str()), (StatusCode::RANGE_NOT_SATISFIABLE, ""), "{range}");
            assert_eq!(none.header("content-range"), Some("bytes */500"), "{range}");
            assert_eq!(none.header("cache-control"), Some("no-store"), "{range}");
        }
        for range in ["bytes=5-3", "bytes=x", "items=0-1", "bytes=0-400,0-400"] {
            let all = get(&client, "/static/text.txt", &[("range", range)]).await;
            assert_eq!((all.status, all.body == whole), (StatusCode::OK, true), "{range}");
            assert_eq!(all.header("content-range"), None, "{range}");
        }
        let head = client.send(Method::HEAD, "/static/text.txt", &[("range", "bytes=0-0")], "").await;
        assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, Some("500")));
    });
}

#[test]
fn several_parts_are_sent_as_one_answer() {
    wait(async {
        let sandbox = deployed();
        collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let parts = get(&client, "/static/text.txt", &[("range", "bytes=0-1, -2")]).await;
        assert_eq!(parts.status, StatusCode::PARTIAL_CONTENT);
        let kind = parts.header("content-type").expect("a type");
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("several parts");
        let part = |range: &str, text: &str| {
            format!(
                "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/500\r\n\r\n{text}\r\n"
            )
        };
        assert_eq!(parts.body, format!("{}{}--{boundary}--\r\n", part("0-1", "01"), part("498-499", "89")));
        assert_eq!(parts.header("content-range"), None);
    });
}

#[test]
fn parts_are_of_what_the_client_has() {
    wait(async {
        let sandbox = deployed();
        collect(&sandbox);
        let client = Client::new(&sandbox.ctx());
        let brotli = get(&client, "/static/text.txt", &[("accept-encoding", "br")]).await;
        let tag = brotli.header("etag").expect("a tag");
        let asked = [("accept-encoding", "br"), ("range", "bytes=2-4"), ("if-range", tag)];
        let part = get(&client, "/static/text.txt", &asked).await;
        assert_eq!((part.status, &part.bytes[..]), (StatusCode::PARTIAL_CONTENT, &brotli.bytes[2..5]));
        assert_eq!(part.header("content-encoding"), Some("br"));
        assert_eq!(part.header("content-range"), Some(format!("bytes 2-4/{}", brotli.bytes.len()).as_str()));
        for other in [&format!("W/{tag}"), "\"other\"", "Sat, 21 Nov 2026 00:00:00 GMT"] {
            let whole = get(&client, "/static/text.txt", &[("range", "bytes=2-4"), ("if-range", other)]).await;
            assert_eq!((whole.status, whole.bytes.len()), (StatusCode::OK, 500), "{other}");
        }
        let known = get(&client, "/static/text.txt", &[asked[0], asked[1], ("if-none-match", tag)]).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    });
}

/// More than is read of a file at once, and no two chunks alike.
fn large() -> String {
    (0..100_000).map(|number| format!("{number:05}\n")).collect()
}

#[test]
fn large_files_come_over_a_connection_in_pieces() {
    let sandbox = deployed().file("static/large.zip", &large());
    let manifest = collect(&sandbox);
    let server = Server::start(&sandbox, &["0", "--skip-checks"], &[]);
    let path = address(&manifest, "large.zip");
    let mut connection = server.connect();
    connection.ask(&path);
    let (head, body) = connection.answer().expect("an answer");
    assert!(head.contains("content-length: 600000") && body == large(), "{head}");
    // On the same connection: a part that begins in one chunk and ends in another.
    connection.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nrange: bytes=131000-399999,6-10\r\n\r\n"));
    let (head, body) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 206"), "{head}");
    let (whole, from) = (large(), body.find("\r\n\r\n").expect("a part") + 4);
    assert_eq!(body[from..].find("\r\n--"), Some(269_000), "{head}");
    assert!(body[from..].starts_with(&whole[131_000..400_000]), "{head}");
    assert!(body.contains("\r\n\r\n00001\r\n--"), "{}", &body[body.len() - 200..]);
    connection.send(format!("HEAD {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    connection.ask("/static/both.txt");
    let head = connection.read_until("\r\n\r\n").to_lowercase();
    assert!(head.contains("content-length: 600000"), "{head}");
    assert_eq!(connection.answer().expect("an answer").1, "own");
}
