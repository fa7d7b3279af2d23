//! What all versions have in common: the header, and the compressed scenario behind it.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::{Limits, LinkError};
use crate::scenario::ENGINE;
use crate::simulation::Digest;

const LENGTH: usize = 1;
const CHECKSUM: usize = 5;
const ENGINE_AT: usize = 9;
const DIGEST: usize = 13;
const SCENARIO: usize = 45;

/// miniz_oxide's best compression.
const COMPRESSION: u8 = 10;

/// A scenario's bytes with what stands in its header.
pub(super) struct Opened {
    pub(super) engine: u32,
    pub(super) digest: Digest,
    pub(super) scenario: Vec<u8>,
}

/// The bytes of a scenario, compressed, behind a header of `version`.
pub(super) fn seal(version: u8, engine: u32, digest: Digest, scenario: &[u8]) -> Vec<u8> {
    sealed(version, engine, digest, &compress_to_vec(scenario, COMPRESSION))
}

/// A compressed scenario behind its header.
pub(super) fn sealed(version: u8, engine: u32, digest: Digest, packed: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packed.len()).expect("a scenario is smaller than 4 GiB");
    let mut bytes = vec![version];
    bytes.extend(length.to_le_bytes());
    bytes.extend([0; ENGINE_AT - CHECKSUM]);
    bytes.extend(engine.to_le_bytes());
    bytes.extend(digest.0);
    bytes.extend(packed);
    let checksum = checksum(&bytes);
    bytes[CHECKSUM..ENGINE_AT].copy_from_slice(&checksum);
    bytes
}

/// The bytes of the scenario, whole and not longer than the limit.
pub(super) fn open(bytes: &[u8], limits: &Limits) -> Result<Opened, LinkError> {
    if bytes.len() < SCENARIO {
        return Err(LinkError::Truncated);
    }
    let (length, packed) = (u32_at(bytes, LENGTH) as usize, &bytes[SCENARIO..]);
    if packed.len() < length {
        return Err(LinkError::Truncated);
    }
    if packed.len() > length || bytes[CHECKSUM..ENGINE_AT] != checksum(bytes) {
        return Err(LinkError::Damaged);
    }
    let engine = u32_at(bytes, ENGINE_AT);
    if engine > ENGINE {
        return Err(LinkError::NewerEngine { theirs: engine, ours: ENGINE });
    }
    let scenario = decompress_to_vec_with_limit(packed, limits.bytes).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => {
            LinkError::TooLarge { what: "bytes", value: limits.bytes as u64 + 1, limit: limits.bytes as u64 }
        }
        _ => LinkError::Damaged,
    })?;
    let digest = Digest(bytes[DIGEST..SCENARIO].try_into().expect("32 bytes"));
    Ok(Opened { engine, digest, scenario })
}

/// Over everything but itself and the digest: whether that is the scenario's is what running it shows.
fn checksum(bytes: &[u8]) -> [u8; ENGINE_AT - CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..CHECKSUM]).update(&bytes[ENGINE_AT..DIGEST]).update(&bytes[SCENARIO..]);
    let hash = hasher.finalize();
    hash.as_bytes()[..ENGINE_AT - CHECKSUM].try_into().expect("4 of 32 bytes")
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}
