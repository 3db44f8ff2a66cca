//! A real nats-server of the test's own: on a free port, with its own store, killed with the test.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uuid::Uuid;

const START_PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    child: Mutex<Option<Child>>,
    port: u16,
    folder: TempDir,
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("HOSO_NATS_SERVER") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("nats-server"))
        .find(|file| file.is_file());
    found.expect(
        "no nats-server here: put one on PATH or name it in HOSO_NATS_SERVER; tests/run fetches one and does that",
    )
}

/// A port that nobody listens on and that no connection gets by chance: it lies below those the system hands out, so that
/// whoever was killed finds it free again. Until this process ends, no other test draws it, not even while it is free.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u128 = 22_000;
    static DRAWN: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ports");
    std::fs::create_dir_all(&folder).unwrap();
    loop {
        let port = FIRST + u16::try_from(Uuid::new_v4().as_u128() % COUNT).unwrap();
        let mark = File::create(folder.join(port.to_string())).unwrap();
        if mark.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            DRAWN.lock().unwrap().push(mark);
            return port;
        }
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// With this configuration, but for the store and the port, which are the test's all the same.
    pub(crate) fn start_with(config: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        let server = Self {
            child: Mutex::new(None),
            port: free_port(),
            folder,
        };
        server.reconfigure(config.unwrap_or("jetstream { store_dir: \"/var/lib/nats\" }"));
        server
    }

    /// Starts it anew with another configuration, over the same store and at the same port.
    pub(crate) fn reconfigure(&self, config: &str) {
        let store = self.folder.path().join("store");
        let text = config.replace("/var/lib/nats", store.to_str().unwrap());
        std::fs::write(self.folder.path().join("nats.conf"), text).unwrap();
        self.restart();
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// kill -9.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn wipe(&self) {
        for entry in std::fs::read_dir(self.folder.path().join("store")).unwrap() {
            std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
    }

    pub(crate) fn restart(&self) {
        self.kill();
        let child = Command::new(program())
            .args(["-a", "127.0.0.1", "-p", &self.port.to_string(), "-c"])
            .arg(self.folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server starts");
        let mut here = self.child.lock().unwrap();
        let child = here.insert(child);
        let until = Instant::now() + START_PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "nats-server does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(child.try_wait().unwrap(), None, "nats-server ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
