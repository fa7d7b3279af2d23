//! Real NATS servers to test with, of Debian's package: on free ports, in folders of their own, gone with their handle.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server, or a cluster, may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server asks whoever connects for.
const LOGIN: &str = "tests:s3cret";

/// Servers of one cluster, or one alone; they end with the handle.
pub struct Nats {
    program: PathBuf,
    folder: PathBuf,
    servers: Vec<Server>,
}

/// One server.
struct Server {
    port: u16,
    monitor: u16,
    process: Mutex<Option<Child>>,
}

impl Nats {
    /// The one that other tests of this process use at this moment, or a new one; as [`new`](Self::new).
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Nats>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let new = Arc::new(Self::new(1)?);
        *shared = Arc::downgrade(&new);
        Some(new)
    }

    /// So many of its own, which may be killed. Without the program the test says so, is counted as skipped, and has to return.
    ///
    /// # Panics
    /// When they do not begin.
    pub fn new(servers: usize) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let program = crate::peer("SHADOWPLANE_NATS_SERVER_BIN", "nats-server")?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("shadowplane-nats-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder for temporary files can be written to");
        let ports = free_ports(3 * servers);
        let routes: Vec<String> = ports.chunks(3).map(|own| format!("\"nats-route://127.0.0.1:{}\"", own[2])).collect();
        let routes = routes.join(", ");
        let (user, password) = LOGIN.split_once(':').unwrap_or_default();
        let mut made = Self { program, folder, servers: Vec::new() };
        for (at, own) in ports.chunks(3).enumerate() {
            let (port, monitor, route) = (own[0], own[1], own[2]);
            let mut settings = format!(
                "server_name: n{at}\nlisten: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\n\
                 jetstream {{ store_dir: \"{}\" }}\nauthorization {{ user: {user}, password: {password} }}\n",
                made.folder.join(at.to_string()).display(),
            );
            if servers > 1 {
                settings += &format!("cluster {{ name: tests, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}\n");
            }
            fs::write(made.folder.join(format!("{at}.conf")), settings).expect("a temporary file can be written");
            made.servers.push(Server { port, monitor, process: Mutex::default() });
            made.begin(at);
        }
        made.until(|made| made.reports().len() == servers);
        if servers > 1 {
            made.until(|made| made.reports().iter().any(|report| report["meta_cluster"]["leader"].is_string()));
        }
        Some(made)
    }

    /// The address of all of them, with who may use them.
    pub fn url(&self) -> String {
        let servers: Vec<String> = self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("nats://{LOGIN}@{}", servers.join(","))
    }

    /// How many messages a stream has; none where it is not there.
    pub fn messages(&self, stream: &str) -> u64 {
        self.stream(stream).and_then(|stream| stream["state"]["messages"].as_u64()).unwrap_or(0)
    }

    /// How many messages of a stream are worked on at this moment.
    pub fn taken(&self, stream: &str) -> u64 {
        self.consumers(stream).iter().filter_map(|consumer| consumer["num_ack_pending"].as_u64()).sum()
    }

    /// How often messages of a stream were given to somebody.
    pub fn deliveries(&self, stream: &str) -> u64 {
        self.consumers(stream).iter().filter_map(|consumer| consumer["delivered"]["consumer_seq"].as_u64()).sum()
    }

    /// Kills the server that leads a stream, without a chance to tidy up; its name.
    ///
    /// # Panics
    /// When there is none.
    pub fn kill_leader(&self, stream: &str) -> String {
        let leader = self.stream(stream).and_then(|stream| Some(stream["cluster"]["leader"].as_str()?.to_owned()));
        let leader = leader.expect("the stream has a leader");
        let at: usize = leader.trim_start_matches('n').parse().expect("servers have numbers");
        self.servers[at].kill();
        leader
    }

    /// Starts a server again that was killed, and waits until it has all that the others have.
    ///
    /// # Panics
    /// When it does not begin.
    pub fn restart(&self, name: &str) {
        let at: usize = name.trim_start_matches('n').parse().expect("servers have numbers");
        self.begin(at);
        let url = format!("http://127.0.0.1:{}/healthz", self.servers[at].monitor);
        self.until(|_| ureq::get(&url).call().is_ok());
    }

    /// The numbers of the processes that run.
    pub fn ids(&self) -> Vec<u32> {
        let id = |server: &Server| Some(server.process.lock().ok()?.as_ref()?.id());
        self.servers.iter().filter_map(id).collect()
    }

    /// Kills all of them.
    pub fn kill(&self) {
        self.servers.iter().for_each(Server::kill);
    }

    fn begin(&self, at: usize) {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.folder.join(format!("{at}.conf")));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("nats-server begins");
        *self.servers[at].process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
    }

    /// What is said of the consumers of a stream, each by the server that leads it, which may be another than the stream's.
    fn consumers(&self, name: &str) -> Vec<Value> {
        let reports = self.reports();
        let of = |report| {
            let consumers = streams(report).filter(|stream| stream["name"] == name);
            consumers.filter_map(|stream| stream["consumer_detail"].as_array()).flatten()
        };
        let led = |report| of(report).filter(move |consumer| leads(report, consumer)).cloned();
        reports.iter().flat_map(led).collect()
    }

    /// What the server says of a stream that leads it, or has it alone.
    fn stream(&self, name: &str) -> Option<Value> {
        let reports = self.reports();
        let of = |report| streams(report).find(|stream| stream["name"] == name && leads(report, stream));
        reports.iter().find_map(of).cloned()
    }

    /// What each server that runs says of itself.
    fn reports(&self) -> Vec<Value> {
        let of = |server: &Server, path: &str| -> Option<Value> {
            let url = format!("http://127.0.0.1:{}/{path}", server.monitor);
            let text = ureq::get(url).call().ok()?.body_mut().read_to_string().ok()?;
            serde_json::from_str(&text).ok()
        };
        let report = |server| {
            let mut report = of(server, "jsz?accounts=true&streams=true&consumers=true&config=false")?;
            report["server_name"] = of(server, "varz")?["server_name"].clone();
            Some(report)
        };
        self.servers.iter().filter_map(report).collect()
    }

    fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "nats-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Server {
    fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It may have ended already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
        // A folder that stays behind harms nothing.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ports that nobody listens on. All are taken until the last is found, so that no two are the same, and free when this returns.
fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
    listeners.iter().map(|listener| listener.local_addr().expect("it is bound").port()).collect()
}

/// The streams that a server has.
fn streams(report: &Value) -> impl Iterator<Item = &Value> {
    let accounts = report["account_details"].as_array().into_iter().flatten();
    accounts.filter_map(|account| account["stream_detail"].as_array()).flatten()
}

/// Whether a server leads a stream or a consumer, or has it alone.
fn leads(report: &Value, of: &Value) -> bool {
    let leader = &of["cluster"]["leader"];
    leader.is_null() || *leader == report["server_name"]
}
