//! Bytes as they are stored: compressed, and below a limit.

use std::io::Read;

use super::QueueError;

/// The most bytes of one scenario or answer that are stored, compressed.
const MAX_PACKED: usize = 64 << 20;

/// The most that they may be when they are unpacked: a small message cannot fill the memory.
const MAX_UNPACKED: u64 = 2 << 30;

/// What is stored is read once or twice: a low level is as small as it pays.
const LEVEL: i32 = 3;

/// The bytes, compressed.
///
/// # Errors
/// When they are still too many.
pub(crate) fn pack(bytes: &[u8], what: &'static str) -> Result<Vec<u8>, QueueError> {
    let packed = zstd::encode_all(bytes, LEVEL).expect("what is written to memory can be written");
    if packed.len() > MAX_PACKED {
        return Err(QueueError::TooLarge { what, bytes: packed.len(), limit: MAX_PACKED });
    }
    Ok(packed)
}

/// What was packed.
///
/// # Errors
/// When it was not, or is too large.
pub(crate) fn unpack(packed: &[u8], what: &'static str) -> Result<Vec<u8>, QueueError> {
    let damaged = |_| QueueError::Damaged { what };
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::with_buffer(packed).map_err(damaged)?;
    decoder.take(MAX_UNPACKED + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() as u64 > MAX_UNPACKED { Err(QueueError::Damaged { what }) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_and_what_was_not_is_told() {
        let bytes = b"a scenario ".repeat(1_000);
        let packed = pack(&bytes, "it").unwrap();
        assert!(packed.len() * 10 < bytes.len());
        assert_eq!(unpack(&packed, "it").unwrap(), bytes);
        for damaged in [&b"a scenario"[..], &packed[..packed.len() - 1]] {
            assert_eq!(unpack(damaged, "it"), Err(QueueError::Damaged { what: "it" }));
        }
    }
}
