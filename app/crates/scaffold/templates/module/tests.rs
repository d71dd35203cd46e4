//! Tests of the module, in the project as it is, over a database of their own.

[% if api %]
mod api;
[% endif %]
[% if pages %]
mod pages;
[% endif %]

[% if model and model.sample_imports_time %]
use chrono::TimeDelta;
[% endif %]
[% if model and model.sample_imports_testing %]
use framework::testing::{self, TestProject};
[% elif not pages or model.sample_needs_project %]
use framework::testing::TestProject;
[% endif %]
[% if model and model.sample_imports_json %]
use serde_json::json;
[% endif %]

[% if model %]
use super::models::[[ model.module ]];
[% if not pages and not api %]
use super::service;
[% endif %]

/// [[ model.A_one ]] that is not in the database yet, unlike those of other numbers.
[[ "async " if model.sample_is_async ]]fn sample([% if model.sample_needs_project %]project: &TestProject, [% endif %][[ "" if model.sample_needs_number else "_" ]]number: i32) -> [[ model.module ]]::Model {
    [[ model.module ]]::Model {
        id: 0,
[% for field in model.fields %]
        [[ field.sample ]],
[% endfor %]
    }
}

[% endif %]
[% if not pages %]
#[tokio::test]
async fn the_page_is_shown() {
    let project = TestProject::new(crate::project()).await;
    let page = project.client_with(&[]).await.get("/[[ module.path ]]/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>[[ module.title ]]</h1>"), "{}", page.body);
}
[% endif %]
[% if model and not pages and not api %]
[% set project = "&project, " if model.sample_needs_project else "" %]
[% set await = ".await" if model.sample_is_async else "" %]

#[tokio::test]
async fn rows_are_made_changed_and_deleted() {
    let project = TestProject::new(crate::project()).await;
    let db = project.db().await;
    let new = sample([[ project ]]1)[[ await ]];
    let made = service::create(&db, new.clone()).await.expect("a new row");
    assert_eq!(made, [[ model.module ]]::Model { id: made.id, ..new });
    let changed = [[ model.module ]]::Model { id: made.id, ..sample([[ project ]]2)[[ await ]] };
    assert_eq!(service::update(&db, changed.clone()).await.expect("a change"), Some(changed.clone()));
    assert_eq!(service::get(&db, made.id).await.expect("a look"), Some(changed.clone()));
    assert!(service::delete(&db, made.id).await.expect("a deletion"));
    assert!(!service::delete(&db, made.id).await.expect("nothing to delete"));
    assert_eq!(service::update(&db, changed).await.expect("nothing to change"), None);
    assert_eq!(service::count(&db).await.expect("a number"), 0);
}
[% endif %]
