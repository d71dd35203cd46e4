//! Forms: what was sent becomes typed values, or errors beside the fields.
//!
//! A form is one function of a module, which describes each field and reads it in the same line. It serves pages that
//! show an empty form, pages that show a row, what a page sends (`application/x-www-form-urlencoded`), and JSON objects
//! alike; the values come out only when nothing is wrong with any of them.
//!
//! ```ignore
//! impl BookForm {
//!     pub fn read(form: &mut Form, authors: &Choices) -> Option<Self> {
//!         let title = form.text("title").max_length(255).required();
//!         let pages = form.integer("pages").min(1).optional();
//!         let author_id = form.choice("author_id", authors).required();
//!         form.accept(Self { title: title?, pages: pages?, author_id: author_id? })
//!     }
//! }
//! ```
//!
//! The texts are Django's. Templates draw a form with the macros of `forms/fields.html`.

mod choices;
mod errors;
mod field;
mod form;
mod kind;
mod sent;
mod shown;
mod times;
mod value;

pub use choices::{Choices, labels};
pub use errors::Errors;
pub use field::Field;
pub use form::Form;
pub use value::{Integer, Key, Typed};
