//! What the tests of a module need: the project over a database of its own, and visitors. Nothing of it is linked into a
//! program that does not use it.
//!
//! ```ignore
//! #[tokio::test]
//! async fn books_are_listed() {
//!     let project = TestProject::new(crate::project()).await;
//!     let page = project.client_with(&["library_books.view_book"]).await.get("/library/books/").await;
//!     assert_eq!(page.status, 200);
//! }
//! ```

mod people;
mod project;
mod rows;

pub use project::TestProject;
pub use rows::row;
