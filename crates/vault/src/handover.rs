//! Handing an entry over to another vault: what its event promised is proved, and there it lies under that vault's own keys.
//!
//! What is handed over is the ciphertext whose digest the event names, with the key that opens it: so whoever takes it over
//! knows that it is the very entry, and not what somebody on the way put in its place. It must travel under cover: see
//! [`line`](crate::line). The key that came with it is forgotten once the entry is opened; the entry is encrypted anew, under
//! its old id, so that erasing in one vault never depends on another.

use std::future::Future;

use thiserror::Error;
use tokio::sync::oneshot;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{NONCE_BYTES, Secret, TAG_BYTES, sha256};
use crate::draft::Brought;
use crate::entry::bound_to;
use crate::error::{GetError, PutError};
use crate::vault::{Vault, to_task};

/// What stands before the ciphertext: the subject's tag in the vault it comes from, its key there, the nonce.
const HEAD_BYTES: usize = 16 + 32 + NONCE_BYTES;

/// An entry was not taken over.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TakeError {
    /// It is not the entry that the event names.
    #[error("what came is not entry {entry}: its digest is another, or its key does not open it")]
    Other {
        /// The entry that was wanted.
        entry: Uuid,
    },
    /// It cannot be kept.
    #[error(transparent)]
    Put(#[from] PutError),
}

impl Vault {
    /// An entry as another vault [takes it over](Self::take_over). It is as secret as the entry itself.
    ///
    /// # Errors
    /// See [`GetError`].
    pub fn hand_over(&self, entry: Uuid) -> Result<Zeroizing<Vec<u8>>, GetError> {
        self.0.shared.read(entry, |found| {
            let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD_BYTES + found.ciphertext.len()));
            bytes.extend_from_slice(&found.tag);
            bytes.extend_from_slice(found.key.bytes());
            bytes.extend_from_slice(&found.nonce);
            bytes.extend_from_slice(&found.ciphertext);
            Some(bytes)
        })
    }

    /// Keeps an entry of another vault under its own id, if it is the one whose ciphertext has this digest there. One that is
    /// here already stays as it is. It is sent to the writer at once, and on the disk when the future is done.
    ///
    /// # Errors
    /// See [`TakeError`]; a subject that was erased here stays erased.
    pub fn take_over(
        &self,
        subject: Uuid,
        entry: Uuid,
        digest: [u8; 32],
        handed: &[u8],
    ) -> impl Future<Output = Result<(), TakeError>> + Send + 'static {
        let (reply, answer) = oneshot::channel();
        let sent = uncovered(entry, digest, handed)
            .ok_or(TakeError::Other { entry })
            .and_then(|text| {
                let id = Some(entry);
                let brought = vec![Brought { text, id }];
                Ok(self.send_put(self.draft_of(subject, brought)?, to_task(reply))?)
            });
        let vault = self.clone();
        async move {
            sent?;
            match answer.await {
                Ok(kept) => kept?,
                Err(_) => return Err(PutError::Closed(vault.why_closed()).into()),
            };
            Ok(())
        }
    }
}

/// The plaintext, if this is the entry.
fn uncovered(entry: Uuid, digest: [u8; 32], handed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (head, ciphertext) = handed.split_at_checked(HEAD_BYTES)?;
    if sha256(ciphertext) != digest {
        return None;
    }
    let (tag, rest) = head.split_first_chunk::<16>()?;
    let (found, nonce) = rest.split_first_chunk::<32>()?;
    let mut key = Secret::empty();
    key.bytes_mut().copy_from_slice(found);
    let length = ciphertext.len().checked_sub(TAG_BYTES)?;
    let (body, mark) = ciphertext.split_at(length);
    let mut text = Zeroizing::new(body.to_vec());
    let nonce = nonce.first_chunk::<NONCE_BYTES>()?;
    key.open(nonce, &bound_to(entry, *tag), &mut text, mark)
        .then_some(text)
}
