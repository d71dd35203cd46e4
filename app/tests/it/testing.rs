//! What the tests of modules are given: a project of their own, and visitors with a login.

use app::modules::mailings::models::mailing;
use app::modules::users::service;
use chrono::TimeDelta;
use framework::testing::{TestProject, row};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

#[tokio::test]
async fn each_project_has_a_database_of_its_own() {
    let (one, other) = (TestProject::new(app::project()).await, TestProject::new(app::project()).await);
    let account = one.user(&[]).await;
    let accounts = one.ctx().require_accounts().expect("users");
    assert_eq!(accounts.by_id(&one.db().await, account.id).await.expect("a table"), Some(account.clone()));
    assert_eq!(accounts.by_id(&other.db().await, account.id).await.expect("a table"), None);
}

#[tokio::test]
async fn visitors_may_do_what_the_test_says() {
    let project = TestProject::new(app::project()).await;
    let granted = ["mailings.view_mailing", "users.add_user"];
    let account = project.user(&granted).await;
    let accounts = project.ctx().require_accounts().expect("users");
    let db = project.db().await;
    let permissions = framework::contrib::auth::service::permissions_of(&db, accounts, &account).await.expect("rows");
    assert_eq!(permissions.into_iter().collect::<Vec<_>>(), granted);
    let mailings = "/mailings/";
    assert_eq!(project.client().get(mailings).await.header("location"), Some("/login/?next=/mailings/"));
    for client in [project.client_of(&account).await, project.client_with(&[]).await, project.superuser().await] {
        let page = client.get(mailings).await;
        assert!(page.status == 200 && page.body.contains("@example.com"), "{}", page.body);
    }
}

#[tokio::test]
#[should_panic(expected = "there are no permissions [\"mailings.veiw_mailing\"]")]
async fn permissions_that_do_not_exist_are_a_mistake_of_the_test() {
    let project = TestProject::new(app::project()).await;
    project.client_with(&["mailings.view_mailing", "mailings.veiw_mailing"]).await;
}

#[tokio::test]
async fn time_passes_when_the_test_says_so() {
    let project = TestProject::with(app::project(), |settings| settings.auth.session_seconds = 60).await;
    let client = project.superuser().await;
    assert_eq!(project.now().to_string(), "2026-01-02 03:04:00 UTC");
    project.clock().advance(TimeDelta::seconds(59));
    assert_eq!(client.get("/mailings/").await.status, 200);
    project.clock().advance(TimeDelta::seconds(2));
    assert_eq!(client.get("/mailings/").await.status, 303);
}

#[tokio::test]
async fn rows_are_made_with_all_that_they_refer_to() {
    let project = TestProject::new(app::project()).await;
    let made = [row(project.ctx(), "mailings.Mailing").await, row(project.ctx(), "mailings.Mailing").await];
    assert_ne!(made[0], made[1]);
    let db = project.db().await;
    let mailings = mailing::Entity::find().count(&db).await.expect("mailings");
    // The owner of each mailing and that of its message: what must differ does.
    assert_eq!((mailings, service::count(&db).await.expect("users")), (2, 4));
}
