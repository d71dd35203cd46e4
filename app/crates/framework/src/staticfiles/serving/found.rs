//! Static files as they are on disk, looked at anew for each request.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;

use super::asset::{Asset, Caching, Compressed, Form};
use crate::staticfiles::build::Data;
use crate::staticfiles::digest::Digest;
use crate::staticfiles::places::{self, Place, find};

/// Up to this size a file is read once, and what was read is sent.
const IN_MEMORY: u64 = 1024 * 1024;

/// Finds files in places.
pub(super) struct Found(Arc<[Place]>);

impl Found {
    pub(super) fn new(places: Vec<Place>) -> Self {
        Self(places.into())
    }

    pub(super) async fn asset(&self, name: &str) -> anyhow::Result<Option<Asset>> {
        let (places, name) = (Arc::clone(&self.0), name.to_owned());
        let look = move || -> anyhow::Result<Option<Asset>> {
            let plain = match find(&places, &name) {
                None => return Ok(None),
                Some(places::Found::Carried(content)) => Form::of(None, Bytes::from_static(content)),
                Some(places::Found::File(file)) => read(file).with_context(|| format!("failed to read `{name}`"))?,
            };
            Ok(Some(Asset::new(&name, Caching::Asked, plain, Compressed::Ready(Vec::new()))))
        };
        tokio::task::spawn_blocking(look).await.context("failed to look for a static file")?
    }
}

fn read(path: PathBuf) -> io::Result<Form> {
    let mut file = File::open(&path)?;
    if file.metadata()?.len() <= IN_MEMORY {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        return Ok(Form::of(None, bytes.into()));
    }
    let Digest { size, sha256 } = Digest::copying(&mut file, &mut io::sink())?;
    Ok(Form::new(None, Data::Disk(path), size, &sha256))
}
