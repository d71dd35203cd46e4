//! The pages of errors, in debug mode and outside it.

use framework::http::{Client, Method, Site, StatusCode, get};
use framework::module::Module;

use super::shop::{debugging, serious};
use crate::sandbox::{Sandbox, wait};

#[test]
fn outside_debug_mode_nothing_leaks() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        for path in ["/broken/", "/panic/", "/page/"] {
            let response = client.get(path).await;
            assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert!(response.body.contains("something went wrong on the server"), "{}", response.body);
            for secret in ["door", "roof", "page.html", "/items/"] {
                assert!(!response.body.contains(secret), "{path} leaks {secret}: {}", response.body);
            }
        }
        assert!(!client.get("/nothing/").await.body.contains("/items/"));
        let json = client.send(Method::GET, "/broken/", &[("accept", "application/json")], "").await;
        assert!(!json.body.contains("door"), "{}", json.body);
    });
}

#[test]
fn debug_mode_shows_the_routes_and_the_chain() {
    wait(async {
        let sandbox = debugging();
        let client = Client::new(&sandbox.ctx());
        let missing = client.get("/nothing/").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
        assert!(missing.body.contains("GET &#x2f;items&#x2f;{id}&#x2f; (shop:item, module shop)"), "{}", missing.body);
        let broken = client.get("/broken/").await;
        assert!(
            broken.body.contains("failed to open &lt;the door&gt;\n  caused by: the key is lost"),
            "{}",
            broken.body
        );
        assert!(client.get("/panic/").await.body.contains("the roof is on fire"));
        let json = client.send(Method::GET, "/broken/", &[("accept", "application/json")], "").await;
        assert_eq!(
            (json.status, json.header("content-type")),
            (StatusCode::INTERNAL_SERVER_ERROR, Some("application/json"))
        );
        let value: serde_json::Value = serde_json::from_str(&json.body).expect("JSON");
        assert_eq!(value["error"]["details"], "failed to open <the door>\n  caused by: the key is lost");
        assert_eq!(value["error"]["request_id"].as_str(), json.header("x-request-id"));
    });
}

#[test]
fn the_visitor_reads_what_is_meant_for_him() {
    wait(async {
        let sandbox = serious();
        let client = Client::new(&sandbox.ctx());
        let response = client.get("/refused/").await;
        assert_eq!(response.status, StatusCode::FORBIDDEN);
        assert!(response.body.contains("only on Sundays"), "{}", response.body);
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    });
}

#[test]
fn the_project_s_own_pages_are_used() {
    wait(async {
        let sandbox = serious()
            .file(
                "templates/404.html",
                "{{ status }} {{ project }} {{ path }} {{ request_id }} {% if error %}no{% endif %}",
            )
            .file("templates/500.html", "oh: {{ error or 'nothing' }}");
        let client = Client::new(&sandbox.ctx());
        let response = client.get("/no'thing/").await;
        assert_eq!(
            response.body,
            format!("404 Test &#x2f;no&#x27;thing&#x2f; {} ", response.header("x-request-id").unwrap())
        );
        let response = client.get("/broken/").await;
        assert_eq!((response.status, response.body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "oh: nothing"));
    });
}

#[test]
fn a_broken_error_page_falls_back() {
    wait(async {
        let sandbox = serious().file("templates/404.html", "{{ nonsense( }}");
        let response = Client::new(&sandbox.ctx()).get("/nothing/").await;
        assert_eq!(response.status, StatusCode::NOT_FOUND);
        assert!(response.body.contains("there is nothing at this address"), "{}", response.body);
        let sandbox = sandbox.file("templates/error.html", "{% extends \"error.html\" %}");
        let response = Client::new(&sandbox.ctx()).get("/nothing/").await;
        assert_eq!(response.status, StatusCode::NOT_FOUND);
        assert!(response.body.contains("<h1>404 Not Found</h1>"), "{}", response.body);
    });
}

#[test]
fn routes_that_exclude_each_other_are_named() {
    async fn never(_: framework::http::Request) -> framework::http::Result {
        Err(framework::http::Error::NotFound)
    }
    fn rivals() -> Module {
        Module::new("rivals").routes(vec![get("/a/{id}/", never), get("/a/{name}/", never)]).clone()
    }
    fn twice() -> Module {
        Module::new("twice").routes(vec![get("/a/", never), get("/a/", never)]).clone()
    }
    fn relative() -> Module {
        Module::new("relative").routes(vec![get("a/", never)]).clone()
    }
    let message = |modules: &'static [fn() -> Module]| {
        Site::new(Sandbox::new(modules).ctx()).err().map(|error| error.to_string()).unwrap_or_default()
    };
    let clash = message(&[rivals]);
    assert!(
        clash.contains("the route `/a/{name}/` of module `rivals` cannot be used") && clash.contains("/a/{id}/"),
        "{clash}"
    );
    assert_eq!(message(&[twice]), "module `twice` has two routes for GET `/a/`");
    assert_eq!(message(&[relative]), "the route `a/` of module `relative` cannot be used: it must begin with `/`");
}
