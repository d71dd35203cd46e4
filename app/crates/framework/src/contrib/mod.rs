//! Modules that come with the framework; a project lists those that it wants.

pub mod auth;
pub mod sessions;
