//! HTTP/1.1 to a chromedriver on this machine: one connection a command, which spares the tests a full client.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Has no state, so that any number of browsers can share it.
pub(super) struct Http;

#[async_trait::async_trait]
impl HttpClient for Http {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        exchange(request).await.map_err(|error| WebDriverError::FatalError(format!("chromedriver: {error}")))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self)
    }
}

async fn exchange(request: Request<Body<'_>>) -> anyhow::Result<Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = match body {
        Body::Empty => String::new(),
        Body::Json(value) => value.to_string(),
    };
    let authority = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        parts.method,
        parts.uri.path(),
        body.len()
    );
    let mut stream = TcpStream::connect(&authority).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status: u16 = line.split(' ').nth(1).unwrap_or_default().parse()?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(Response::builder().status(status).body(answer.into())?)
}
