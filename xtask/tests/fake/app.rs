//! The fake app.
fn main() {}
