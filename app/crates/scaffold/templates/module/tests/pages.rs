//! The pages, through the test client.

[% set project = "&project, " if model.sample_needs_project else "" %]
[% set await = ".await" if model.sample_is_async else "" %]
use framework::http::{Client, TestResponse};
use framework::testing::TestProject;

use super::sample;
use [[ module.rust ]]::models::[[ model.module ]];
use [[ module.rust ]]::service;

/// What somebody may do who may do everything with [[ model.many ]].
const WRITER: [&str; 3] = ["[[ model.add ]]", "[[ model.change ]]", "[[ model.delete ]]"];

/// Sends the form of [[ model.a_one ]], filled in with these values.
async fn send(client: &Client, path: &str, row: &[[ model.module ]]::Model) -> TestResponse {
    let fields = [
[% for field in model.fields %]
        ("[[ field.column ]]", [[ field.sent ]]),
[% endfor %]
    ];
    client.post(path, &fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await
}

#[tokio::test]
async fn all_are_listed_page_by_page() {
    let project = TestProject::new(crate::project()).await;
    let db = project.db().await;
    let client = project.client_with(&[]).await;
    assert!(client.get("/[[ module.path ]]/").await.body.contains("No [[ model.many ]] yet."));
    for number in (1..).take(service::PAGE_SIZE as usize + 1) {
        service::create(&db, sample([[ project ]]number)[[ await ]]).await.expect("a new row");
    }
    for (number, rows) in [(1, service::PAGE_SIZE as usize), (2, 1)] {
        let page = client.get(&format!("/[[ module.path ]]/?page={number}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains(&format!("Page {number} of 2 · ")), "{}", page.body);
        // A head row, and those of the page.
        assert_eq!(page.body.matches("<tr>").count(), 1 + rows, "{}", page.body);
    }
    assert_eq!(client.get("/[[ module.path ]]/?page=3").await.status, 404);
}

#[tokio::test]
async fn one_is_made_shown_changed_and_deleted() {
    let project = TestProject::new(crate::project()).await;
    let db = project.db().await;
    let client = project.client_with(&WRITER).await;
    assert_eq!(client.get("/[[ module.path ]]/create/").await.status, 200);
    let new = sample([[ project ]]1)[[ await ]];
    let made = send(&client, "/[[ module.path ]]/create/", &new).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let page = service::page(&db, 1).await.expect("a look").expect("the first page");
    let id = page.rows[0].id;
    assert_eq!(page.rows, [[ "[" ~ model.module ]]::Model { id, ..new }]);
    let address = format!("/[[ module.path ]]/{id}/");
    assert_eq!(made.header("location"), Some(address.as_str()));

    let shown = client.get(&address).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(shown.body.contains(&format!("{address}edit/")), "{}", shown.body);
    assert_eq!(client.get(&format!("{address}edit/")).await.status, 200);
    let changed = [[ model.module ]]::Model { id, ..sample([[ project ]]2)[[ await ]] };
    assert_eq!(send(&client, &format!("{address}edit/"), &changed).await.status, 303);
    assert_eq!(service::get(&db, id).await.expect("a look"), Some(changed));

    assert_eq!(client.get(&format!("{address}delete/")).await.status, 200);
    let gone = client.post(&format!("{address}delete/"), &[]).await;
    assert_eq!((gone.status.as_u16(), gone.header("location")), (303, Some("/[[ module.path ]]/")));
    assert_eq!(client.get(&address).await.status, 404);
}
[% if model.required %]

#[tokio::test]
async fn what_is_missing_is_said_beside_its_field() {
    let project = TestProject::new(crate::project()).await;
    let page = project.client_with(&WRITER).await.post("/[[ module.path ]]/create/", &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("This field is required."), "{}", page.body);
    assert_eq!(service::count(&project.db().await).await.expect("a number"), 0);
}
[% endif %]
[% if model.unique %]

#[tokio::test]
async fn what_must_differ_is_refused_the_second_time() {
    let project = TestProject::new(crate::project()).await;
    let new = sample([[ project ]]1)[[ await ]];
    service::create(&project.db().await, new.clone()).await.expect("a new row");
    let page = send(&project.client_with(&WRITER).await, "/[[ module.path ]]/create/", &new).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("already exists."), "{}", page.body);
}
[% endif %]

#[tokio::test]
async fn writing_needs_a_permission() {
    let project = TestProject::new(crate::project()).await;
    let row = service::create(&project.db().await, sample([[ project ]]1)[[ await ]]).await.expect("a new row");
    let (visitor, reader) = (project.client(), project.client_with(&[]).await);
    for path in ["create/".to_owned(), format!("{}/edit/", row.id), format!("{}/delete/", row.id)] {
        let path = format!("/[[ module.path ]]/{path}");
        let login = format!("/login/?next={path}");
        assert_eq!(visitor.get(&path).await.header("location"), Some(login.as_str()));
        assert_eq!(reader.get(&path).await.status, 403, "{path}");
        assert_eq!(reader.post(&path, &[]).await.status, 403, "{path}");
    }
}
