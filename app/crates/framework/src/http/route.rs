//! A route: a method, a path, a handler. Handlers lose their types here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::origin::Format;
use super::{Request, Result, caching};

/// A handler's answer on its way.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result> + Send>>;

/// A handler without its type.
pub(super) type Handler = Arc<dyn Fn(Request) -> Answer + Send + Sync>;

/// A page of a module: `http::get("/mailings/{id}/", views::detail).name("mailings:detail")`.
#[derive(Clone)]
pub struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) csrf: Csrf,
    pub(super) format: Option<Format>,
    pub(super) handler: Handler,
}

/// Whether a request that changes something must prove that a page of this site sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Csrf {
    Checked,
    Exempt,
}

impl Route {
    /// A route for any method. `{id}` in the path is one segment, `{*rest}` all that is left.
    pub fn new<F, A>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Request) -> A + Send + Sync + 'static,
        A: Future<Output = Result> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| -> Answer { Box::pin(handler(request)) });
        Self { method, path, name: None, csrf: Csrf::Checked, format: None, handler }
    }

    /// Names the route, for `url(…)` in templates and [`Request::url`]. By custom `<module label>:<page>`.
    pub fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Keeps the page in the cache for a time, for visitors without a session: by method, host, path, query and language.
    /// Not kept are answers other than 200, those that set cookies or hold a token (`csrf_field()`), those whose
    /// `Cache-Control` or `Vary` forbids it, and streams. Off while `debug` is on.
    pub fn cached(mut self, ttl: Duration) -> Self {
        let handler = self.handler;
        self.handler = Arc::new(move |request| Box::pin(caching::answer(request, Arc::clone(&handler), ttl)));
        self
    }

    /// Says that programs read what is at this path: its errors are JSON, whatever the request says it accepts.
    pub fn json(mut self) -> Self {
        self.format = Some(Format::Json);
        self
    }

    /// Lets requests through that no page of this site sent. For those that prove in another way who sends them, such as
    /// by a signature; cookies prove nothing then.
    pub fn csrf_exempt(mut self) -> Self {
        self.csrf = Csrf::Exempt;
        self
    }
}

/// A page that is read. It answers HEAD too.
pub fn get<F, A>(path: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result> + Send + 'static,
{
    Route::new(Method::GET, path, handler)
}

/// A form that is sent.
pub fn post<F, A>(path: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result> + Send + 'static,
{
    Route::new(Method::POST, path, handler)
}

/// A thing that is put in place.
pub fn put<F, A>(path: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result> + Send + 'static,
{
    Route::new(Method::PUT, path, handler)
}

/// A thing that is deleted.
pub fn delete<F, A>(path: &'static str, handler: F) -> Route
where
    F: Fn(Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result> + Send + 'static,
{
    Route::new(Method::DELETE, path, handler)
}
