//! What was in a file that somebody opened.

use std::io::Read;

use flate2::read::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most that a file may hold, so that a small one cannot unpack to fill the memory.
const UNPACKED_MAX: u64 = 512 << 20;

/// What a file holds: gzip, several members of it included, or what it is; or what is wrong with it, to be read behind its
/// name.
pub(crate) fn unpacked(content: Vec<u8>) -> Result<Vec<u8>, String> {
    if content.starts_with(&ZSTD) {
        return Err("is packed by zstd; expected a plain file, or gzip".to_owned());
    }
    if !content.starts_with(&GZIP) {
        return Ok(content);
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(&content[..]).take(UNPACKED_MAX + 1).read_to_end(&mut plain);
    match read {
        Ok(length) if length as u64 > UNPACKED_MAX => {
            Err(format!("holds more than {} MiB; cut it, or use the command line", UNPACKED_MAX >> 20))
        }
        Ok(_) => Ok(plain),
        Err(error) => Err(format!("begins as gzip and cannot be unpacked: {error}; fetch it again")),
    }
}
