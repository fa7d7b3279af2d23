//! Opening inputs: files or stdin, compressed or not, never larger than we can take.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context;
use shared::input::InputError;

use crate::cli::CliError;

/// The most that an input may hold after decompression: a limit, so that a small file cannot unpack to fill the memory.
pub const MAX_BYTES: u64 = 4 << 30;

/// Every file that this process has read, so that no answer takes the place of what it was made from.
static READ: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What other files begin with, and what to do with them.
const OTHERS: [(&[u8], &str); 6] = [
    (
        b"PK\x03\x04",
        "is an Excel workbook or another ZIP archive; expected text: save its sheet as `CSV UTF-8`, or unpack it",
    ),
    (&[0xd0, 0xcf, 0x11, 0xe0], "is an Excel workbook; expected text: save its sheet as `CSV UTF-8`"),
    (b"PAR1", "is a Parquet file; expected text: write it as CSV"),
    (b"SQLite format 3", "is an SQLite database; expected text: export the table as CSV"),
    (b"SPRS", "is a snapshot of runs; expected text: `shadowplane snapshot resume` goes on from a snapshot"),
    (b"SPFM", "is a model; expected text: a model is named with --model"),
];
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// What messages call the input at `path`.
pub fn name(path: &str) -> &str {
    if path == "-" { "stdin" } else { path }
}

/// Whether the file at `path` is one that was read.
pub fn was_read(path: &str) -> bool {
    let Ok(path) = Path::new(path).canonicalize() else { return false };
    READ.lock().is_ok_and(|read| read.contains(&path))
}

fn remember(path: &str) {
    if let (Ok(path), Ok(mut read)) = (Path::new(path).canonicalize(), READ.lock()) {
        read.push(path);
    }
}

/// The whole text of the file at `path` (`-` is stdin), decompressed where its first bytes say gzip or zstd.
///
/// # Errors
/// When it cannot be read, is larger than [`MAX_BYTES`], or is no UTF-8: then with the line.
pub fn read_text(path: &str) -> Result<String, CliError> {
    read_text_up_to(path, MAX_BYTES)
}

/// The bytes of the file at `path`, as [`read_text`] reads them, but for what they mean.
///
/// # Errors
/// When it cannot be read, or is larger than [`MAX_BYTES`].
pub fn read_bytes(path: &str) -> Result<Vec<u8>, CliError> {
    read_bytes_up_to(path, MAX_BYTES)
}

/// The text that `bytes` of the file at `path` are, as [`read_text`] reads it.
///
/// # Errors
/// When it is no UTF-8, with the line.
pub fn text_of(path: &str, bytes: Vec<u8>) -> Result<String, CliError> {
    text(bytes).map_err(CliError::in_file(name(path)))
}

fn read_text_up_to(path: &str, limit: u64) -> Result<String, CliError> {
    text_of(path, read_bytes_up_to(path, limit)?)
}

fn read_bytes_up_to(path: &str, limit: u64) -> Result<Vec<u8>, CliError> {
    let reader = open(path)?;
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", name(path)))?;
    if bytes.len() as u64 > limit {
        let message = format!("holds more than {limit} bytes, the most that is read; split it by time");
        return Err(CliError::in_file(name(path))(InputError::whole(message)));
    }
    Ok(bytes)
}

fn open(path: &str) -> Result<Box<dyn Read>, CliError> {
    let raw: Box<dyn Read> = if path == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).with_context(|| format!("cannot open {path}"))?;
        remember(path);
        Box::new(file)
    };
    let mut raw = BufReader::with_capacity(1 << 16, raw);
    let start = raw.fill_buf().with_context(|| format!("cannot read {}", name(path)))?;
    Ok(if start.starts_with(&GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(raw))
    } else if start.starts_with(&ZSTD) {
        Box::new(zstd::Decoder::with_buffer(raw).with_context(|| format!("cannot read {}", name(path)))?)
    } else {
        Box::new(raw)
    })
}

/// UTF-8 without the mark that spreadsheets put in front of it.
fn text(mut bytes: Vec<u8>) -> Result<String, InputError> {
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(InputError::line(1, "is UTF-16; expected UTF-8: save it as `CSV UTF-8`"));
    }
    if let Some((_, message)) = OTHERS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(InputError::whole(*message));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let message = "holds bytes that are no UTF-8; expected UTF-8 text, or gzip or zstd of it: a spreadsheet saves it as \
                       `CSV UTF-8`, and `iconv -f WINDOWS-1252 -t UTF-8` converts what it saved as plain CSV";
        InputError::line(line, message)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn text_is_utf_8_and_says_where_it_is_not() {
        assert_eq!(text(b"\xef\xbb\xbfa;b\n".to_vec()).unwrap(), "a;b\n");
        assert_eq!(text(b"a\nb\n\xff\n".to_vec()).unwrap_err().line, 3);
        assert!(text(vec![0xff, 0xfe, b'a', 0]).unwrap_err().message.contains("UTF-16"));
        // `ü` as Windows-1252 writes it.
        assert!(text(b"M\xfcller\n".to_vec()).unwrap_err().message.contains("iconv -f WINDOWS-1252"));
        assert!(text(b"PK\x03\x04\x14".to_vec()).unwrap_err().message.contains("save its sheet as `CSV UTF-8`"));
    }

    #[test]
    fn compressed_files_are_recognised_by_their_content_and_stay_below_the_limit() {
        let directory = std::env::temp_dir().join(format!("shadowplane-input-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let text = "at,value\n".repeat(1_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for (file, bytes) in [("a", gzip.finish().unwrap()), ("b", zstd), ("c", text.clone().into_bytes())] {
            let path = directory.join(file);
            std::fs::write(&path, bytes).unwrap();
            let path = path.to_str().unwrap();
            assert_eq!(read_text(path).unwrap(), text);
            let error = read_text_up_to(path, 8_999).unwrap_err().to_string();
            assert!(error.contains("more than 8999 bytes"), "{error}");
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}
