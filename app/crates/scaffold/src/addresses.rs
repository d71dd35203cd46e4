//! The addresses of pages: what a new module would answer, and what others answer already. For the same address the
//! module that is listed first is asked, so one that is new would hide the page of another.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use crate::change::Edit;
use crate::names::ModulePath;
use crate::sources::{Module, Sources, files};
use crate::syntax::words;
use crate::{Error, Result};

/// The functions that make a route of a path.
const METHODS: &[&str] = &["delete", "get", "post", "put"];

/// Checks that no other module has a page at an address of these files, which are those of the module at `path`.
///
/// # Errors
/// When one has: names it, and the file.
pub(crate) fn check_free(sources: &Sources, path: &ModulePath, edits: &[Edit]) -> Result<()> {
    let made = edits.iter().filter(|edit| is_read(&edit.path)).filter_map(|edit| edit.after.as_deref());
    let made: Vec<String> = made.flat_map(routes).collect();
    for module in sources.modules().iter().filter(|module| module.path.as_ref() != Some(path)) {
        for file in rust_files(sources, module) {
            let text = files::text(&sources.root().join(&file)).unwrap_or_default();
            if let Some(route) = routes(&text).into_iter().find(|route| made.iter().any(|made| same(made, route))) {
                let name = path.name();
                let message = format!("'{name}' conflicts with the name of an existing page. Please try another name.");
                let hint = format!("`{route}` is an address of `{}`, in `{}`", module.place(), file.display());
                return Err(Error::new(message).with_hint(hint));
            }
        }
    }
    Ok(())
}

/// Whether two routes are at the same address. A parameter is one whatever it is called; beside it, a fixed part is an
/// address of its own (`/cms/{id}/` and `/cms/adp/`).
fn same(left: &str, right: &str) -> bool {
    let parts = |route: &str| -> Vec<String> {
        let parts = route.trim_end_matches('/').split('/');
        parts.map(|part| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() }).collect()
    };
    parts(left) == parts(right)
}

/// The files in a module's folder, relative to the root, without those of its tests and of the modules below it.
fn rust_files(sources: &Sources, module: &Module) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![module.folder.clone()];
    while let Some(folder) = folders.pop() {
        let full = sources.root().join(&folder);
        found.extend(files::files(&full).iter().map(|name| folder.join(name)));
        let below = files::folders(&full).into_iter().map(|name| folder.join(name));
        folders.extend(below.filter(|below| sources.modules().iter().all(|module| module.folder != *below)));
    }
    found.retain(|file| is_read(file));
    found
}

/// Whether the file may have routes. Tests only ask for pages.
fn is_read(file: &Path) -> bool {
    let is_test = file.iter().any(|part| part == "tests" || part == "tests.rs");
    file.extension().is_some_and(|extension| extension == "rs") && !is_test
}

/// The paths of the routes that a file writes out: `get("/cms/", …)`, `Route::new(Method::GET, "/cms/", …)`.
fn routes(text: &str) -> Vec<String> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let words = words(tokens);
    let mut routes = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(path) = syn::parse_str::<syn::LitStr>(word).ok().map(|text| text.value()) else { continue };
        let before: Vec<&str> = words[at.saturating_sub(10)..at].iter().map(String::as_str).collect();
        let is_route = match before.as_slice() {
            // `client.get("/cms/")` asks for a page.
            [.., ".", _, "("] => false,
            [.., method, "("] => METHODS.contains(method),
            [.., "Route", ":", ":", "new", "(", "Method", ":", ":", _, ","] => true,
            [.., "Route", ":", ":", "new", "(", _, ","] => true,
            _ => false,
        };
        if is_route && path.starts_with('/') {
            routes.push(path);
        }
    }
    routes
}
