//! Serves static files: while developing as they are on disk, otherwise what was collected or what the program carries.

mod answer;
mod asset;
mod collected;
mod conditions;
mod found;
mod memory;
mod ranges;
mod sending;

use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use self::collected::Collected;
use self::found::Found;
use self::memory::Memory;
use super::deployed::Deployed;
use super::{Mode, mode, places, prefix};
use crate::context::Context;
use crate::http::{Error, Result};

/// Serves static files.
pub(crate) struct StaticFiles {
    prefix: String,
    files: Files,
}

/// Where the files are.
enum Files {
    Found(Found),
    Collected(Collected),
    Memory(Memory),
}

impl StaticFiles {
    /// What serves static files, if anything does: in debug mode whatever is found, otherwise what was collected.
    ///
    /// # Errors
    /// When what was collected cannot be used.
    pub(crate) fn new(ctx: &Context) -> anyhow::Result<Option<Self>> {
        let settings = ctx.settings();
        let files = match mode(settings) {
            Mode::Found if !settings.debug => return Ok(None),
            Mode::Found => Files::Found(Found::new(places(ctx))),
            Mode::Deployed => match ctx.deployed_statics()? {
                Deployed::Collected { root, manifest } => {
                    let lenient = (!settings.static_files.strict).then(|| places(ctx));
                    Files::Collected(Collected::new(root, manifest, lenient))
                }
                Deployed::Built { built, root, instead, .. } => {
                    if let Some(reason) = instead {
                        tracing::warn!("the static files that this release carries are served: {reason}");
                    }
                    Files::Memory(Memory::new(built, root.as_deref()))
                }
                Deployed::Plain(places) => Files::Found(Found::new(places.clone())),
                Deployed::Missing(reason) => {
                    tracing::warn!("no static files are served: {reason}");
                    return Ok(None);
                }
            },
        };
        Ok(Some(Self { prefix: prefix(settings), files }))
    }

    /// The answer to a request for a static file; none when it asks for something else.
    pub(crate) async fn answer(&self, parts: &Parts) -> Option<Result> {
        let path = parts.uri.path().strip_prefix(&self.prefix)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Some(Err(Error::MethodNotAllowed(vec![Method::GET, Method::HEAD])));
        }
        Some(self.file(path, parts).await)
    }

    async fn file(&self, path: &str, parts: &Parts) -> Result {
        // An encoded slash would be a part of a name; no file has such a name.
        if path.to_ascii_lowercase().contains("%2f") {
            return Err(Error::NotFound);
        }
        let name = percent_decode_str(path).decode_utf8().map_err(|_| Error::NotFound)?;
        let asset = match &self.files {
            Files::Found(found) => found.asset(&name).await?,
            Files::Collected(collected) => collected.asset(&name).await?,
            Files::Memory(memory) => memory.asset(&name).await?,
        };
        answer::answer(&asset.ok_or(Error::NotFound)?, parts).await
    }
}
