//! A folder as a recorded program wrote it, and what of it a power cut at any moment may leave.
//!
//! A file has what was written and what was synced of it; a power cut leaves what was synced, and of the 4-KiB pages
//! written since then any, each as it was written last. Names (made, renamed, removed) reach the disk in their order:
//! those up to the last sync of a folder surely, of the later ones a prefix.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::pages::{PAGE, Pages};
use crate::strace::Call;

/// The calls that change a folder, or make it durable; `write` also tells what the program said.
pub(crate) const CALLS: &str = "openat,creat,close,write,pwrite64,writev,pwritev,ftruncate,fallocate,copy_file_range,\
    sendfile,lseek,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir";

#[derive(Clone, Default, Debug)]
struct File {
    written: Pages,
    synced: Pages,
    /// Written since it was synced.
    dirty: BTreeSet<usize>,
    /// The place in the record at which the last write had ended.
    ended: usize,
}

/// A change of names.
#[derive(Clone, Debug)]
enum Name {
    File(PathBuf, usize),
    Folder(PathBuf),
    Moved(PathBuf, PathBuf),
    Removed(PathBuf),
}

/// What a path stands for: a file's number, or a folder.
type Names = BTreeMap<PathBuf, Option<usize>>;

/// The folder at one moment.
#[derive(Clone, Default, Debug)]
pub(crate) struct Disk {
    top: PathBuf,
    files: Vec<File>,
    names: Names,
    /// As on the disk, and the changes that may not be there yet.
    synced: Names,
    pending: Vec<Name>,
    /// Where the next `write` of a descriptor goes.
    offsets: BTreeMap<i64, usize>,
}

/// What happened at a call, for whoever steps through a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// Something changed that is not durable yet.
    Changed,
    /// A file or a folder was synced.
    Synced,
    /// The program said this on its standard output.
    Said(String),
    /// Nothing that matters here.
    Nothing,
}

/// Chance, as a power cut needs it.
pub(crate) trait Luck {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize;
}

fn apply(names: &mut Names, change: &Name) {
    match change {
        Name::File(path, file) => drop(names.insert(path.clone(), Some(*file))),
        Name::Folder(path) => drop(names.insert(path.clone(), None)),
        Name::Moved(from, to) => {
            let below = |path: &Path| path.starts_with(from);
            let moved: Vec<_> = names.keys().filter(|path| below(path)).cloned().collect();
            names.retain(|path, _| !path.starts_with(to) || below(path));
            for path in moved {
                let what = names.remove(&path).expect("it was listed");
                let rest = path.strip_prefix(from).expect("it is below");
                let new = if rest.as_os_str().is_empty() {
                    to.clone()
                } else {
                    to.join(rest)
                };
                names.insert(new, what);
            }
        }
        Name::Removed(path) => names.retain(|name, _| !name.starts_with(path)),
    }
}

