//! Compressed copies of static files: which files are worth it, and how it is done.

use std::io;

use libdeflater::{CompressionLvl, Compressor};
use serde::{Deserialize, Serialize};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Encoding {
    /// Brotli.
    #[serde(rename = "br")]
    Brotli,
    /// Gzip.
    #[serde(rename = "gzip")]
    Gzip,
    /// Zstandard.
    #[serde(rename = "zstd")]
    Zstd,
}

impl Encoding {
    /// Every encoding; of two that a client takes equally, the earlier is usually smaller.
    pub const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// What stands after the file's name and a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The name of the compressed file beside `name`.
    pub fn name_for(self, name: &str) -> String {
        format!("{name}.{}", self.extension())
    }
}

/// Ends of names of what is compressed already.
const COMPRESSED: &[&str] = &[
    "3gp", "3gpp", "7z", "asf", "avi", "avif", "br", "bz2", "flv", "gif", "gz", "jpeg", "jpg", "m4a", "m4v", "mov",
    "mp3", "mp4", "mpeg", "mpg", "ogg", "opus", "png", "rar", "swf", "tbz", "tgz", "webm", "webp", "wmv", "woff",
    "woff2", "xz", "zip", "zst",
];

/// Whether trying to compress the file makes sense, by its name.
pub fn is_compressible(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    !COMPRESSED.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// How much time compressing may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As small as it gets: more than two seconds a megabyte.
    Best,
    /// Brotli 8 %, the others 2 % bigger, in a seventh of the time.
    Quick,
}

impl Effort {
    /// Up to how many bytes are worth the best.
    const WORTH_THE_BEST: u64 = 4 << 20;

    /// For this many bytes in all: a usual project gets the best, and nobody waits for minutes with a big one.
    pub fn for_all(bytes: u64) -> Self {
        if bytes <= Self::WORTH_THE_BEST { Self::Best } else { Self::Quick }
    }
}

/// The compressed bytes; `None` when they would save less than a twentieth.
///
/// # Errors
/// When the encoder fails, which only happens for want of memory.
pub fn encode(bytes: &[u8], encoding: Encoding, effort: Effort) -> io::Result<Option<Vec<u8>>> {
    let encoded = match encoding {
        Encoding::Brotli => brotli(bytes, effort)?,
        Encoding::Gzip => gzip(bytes, effort)?,
        Encoding::Zstd => zstd(bytes, effort)?,
    };
    let is_worth_it = (encoded.len() as u64) * 20 <= (bytes.len() as u64) * 19;
    Ok(is_worth_it.then_some(encoded))
}

fn brotli(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let (quality, smallest) = match effort {
        Effort::Best => (11, 16),
        // With a smaller window the encoder clears a table of 32 MB for each file, however short that is.
        Effort::Quick => (7, 18),
    };
    // A window beyond the content would cost time and memory, and gain nothing.
    let window = (bytes.len() + 16).next_power_of_two().ilog2().clamp(smallest, 22);
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: window as i32,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut encoded = Vec::with_capacity(bytes.len() / 2);
    brotli::BrotliCompress(&mut &bytes[..], &mut encoded, &parameters)?;
    Ok(encoded)
}

/// No time stamp in it: the same content gives the same bytes.
fn gzip(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let level = match effort {
        Effort::Best => CompressionLvl::best(),
        Effort::Quick => CompressionLvl::new(11).unwrap_or_default(),
    };
    let mut compressor = Compressor::new(level);
    let mut encoded = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut encoded).map_err(io::Error::other)?;
    encoded.truncate(length);
    Ok(encoded)
}

/// No level whose window is bigger than all browsers take (8 MB).
fn zstd(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    let level = match effort {
        Effort::Best => 19,
        Effort::Quick => 12,
    };
    zstd::bulk::compress(bytes, level)
}
