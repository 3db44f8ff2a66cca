//! The line between vaults: questions and answers that only the vaults of one province can read, whatever carries them.
//!
//! A question is sealed under the line's key, a file that intake nodes and processing share: nobody else can ask. An answer is
//! sealed under a key that both sides agree on for this one answer (X25519, RFC 7748) and forget. So whatever was recorded
//! on the way stays unreadable when the line's key, a master key or a whole vault gets about later; without that, erasing
//! would not reach what somebody had recorded. The line's key is no part of any vault and opens none.
//!
//! | Bytes | In both |
//! |---|---|
//! | 1 | version, 1 |
//! | 32 | the sender's public key for this one exchange |
//! | 24 | nonce |
//! | rest | `XChaCha20-Poly1305`, bound to the vault that is asked |

use std::fmt;
use std::path::Path;

use ring::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use ring::rand::SystemRandom;
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{NONCE_BYTES, Random, Secret, TAG_BYTES, random_nonce};
use crate::key_file::{self, KeyFileError};

const VERSION: u8 = 1;
const PUBLIC_BYTES: usize = 32;
const HEAD_BYTES: usize = 1 + PUBLIC_BYTES + NONCE_BYTES;

type PublicKey = [u8; PUBLIC_BYTES];

/// What the vaults of one province speak under. Never shown; zeroed when dropped.
#[derive(Clone)]
pub struct LineKey(Secret);

impl fmt::Debug for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineKey(…)")
    }
}

/// A question or an answer cannot be sealed or opened.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LineError {
    /// Not sealed under this line's key, or not for this vault, or altered on the way.
    #[error(
        "it is not sealed under this line's key for this vault: the two roles may have different line keys"
    )]
    Foreign,
    /// Written by a newer program.
    #[error("it has version {0}; this program knows 1")]
    Version(u8),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// Whoever asked, until the answer is here.
pub struct Awaiting {
    line: Secret,
    of: Uuid,
    private: EphemeralPrivateKey,
    public: PublicKey,
}

impl fmt::Debug for Awaiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaiting")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

/// A question that was sealed by somebody who has the line's key.
pub struct Heard {
    /// What is asked.
    pub question: Zeroizing<Vec<u8>>,
    line: Secret,
    of: Uuid,
    asker: PublicKey,
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

impl LineKey {
    /// Takes the bytes; the caller's own copy is the caller's to wipe.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut secret = Secret::empty();
        secret.bytes_mut().copy_from_slice(bytes);
        Self(secret)
    }

    /// Reads a file of exactly 32 raw bytes.
    ///
    /// # Errors
    /// When it cannot be read, has another length, or anyone but its owner has a right to it.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        key_file::read(path).map(Self)
    }

    /// Draws a new key and keeps it in a new file of mode 0600, synced before this returns.
    ///
    /// # Errors
    /// When the file is already there or cannot be made.
    pub fn generate_file(path: &Path) -> Result<Self, KeyFileError> {
        key_file::generate(path).map(Self)
    }

    /// Whether it is the same key.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }

    /// Seals a question to the vault of this name; what it gives first is what travels.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn ask(&self, of: Uuid, question: &[u8]) -> Result<(Vec<u8>, Awaiting), LineError> {
        let (private, public) = pair()?;
        let sealed = seal(&self.asking(&public), of, &public, question)?;
        let awaiting = Awaiting {
            line: self.0.clone(),
            of,
            private,
            public,
        };
        Ok((sealed, awaiting))
    }

    /// Opens a question that was put to the vault of this name.
    ///
    /// # Errors
    /// When it is not sealed under this key for this vault.
    pub fn hear(&self, of: Uuid, sealed: &[u8]) -> Result<Heard, LineError> {
        let (asker, rest) = parted(sealed)?;
        let question = open(&self.asking(&asker), of, rest)?;
        Ok(Heard {
            question,
            line: self.0.clone(),
            of,
            asker,
        })
    }

    fn asking(&self, asker: &PublicKey) -> Secret {
        self.0.derive(&[b"hoso line question v1", asker])
    }
}

impl Heard {
    /// Seals the answer to whoever asked.
    ///
    /// # Errors
    /// When the system gives no random bytes, or the asker's key is none.
    pub fn answer(self, answer: &[u8]) -> Result<Vec<u8>, LineError> {
        let (private, public) = pair()?;
        let key = agreed(&self.line, private, &self.asker, [&self.asker, &public])?;
        seal(&key, self.of, &public, answer)
    }
}

impl Awaiting {
    /// Opens the answer.
    ///
    /// # Errors
    /// When it is not the answer to this question, by the vault that was asked.
    pub fn open(self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LineError> {
        let (answerer, rest) = parted(sealed)?;
        let both = [&self.public, &answerer];
        let key = agreed(&self.line, self.private, &answerer, both)?;
        open(&key, self.of, rest)
    }
}

fn pair() -> Result<(EphemeralPrivateKey, PublicKey), LineError> {
    let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new())
        .map_err(|_| LineError::Random)?;
    let public = private
        .compute_public_key()
        .map_err(|_| LineError::Random)?;
    let public = public.as_ref().try_into().map_err(|_| LineError::Random)?;
    Ok((private, public))
}

