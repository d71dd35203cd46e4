//! From a route's name to its path.

use std::collections::BTreeMap;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::module::Module;

/// What need not be encoded in one segment of a path (RFC 3986, unreserved).
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The named routes of the installed modules. Cheap to clone.
#[derive(Clone, Default)]
pub struct Urls(Arc<BTreeMap<&'static str, &'static str>>);

/// A path that cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UrlError {
    /// There is no such route.
    #[error("no route is named `{0}`")]
    Unknown(String),
    /// The route has a parameter that was not given.
    #[error("the route `{name}` (`{path}`) needs `{parameter}`")]
    Missing {
        /// The route's name.
        name: String,
        /// Its path.
        path: &'static str,
        /// What is missing.
        parameter: String,
    },
    /// The route has no such parameter.
    #[error("the route `{name}` (`{path}`) has no `{parameter}`")]
    Superfluous {
        /// The route's name.
        name: String,
        /// Its path.
        path: &'static str,
        /// What is too much.
        parameter: String,
    },
}

impl Urls {
    /// The named routes of these modules; an earlier module's name takes precedence.
    pub fn new(modules: &[Module]) -> Self {
        let mut names = BTreeMap::new();
        for route in modules.iter().flat_map(|module| &module.routes) {
            if let Some(name) = route.name {
                names.entry(name).or_insert(route.path);
            }
        }
        Self(Arc::new(names))
    }

    /// The path of the route with this name, its parameters filled in.
    ///
    /// # Errors
    /// When there is no such route, or its parameters are others than those given.
    pub fn reverse(&self, name: &str, params: &[(&str, &str)]) -> Result<String, UrlError> {
        let path = *self.0.get(name).ok_or_else(|| UrlError::Unknown(name.to_owned()))?;
        let mut used = Vec::new();
        let mut url = String::with_capacity(path.len());
        let mut rest = path;
        while let Some((before, (parameter, after))) =
            rest.split_once('{').and_then(|(before, inside)| Some((before, inside.split_once('}')?)))
        {
            url.push_str(before);
            let key = parameter.trim_start_matches('*');
            let missing = || UrlError::Missing { name: name.to_owned(), path, parameter: key.to_owned() };
            let (_, value) = params.iter().find(|(given, _)| *given == key).ok_or_else(missing)?;
            // Only a parameter for all that is left may hold slashes.
            let segments: Vec<&str> = if key == parameter { vec![*value] } else { value.split('/').collect() };
            let encoded: Vec<String> =
                segments.iter().map(|segment| utf8_percent_encode(segment, SEGMENT).to_string()).collect();
            url.push_str(&encoded.join("/"));
            used.push(key);
            rest = after;
        }
        url.push_str(rest);
        match params.iter().find(|(given, _)| !used.contains(given)) {
            None => Ok(url),
            Some((parameter, _)) => {
                Err(UrlError::Superfluous { name: name.to_owned(), path, parameter: (*parameter).to_owned() })
            }
        }
    }
}
