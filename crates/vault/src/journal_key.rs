//! The key under which riders lie in the log's journal, drawn anew whenever something is destroyed here.
//!
//! A journal is the log's: its bytes stay in freed blocks, in copies made after a crash, in a folder kept as evidence. None of
//! that has to be found and overwritten when a subject is erased, because nobody can read it any more once this key is gone.
//! It is gone in place, as subjects' keys are: one slot in a file of its own. Before it goes all that rode along is where it
//! belongs, so whatever a journal has under an earlier key is not needed.

use std::path::Path;

use tracing::warn;
use zeroize::Zeroizing;

use crate::cipher::{NONCE_BYTES, NoRandomness, Random, Secret, TAG_BYTES, random_nonce};
use crate::disk::{self, DataFile};
use crate::keys::{self, SLOT_BYTES, Slot};
use crate::settings::{Content, Settings};
use crate::writer::Stop;

const NAME: &str = "journal-key";
const VERSION: u8 = 1;
/// Version 1, which key 16, nonce 24.
const HEAD_BYTES: usize = 1 + 16 + NONCE_BYTES;

/// Which of the vault's journal keys it is; no secret.
type Name = [u8; 16];

/// The key in use.
pub(crate) struct JournalKey {
    file: DataFile,
    name: Name,
    key: Secret,
    /// Whether anything may lie under it.
    used: bool,
}

/// What sealed bytes of a journal turn out to be.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Opened {
    /// They lie under the key in use.
    Bytes(Vec<u8>),
    /// They lie under a key that is gone: all that was under it is where it belongs.
    Settled,
    /// They are not what was written, or nothing of this vault.
    Unreadable,
}

impl JournalKey {
    /// Reads the vault's journal key, or makes one. One that this master key does not open was made just before a change of the
    /// master key that did not come about, or is damaged: it is drawn anew.
    pub(crate) fn open(
        folder: &Path,
        wrapping: &Secret,
        settings: &Settings,
    ) -> Result<Self, Stop> {
        let path = folder.join(NAME);
        let there = path.exists();
        let file = match there {
            true => DataFile::open(&path, Content::Keys, &settings.before)?,
            false => DataFile::create(&path, Content::Keys, &settings.before)?,
        };
        let mut bytes = [0; SLOT_BYTES];
        file.read(&mut bytes, 0)?;
        if let Slot::Live(name, wrapped) = Slot::decode(&bytes)
            && let Some(key) = keys::key(wrapping, name, &wrapped)
        {
            // What a killed process wrote may be in the page cache only, and after a sync that failed it passes for synced:
            // nothing may lie under a key that a power cut takes back.
            file.write(&bytes, 0)?;
            file.sync()?;
            let used = true;
            return Ok(Self {
                file,
                name,
                key,
                used,
            });
        }
        if there {
            warn!(
                file = NAME,
                "there is no journal key under this master key; it is drawn anew. If it was damaged, what rode along since the last checkpoint is lost"
            );
        }
        let mut made = Self {
            file,
            name: Name::default(),
            key: Secret::empty(),
            used: true,
        };
        made.renew(wrapping, &settings.random)?;
        disk::sync_folder(folder)?;
        Ok(made)
    }

    /// Puts another key in its place, on the disk. All that lies under it must be where it belongs by now.
    pub(crate) fn renew(&mut self, wrapping: &Secret, random: &Random) -> Result<(), Stop> {
        let key = Secret::random(random)?;
        let mut name = Name::default();
        random.fill(&mut name)?;
        let slot = Slot::Live(name, keys::wrap(wrapping, name, &key)?);
        self.file.write(&slot.encode(), 0)?;
        self.file.sync()?;
        (self.name, self.key, self.used) = (name, key, false);
        Ok(())
    }

    /// Whether anything may lie under it.
    pub(crate) fn is_used(&self) -> bool {
        self.used
    }

    /// What a journal may hold of these bytes.
    pub(crate) fn seal(&mut self, random: &Random, bytes: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let nonce = random_nonce(random)?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + bytes.len() + TAG_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.name);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(bytes);
        let body = sealed.get_mut(HEAD_BYTES..).unwrap_or_default();
        let mark = self.key.seal(&nonce, &bound_to(&self.name), body);
        sealed.extend_from_slice(&mark);
        self.used = true;
        Ok(sealed)
    }

    pub(crate) fn open_sealed(&self, sealed: &[u8]) -> Opened {
        let Some((name, nonce, body)) = parted(sealed) else {
            return Opened::Unreadable;
        };
        if *name != self.name {
            return Opened::Settled;
        }
        let Some(length) = body.len().checked_sub(TAG_BYTES) else {
            return Opened::Unreadable;
        };
        let (body, mark) = body.split_at(length);
        let mut bytes = Zeroizing::new(body.to_vec());
        match self.key.open(nonce, &bound_to(name), &mut bytes, mark) {
            true => Opened::Bytes(std::mem::take(&mut *bytes)),
            false => Opened::Unreadable,
        }
    }
}

fn parted(sealed: &[u8]) -> Option<(&Name, &[u8; NONCE_BYTES], &[u8])> {
    let rest = sealed.strip_prefix(&[VERSION])?;
    let (name, rest) = rest.split_first_chunk()?;
    let (nonce, body) = rest.split_first_chunk()?;
    Some((name, nonce, body))
}

fn bound_to(name: &Name) -> [u8; 48] {
    let mut bound = *b"hoso vault journal v1           ................";
    bound[32..].copy_from_slice(name);
    bound
}
