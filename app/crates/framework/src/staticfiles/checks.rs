//! System checks of static files.

use std::path::{Component, Path, PathBuf};

use super::manifest::split_suffix;
use super::names::named;
use super::places::{Folder, find, places};
use super::root;
use crate::checks::{Level, Message, Scope};
use crate::context::Context;
use crate::templates;

/// The directories and the storage that the settings name.
pub(crate) fn settings(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    let settings = &ctx.settings().static_files;
    let mut messages = Vec::new();
    let root = root(ctx).map(|root| plain(&root));
    // The first places are those of the settings.
    for (dir, place) in settings.dirs.iter().zip(places(ctx)) {
        let shown = dir.path.display();
        if let Some(prefix) = dir.prefix.as_ref().filter(|prefix| prefix.ends_with('/')) {
            let text = format!("the prefix `{prefix}` in the setting `static.dirs` must not end with a slash");
            messages.push(Message::new(Level::Error, "staticfiles.E003", text));
        }
        let Folder::Directory(directory) = place.folder else { continue };
        let path = plain(&directory);
        if root.as_ref().is_some_and(|root| root.starts_with(&path) || path.starts_with(root)) {
            let text = format!("the directory `{shown}` of the setting `static.dirs` and `static.root` overlap");
            let hint = "static files are collected from the one into the other: keep them apart";
            messages.push(Message::new(Level::Error, "staticfiles.E002", text).hint(hint));
        }
        if !path.is_dir() {
            let text = format!("the directory `{shown}` of the setting `static.dirs` does not exist");
            messages.push(Message::new(Level::Warning, "staticfiles.W004", text));
        }
    }
    messages.extend(storage(&settings.storage));
    messages
}

fn storage(storage: &str) -> Option<Message> {
    let text = match storage {
        "manifest" | "plain" => return None,
        "" => "the setting `static.storage` is empty: no storage for static files is configured".to_owned(),
        unknown => format!("the setting `static.storage` names no storage for static files: `{unknown}`"),
    };
    let hint = "set it to `manifest` (hashed names, compressed) or `plain` (as they are)";
    Some(Message::new(Level::Error, "staticfiles.E005", text).hint(hint))
}

/// Every static file that a template names must be there.
pub(crate) fn names_in_templates(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    let places = places(ctx);
    let mut messages = Vec::new();
    for (place, text) in templates::texts(ctx) {
        for found in named(&text) {
            let (path, _) = split_suffix(&found.name);
            let path = path.trim_start_matches('/');
            if path.is_empty() || path.ends_with('/') || find(&places, path).is_some() {
                continue;
            }
            let text = format!("there is no static file `{path}`");
            let hint = format!("`{} findstatic -v 2 {path}` says where it is looked for", ctx.program());
            let message = Message::new(Level::Error, "staticfiles.E007", text).hint(hint);
            messages.push(message.object(format!("{place}:{}", found.line)));
        }
    }
    messages
}

/// A path without `.` and `..`, whether it exists or not.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
