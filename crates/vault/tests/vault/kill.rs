//! A process killed in the middle of its work, many times over one folder: everything it was told is true.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use uuid::Uuid;
use vault::{GetError, PutError, Settings, Vault};

use crate::support::{master, settings, subject, wait};

const FOLDER: &str = "HOSO_VAULT_KILL_FOLDER";
const SUBJECTS: u128 = 40;
const ROUNDS: u64 = 15;

fn small() -> Settings {
    Settings {
        file_bytes_max: 200_000,
        rewrapped_at_once: 5,
        ..settings()
    }
}

/// The vault, and which of the two master keys opened it: a change may have been cut off.
fn opened(folder: &Path) -> (Vault, u8) {
    let mut opened = [1, 2].map(|key| (Vault::open(folder, master(key), small()), key));
    opened.sort_by_key(|(vault, _)| vault.is_err());
    let [(vault, key), _] = opened;
    (vault.unwrap(), key)
}

/// The text of an entry: the reader can tell it from any other.
fn text(subject: u128, count: u32) -> Vec<u8> {
    format!("{subject}/{count}/")
        .repeat(1 + count as usize % 40)
        .into_bytes()
}

/// Not a test of its own: the process that is killed. It says what it was told, line by line, after it was told.
#[test]
fn the_process_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let (vault, key) = opened(Path::new(&folder));
    let said = Mutex::new(std::io::stdout());
    let say = |line: String| {
        let mut out = said.lock().unwrap();
        writeln!(out, "\n{line}").unwrap();
        out.flush().unwrap();
    };
    say("open".to_owned());
    std::thread::scope(|scope| {
        // The master key is changed all the while, from the one to the other.
        let rotating = &vault;
        scope.spawn(move || {
            let mut key = key;
            loop {
                key = 3 - key;
                wait(rotating.rotate(master(key))).unwrap();
            }
        });
        for thread in 0..4 {
            let (vault, say) = (&vault, &say);
            scope.spawn(move || {
                let round = u128::from(std::process::id());
                for count in 0.. {
                    let n = (u128::from(count) * 7 + thread * 3 + round) % SUBJECTS;
                    if count % 37 == 36 {
                        say(format!("erasing {n}"));
                        vault.erase_blocking(subject(n)).unwrap();
                        say(format!("erased {n}"));
                        continue;
                    }
                    match vault.put_blocking(subject(n), text(n, count)) {
                        Ok(sealed) => say(format!("kept {} {n} {count}", sealed.entry)),
                        // Few subjects, often erased: others take their place.
                        Err(PutError::Erased { .. }) => {
                            let n = SUBJECTS + round * 100_000 + u128::from(count);
                            let sealed = vault.put_blocking(subject(n), text(n, count)).unwrap();
                            say(format!("kept {} {n} {count}", sealed.entry));
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

#[derive(Default)]
struct Told {
    kept: HashMap<Uuid, (u128, u32)>,
    erasing: HashSet<u128>,
    erased: HashSet<u128>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["kept", entry, n, count] => {
                let what = (n.parse().unwrap(), count.parse().unwrap());
                self.kept.insert(entry.parse().unwrap(), what);
            }
            ["erasing", n] => {
                self.erasing.insert(n.parse().unwrap());
            }
            ["erased", n] => {
                self.erased.insert(n.parse().unwrap());
            }
            _ => {}
        }
    }

    fn check(&self, folder: &Path) {
        let (vault, _) = opened(folder);
        assert_eq!(vault.status().damage, []);
        for n in &self.erased {
            assert!(vault.is_erased(subject(*n)));
        }
        for (entry, (n, count)) in &self.kept {
            match vault.get(*entry) {
                Ok(read) => {
                    assert_eq!(*read, text(*n, *count));
                    assert!(!self.erased.contains(n), "an erased entry came back");
                }
                Err(GetError::Erased { .. }) => assert!(self.erasing.contains(n)),
                Err(error) => panic!("acknowledged and lost: {error}"),
            }
        }
    }
}

/// The next whole line; one that was cut by the end was not said.
fn line(said: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    line.strip_suffix('\n').map(str::to_owned)
}

#[test]
fn everything_acknowledged_survives_kill_9_and_everything_erased_stays_erased() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::the_process_that_is_killed", "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        while line(&mut said).expect("it opens") != "open" {}
        // Reads while it works, so that it never waits for the pipe; then SIGKILL.
        let listener = std::thread::spawn(move || {
            let mut heard = Vec::new();
            while let Some(line) = line(&mut said) {
                heard.push(line);
            }
            heard
        });
        std::thread::sleep(Duration::from_millis(5 + round * 53 % 211));
        child.kill().unwrap();
        assert_eq!(
            child.wait().unwrap().signal(),
            Some(9),
            "it ended by itself"
        );
        for line in listener.join().unwrap() {
            told.hear(&line);
        }
        told.check(folder.path());
    }
    println!(
        "{} entries, {} erasures",
        told.kept.len(),
        told.erased.len()
    );
    assert!(told.kept.len() > 100);
}
