//! The share link: a scenario and the digest that its sender saw, as text that fits an address bar.
//!
//! ```text
//! #/lab?s=base64url( version:u8 · length:u32 · checksum:4 · engine:u32 · digest:32 · deflate(postcard(scenario)) )
//! ```
//!
//! Integers are little-endian; `length` is that of the compressed scenario and tells a cut link from a damaged one; the
//! checksum is the beginning of the BLAKE3 hash of all but itself and the digest, which is put to the test by running the
//! scenario. The engine stands outside the scenario, so that a link from a newer engine is recognised even when its
//! scenario can no longer be read here.

mod envelope;
mod error;
mod limits;
mod old;
mod privacy;
mod v1;
mod v2;
mod v3;
mod v4;
mod v5;
mod v6;
mod v7;
mod v8;
mod variants;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use error::LinkError;
pub use limits::Limits;
pub use privacy::{Privacy, Revealed, prepared, revealed};
pub use variants::{MAX_VARIANT_CHARACTERS, MAX_VARIANTS, VARIANTS_PARAMETER, Variant, Variants};

use crate::scenario::Scenario;
use crate::simulation::Digest;

/// The longest text that becomes a link; beyond it browsers, chats and proxies begin to cut.
pub const MAX_LINK_CHARACTERS: usize = 8_000;

/// The version that links and files of scenarios begin with today; earlier ones count up to it.
pub const NEWEST_VERSION: u8 = v8::VERSION;

/// The route of the page that opens a link, with the parameter that holds it.
pub const LINK_ROUTE: &str = "#/lab?s=";

/// What travels: a scenario, and what its sender saw.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedScenario {
    /// The scenario as it was run.
    pub scenario: Scenario,
    /// The digest of the sender's outcome.
    pub digest: Digest,
}

impl SharedScenario {
    /// The bytes of a scenario file, of any length.
    pub fn to_bytes(&self) -> Vec<u8> {
        v8::encode(self)
    }

    /// Reads a scenario file; a link's bytes are the same, but have tighter [`Limits`].
    ///
    /// # Errors
    /// When the bytes are cut, damaged, from a newer version, or beyond `limits`. Whether the scenario makes sense is for
    /// [`ValidScenario`](crate::scenario::ValidScenario) to say.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, LinkError> {
        let shared = match bytes.first() {
            None => return Err(LinkError::Empty),
            Some(&v1::VERSION) => v1::decode(bytes, limits)?,
            Some(&v2::VERSION) => v2::decode(bytes, limits)?,
            Some(&v3::VERSION) => v3::decode(bytes, limits)?,
            Some(&v4::VERSION) => v4::decode(bytes, limits)?,
            Some(&v5::VERSION) => v5::decode(bytes, limits)?,
            Some(&v6::VERSION) => v6::decode(bytes, limits)?,
            Some(&v7::VERSION) => v7::decode(bytes, limits)?,
            Some(&v8::VERSION) => v8::decode(bytes, limits)?,
            // Text, or a file of another program; versions are small numbers.
            Some(b' '..) => return Err(LinkError::Foreign),
            Some(&version) => return Err(LinkError::UnknownVersion { version, newest: NEWEST_VERSION }),
        };
        limits.check(&shared.scenario)?;
        Ok(shared)
    }

    /// The text behind [`LINK_ROUTE`].
    ///
    /// # Errors
    /// [`LinkError::TooLong`] beyond [`MAX_LINK_CHARACTERS`]; the bytes then travel as a file.
    pub fn to_link(&self) -> Result<String, LinkError> {
        let text = URL_SAFE_NO_PAD.encode(self.to_bytes());
        if text.len() > MAX_LINK_CHARACTERS {
            return Err(LinkError::TooLong { length: text.len(), limit: MAX_LINK_CHARACTERS });
        }
        Ok(text)
    }

    /// Reads the text behind [`LINK_ROUTE`]. White space that mail programs put in is passed over.
    ///
    /// # Errors
    /// As [`SharedScenario::from_bytes`], and when the text is too long or no base64url.
    pub fn from_link(text: &str) -> Result<Self, LinkError> {
        if text.len() > 2 * MAX_LINK_CHARACTERS {
            return Err(LinkError::TooLong { length: text.len(), limit: MAX_LINK_CHARACTERS });
        }
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.trim_end_matches('=');
        if text.len() > MAX_LINK_CHARACTERS {
            return Err(LinkError::TooLong { length: text.len(), limit: MAX_LINK_CHARACTERS });
        }
        Self::from_bytes(&from_base64(text)?, &Limits::LINK)
    }
}

/// The bytes of a text in base64url.
fn from_base64(text: &str) -> Result<Vec<u8>, LinkError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| match error {
        base64::DecodeError::InvalidByte(at, byte) => {
            LinkError::Character { character: char::from(byte), position: at + 1 }
        }
        _ => LinkError::Truncated,
    })
}

#[cfg(test)]
mod tests;