/// The key of one answer: from what only the two know, and the line's key, so that nobody between them can take part.
fn agreed(
    line: &Secret,
    private: EphemeralPrivateKey,
    theirs: &PublicKey,
    [asker, answerer]: [&PublicKey; 2],
) -> Result<Secret, LineError> {
    let theirs = UnparsedPublicKey::new(&X25519, theirs);
    agreement::agree_ephemeral(private, &theirs, |shared| {
        line.derive(&[b"hoso line answer v1", asker, answerer, shared])
    })
    .map_err(|_| LineError::Foreign)
}

fn bound(of: Uuid) -> [u8; 32] {
    let mut bound = *b"hoso line v1    ................";
    bound[16..].copy_from_slice(of.as_bytes());
    bound
}

fn seal(key: &Secret, of: Uuid, public: &PublicKey, text: &[u8]) -> Result<Vec<u8>, LineError> {
    let nonce = random_nonce(&Random::SYSTEM).map_err(|_| LineError::Random)?;
    // All the room at once: growing later would leave a copy of the text in freed memory.
    let mut sealed = Vec::with_capacity(HEAD_BYTES + text.len() + TAG_BYTES);
    sealed.push(VERSION);
    sealed.extend_from_slice(public);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(text);
    let body = sealed.get_mut(HEAD_BYTES..).unwrap_or_default();
    let mark = key.seal(&nonce, &bound(of), body);
    sealed.extend_from_slice(&mark);
    Ok(sealed)
}

/// The sender's public key, and what is sealed.
fn parted(sealed: &[u8]) -> Result<(PublicKey, &[u8]), LineError> {
    let (version, rest) = sealed.split_first().ok_or(LineError::Foreign)?;
    if *version != VERSION {
        return Err(LineError::Version(*version));
    }
    let (public, rest) = rest.split_first_chunk().ok_or(LineError::Foreign)?;
    Ok((*public, rest))
}

fn open(key: &Secret, of: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LineError> {
    let (nonce, body) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(LineError::Foreign)?;
    let length = body
        .len()
        .checked_sub(TAG_BYTES)
        .ok_or(LineError::Foreign)?;
    let (text, mark) = body.split_at(length);
    let mut text = Zeroizing::new(text.to_vec());
    if key.open(nonce, &bound(of), &mut text, mark) {
        Ok(text)
    } else {
        Err(LineError::Foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_vault_that_was_asked_hears_and_only_who_asked_reads_the_answer() {
        let line = LineKey::from_bytes(&[7; 32]);
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (sealed, awaiting) = line.ask(there, b"entry 5?").unwrap();
        let (_, another) = line.ask(there, b"entry 5?").unwrap();
        assert_eq!(line.hear(here, &sealed).unwrap_err(), LineError::Foreign);
        let other = LineKey::from_bytes(&[8; 32]);
        assert_eq!(other.hear(there, &sealed).unwrap_err(), LineError::Foreign);
        let heard = line.hear(there, &sealed).unwrap();
        assert_eq!(*heard.question, b"entry 5?");
        let answer = heard.answer("Trần Thị B".as_bytes()).unwrap();
        assert_eq!(another.open(&answer).unwrap_err(), LineError::Foreign);
        assert_eq!(*awaiting.open(&answer).unwrap(), "Trần Thị B".as_bytes());
    }

    #[test]
    fn whoever_learns_the_line_key_later_cannot_read_what_was_recorded() {
        let line = LineKey::from_bytes(&[7; 32]);
        let there = Uuid::from_u128(2);
        let (question, _) = line.ask(there, b"entry 5?").unwrap();
        let answer = line.hear(there, &question).unwrap().answer(b"text");
        let answer = answer.unwrap();
        // The recorder has both messages and the key, but neither side's half of the exchange.
        let (asker, _) = parted(&question).unwrap();
        let (answerer, rest) = parted(&answer).unwrap();
        let both = [&asker, &answerer];
        for theirs in both {
            let (guess, _) = pair().unwrap();
            let key = agreed(&line.0, guess, theirs, both).unwrap();
            assert_eq!(open(&key, there, rest).unwrap_err(), LineError::Foreign);
        }
    }

    #[test]
    fn whatever_is_altered_on_the_way_is_refused() {
        let line = LineKey::from_bytes(&[7; 32]);
        let there = Uuid::from_u128(2);
        let (sealed, _) = line.ask(there, b"entry 5?").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(line.hear(there, &altered).is_err(), "byte {at}");
            assert!(line.hear(there, &sealed[..at]).is_err(), "cut at {at}");
        }
    }
}
