//! What a release build carries, hashed when it starts: a server without a static root of its own.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::asset::{Asset, Caching, Compressed, Form, OnDemand};
use super::collected::Collected;
use crate::staticfiles::build::{Built, Data, Served};
use crate::staticfiles::compress::is_compressible;

/// Static files in memory.
pub(super) struct Memory {
    files: HashMap<String, Asset>,
    /// For hashed names of other releases.
    others: Option<Collected>,
}

impl Memory {
    pub(super) fn new(built: &Built, root: Option<&Path>) -> Self {
        Self { files: built.files.iter().flat_map(assets).collect(), others: root.map(Collected::others) }
    }

    pub(super) async fn asset(&self, name: &str) -> anyhow::Result<Option<Asset>> {
        match (self.files.get(name), &self.others) {
            (Some(asset), _) => Ok(Some(asset.clone())),
            (None, Some(others)) => others.asset(name).await,
            (None, None) => Ok(None),
        }
    }
}

/// Both names of a file. They stand for the same content, so that references lead from one hashed name to the next.
fn assets(Served { path, hashed_path, hashed, .. }: &Served) -> [(String, Asset); 2] {
    let plain = Form::new(None, hashed.data.clone(), hashed.digest.size, &hashed.digest.sha256);
    let compressed = match &hashed.data {
        Data::Memory(bytes) if is_compressible(path) => Compressed::OnDemand(Arc::new(OnDemand::new(bytes.clone()))),
        _ => Compressed::Ready(Vec::new()),
    };
    let asset = |name: &String, caching| (name.clone(), Asset::new(name, caching, plain.clone(), compressed.clone()));
    [asset(path, Caching::Asked), asset(hashed_path, Caching::Forever)]
}
