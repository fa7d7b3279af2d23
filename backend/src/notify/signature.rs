//! Signatures of what is sent to webhooks. Source: Standard Webhooks 1.0.0, "Signature scheme".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// Bytes of a new secret; the specification wants 24 to 64.
const BYTES: usize = 32;

/// Bytes that a secret may have.
const BYTES_ALLOWED: core::ops::RangeInclusive<usize> = 24..=64;

/// A new secret, of the operating system's entropy.
///
/// # Errors
/// When the system has none to give.
pub(super) fn draw_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The bytes of a secret; none where it has not the form of one.
pub(crate) fn secret_bytes(secret: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    BYTES_ALLOWED.contains(&bytes.len()).then_some(bytes)
}

/// What `webhook-signature` says of a body that is sent at an instant, in seconds after 1970.
pub(super) fn sign(secret: &[u8], id: &str, seconds: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that libraries of Standard Webhooks are tested with.
    #[test]
    fn what_is_signed_verifies_with_the_libraries_of_the_specification() {
        let secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_drawn_in_the_form_that_is_read() {
        let (one, other) = (draw_secret().unwrap(), draw_secret().unwrap());
        assert_ne!(one, other);
        assert_eq!(secret_bytes(&one).unwrap().len(), BYTES);
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert_eq!(secret_bytes(wrong), None, "{wrong}");
        }
    }
}
