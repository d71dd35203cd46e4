//! The addresses of static files, as templates ask for them: `static('css/site.css')`.

use anyhow::{Context as _, anyhow, bail};
use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::build::hashed_name;
use super::deployed::Deployed;
use super::manifest::split_suffix;
use super::places::{find, places};
use super::{PATH, prefix};
use crate::conf::{Environment, Settings};
use crate::context::Context;

/// What need not be encoded in what stands behind the path: all that means something there, and encoded letters.
const SUFFIX: &AsciiSet = &PATH
    .remove(b'?')
    .remove(b'#')
    .remove(b'=')
    .remove(b'&')
    .remove(b'%')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b':')
    .remove(b'@')
    .remove(b'!');

/// Which files stand behind the names that templates use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that are found, under their own names.
    Found,
    /// Those that were collected, or that the program carries.
    Deployed,
}

/// The mode of these settings. Tests need nothing collected.
pub(crate) fn mode(settings: &Settings) -> Mode {
    match settings.debug || settings.environment == Environment::Test {
        true => Mode::Found,
        false => Mode::Deployed,
    }
}

/// The address of the static file of this name. A query and a fragment stay behind it.
///
/// # Errors
/// When there is no such file, or nothing was collected.
pub(crate) fn address(ctx: &Context, name: &str) -> anyhow::Result<String> {
    let settings = ctx.settings();
    let (path, suffix) = split_suffix(name.trim_start_matches('/'));
    let stored = match mode(settings) {
        _ if path.is_empty() || path.ends_with('/') => path.to_owned(),
        Mode::Found => {
            let places = places(ctx);
            let looked = || places.iter().map(|place| format!("`{}`", place.folder)).collect::<Vec<_>>().join(", ");
            find(&places, path)
                .with_context(|| format!("there is no static file `{path}` (looked in {})", looked()))?;
            path.to_owned()
        }
        Mode::Deployed => match ctx.deployed_statics()? {
            Deployed::Plain(_) => path.to_owned(),
            Deployed::Missing(reason) => bail!("the static files were not collected: {reason}"),
            Deployed::Collected { manifest, .. } | Deployed::Built { manifest, .. } => {
                let stored = manifest.stored_name(path).or_else(|| if_lenient(ctx, path));
                stored.ok_or_else(|| anyhow!("Missing staticfiles manifest entry for '{path}'"))?
            }
        },
    };
    let (path, suffix) = (utf8_percent_encode(&stored, PATH), utf8_percent_encode(suffix, SUFFIX));
    Ok(format!("{}{path}{suffix}", prefix(settings)))
}

/// The hashed name of a file that was not collected, where the settings allow that and there is such a file.
fn if_lenient(ctx: &Context, path: &str) -> Option<String> {
    if ctx.settings().static_files.strict {
        return None;
    }
    let content = find(&places(ctx), path)?.read().ok()?;
    Some(hashed_name(path, &content))
}
