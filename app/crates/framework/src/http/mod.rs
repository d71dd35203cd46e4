//! Pages over HTTP: routes and handlers, the order in which a request passes through, the server, `runserver`.
//!
//! A request flows one way: socket → [`server`] → [`Site::handle`] (id, host check, static files, route, forged?) →
//! handler → [`Response`] or [`Error`] → error page → session and cookies → headers and access log. What is generic is
//! instantiated here, never in the product: a handler is erased to a boxed function as soon as it is listed in a
//! [`Route`].

mod accepted;
mod access;
mod answering;
mod bodies;
mod caching;
mod client;
mod compression;
mod connection;
mod cookies;
mod csrf;
mod dev;
mod error;
mod hosts;
mod limits;
mod listener;
pub(crate) mod metrics;
mod origin;
mod pages;
mod probes;
mod ready;
mod request;
mod response;
mod route;
mod routes;
mod runserver;
mod server;
mod session;
mod site;
mod socket;
mod stream;
mod urls;
mod visitor;
mod way;

pub(crate) use accepted::Accepted;
pub use axum_core::body::Body;
pub use bytes::Bytes;
pub use client::{Client, TestResponse};
pub use error::Error;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub(crate) use listener::Listener;
pub(crate) use ready::{Ready, write_port_file};
pub use request::Request;
pub use response::Response;
pub use route::{Route, delete, get, post, put};
pub use routes::RoutesError;
pub(crate) use server::serve;
pub use session::Session;
pub use site::Site;
pub use urls::{UrlError, Urls};

/// What a handler gives back.
pub type Result<T = Response> = std::result::Result<T, Error>;
