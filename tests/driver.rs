//! Chromium through a chromedriver that the test starts on a free port, and ends.

mod http;

use std::env;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::http::Method;
use anyhow::{Context, Result, bail};
use serde_json::json;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, RequestData, SessionId};
use tokio::sync::{Mutex, MutexGuard};

use self::http::Http;

/// One test at a time: a browser is a machine's worth of threads.
static TURN: Mutex<()> = Mutex::const_new(());

/// What Chromium needs to run as root, without a screen, and without asking anybody for updates.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
];

/// A running chromedriver; it ends with the value.
pub struct Browsers {
    process: Child,
    address: String,
    profiles: PathBuf,
    opened: AtomicU32,
    _turn: MutexGuard<'static, ()>,
}

impl Browsers {
    /// Starts chromedriver; none where there is none.
    pub async fn find() -> Result<Option<Self>> {
        let Some(program) = env::var_os("CHROMEDRIVER").or_else(|| on_path("chromedriver")) else { return Ok(None) };
        let turn = TURN.lock().await;
        // Between this and chromedriver's own binding, somebody else may take the port; the test then fails and says so.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(&program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let profiles = env::temp_dir().join(format!("shadowplane-browser-{}-{port}", std::process::id()));
        let address = format!("http://127.0.0.1:{port}");
        let browsers = Self { process, address, profiles, opened: AtomicU32::new(0), _turn: turn };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(Some(browsers));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("chromedriver does not answer on port {port}")
    }

    /// A new browser with an empty profile: nothing is cached, nothing remembered.
    pub async fn open(&self) -> Result<WebDriver> {
        self.start(DesiredCapabilities::chrome()).await
    }

    /// One whose pages are dark.
    pub async fn open_dark(&self) -> Result<WebDriver> {
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.add_arg("--force-dark-mode")?;
        self.start(capabilities).await
    }

    /// One whose pages are as narrow as this, which a window without a screen cannot be.
    pub async fn open_narrow(&self, width: u32) -> Result<WebDriver> {
        let mut capabilities = DesiredCapabilities::chrome();
        let metrics = json!({"width": width, "height": 740, "pixelRatio": 1.0, "mobile": false, "touch": false});
        capabilities.add_experimental_option("mobileEmulation", json!({"deviceMetrics": metrics}))?;
        self.start(capabilities).await
    }

    async fn start(&self, mut capabilities: ChromeCapabilities) -> Result<WebDriver> {
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        let profile = self.profiles.join(self.opened.fetch_add(1, Ordering::Relaxed).to_string());
        capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        if let Some(program) = env::var_os("CHROMIUM") {
            capabilities.set_binary(&program.to_string_lossy())?;
        }
        WebDriver::builder(&self.address, capabilities).client(Http).await.context("cannot start the browser")
    }
}

/// Cuts a page off from every network, as when a cable is pulled; chromedriver can, and WebDriver has no word for it.
///
/// # Errors
/// When the browser does not do it.
pub async fn cut_network(page: &WebDriver) -> Result<()> {
    page.handle().cmd(CutNetwork).await.context("the network cannot be cut")?;
    Ok(())
}

#[derive(Debug)]
struct CutNetwork;

impl FormatRequestData for CutNetwork {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let none = json!({"offline": true, "latency": 0, "download_throughput": 0, "upload_throughput": 0});
        RequestData::new(Method::POST, format!("/session/{session}/chromium/network_conditions"))
            .add_body(json!({ "network_conditions": none }))
    }
}

impl Drop for Browsers {
    fn drop(&mut self) {
        // It takes the browsers that it started with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.profiles);
    }
}

fn on_path(program: &str) -> Option<OsString> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).map(OsString::from)
}