impl Disk {
    /// The folder `top`, which holds what it holds now, all of it on the disk.
    pub(crate) fn of(top: &Path) -> Self {
        let mut disk = Self {
            top: top.to_owned(),
            ..Self::default()
        };
        let mut folders = vec![top.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.expect("it lists").path();
                if path.is_dir() {
                    disk.names.insert(path.clone(), None);
                    folders.push(path);
                } else {
                    let mut pages = Pages::default();
                    pages.write(0, &fs::read(&path).expect("it reads"));
                    disk.names.insert(path, Some(disk.files.len()));
                    disk.files.push(File {
                        written: pages.clone(),
                        synced: pages,
                        ..File::default()
                    });
                }
            }
        }
        disk.synced = disk.names.clone();
        disk
    }

    /// The folder.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    fn file(&mut self, path: &str) -> Option<&mut File> {
        let number = self.names.get(Path::new(path)).copied().flatten()?;
        self.files.get_mut(number)
    }

    fn rename(&mut self, change: Name) -> Event {
        apply(&mut self.names, &change);
        self.pending.push(change);
        Event::Changed
    }

    /// The path a call names with its nth text, below the folder its descriptor stands for.
    fn path(call: &Call, nth: usize) -> PathBuf {
        let text = call.texts.get(nth).cloned().unwrap_or_default();
        let text = String::from_utf8(text).expect("paths in UTF-8");
        match call.files.get(nth) {
            Some(folder) => Path::new(folder).join(text),
            None => text.into(),
        }
    }

    /// Takes the next call of a record.
    pub(crate) fn take(&mut self, call: &Call) -> Event {
        if call.result < 0 {
            return Event::Nothing;
        }
        let first = call.files.first().cloned().unwrap_or_default();
        let ours = |path: &Path| path.starts_with(&self.top) && *path != self.top;
        match call.name.as_str() {
            "openat" | "creat" => {
                let path = Self::path(call, 0);
                self.offsets.insert(call.result, 0);
                if !ours(&path) || !(call.has("O_CREAT") || call.has("O_TRUNC")) {
                    return Event::Nothing;
                }
                assert!(!call.has("O_APPEND"), "{}: no offsets then", path.display());
                if let Some(file) = self.file(path.to_str().expect("UTF-8")) {
                    if call.has("O_TRUNC") && file.written.len > 0 {
                        file.resize(0);
                        return Event::Changed;
                    }
                    return Event::Nothing;
                }
                self.files.push(File::default());
                let file = self.files.len() - 1;
                self.rename(Name::File(path, file))
            }
            "close" => {
                self.offsets.remove(&call.descriptor().unwrap_or(-1));
                Event::Nothing
            }
            "lseek" => {
                let at = usize::try_from(call.result).expect("not negative");
                self.offsets.insert(call.descriptor().unwrap_or(-1), at);
                Event::Nothing
            }
            "write" | "writev" if call.descriptor() == Some(1) => {
                Event::Said(String::from_utf8_lossy(&call.bytes()).into_owned())
            }
            "write" | "writev" => {
                let bytes = call.bytes();
                let descriptor = call.descriptor().unwrap_or(-1);
                let at = self.offsets.get(&descriptor).copied().unwrap_or(0);
                self.offsets.insert(descriptor, at + bytes.len());
                self.write(&first, at, &bytes, call.ended)
            }
            "pwrite64" => {
                let at = call.numbers().last().copied().expect("an offset");
                {
                    let at = usize::try_from(at).expect("not negative");
                    self.write(&first, at, &call.bytes(), call.ended)
                }
            }
            "copy_file_range" | "sendfile" => self.copy(call),
            "ftruncate" => {
                let len = call.numbers().last().copied().expect("a length");
                let Some(file) = self.file(&first) else {
                    return Event::Nothing;
                };
                file.resize(usize::try_from(len).expect("not negative"));
                Event::Changed
            }
            "pwritev" | "fallocate" => panic!("{} is not modelled", call.name),
            "fsync" | "fdatasync" => self.sync(&first, call.began),
            "rename" | "renameat" | "renameat2" => {
                let (from, to) = (Self::path(call, 0), Self::path(call, 1));
                if ours(&from) || ours(&to) {
                    self.rename(Name::Moved(from, to))
                } else {
                    Event::Nothing
                }
            }
            "unlink" | "unlinkat" | "rmdir" => {
                let path = Self::path(call, 0);
                if ours(&path) {
                    self.rename(Name::Removed(path))
                } else {
                    Event::Nothing
                }
            }
            "mkdir" | "mkdirat" => {
                let path = Self::path(call, 0);
                if ours(&path) {
                    self.rename(Name::Folder(path))
                } else {
                    Event::Nothing
                }
            }
            _ => Event::Nothing,
        }
    }

    fn write(&mut self, path: &str, at: usize, bytes: &[u8], ended: usize) -> Event {
        match self.file(path) {
            Some(file) => {
                file.write(at, bytes);
                file.ended = ended;
                Event::Changed
            }
            None => Event::Nothing,
        }
    }

    /// Bytes that go from one file to another within the system.
    fn copy(&mut self, call: &Call) -> Event {
        let [one, other] = call.files.as_slice() else {
            return Event::Nothing;
        };
        let (from, to) = if call.name == "sendfile" {
            (other, one)
        } else {
            (one, other)
        };
        let count = usize::try_from(call.result).expect("not negative");
        let descriptors = call.numbers();
        // copy_file_range(in, NULL, out, NULL, …): both go by their own offsets, which begin at 0 and move together.
        let into = if call.name == "sendfile" {
            descriptors[0]
        } else {
            descriptors[1]
        };
        let at = self.offsets.get(&into).copied().unwrap_or(0);
        let bytes = self.file(from).map(|file| file.written.read(at, count));
        let Some(bytes) = bytes else {
            assert!(self.file(to).is_none(), "{from} was not recorded");
            return Event::Nothing;
        };
        self.offsets.insert(into, at + count);
        self.write(to, at, &bytes, call.ended)
    }

    fn sync(&mut self, path: &str, began: usize) -> Event {
        if let Some(file) = self.file(path) {
            // Nothing would be sure about a write that went on meanwhile.
            assert!(file.ended < began, "{path} was written while it was synced");
            file.synced.clone_from(&file.written);
            file.dirty.clear();
            return Event::Synced;
        }
        let path = Path::new(path);
        if path == self.top || self.names.contains_key(path) || self.top.starts_with(path) {
            for change in std::mem::take(&mut self.pending) {
                apply(&mut self.synced, &change);
            }
            return Event::Synced;
        }
        Event::Nothing
    }

    /// Is there nothing below this path that a power cut may take or leave?
    pub(crate) fn is_clean(&self, below: &Path) -> bool {
        let touches = |change: &Name| match change {
            Name::File(path, _) | Name::Folder(path) | Name::Removed(path) => {
                path.starts_with(below)
            }
            Name::Moved(from, to) => from.starts_with(below) || to.starts_with(below),
        };
        let dirty = |file: &usize| !self.files[*file].dirty.is_empty();
        let files = self
            .names
            .iter()
            .filter(|(path, _)| path.starts_with(below));
        !self.pending.iter().any(touches)
            && !files.filter_map(|(_, what)| *what).any(|file| dirty(&file))
    }

    /// Writes into the folder `to` what a power cut now may leave.
    pub(crate) fn cut(&self, luck: &mut impl Luck, to: &Path) {
        let mut names = self.synced.clone();
        for change in &self.pending[..luck.below(self.pending.len() + 1)] {
            apply(&mut names, change);
        }
        for (path, what) in names {
            let Ok(below) = path.strip_prefix(&self.top) else {
                continue;
            };
            let path = to.join(below);
            match what {
                None => fs::create_dir_all(&path).expect("a folder"),
                Some(file) => {
                    let folder = path.parent().expect("it is in one");
                    fs::create_dir_all(folder).expect("a folder");
                    self.files[file]
                        .cut(luck)
                        .store(&path)
                        .expect("it is written");
                }
            }
        }
    }
}

impl File {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.written.len < at {
            self.resize(at);
        }
        self.written.write(at, bytes);
        self.dirty.extend(at / PAGE..=(at + bytes.len() - 1) / PAGE);
    }

    fn resize(&mut self, len: usize) {
        let (old, new) = (self.written.len.min(len), self.written.len.max(len));
        self.written.resize(len);
        if old < new {
            self.dirty.extend(old / PAGE..=(new - 1) / PAGE);
        }
    }

    /// What was synced, and some of the pages written since then.
    fn cut(&self, luck: &mut impl Luck) -> Pages {
        let mut left = self.synced.clone();
        if self.dirty.is_empty() {
            return left;
        }
        // The length may be the old one or the new one; where it is new, what was not written is zeros.
        if luck.below(2) == 0 {
            left.resize(self.written.len);
        }
        // None, all, or any.
        let keep = [0, 100, 10, 50, 90][luck.below(5)];
        for page in &self.dirty {
            let start = page * PAGE;
            let len = PAGE.min(left.len.saturating_sub(start));
            if len > 0 && luck.below(100) < keep {
                left.write(start, &self.written.read(start, len));
            }
        }
        left
    }
}
