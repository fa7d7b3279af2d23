//! Format version 1: the scenario as postcard writes it. A change of [`Scenario`]'s fields needs version 2, and a copy of
//! today's fields here.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::{Limits, LinkError, SharedScenario};
use crate::scenario::{ENGINE, Scenario};
use crate::simulation::Digest;

pub(super) const VERSION: u8 = 1;

const LENGTH: usize = 1;
const CHECKSUM: usize = 5;
const ENGINE_AT: usize = 9;
const DIGEST: usize = 13;
const SCENARIO: usize = 45;

/// miniz_oxide's best compression.
const COMPRESSION: u8 = 10;

pub(super) fn encode(shared: &SharedScenario) -> Vec<u8> {
    let scenario = postcard::to_allocvec(&shared.scenario).expect("a scenario is plain data");
    sealed(shared.scenario.engine, shared.digest, &compress_to_vec(&scenario, COMPRESSION))
}

/// A compressed scenario behind its header.
pub(super) fn sealed(engine: u32, digest: Digest, packed: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packed.len()).expect("a scenario is smaller than 4 GiB");
    let mut bytes = vec![VERSION];
    bytes.extend(length.to_le_bytes());
    bytes.extend([0; ENGINE_AT - CHECKSUM]);
    bytes.extend(engine.to_le_bytes());
    bytes.extend(digest.0);
    bytes.extend(packed);
    let checksum = checksum(&bytes);
    bytes[CHECKSUM..ENGINE_AT].copy_from_slice(&checksum);
    bytes
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<SharedScenario, LinkError> {
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
    let theirs = u32_at(bytes, ENGINE_AT);
    if theirs > ENGINE {
        return Err(LinkError::NewerEngine { theirs, ours: ENGINE });
    }
    let scenario = decompress_to_vec_with_limit(packed, limits.bytes).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => {
            LinkError::TooLarge { what: "bytes", value: limits.bytes as u64 + 1, limit: limits.bytes as u64 }
        }
        _ => LinkError::Damaged,
    })?;
    let (scenario, rest) = postcard::take_from_bytes::<Scenario>(&scenario).map_err(|_| LinkError::Damaged)?;
    if scenario.engine != theirs || !rest.is_empty() {
        return Err(LinkError::Damaged);
    }
    let digest = bytes[DIGEST..SCENARIO].try_into().expect("32 bytes");
    Ok(SharedScenario { scenario, digest: Digest(digest) })
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
