//! A static file in all the forms in which it can be sent.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use bytes::Bytes;

use crate::http::Accepted;
use crate::staticfiles::build::Data;
use crate::staticfiles::compress::{self, Effort, Encoding};
use crate::staticfiles::content_type::content_type;
use crate::staticfiles::digest::Digest;

/// How many hex digits of a hash tell two contents apart.
const TAG_DIGITS: usize = 32;

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caching {
    /// Its name says what is in it.
    Forever,
    /// As long as the server, asked each time, says that it is still the same.
    Asked,
}

/// One form of a file: as it is, or compressed.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) encoding: Option<Encoding>,
    pub(super) size: u64,
    /// The entity tag, with its quotes.
    pub(super) tag: String,
    pub(super) data: Data,
}

impl Form {
    pub(super) fn new(encoding: Option<Encoding>, data: Data, size: u64, sha256: &str) -> Self {
        let digits = sha256.get(..TAG_DIGITS).unwrap_or(sha256);
        Self { encoding, size, tag: format!("\"{digits}\""), data }
    }

    pub(super) fn of(encoding: Option<Encoding>, bytes: Bytes) -> Self {
        let Digest { size, sha256 } = Digest::of(&bytes);
        Self::new(encoding, Data::Memory(bytes), size, &sha256)
    }
}

/// The compressed forms of a file.
#[derive(Clone, Debug)]
pub(super) enum Compressed {
    /// Those that there are; perhaps none.
    Ready(Vec<Form>),
    /// Made when the first client asks.
    OnDemand(Arc<OnDemand>),
}

/// A static file.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) content_type: &'static str,
    pub(super) caching: Caching,
    /// As it is.
    pub(super) plain: Form,
    pub(super) compressed: Compressed,
}

impl Asset {
    pub(super) fn new(name: &str, caching: Caching, plain: Form, compressed: Compressed) -> Self {
        Self { content_type: content_type(Path::new(name)), caching, plain, compressed }
    }

    /// Whether clients that take different encodings get different forms.
    pub(super) fn varies(&self) -> bool {
        match &self.compressed {
            Compressed::Ready(forms) => !forms.is_empty(),
            Compressed::OnDemand(_) => true,
        }
    }

    /// The form that the client likes best.
    pub(super) async fn choose(&self, accepted: &Accepted) -> anyhow::Result<Form> {
        match &self.compressed {
            Compressed::Ready(forms) => {
                let best = accepted.best(forms, |form| form.encoding.map_or("identity", Encoding::token));
                Ok(best.unwrap_or(&self.plain).clone())
            }
            Compressed::OnDemand(on_demand) => {
                let mut left = Encoding::ALL.to_vec();
                while let Some(best) = accepted.best(left.iter().copied(), Encoding::token) {
                    let on_demand = Arc::clone(on_demand);
                    let form = tokio::task::spawn_blocking(move || on_demand.form(best)).await;
                    if let Some(form) = form.context("failed to compress a static file")? {
                        return Ok(form);
                    }
                    left.retain(|one| *one != best);
                }
                Ok(self.plain.clone())
            }
        }
    }
}

/// The compressed forms of what is in memory, each made once.
#[derive(Debug)]
pub(super) struct OnDemand {
    content: Bytes,
    forms: [OnceLock<Option<Form>>; Encoding::ALL.len()],
}

impl OnDemand {
    pub(super) fn new(content: Bytes) -> Self {
        Self { content, forms: Default::default() }
    }

    /// None when it saves nothing.
    fn form(&self, encoding: Encoding) -> Option<Form> {
        let slot = Encoding::ALL.iter().zip(&self.forms).find(|(known, _)| **known == encoding)?.1;
        let make = || {
            let encoded = compress::encode(&self.content, encoding, Effort::Quick).ok().flatten()?;
            Some(Form::of(Some(encoding), encoded.into()))
        };
        slot.get_or_init(make).clone()
    }
}
