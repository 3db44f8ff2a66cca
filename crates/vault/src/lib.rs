//! Personal data, encrypted under a key per subject and erasable in place: key and ciphertext are overwritten, not left behind.
//!
//! A *subject* is a dossier; an *entry* is what was kept about it at one moment, and never changes. Events name entries by
//! id and by the digest of their ciphertext, so history and proofs stay whole after an erasure.
//!
//! The folder of a vault:
//!
//! | File | What is in it | How it changes |
//! |---|---|---|
//! | `lock` | nothing | locked by the one process that has the vault open |
//! | `manifest` | format version, vault id, which files belong to it, the fingerprint key under the master key | replaced whole (write, sync, rename, sync) |
//! | `journal-key` | one slot: the key under which riders lie in the log's journal, under the master key | in place, whenever something is destroyed |
//! | `keys-NNNN` | fixed slots of 128 bytes: a keyed digest of the subject, its key under the master key | in place; zeros are written and synced ahead |
//! | `entries-NNNN` | records: a header of 64 bytes, the ciphertext, zeros to the next 64 bytes; also new subjects' wrapped keys, until `keys-NNNN` is synced | appended; overwritten in place on erasure, and keys at each checkpoint |
//!
//! Overwriting in place reaches the disk's blocks on file systems that do not copy on write (ext4, xfs) — put a vault on
//! one of those; a drive's own wear levelling is out of a program's reach, which is why the key goes first: without it
//! whatever the drive still holds is noise (NIST SP 800-88 r1 calls this cryptographic erase). Backups are copies: they
//! hold what they hold until they expire.
//!
//! * [`Vault`]: the handle everyone uses
//! * [`Draft`]: entries that are sealed and not yet kept; [`Rider`]: those of a new subject, kept in the
//!   [`Stowage`], with the log's own sync
//! * [`MasterKey`]: what opens a vault; [`MasterKeys`]: the files that it and its successor are in
//! * [`LineKey`]: what vaults of one province speak under, when one takes an entry over from another; [`LineKeys`]: its files
//! * [`Settings`]: limits, and where tests make the disk fail

mod checkpoint;
mod cipher;
pub mod copy;
mod disk;
mod draft;
mod entry;
mod erase;
mod error;
mod exchange;
mod files;
mod fingerprints;
mod handover;
mod index;
mod journal_key;
mod key_file;
mod keys;
pub mod line;
mod line_file;
mod manifest;
mod master_key;
mod open;
mod read;
mod recover;
mod riding;
mod rotate;
mod scan;
mod settings;
mod stowage;
mod turns;
mod vault;
mod writer;

pub use crate::cipher::Random;
pub use crate::disk::DiskError;
pub use crate::draft::{Draft, Rider};
pub use crate::error::{EraseError, GetError, OpenError, PutError, RotateError};
pub use crate::exchange::{Exchange, MasterKeys};
pub use crate::handover::TakeError;
pub use crate::index::{Damage, Mark};
pub use crate::key_file::KeyFileError;
pub use crate::line::LineKey;
pub use crate::line_file::LineKeys;
pub use crate::master_key::MasterKey;
pub use crate::rotate::Rewrapped;
pub use crate::settings::{Content, Hook, PLAINTEXT_BYTES_MAX, Settings, Step};
pub use crate::stowage::{Kept, Stowage};
pub use crate::vault::{Sealed, Status, Vault};
