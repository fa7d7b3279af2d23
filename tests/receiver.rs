//! Somebody who is sent requests: keeps them, and answers as told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Listens until the test ends.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    answers: VecDeque<String>,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The same where it is no text.
    pub(crate) bytes: Vec<u8>,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Receiver {
    /// One on a free port.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    /// One at an address that was found to be free.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::<Mutex<State>>::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Who hangs up is not waited for.
                let _ = stream.and_then(|stream| serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Has the next requests be answered with these status lines and headers; all others are answered with 200.
    pub(crate) fn answer(&self, answers: &[&str]) {
        self.state.lock().unwrap().answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
    }

    /// Everything until now.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// Waits until what was received is as wanted.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            if wanted(&received) {
                return received;
            }
            assert!(begun.elapsed() < PATIENCE, "it never was as wanted; received: {received:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// One request a connection.
fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let bytes = body;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let answer = {
        let mut state = state.lock().unwrap();
        state.received.push(Received { path, headers, body, bytes });
        state.answers.pop_front().unwrap_or_else(|| "200 OK".to_owned())
    };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy")
}
