//! The JSON endpoints, through the test client.

[% set project = "&project, " if model.sample_needs_project else "" %]
[% set await = ".await" if model.sample_is_async else "" %]
use framework::http::Method;
use framework::testing::TestProject;
use serde_json::json;

use super::sample;
use [[ module.rust ]]::models::[[ model.module ]];
use [[ module.rust ]]::service;

/// What somebody may do who may do everything with [[ model.many ]].
const WRITER: [&str; 3] = ["[[ model.add ]]", "[[ model.change ]]", "[[ model.delete ]]"];

#[tokio::test]
async fn one_is_made_read_changed_and_deleted() {
    let project = TestProject::new(crate::project()).await;
    let client = project.client_with(&WRITER).await;
    let new = sample([[ project ]]1)[[ await ]];
    let made = client.send_json(Method::POST, "/api/[[ module.path ]]/", &json!(new).to_string()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.json()["id"].as_i64().expect("an id");
    assert_eq!(made.json(), json!([[ model.module ]]::Model { id, ..new }));
    let address = format!("/api/[[ module.path ]]/{id}/");
    assert_eq!(made.header("location"), Some(address.as_str()));
    assert_eq!(client.get(&address).await.json(), made.json());
    let all = client.get("/api/[[ module.path ]]/").await.json();
    assert_eq!(all, json!({ "rows": [made.json()], "number": 1, "pages": 1, "total": 1 }));

    let changed = [[ model.module ]]::Model { id, ..sample([[ project ]]2)[[ await ]] };
    let answer = client.send_json(Method::PUT, &address, &json!(changed).to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!(changed)));
    assert_eq!(service::get(&project.db().await, id).await.expect("a look"), Some(changed));

    assert_eq!(client.send(Method::DELETE, &address, &[], "").await.status, 204);
    assert_eq!(client.send(Method::DELETE, &address, &[], "").await.status, 404);
    assert_eq!(client.get(&address).await.status, 404);
}
[% if model.required %]

#[tokio::test]
async fn what_is_wrong_is_said_by_field() {
    let project = TestProject::new(crate::project()).await;
    let client = project.client_with(&WRITER).await;
    let refused = client.send_json(Method::POST, "/api/[[ module.path ]]/", "{}").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.json()["error"]["errors"]["fields"]["[[ model.required ]]"], json!(["This field is required."]));
}
[% endif %]
[% if model.unique %]

#[tokio::test]
async fn what_must_differ_is_refused_the_second_time() {
    let project = TestProject::new(crate::project()).await;
    let new = sample([[ project ]]1)[[ await ]];
    service::create(&project.db().await, new.clone()).await.expect("a new row");
    let client = project.client_with(&WRITER).await;
    let refused = client.send_json(Method::POST, "/api/[[ module.path ]]/", &json!(new).to_string()).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
}
[% endif %]

#[tokio::test]
async fn writing_needs_a_permission() {
    let project = TestProject::new(crate::project()).await;
    let row = service::create(&project.db().await, sample([[ project ]]1)[[ await ]]).await.expect("a new row");
    let reader = project.client_with(&[]).await;
    let address = format!("/api/[[ module.path ]]/{}/", row.id);
    assert_eq!(reader.get(&address).await.status, 200);
    for (method, address) in [(Method::POST, "/api/[[ module.path ]]/"), (Method::PUT, &address), (Method::DELETE, &address)] {
        assert_eq!(reader.send_json(method.clone(), address, &json!(row).to_string()).await.status, 403, "{method}");
    }
}
