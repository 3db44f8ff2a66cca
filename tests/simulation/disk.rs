//! A machine's disk as files in a folder: what a copy of it holds, and what a power cut leaves of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::chance::Chance;

/// What a disk writes as one.
const PAGE: usize = 4096;

/// The log's folder on a disk.
pub(crate) fn log_in(disk: &Path) -> PathBuf {
    disk.join("log")
}

/// How many folders of this log wait to be sealed.
pub(crate) fn unsealed(folder: &Path) -> u64 {
    let Ok(text) = fs::read_to_string(folder.join("manifest")) else {
        return 0;
    };
    let json = text.split("\ncrc32").next().expect("a first part");
    let manifest: serde_json::Value = serde_json::from_str(json).expect("a manifest is JSON");
    let segments = manifest["segments"].as_array().expect("segments");
    let closed = segments.iter().filter(|segment| {
        let number = segment["number"].as_u64().expect("a number");
        let sealed = folder.join(format!("sealed-{number:06}"));
        !segment["end"].is_null() && segment["form"] == "folder" && !sealed.exists()
    });
    closed.count() as u64
}

fn newest_live(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names
        .filter(|name| name.starts_with("live-") && name.len() == "live-000001".len())
        .max()?;
    Some(folder.join(newest).join("db"))
}

/// Files, and what is in them.
pub(crate) type Files = Vec<(PathBuf, Vec<u8>)>;

/// The files of the newest live segment.
pub(crate) fn live_files(folder: &Path) -> Files {
    let Some(db) = newest_live(folder) else {
        return Vec::new();
    };
    let files = [db.with_file_name("journal"), db];
    files
        .map(|file| {
            let bytes = fs::read(&file).expect("the live file reads");
            (file, bytes)
        })
        .into()
}

/// The vault's files as they were when they were last synced, from the first write on that came after.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    entries: Kind,
    keys: Kind,
}

#[derive(Debug, Default)]
struct Kind {
    synced: Files,
    dirty: bool,
    /// A sync is under way; it is over when the machine comes to its next point.
    syncs: bool,
}

impl Unsynced {
    /// The machine is at this point.
    pub(crate) fn at(&mut self, point: &str, disk: &Path) {
        self.entries.at(point, "entries", disk);
        self.keys.at(point, "keys", disk);
    }

    /// What of them a power cut may leave as it was.
    pub(crate) fn files(&self) -> impl Iterator<Item = &(PathBuf, Vec<u8>)> {
        let kinds = [&self.entries, &self.keys].into_iter();
        kinds
            .filter(|kind| kind.dirty)
            .flat_map(|kind| &kind.synced)
    }
}

impl Kind {
    fn at(&mut self, point: &str, kind: &str, disk: &Path) {
        self.dirty &= !std::mem::take(&mut self.syncs);
        let Some((step, of)) = point
            .strip_prefix("vault::")
            .and_then(|it| it.split_once('_'))
        else {
            return;
        };
        if of != kind {
            return;
        }
        match step {
            "write" if !self.dirty => {
                (self.synced, self.dirty) = (vault_files(disk, kind), true);
            }
            "sync" => self.syncs = true,
            _ => {}
        }
    }
}

fn vault_files(disk: &Path, kind: &str) -> Files {
    let Ok(entries) = fs::read_dir(disk.join("vault")) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let ours = paths.filter(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with(kind) || (kind == "keys" && name == "journal-key")
    });
    let mut files: Files = ours
        .map(|path| {
            let bytes = fs::read(&path).expect("the vault's file reads");
            (path, bytes)
        })
        .collect();
    files.sort();
    files
}

/// Puts the newest live segment of an earlier copy of the disk in the place of the one of now; not when that is another one.
pub(crate) fn put_back(then: &Path, now: &Path) -> bool {
    let segment = |disk| {
        let db = newest_live(&log_in(disk)).expect("there is one");
        db.parent().expect("a folder").to_owned()
    };
    let (earlier, now) = (segment(then), segment(now));
    if earlier.file_name() != now.file_name() {
        return false;
    }
    for (file, bytes) in live_files(&log_in(then)) {
        let name = file.file_name().expect("a name");
        fs::write(now.join(name), bytes).expect("it is written");
    }
    true
}

/// Copies a folder as it is; of the live files' pages written since their last sync some are lost.
pub(crate) fn photograph(from: &Path, to: &Path, lost: Option<(&Files, Chance)>) {
    copy(from, to);
    let Some((synced, mut chance)) = lost else {
        return;
    };
    for (file, synced) in synced {
        let Ok(written) = fs::read(file) else {
            continue;
        };
        let keep = chance.below(101);
        let mut bytes = synced.clone();
        if chance.percent(50) && bytes.len() < written.len() {
            bytes.resize(written.len(), 0);
        }
        for (page, start) in bytes.chunks_mut(PAGE).zip((0..).step_by(PAGE)) {
            if chance.percent(keep)
                && let Some(new) = written.get(start..(start + page.len()).min(written.len()))
            {
                page[..new.len()].copy_from_slice(new);
            }
        }
        let path = to.join(file.strip_prefix(from).expect("it is in there"));
        fs::write(path, bytes).expect("the copy is written");
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name());
        // A folder that was sealed may be on its way out: what no manifest names may be there or not.
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else if name != "lock"
            && let Ok(bytes) = fs::read(&path)
        {
            fs::write(to.join(name), bytes).expect("the copy is written");
        }
    }
}
