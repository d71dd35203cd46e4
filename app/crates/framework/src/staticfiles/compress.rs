//! Compressed copies of static files: which files are worth it, and how it is done.

use std::io::{self, Write as _};

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

/// The compressed bytes; `None` when they would save less than a twentieth.
///
/// # Errors
/// When the encoder fails, which only happens for want of memory.
pub fn encode(bytes: &[u8], encoding: Encoding) -> io::Result<Option<Vec<u8>>> {
    let encoded = match encoding {
        Encoding::Brotli => brotli(bytes)?,
        Encoding::Gzip => gzip(bytes)?,
        Encoding::Zstd => zstd(bytes)?,
    };
    let is_worth_it = (encoded.len() as u64) * 20 <= (bytes.len() as u64) * 19;
    Ok(is_worth_it.then_some(encoded))
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // A window beyond the content would cost time and memory, and gain nothing.
    let window = (bytes.len() + 16).next_power_of_two().ilog2().clamp(16, 22);
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: window as i32,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut encoded = Vec::with_capacity(bytes.len() / 2);
    brotli::BrotliCompress(&mut &bytes[..], &mut encoded, &parameters)?;
    Ok(encoded)
}

/// No time stamp in it: the same content gives the same bytes.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 2), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The highest level whose window all browsers take (8 MB).
fn zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(bytes, 19)
}
