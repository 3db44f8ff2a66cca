//! The manifest: which log this folder holds and which files and folders make it up.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::durable;
use crate::error::OpenError;
use crate::record::{ChainHash, LogId, Position};
use crate::settings::{Faults, Role};

/// The format of everything in the folder; a program refuses what it does not know. Since version 2 live folders have journals,
/// without which version 1 would open them; since version 3 something may ride along in them, and version 2 would take such a
/// commit for torn. A folder of an earlier version is read, and of this one from then on.
const FORMAT: u32 = 3;

/// Which log this is and what it is made of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    pub(crate) log: LogId,
    pub(crate) epoch: u32,
    pub(crate) role: Role,
    /// Its times were never a machine's: a person set them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) clock_by_hand: bool,
    /// In the order of their positions; the last one is live.
    pub(crate) segments: Vec<Entry>,
}

/// A segment of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Names its file or folder.
    pub(crate) number: u32,
    /// The position of its first record.
    pub(crate) first: Position,
    /// The chain hash before it.
    #[serde(serialize_with = "put_hash", deserialize_with = "take_hash")]
    pub(crate) before: ChainHash,
    /// Where it ends, once it does.
    pub(crate) end: Option<End>,
    pub(crate) form: Form,
}

/// Where a segment that takes no more records ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) last: Position,
    #[serde(serialize_with = "put_hash", deserialize_with = "take_hash")]
    pub(crate) hash: ChainHash,
}

/// How a segment is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// A sled folder: live, or about to be sealed.
    Folder,
    /// One immutable file.
    Sealed,
}

impl Manifest {
    pub(crate) fn new(log: LogId, role: Role, live: Entry) -> Self {
        Self {
            format: FORMAT,
            log,
            epoch: 1,
            role,
            clock_by_hand: false,
            segments: vec![live],
        }
    }

    /// Reads the folder's manifest; none when there is none.
    pub(crate) fn load(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = path(folder);
        let fault = |why: String| OpenError::Manifest {
            path: path.clone(),
            why,
        };
        let Some(bytes) = durable::read(&path).map_err(|error| fault(error.to_string()))? else {
            return Ok(None);
        };
        let mut manifest: Self =
            serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string()))?;
        if !(1..=FORMAT).contains(&manifest.format) {
            let found = manifest.format;
            let known = format!("format {found} is not known, only up to {FORMAT}");
            return Err(fault(known));
        }
        manifest.format = FORMAT;
        manifest.check().map_err(|why| fault(why.to_owned()))?;
        Ok(Some(manifest))
    }

    fn check(&self) -> Result<(), &'static str> {
        let Some((live, closed)) = self.segments.split_last() else {
            return Err("it names no segment");
        };
        if live.end.is_some() || live.form != Form::Folder {
            return Err("its last segment is not live");
        }
        let mut next = (1, ChainHash::default());
        for entry in closed {
            let end = entry.end.ok_or("a segment before the last has no end")?;
            if (entry.first, entry.before) != next || end.last < entry.first {
                return Err("its segments do not follow each other");
            }
            next = (end.last.saturating_add(1), end.hash);
        }
        if (live.first, live.before) != next {
            return Err("its segments do not follow each other");
        }
        Ok(())
    }

    /// Puts this manifest in place of the folder's.
    pub(crate) fn store(&self, folder: &Path, faults: &Faults) -> io::Result<()> {
        faults.at("manifest::write")?;
        let bytes = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        durable::replace(&path(folder), &bytes)?;
        faults.at("manifest::written")
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("manifest")
}

/// The sled folder of a segment.
pub(crate) fn live_folder(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("live-{number:06}"))
}

/// The copy that recovery works on, so that the original stays as the crash left it.
pub(crate) fn recovery_folder(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("live-{number:06}.recovering"))
}

/// Where a live folder is kept that was found to have lost something; the log itself does not look at it again.
pub(crate) fn kept_folder(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("kept-live-{number:06}"))
}

/// The sealed file of a segment.
pub(crate) fn sealed_file(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("sealed-{number:06}"))
}

pub(crate) fn put_hash<S: Serializer>(hash: &ChainHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}

pub(crate) fn take_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ChainHash, D::Error> {
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    parse_hash(&text).ok_or_else(|| serde::de::Error::custom("a hash is 64 hexadecimal digits"))
}

fn parse_hash(text: &str) -> Option<ChainHash> {
    if text.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(ChainHash(hash))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn live() -> Entry {
        let before = ChainHash::default();
        Entry {
            number: 1,
            first: 1,
            before,
            end: None,
            form: Form::Folder,
        }
    }

    #[test]
    fn the_manifest_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::load(folder.path()).unwrap(), None);
        let mut manifest = Manifest::new(LogId(Uuid::from_u128(7)), Role::Origin, live());
        manifest.store(folder.path(), &Faults::default()).unwrap();
        assert_eq!(
            Manifest::load(folder.path()).unwrap().as_ref(),
            Some(&manifest)
        );
        let hash = ChainHash([0xab; 32]);
        manifest.segments[0].end = Some(End { last: 10, hash });
        manifest.segments.push(Entry {
            number: 2,
            first: 11,
            before: hash,
            ..live()
        });
        manifest.store(folder.path(), &Faults::default()).unwrap();
        assert_eq!(Manifest::load(folder.path()).unwrap(), Some(manifest));
    }

    #[test]
    fn a_manifest_whose_segments_leave_a_gap_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::new(LogId(Uuid::from_u128(7)), Role::Origin, live());
        manifest.segments[0].end = Some(End {
            last: 10,
            hash: ChainHash([1; 32]),
        });
        manifest.segments.push(Entry {
            number: 2,
            first: 12,
            before: ChainHash([1; 32]),
            ..live()
        });
        manifest.store(folder.path(), &Faults::default()).unwrap();
        let error = Manifest::load(folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("do not follow each other"),
            "{error}"
        );
    }
}
