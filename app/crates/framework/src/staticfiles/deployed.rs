//! What stands for the static files outside of debug mode: what was collected, or what the program carries.

use std::path::PathBuf;

use anyhow::Context as _;

use super::build::{self, Built, Failure};
use super::manifest::{self, Manifest};
use super::places::{Place, places};
use super::{Mode, ignored, list, mode, prefix, root};
use crate::checks::{Level, Message, Scope};
use crate::conf::Environment;
use crate::context::Context;

/// The storage that keeps files as they are.
const PLAIN: &str = "plain";

/// The static files of a server that people use.
#[derive(Debug)]
pub(crate) enum Deployed {
    /// What `collectstatic` put into the static root.
    Collected { root: PathBuf, manifest: Manifest },
    /// What the program carries, hashed just now; and why not what was collected, where something was.
    Built { built: Built, manifest: Manifest, root: Option<PathBuf>, instead: Option<String> },
    /// Files under their own names.
    Plain(Vec<Place>),
    /// None, for this reason.
    Missing(String),
}

impl Deployed {
    /// Looks for them. A release whose sources are not those of the static root serves what it carries.
    ///
    /// # Errors
    /// When the manifest is damaged, or what is carried does not fit together.
    pub(crate) fn new(ctx: &Context) -> anyhow::Result<Self> {
        let settings = ctx.settings();
        let root = root(ctx);
        if settings.static_files.storage == PLAIN {
            return Ok(match (ctx.carried(), root) {
                (Some(_), _) => Self::Plain(places(ctx)),
                (None, Some(root)) => Self::Plain(vec![Place::at(&root)]),
                (None, None) => Self::Missing(missing(ctx, None)),
            });
        }
        let collected = root.as_deref().map(Manifest::read).transpose().map(Option::flatten);
        if ctx.carried().is_none() {
            return Ok(match (collected?, root) {
                (Some(manifest), Some(root)) => Self::Collected { root, manifest },
                (_, root) => Self::Missing(missing(ctx, root)),
            });
        }
        let listing = list(&places(ctx), &ignored(settings));
        if !listing.problems.is_empty() {
            return Err(Failure { problems: listing.problems }).context("failed to read the static files");
        }
        let scanned = build::scan(listing.sources, &prefix(settings));
        let instead = match (collected, &root) {
            (Ok(Some(manifest)), Some(root)) if manifest.build == scanned.digest => {
                return Ok(Self::Collected { root: root.clone(), manifest });
            }
            (Ok(Some(_)), Some(root)) => {
                let (root, program) = (root.display(), ctx.program());
                Some(format!(
                    "what `{root}` holds was collected from other sources (`{program} collectstatic` renews it)"
                ))
            }
            (Err(error), _) => Some(error.to_string()),
            (Ok(_), _) => None,
        };
        let built = scanned.build().context("failed to prepare the static files that this release carries")?;
        Ok(Self::Built { manifest: built.manifest(), built, root, instead })
    }
}

/// In production a debug build needs what was collected. A release carries it.
pub(crate) fn check(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    let settings = ctx.settings();
    if settings.environment != Environment::Production || mode(settings) != Mode::Deployed {
        return Vec::new();
    }
    let text = match ctx.deployed_statics() {
        Ok(Deployed::Missing(reason)) => format!("the static files were not collected: {reason}"),
        Ok(_) => return Vec::new(),
        Err(error) => error.to_string(),
    };
    vec![Message::new(Level::Error, "staticfiles.E006", text)]
}

fn missing(ctx: &Context, root: Option<PathBuf>) -> String {
    match root {
        Some(root) => {
            format!("there is no `{}`, so run `{} collectstatic`", root.join(manifest::NAME).display(), ctx.program())
        }
        None => "`static.root` is not set, so nothing can be collected".to_owned(),
    }
}
