//! The program as an operator runs it: `hoso up` on free ports, over a folder of the test's own.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::repository;

/// From the start to the addresses; a debug build on a busy machine takes a second.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// From SIGTERM to the end; longer than the services' own drain.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// A running `hoso up`. Dropping it kills it.
pub struct Hoso {
    child: Child,
    /// The program itself: the child, or the child's child.
    pid: Pid,
    /// Where intake listens.
    pub intake: String,
    /// Where processing listens.
    pub processing: String,
    /// Where reporting listens.
    pub reporting: String,
    /// Where their side doors are.
    pub http: Vec<String>,
    /// The NATS server that joins the services, if one does.
    pub nats: String,
    said: Arc<Mutex<String>>,
    listeners: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Hoso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hoso({})", self.child.id())
    }
}

impl Hoso {
    /// Starts the program over a data folder and waits until all three services answer.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &["--log", "info"])
    }

    /// The same, joined over this NATS server.
    pub fn start_over(data: &Path, nats: &str) -> Self {
        let mut started = Self::start_with(data, &["--log", "info", "--nats", nats]);
        nats.clone_into(&mut started.nats);
        started
    }

    /// The same, with more on the command line.
    pub fn start_with(data: &Path, more: &[&str]) -> Self {
        Self::start_under(data, more, &[])
    }

    /// The same, with another program before it on the command line, which ends with it.
    pub fn start_under(data: &Path, more: &[&str], before: &[String]) -> Self {
        let program = repository::built().join("hoso");
        assert!(
            program.is_file(),
            "the program {} is not there: `cargo build -p hoso` makes it, and `tests/run` does that first",
            program.display()
        );
        let any = "127.0.0.1:0";
        let mut command = match before.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        // What a developer has set for a program of their own is not meant for this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HOSO_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["up", "--data"])
            .arg(data)
            .args(["--intake", any, "--processing", any, "--reporting", any])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (sender, addresses) = mpsc::channel();
        let listeners = vec![
            listen(child.stdout.take().expect("piped"), &said, move |line| {
                let _ = sender.send(line.to_owned());
            }),
            listen(child.stderr.take().expect("piped"), &said, |_| {}),
        ];
        let mut started = Self {
            pid: Pid::from_child(&child),
            child,
            intake: String::new(),
            processing: String::new(),
            reporting: String::new(),
            http: Vec::new(),
            nats: String::new(),
            said,
            listeners,
        };
        started.read_addresses(&addresses);
        if !before.is_empty() {
            started.pid = only_child(started.pid);
        }
        started
    }

    fn read_addresses(&mut self, lines: &mpsc::Receiver<String>) {
        let until = Instant::now() + START_PATIENCE;
        while [&self.intake, &self.processing, &self.reporting]
            .iter()
            .any(|it| it.is_empty())
            || self.http.len() < 3
        {
            let line = match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => panic!("`hoso up` gave no addresses in time"),
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = self.child.wait();
                    panic!(
                        "`hoso up` ended before it served: {ended:?}\n{}",
                        self.said()
                    );
                }
            };
            match line.split_once(' ') {
                Some(("intake", address)) => self.intake = address.to_owned(),
                Some(("processing", address)) => self.processing = address.to_owned(),
                Some(("reporting", address)) => self.reporting = address.to_owned(),
                Some((role, address)) if role.ends_with("-http") => {
                    self.http.push(address.to_owned());
                }
                _ => {}
            }
        }
    }

    /// What each of its side doors answers to a question.
    pub fn ask(&self, path: &str) -> Vec<String> {
        let ask = |address: &String| {
            let mut door = TcpStream::connect(address).expect("the side door is open");
            write!(
                door,
                "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
            )
            .expect("it listens");
            let mut answer = String::new();
            door.read_to_string(&mut answer).expect("it answers");
            answer
        };
        self.http.iter().map(ask).collect()
    }

    /// Everything the program has said so far, on both outputs.
    pub fn said(&self) -> String {
        self.said.lock().expect("no listener panics").clone()
    }

    /// The power goes: `kill -9`.
    pub fn kill(mut self) -> String {
        kill_process(self.pid, Signal::KILL).expect("the program can be killed");
        self.child.wait().expect("the program ends");
        self.hear_out()
    }

    /// Asks the program to stop, as the operator's SIGTERM does, and gives back everything it said. It must end in time,
    /// with success, and without having met an error that a person would have to look at.
    pub fn stop(mut self) -> String {
        kill_process(self.pid, Signal::TERM).expect("the program can be asked to stop");
        let until = Instant::now() + STOP_PATIENCE;
        let status = loop {
            if let Some(status) = self
                .child
                .try_wait()
                .expect("the program can be waited for")
            {
                break status;
            }
            assert!(Instant::now() < until, "`hoso up` did not stop in time");
            thread::sleep(Duration::from_millis(20));
        };
        let said = self.hear_out();
        assert!(status.success(), "`hoso up` ended with {status}:\n{said}");
        for line in said.lines() {
            assert!(
                !line.contains("ERROR") && !line.contains("panicked"),
                "`hoso up` met an error: {line}"
            );
        }
        said
    }

    fn hear_out(&mut self) -> String {
        for listener in self.listeners.drain(..) {
            listener.join().expect("no listener panics");
        }
        self.said()
    }
}

impl Drop for Hoso {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(self.pid, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("`hoso up` had said:\n{}", self.said());
        }
    }
}

/// The one process that this one has started.
fn only_child(of: Pid) -> Pid {
    let of = of.as_raw_nonzero();
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    let children = children.expect("Linux tells a process's children");
    let child = children.trim().parse().ok().and_then(Pid::from_raw);
    child.unwrap_or_else(|| panic!("process {of} has not one child but {children:?}"))
}

fn listen(
    pipe: impl Read + Send + 'static,
    said: &Arc<Mutex<String>>,
    mut each: impl FnMut(&str) + Send + 'static,
) -> JoinHandle<()> {
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            each(&line);
            let mut said = said.lock().expect("no listener panics");
            said.push_str(&line);
            said.push('\n');
        }
    })
}
