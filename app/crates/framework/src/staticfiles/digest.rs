//! SHA-256 of what is in memory and of what streams by, as hex.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

/// The size and the SHA-256 of some content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// In bytes.
    pub size: u64,
    /// In hex.
    pub sha256: String,
}

impl Digest {
    /// Of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
    }

    /// Of all that can be read, which is written on at the same time.
    ///
    /// # Errors
    /// When reading or writing fails.
    pub fn copying(from: &mut impl Read, to: &mut impl Write) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        let mut size = 0;
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => return Ok(Self { size, sha256: hex(&hasher.finalize()) }),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(&buffer[..read]);
            to.write_all(&buffer[..read])?;
            size += read as u64;
        }
    }
}

/// Bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
