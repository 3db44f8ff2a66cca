//! One role as the operator runs it: a process of its own over a folder of its own, killed and started again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::server::free_port;

pub(crate) struct Role {
    name: &'static str,
    pub(crate) data: PathBuf,
    nats: String,
    node: u8,
    /// Where it listens, however often it is started.
    pub(crate) address: String,
    /// Where its side door is since it was last started.
    pub(crate) http: String,
    /// A file of settings as it is shipped; what is the test's own is said in the environment.
    shipped: Option<PathBuf>,
    child: Option<Child>,
    /// What only some tests want; it counts from the next start on.
    pub(crate) special: Special,
}

/// What only some tests want of a role.
#[derive(Clone, Debug, Default)]
pub(crate) struct Special {
    /// More on the command line.
    pub(crate) args: Vec<String>,
    /// More in the environment.
    pub(crate) env: Vec<(&'static str, PathBuf)>,
    /// A file that may not grow is told by an error, as a full disk is, and not by a signal that ends the process.
    pub(crate) outlives_full_files: bool,
}

impl Special {
    /// More on the command line.
    pub(crate) fn with(args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|&word| word.to_owned()).collect(),
            ..Self::default()
        }
    }
}

pub(crate) fn hoso() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_hoso"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOSO_") {
            program.env_remove(name);
        }
    }
    program
}

/// The program with SIGXFSZ ignored, which only a shell can do for it.
fn outliving() -> Command {
    let inner = hoso();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(inner.get_program());
    for (name, value) in inner.get_envs() {
        if value.is_none() {
            shell.env_remove(name);
        }
    }
    shell
}

impl Role {
    pub(crate) fn start(name: &'static str, node: u8, folder: &Path, nats: &str) -> Self {
        Self::start_with(name, node, folder, nats, Special::default())
    }

    /// With something that only some tests want.
    pub(crate) fn start_with(
        name: &'static str,
        node: u8,
        folder: &Path,
        nats: &str,
        special: Special,
    ) -> Self {
        let data = folder.join(format!("{name}-{node}"));
        Self::begin(name, node, data, nats, None, special)
    }

    /// With a file of settings as it is shipped.
    pub(crate) fn start_shipped(
        name: &'static str,
        file: &Path,
        folder: &Path,
        nats: &str,
    ) -> Self {
        let data = folder.join(file.file_stem().unwrap());
        let special = Special::default();
        Self::begin(name, 0, data, nats, Some(file.to_owned()), special)
    }

