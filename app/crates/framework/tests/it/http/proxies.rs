//! Behind a proxy: HTTPS, the visitor's address, pages compressed on their way.

use std::io::Read as _;

use framework::http::{Client, Method, StatusCode, header};

use super::process::Server;
use super::shop::{debugging, serious};
use crate::sandbox::wait;

/// A request as a proxy of this machine passes it on.
fn passed_on(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n{headers}\r\n")
}

#[test]
fn what_came_over_http_is_sent_to_https() {
    let sandbox = debugging()
        .var("APP__SECURITY__SSL_REDIRECT", "true")
        .var("APP__SECURITY__HSTS_SECONDS", "3600")
        .var("APP__SECURITY__TRUSTED_PROXIES", "127.0.0.1");
    let server = Server::start(&sandbox, &["0"], &[]);
    let mut connection = server.connect();
    let mut ask = |request: String| {
        connection.send(request);
        connection.answer().expect("an answer").0
    };
    for headers in ["", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n"] {
        let head = ask(passed_on("/items/?page=2", headers));
        assert!(head.starts_with("http/1.1 301 "), "{headers}: {head}");
        assert!(head.contains("\r\nlocation: https://localhost/items/?page=2\r\n"), "{head}");
        assert!(!head.contains("strict-transport-security"), "nobody may say so over http: {head}");
    }
    let head = ask("POST /items/ HTTP/1.1\r\nHost: [::1]:8000\r\nContent-Length: 0\r\n\r\n".to_owned());
    assert!(head.starts_with("http/1.1 308 ") && head.contains("\r\nlocation: https://[::1]/items/\r\n"), "{head}");
    let head = ask(passed_on("/items/", "X-Forwarded-Proto: https\r\n"));
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("\r\nstrict-transport-security: max-age=3600\r\n"), "{head}");
    // Supervisors name no host, and ask over HTTP.
    for path in ["/health", "/ready"] {
        let head = ask(format!("GET {path} HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n"));
        assert!(!head.starts_with("http/1.1 3") && !head.starts_with("http/1.1 400"), "{path}: {head}");
    }
    assert!(ask(passed_on("/items/", "Host: evil.example\r\n")).starts_with("http/1.1 400 "));
}

#[test]
fn a_visitors_address_is_believed_from_trusted_proxies_only() {
    for (trusted, logged) in [("127.0.0.0/8", "203.0.113.7"), ("10.0.0.0/8", "127.0.0.1")] {
        let sandbox = debugging().var("APP__SECURITY__TRUSTED_PROXIES", trusted);
        let server = Server::start(&sandbox, &["0"], &[]);
        let mut connection = server.connect();
        connection.send(passed_on("/annex/", "X-Forwarded-For: 1.2.3.4, 203.0.113.7\r\n"));
        assert!(connection.answer().is_some());
        let log = sandbox.text("var/log/app.log");
        let line = log.lines().find(|line| line.contains("/annex/")).expect("a line about the request");
        assert!(line.contains(&format!("client={logged} ")), "{line}");
    }
}

#[test]
fn pages_are_compressed_as_the_client_likes_it() {
    let sandbox = debugging();
    let server = Server::start(&sandbox, &["0"], &[]);
    let plain = "x".repeat(5000);
    for (accepted, encoding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=0.5", "gzip"),
        ("gzip;q=0, br;q=0", ""),
        ("", ""),
    ] {
        let mut connection = server.connect();
        connection
            .send(passed_on("/text/?size=5000", &format!("Accept-Encoding: {accepted}\r\nConnection: close\r\n")));
        let head = connection.read_until("\r\n\r\n").to_lowercase();
        let body = connection.rest_bytes().expect("an orderly end");
        assert!(head.contains("\r\nvary: accept-encoding\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        let named = head.lines().find_map(|line| line.strip_prefix("content-encoding: ")).unwrap_or_default();
        assert_eq!(named, encoding, "{accepted}");
        assert_eq!(decoded(&body, encoding), plain.as_bytes(), "{accepted}");
        assert!(encoding.is_empty() || body.len() < 100, "{accepted}: {} bytes", body.len());
    }
}

fn decoded(body: &[u8], encoding: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut bytes).map(drop),
        "br" => brotli::BrotliDecompress(&mut &*body, &mut bytes),
        "zstd" => zstd::stream::copy_decode(body, &mut bytes),
        _ => {
            bytes = body.to_vec();
            Ok(())
        }
    }
    .expect("what was encoded");
    bytes
}

#[test]
fn what_is_small_no_text_or_in_pieces_is_sent_as_it_is() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        let all = [("accept-encoding", "gzip, br, zstd"), ("host", "localhost")];
        for path in ["/text/?size=1000", "/text/?size=5000&kind=image", "/text/?size=5000&kind=encoded"] {
            let response = client.send(Method::GET, path, &all, "").await;
            assert_eq!(response.status, StatusCode::OK);
            assert!(matches!(response.header("content-encoding"), None | Some("own")), "{path}");
        }
        let response = client.send(Method::GET, "/text/?size=5000", &all, "").await;
        let weak = response.header("etag").map(str::to_owned);
        assert_eq!(weak.as_deref(), Some("W/\"5000\""));
        let head = client.send(Method::HEAD, "/text/?size=5000", &all, "").await;
        assert_eq!(head.headers.get(header::CONTENT_ENCODING), response.headers.get(header::CONTENT_ENCODING));
        assert!(head.headers.contains_key(header::CONTENT_LENGTH));
        assert!(head.body.is_empty());
    });
}
