//! What is on its way into the vault, sealed by whoever brings it: the one thread that writes is left with writing.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{NONCE_BYTES, NoRandomness, Random, Secret, SubjectTag, id_of};
use crate::entry::Ciphertext;
use crate::error::PutError;
use crate::read::Shared;
use crate::settings::PLAINTEXT_BYTES_MAX;
use crate::vault::Sealed;

/// What an entry counts in the queue besides its plaintext, in bytes: about what its record adds on the disk.
const ENTRY_COST: usize = 128;

/// Entries of one subject that are to be kept, all or none. Nothing of them is on the disk yet.
pub struct Draft {
    pub(crate) subject: Uuid,
    pub(crate) tag: SubjectTag,
    /// Needed until they are kept: somebody else may bring the subject first, and its key then seals these.
    pub(crate) entries: Vec<Brought>,
    pub(crate) foreseen: Option<Rider>,
    /// What the draft counts in the queue.
    pub(crate) bytes: usize,
}

/// What is to be kept, and the id it has already when it comes from another vault.
pub(crate) struct Brought {
    pub(crate) text: Zeroizing<Vec<u8>>,
    pub(crate) id: Option<Uuid>,
}

/// A new subject's key and entries, as they will lie in the vault. They can ride along with the append that names them, and are
/// then on the disk with its own sync: see [`Stowage`](crate::Stowage).
pub struct Rider {
    pub(crate) tag: SubjectTag,
    pub(crate) key: Secret,
    pub(crate) entries: Vec<Ciphertext>,
}

/// Never shows what it holds.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// Never shows what it holds.
impl fmt::Debug for Rider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rider").finish_non_exhaustive()
    }
}

impl Draft {
    pub(crate) fn new(
        shared: &Shared,
        subject: Uuid,
        entries: Vec<Brought>,
        random: &Random,
        queue_bytes_max: usize,
    ) -> Result<Self, PutError> {
        let sizes = entries.iter().map(|entry| entry.text.len());
        let largest = sizes.clone().max().unwrap_or(0);
        if largest > PLAINTEXT_BYTES_MAX {
            return Err(PutError::TooLarge {
                bytes: largest,
                max: PLAINTEXT_BYTES_MAX,
            });
        }
        let bytes = sizes.map(|size| size + ENTRY_COST).sum();
        if bytes > queue_bytes_max {
            let max = queue_bytes_max;
            return Err(PutError::TooLarge { bytes, max });
        }
        let tag = shared.tag(subject);
        let known = shared.index().slots.of(&tag).is_some();
        let own = entries.iter().all(|entry| entry.id.is_none());
        let foreseen = if known || !own {
            None
        } else {
            // Without randomness the writer finds the same, and says so.
            Rider::seal(tag, &entries, random).ok()
        };
        Ok(Self {
            subject,
            tag,
            entries,
            foreseen,
            bytes,
        })
    }

    /// What the entries will be called: so they are kept, unless somebody else brings the same subject first. None for a
    /// subject that is known already: its key is the writer's to read.
    pub fn foreseen(&self) -> Option<Vec<Sealed>> {
        let foreseen = self.foreseen.as_ref()?;
        Some(foreseen.entries.iter().map(Ciphertext::named).collect())
    }

    /// How many entries it has.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// What can ride along with an append; the draft can still be kept by itself, under other names. None for a subject that is
    /// known already.
    pub fn rider(&mut self) -> Option<Rider> {
        self.foreseen.take()
    }
}

impl Rider {
    /// About how many bytes it holds.
    pub fn bytes(&self) -> usize {
        let entries = self.entries.iter();
        entries.map(|entry| entry.length() + ENTRY_COST).sum()
    }

    /// Under a new key. All randomness is drawn at once: each draw is a system call.
    fn seal(tag: SubjectTag, entries: &[Brought], random: &Random) -> Result<Self, NoRandomness> {
        const EACH: usize = 16 + NONCE_BYTES;
        let mut drawn = Zeroizing::new(vec![0; 32 + EACH * entries.len()]);
        random.fill(&mut drawn)?;
        let (key, names) = drawn.split_at(32);
        let mut secret = Secret::empty();
        secret.bytes_mut().copy_from_slice(key);
        let sealed = entries
            .iter()
            .zip(names.chunks_exact(EACH))
            .map(|(entry, drawn)| {
                let (mut id, mut nonce) = ([0; 16], [0; NONCE_BYTES]);
                id.copy_from_slice(&drawn[..16]);
                nonce.copy_from_slice(&drawn[16..]);
                Ciphertext::seal(&secret, tag, id_of(id), nonce, &entry.text)
            })
            .collect();
        Ok(Self {
            tag,
            key: secret,
            entries: sealed,
        })
    }
}

/// Entries that no vault has yet.
pub(crate) fn fresh(plaintexts: Vec<Vec<u8>>) -> Vec<Brought> {
    let texts = plaintexts.into_iter().map(Zeroizing::new);
    texts.map(|text| Brought { text, id: None }).collect()
}
