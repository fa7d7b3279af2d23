//! Files of our own: what kind, which format, and a hash that tells whether they are as they were written.

/// How long the hash is, which stands before the contents.
const HASH: usize = blake3::OUT_LEN;

/// What begins every file of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Seal {
    /// The first bytes.
    pub magic: [u8; 4],
    /// The version of the format, which follows in four bytes, the lowest first.
    pub format: u32,
}

/// Why bytes are no file of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// They begin otherwise.
    OtherKind,
    /// They have this format.
    OtherFormat(u32),
    /// They are cut short, or some of them were changed.
    Damaged,
}

impl Seal {
    /// The bytes of a file with such contents.
    pub fn close(self, contents: &[u8]) -> Vec<u8> {
        let hash = blake3::hash(contents);
        [&self.magic[..], &self.format.to_le_bytes(), hash.as_bytes(), contents].concat()
    }

    /// The contents of a file.
    ///
    /// # Errors
    /// When it is of another kind or format, or not as it was written.
    pub fn open(self, bytes: &[u8]) -> Result<&[u8], SealError> {
        let rest = bytes.strip_prefix(&self.magic).ok_or(SealError::OtherKind)?;
        let (format, rest) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let format = u32::from_le_bytes(*format);
        if format != self.format {
            return Err(SealError::OtherFormat(format));
        }
        let (hash, contents) = rest.split_first_chunk::<HASH>().ok_or(SealError::Damaged)?;
        if blake3::hash(contents).as_bytes() == hash { Ok(contents) } else { Err(SealError::Damaged) }
    }
}
