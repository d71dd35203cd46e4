//! The table of all routes of the installed modules.
//!
//! `matchit` is the matcher inside axum. It is used directly because axum's router panics on routes that exclude each
//! other, where a person should be told which modules they come from.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use super::Route;
use super::origin::Format;
use super::route::{Csrf, Handler};
use crate::module::Module;

/// Path parameters, decoded.
pub(super) type Params = Vec<(String, String)>;

/// Routes that cannot stand beside each other.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    /// The path is malformed, or shadows another one.
    #[error("the route `{path}` of module `{module}` cannot be used: {reason}")]
    Path {
        /// The path as it stands in the module.
        path: &'static str,
        /// The module's label.
        module: String,
        /// What the matcher says.
        reason: String,
    },
    /// A module has two handlers for the same thing.
    #[error("module `{module}` has two routes for {method} `{path}`")]
    Twice {
        /// The path as it stands in the module.
        path: &'static str,
        /// The module's label.
        module: String,
        /// The method.
        method: Method,
    },
}

/// All handlers of one path.
struct Endpoint {
    path: &'static str,
    /// Of the answers at this path, when a route of it says so.
    format: Option<Format>,
    methods: Vec<Entry>,
}

struct Entry {
    method: Method,
    module: String,
    name: Option<&'static str>,
    csrf: Csrf,
    handler: Handler,
}

/// What stands at a path.
pub(super) enum Found<'a> {
    Handler(&'a Handler, Csrf, Params),
    /// Other methods only.
    Other(Vec<Method>),
    /// Nothing, but there is a page at this path with a slash.
    Slash,
    Nothing,
}

/// The table of all routes.
pub(super) struct Routes {
    matcher: matchit::Router<usize>,
    endpoints: Vec<Endpoint>,
}

impl Routes {
    /// The routes of these modules. For the same method and path an earlier module's takes precedence.
    pub(super) fn new(modules: &[Module]) -> Result<Self, RoutesError> {
        let mut routes = Self { matcher: matchit::Router::new(), endpoints: Vec::new() };
        for module in modules {
            for route in &module.routes {
                routes.add(module.label(), route)?;
            }
        }
        Ok(routes)
    }

    fn add(&mut self, module: &str, route: &Route) -> Result<(), RoutesError> {
        let Route { path, name, .. } = *route;
        let invalid = |reason: String| RoutesError::Path { path, module: module.to_owned(), reason };
        if !path.starts_with('/') {
            return Err(invalid("it must begin with `/`".to_owned()));
        }
        let index = match self.endpoints.iter().position(|endpoint| endpoint.path == path) {
            Some(index) => index,
            None => {
                let index = self.endpoints.len();
                self.matcher.insert(path, index).map_err(|error| invalid(error.to_string()))?;
                self.endpoints.push(Endpoint { path, format: None, methods: Vec::new() });
                index
            }
        };
        let Endpoint { methods, format, .. } = &mut self.endpoints[index];
        *format = format.or(route.format);
        match methods.iter().find(|entry| entry.method == route.method) {
            Some(earlier) if earlier.module == module => {
                Err(RoutesError::Twice { path, module: module.to_owned(), method: route.method.clone() })
            }
            Some(_) => Ok(()),
            None => {
                let (method, handler, csrf) = (route.method.clone(), route.handler.clone(), route.csrf);
                methods.push(Entry { method, module: module.to_owned(), name, csrf, handler });
                Ok(())
            }
        }
    }

    /// Looks up what answers a request to this (still encoded) path.
    pub(super) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(matched) = self.matcher.at(path) else {
            return self.without(method, path);
        };
        let methods = &self.endpoints[*matched.value].methods;
        // A page that can be read can be asked for its head.
        let wanted = |method: &Method| methods.iter().find(|entry| entry.method == *method);
        let entry = wanted(method).or_else(|| if *method == Method::HEAD { wanted(&Method::GET) } else { None });
        match (entry, decoded(&matched.params)) {
            (Some(entry), Some(params)) => Found::Handler(&entry.handler, entry.csrf, params),
            (Some(_), None) => Found::Nothing,
            (None, _) => Found::Other(allowed(methods)),
        }
    }

    /// What programs read at this (still encoded) path, when its routes say so.
    pub(super) fn format(&self, path: &str) -> Option<Format> {
        self.matcher.at(path).ok().and_then(|matched| self.endpoints[*matched.value].format)
    }

    fn without(&self, method: &Method, path: &str) -> Found<'_> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        if !reads || path.ends_with('/') {
            return Found::Nothing;
        }
        match self.find(method, &format!("{path}/")) {
            Found::Handler(..) => Found::Slash,
            _ => Found::Nothing,
        }
    }

    /// All routes, one a line, for the page that is shown in debug mode.
    pub(super) fn lines(&self) -> Vec<String> {
        let all =
            self.endpoints.iter().flat_map(|endpoint| endpoint.methods.iter().map(|entry| (endpoint.path, entry)));
        all.map(|(path, Entry { method, module, name, .. })| match name {
            Some(name) => format!("{method} {path} ({name}, module {module})"),
            None => format!("{method} {path} (module {module})"),
        })
        .collect()
    }
}

/// The parameters without their percent-encoding; none when they are not text.
fn decoded(params: &matchit::Params<'_, '_>) -> Option<Params> {
    let decode = |value: &str| percent_decode_str(value).decode_utf8().ok().map(Cow::into_owned);
    params.iter().map(|(name, value)| Some((name.to_owned(), decode(value)?))).collect()
}

fn allowed(methods: &[Entry]) -> Vec<Method> {
    let mut allowed: Vec<Method> = methods.iter().map(|entry| entry.method.clone()).collect();
    if allowed.contains(&Method::GET) {
        allowed.push(Method::HEAD);
    }
    allowed.sort_by(|left, right| left.as_str().cmp(right.as_str()));
    allowed.dedup();
    allowed
}
