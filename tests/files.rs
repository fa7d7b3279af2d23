//! Serves a folder as a static host does: under a path, without the service.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;

/// A folder on a free port, until the process ends.
pub struct Files {
    at: SocketAddr,
    prefix: &'static str,
}

impl Files {
    /// Serves `folder` under `prefix`, which begins and ends with a slash.
    pub fn serve(folder: &Path, prefix: &'static str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (at, folder) = (listener.local_addr()?, folder.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = folder.clone();
                // A browser that hangs up early is no failure.
                thread::spawn(move || answer(&stream, &folder, prefix).ok());
            }
        });
        Ok(Self { at, prefix })
    }

    /// The page's address with `rest` behind it.
    pub fn address(&self, rest: &str) -> String {
        format!("http://{}{}{rest}", self.at, self.prefix)
    }
}

fn answer(mut stream: &TcpStream, folder: &Path, prefix: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    lines.by_ref().map_while(Result::ok).find(String::is_empty);
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().and_then(|path| path.strip_prefix(prefix)).unwrap_or("/");
    let name = if path.is_empty() { "index.html" } else { path };
    let file: PathBuf = folder.join(name);
    match std::fs::read(&file).ok().filter(|_| !name.contains("..") && !name.starts_with('/')) {
        Some(bytes) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                content_type(&file),
                bytes.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&bytes)
        }
        None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    }
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
