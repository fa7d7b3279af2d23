//! The secret of a key: drawn once, shown once, and stored as its hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every key begins with, so that it is known for what it is wherever it is found.
const PREFIX: &str = "sp_";

/// Bytes of a secret: 256 bits, which nobody guesses.
const BYTES: usize = 32;

/// Bytes of an id.
const ID_BYTES: usize = 6;

/// A secret that nobody has seen yet.
pub struct NewSecret(String);

impl NewSecret {
    /// One of the operating system's entropy.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// The whole key, as it is shown once.
    pub fn in_key(&self, id: &str) -> String {
        format!("{PREFIX}{id}_{}", self.0)
    }
}

/// The id of a new key.
///
/// # Errors
/// When the system has no entropy to give.
pub(crate) fn draw_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// BLAKE3 of a secret. A fast hash is enough: of 256 random bits none is likelier than another, so that there is nothing to
/// try first, which is all that a slow hash would slow down. Two of them are compared in constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash(blake3::Hash);

impl SecretHash {
    fn of(secret: &str) -> Self {
        Self(blake3::hash(secret.as_bytes()))
    }

    /// One that was stored.
    pub fn parse(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(Self)
    }

    /// As it is stored.
    pub fn to_text(self) -> String {
        self.0.to_hex().to_string()
    }
}

/// A key as somebody sends it.
pub struct GivenKey {
    /// The part that is no secret.
    pub id: String,
    secret: String,
}

impl GivenKey {
    /// Takes a key apart; none where it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// One that somebody else has drawn; none where it has not the form of ours, or is shorter than nobody guesses.
    pub fn parse_own(text: &str) -> Option<Self> {
        let key = Self::parse(text)?;
        let of_id = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
        let of_secret = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let good = key.id.len() == ID_BYTES * 2
            && key.id.chars().all(of_id)
            && key.secret.len() >= (BYTES * 8).div_ceil(6)
            && key.secret.chars().all(of_secret);
        good.then_some(key)
    }

    pub(super) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_apart_as_it_was_put_together() {
        // Its alphabet has the separator of the parts, too.
        for _ in 0..100 {
            let (id, secret) = (draw_id().unwrap(), NewSecret::draw().unwrap());
            let given = GivenKey::parse(&secret.in_key(&id)).unwrap();
            assert_eq!((given.id.as_str(), given.hash()), (id.as_str(), secret.hash()));
            assert_eq!(SecretHash::parse(&secret.hash().to_text()), Some(secret.hash()));
        }
        for wrong in ["", "sp_", "sp_abc", "abc_def", "SP_a_b"] {
            assert!(GivenKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_others_drew_is_as_good_as_ours() {
        let secret = "a".repeat(43);
        assert!(GivenKey::parse_own(&format!("sp_0123456789ab_{secret}")).is_some());
        for wrong in ["sp_0123456789AB_", "sp_0123456789a_", "sp_0123456789ab_+"] {
            assert!(GivenKey::parse_own(&format!("{wrong}{secret}")).is_none(), "{wrong}");
        }
        // 42 characters of 64 are 252 bits.
        assert!(GivenKey::parse_own(&format!("sp_0123456789ab_{}", &secret[1..])).is_none());
    }

    #[test]
    fn secrets_have_256_bits_and_differ() {
        let secrets: Vec<String> = (0..50).map(|_| NewSecret::draw().unwrap().0).collect();
        let distinct: std::collections::BTreeSet<&String> = secrets.iter().collect();
        assert_eq!(distinct.len(), 50);
        assert!(secrets.iter().all(|secret| URL_SAFE_NO_PAD.decode(secret).unwrap().len() * 8 == 256));
    }
}