    fn begin(
        name: &'static str,
        node: u8,
        data: PathBuf,
        nats: &str,
        shipped: Option<PathBuf>,
        special: Special,
    ) -> Self {
        let mut role = Self {
            name,
            data,
            nats: nats.to_owned(),
            node,
            address: format!("127.0.0.1:{}", free_port()),
            http: String::new(),
            shipped,
            child: None,
            special,
        };
        role.restart();
        role
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Whether it has ended by itself.
    pub(crate) fn gone(&mut self) -> bool {
        let child = self.child.as_mut().expect("it was started");
        child.try_wait().unwrap().is_some()
    }

    /// Waits until it has ended by itself, not for ever.
    pub(crate) fn ended(&mut self, patience: Duration) -> ExitStatus {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return status;
            }
            assert!(Instant::now() < until, "{} does not end", self.name);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What its side door answers: the status and the body.
    pub(crate) fn ask(&self, path: &str) -> (u16, String) {
        let mut door = TcpStream::connect(&self.http).unwrap();
        let host = &self.http;
        write!(
            door,
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        door.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    pub(crate) fn restart(&mut self) {
        self.restart_with(&[]);
    }

    /// With these flags besides.
    pub(crate) fn restart_with(&mut self, more: &[&str]) {
        self.kill();
        let mut command = if self.special.outlives_full_files {
            outliving()
        } else {
            hoso()
        };
        command
            .arg(self.name)
            .args(["--log", "error", "--http", "127.0.0.1:0", "--config"])
            .env("HOSO_DATA", &self.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(shipped) = &self.shipped {
            let key = self.data.with_file_name("master.key");
            let nkey = self.data.with_file_name(format!("nats-{}.nk", self.name));
            command
                .arg(shipped)
                .env("HOSO_LISTEN", &self.address)
                .env("HOSO_NATS", &self.nats)
                .env("HOSO_NATS_CREDENTIALS_FILE", nkey);
            if self.name == "intake" {
                // Which shows that processing may say how far it is.
                command.env("HOSO_ACK", "follower");
            }
            if key.exists() {
                command.env("HOSO_LINE_KEY_FILE", self.data.with_file_name("line.key"));
                command.env("HOSO_MASTER_KEY_FILE", key);
            }
        } else {
            // A file for one setting, the environment for another, flags for the rest: all three ways are gone.
            let config = self.data.with_extension("toml");
            // The first replica is the follower that processing counts on.
            let names = match self.name {
                "reporting" => format!("name = \"reporting-{}\"\n", self.node),
                "processing" => "followers = [\"reporting-0\"]\n".to_owned(),
                _ => String::new(),
            };
            let text = format!("nats = {:?}\n{names}", self.nats);
            std::fs::write(&config, text).unwrap();
            command.arg(&config).args(["--listen", &self.address]);
            command.args(more);
            if self.name == "intake" {
                command.args(["--node", &self.node.to_string()]);
            }
        }
        command.args(&self.special.args);
        command.envs(self.special.env.iter().map(|(name, path)| (*name, path)));
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.child = Some(child);
        let mut told = |name: &str| {
            let line = lines.next().expect("the role says where it listens");
            let line = line.unwrap();
            let (said, address) = line.split_once(' ').unwrap();
            assert_eq!(said, name);
            address.to_owned()
        };
        assert_eq!(told(self.name), self.address);
        self.http = told(&format!("{}-http", self.name));
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("the role runs"))
    }

    /// Sends it a signal, SIGSTOP say.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The memory it has, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap() / 1024
    }

    /// What `/readyz` says: its status, and why.
    pub(crate) fn ready(&self) -> (u16, String) {
        self.ask("/readyz")
    }

    /// The command line that would start it, for a start that is refused.
    pub(crate) fn words(&self) -> Vec<String> {
        let config = self.data.with_extension("toml");
        let words = [
            self.name,
            "--data",
            path(&self.data),
            "--config",
            path(&config),
            "--listen",
            &self.address,
        ];
        words.map(str::to_owned).to_vec()
    }

    /// What `hoso log dump` says of its log, a line a record. It must not run.
    pub(crate) fn dump(&self) -> Vec<serde_json::Value> {
        assert!(self.child.is_none());
        let log = self.data.join("log");
        let Output { status, stdout, .. } = hoso().args(["log", "dump"]).arg(log).output().unwrap();
        assert!(status.success());
        let lines = stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    /// `hoso log verify` finds nothing wrong.
    pub(crate) fn verify(&self) {
        let output = hoso()
            .args(["log", "verify"])
            .arg(self.data.join("log"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The first so many lines that a program prints.
pub(crate) fn first_lines(child: &mut Child, lines: usize) -> Vec<String> {
    let out = BufReader::new(child.stdout.take().unwrap());
    let said: Vec<_> = out.lines().take(lines).map(Result::unwrap).collect();
    assert_eq!(
        said.len(),
        lines,
        "it ended before it had said all: {said:?}"
    );
    said
}

/// A path as a word of a command line.
pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Drop for Role {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether the program was content, and what it printed.
pub(crate) fn ran(args: &[&str]) -> (bool, String) {
    let output = hoso().args(args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), said)
}

/// What the program says of a command line that cannot be right.
pub(crate) fn refused(args: &[&str]) -> String {
    let output = hoso().args(args).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// What the program prints.
pub(crate) fn said(args: &[&str]) -> Vec<u8> {
    let output = hoso().args(args).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
