//! The pages, through the test client.

use framework::testing::TestProject;

#[tokio::test]
async fn the_page_is_shown() {
    let project = TestProject::new(crate::project()).await;
    let page = project.client().get("/[[ module.path ]]/").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>[[ module.title ]]</h1>"), "{}", page.body);
}
