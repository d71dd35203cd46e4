//! Forms: what each kind of field takes, how forms are drawn, what the database has against the values.

mod drawing;
mod kinds;
mod refusals;
mod registry;
