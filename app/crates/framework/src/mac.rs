//! Message authentication codes under the project's secret key, and bytes as text.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use crate::conf::Settings;

/// A code over these parts, under the project's secret key. The first part says what the code is for: one made for
/// something else is never right. Parts are joined with `:`, which only the last one may hold.
pub(crate) fn mac(settings: &Settings, parts: &[&str]) -> Hmac<Sha256> {
    let key = settings.secret_key.expose_secret().as_bytes();
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(parts.join(":"))
}

/// Bytes as lower-case hexadecimal text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
