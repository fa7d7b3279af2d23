//! A real PostgreSQL server to test with, of Debian's package: on a free port, in a folder of its own, gone with its handle.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Says in which folder initdb and the others are.
const VARIABLE: &str = "SHADOWPLANE_POSTGRES_BIN";

/// The server refuses to run as root: then it runs as nobody.
const NOBODY: u32 = 65_534;

/// A server; it ends with the last handle.
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
}

impl Postgres {
    /// The one that other tests of this process use at this moment, or a new one.
    ///
    /// # Errors
    /// When there is no server to be had, with the reason.
    pub fn shared() -> Result<Arc<Self>, String> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let new = Arc::new(Self::new()?);
        *shared = Arc::downgrade(&new);
        Ok(new)
    }

    /// One of its own, which may be stopped.
    ///
    /// # Errors
    /// As [`shared`](Self::shared).
    pub fn new() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let programs = programs()
            .ok_or_else(|| format!("needs PostgreSQL's initdb and pg_ctl ({VARIABLE} says where they are)"))?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("shadowplane-postgres-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).map_err(|error| error.to_string())?;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.map_err(|error| error.to_string())?.port();
        let server = Self { programs, folder, port, databases: AtomicU32::new(0) };
        server
            .run("initdb", &["--username=tests", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])?;
        server.start()?;
        Ok(server)
    }

    /// Begins, and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(&self) -> Result<(), String> {
        let port = self.port;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 -c shared_buffers=64MB -c jit=off"
        );
        let log = self.folder.join("log");
        self.run("pg_ctl", &["--wait", "--log", &log.to_string_lossy(), "--options", &options, "start"])
    }

    /// Ends at once, as if it were killed.
    ///
    /// # Errors
    /// When it does not.
    pub fn stop(&self) -> Result<(), String> {
        self.run("pg_ctl", &["--wait", "--mode=immediate", "stop"])
    }

    /// The address of a database of its own, with nothing in it.
    ///
    /// # Panics
    /// When the server does not make it.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        self.address(&name)
    }

    /// Has the server do something in a database that it made.
    ///
    /// # Panics
    /// When the server does not do it.
    pub fn execute(&self, database: &str, sql: &str) {
        self.rows(database, sql);
    }

    /// The first column of what a database answers, where it is text.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn rows(&self, database: &str, sql: &str) -> Vec<String> {
        let address = self.address(database);
        let ask = async {
            let (client, connection) =
                tokio_postgres::connect(&address, tokio_postgres::NoTls).await.expect("the server answers");
            let connection = tokio::spawn(connection);
            let answers = client.simple_query(sql).await.expect("the server does it");
            drop(client);
            // How it ended is of no interest.
            let _ = connection.await;
            let text = |answer| match answer {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            };
            answers.into_iter().filter_map(text).collect()
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime begins");
        // On a thread of its own, since whoever asks may be on a runtime already.
        std::thread::scope(|scope| scope.spawn(|| runtime().block_on(ask)).join().expect("the server answers"))
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://tests@127.0.0.1:{}/{database}", self.port)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.programs.join(program));
        command.arg("--pgdata").arg(self.folder.join("data")).args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(libraries) = libraries(&self.programs) {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        if is_root() {
            use std::os::unix::process::CommandExt;
            command.uid(NOBODY).gid(NOBODY);
        }
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{program} of {} ends with {status}", self.programs.display())),
            Err(error) => Err(format!("{program} of {} does not begin: {error}", self.programs.display())),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may not run, and a folder that stays behind harms nothing.
        let _ = self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the programs are: where the environment says, on PATH, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let on_path = || env::split_paths(&env::var_os("PATH")?).find(|folder| has_programs(folder));
    let of_debian = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).find(|folder| has_programs(folder))
    };
    named.or_else(on_path).or_else(of_debian)
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
}

/// Libraries that were unpacked beside the programs: those of `usr/lib/postgresql/15/bin` are in folders of `usr/lib`.
fn libraries(programs: &Path) -> Option<std::ffi::OsString> {
    let usr_lib =
        programs.ancestors().nth(3).filter(|folder| *folder != Path::new("/usr/lib") && folder.ends_with("usr/lib"))?;
    let folders = fs::read_dir(usr_lib).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    env::join_paths(folders.filter(|folder| folder.to_string_lossy().ends_with("-linux-gnu"))).ok()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
