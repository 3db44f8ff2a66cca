//! The cryptography of the vault: wrapping keys, sealing entries, keyed digests; nothing here touches the disk.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of an XChaCha20 nonce: long enough to be drawn at random for ever (draft-irtf-cfrg-xchacha-03 §2.1).
pub(crate) const NONCE_BYTES: usize = 24;
/// Bytes of a Poly1305 tag.
pub(crate) const TAG_BYTES: usize = 16;
/// Bytes of a key under another key.
pub(crate) const WRAPPED_BYTES: usize = 32 + TAG_BYTES;

/// A subject as the files name it: a keyed digest of its id.
pub(crate) type SubjectTag = [u8; 16];

/// The system gave no random bytes.
pub(crate) type NoRandomness = getrandom::Error;

type Draw = dyn Fn(&mut [u8]) + Send + Sync;

/// Where random bytes come from: the system.
#[doc(hidden)]
#[derive(Clone, Default)]
pub struct Random(Option<Arc<Draw>>);

impl Random {
    /// The system's.
    pub(crate) const SYSTEM: Self = Self(None);

    /// A test's own, which may give the same again. What is kept with it is not secret.
    pub fn of_a_test(draw: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(draw)))
    }

    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        match &self.0 {
            None => getrandom::fill(bytes),
            Some(draw) => {
                draw(bytes);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Random").finish()
    }
}

/// A 32-byte key on the heap, so that moving it leaves no copy behind; zeroed when dropped, never shown.
#[derive(Clone)]
pub(crate) struct Secret(Box<Zeroizing<[u8; 32]>>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key under another key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wrapped {
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) sealed: [u8; WRAPPED_BYTES],
}

impl Secret {
    /// A key of zeros, to be filled in place.
    pub(crate) fn empty() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }

    pub(crate) fn random(random: &Random) -> Result<Self, NoRandomness> {
        let mut secret = Self::empty();
        random.fill(secret.bytes_mut())?;
        Ok(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes().into())
    }

    /// Another key for one purpose: from one, no other can be computed.
    pub(crate) fn derive(&self, parts: &[&[u8]]) -> Self {
        let mut derived = Self::empty();
        Digests::under(self).mac(parts, derived.bytes_mut());
        derived
    }

    /// Puts `key` under this one, for the use that `purpose` names.
    pub(crate) fn wrap(&self, key: &Self, purpose: &[u8]) -> Result<Wrapped, NoRandomness> {
        Ok(self.wrap_with(random_nonce(&Random::SYSTEM)?, key, purpose))
    }

    /// [`wrap`](Self::wrap) for several, in order: one draw of the system for all of them.
    pub(crate) fn wrap_all<P: AsRef<[u8]>>(
        &self,
        keys: &[(P, &Self)],
    ) -> Result<Vec<Wrapped>, NoRandomness> {
        let mut drawn = vec![[0; NONCE_BYTES]; keys.len()];
        Random::SYSTEM.fill(drawn.as_flattened_mut())?;
        let each = keys.iter().zip(drawn);
        Ok(each
            .map(|((purpose, key), nonce)| self.wrap_with(nonce, key, purpose.as_ref()))
            .collect())
    }

    fn wrap_with(&self, nonce: [u8; NONCE_BYTES], key: &Self, purpose: &[u8]) -> Wrapped {
        let mut sealed = [0; WRAPPED_BYTES];
        let (body, tag) = sealed.split_at_mut(32);
        body.copy_from_slice(key.bytes());
        match self
            .cipher()
            .encrypt_inout_detached((&nonce).into(), purpose, body.into())
        {
            Ok(mark) => tag.copy_from_slice(&mark),
            // Only for messages of over 256 GiB; a wrapped key that nothing opens is safe, one in the clear is not.
            Err(_) => sealed.zeroize(),
        }
        Wrapped { nonce, sealed }
    }

    /// The key that was wrapped, if it was wrapped under this one and for this use.
    pub(crate) fn uncover(&self, wrapped: &Wrapped, purpose: &[u8]) -> Option<Self> {
        let (body, tag) = wrapped.sealed.split_at(32);
        let mut key = Self::empty();
        key.bytes_mut().copy_from_slice(body);
        self.open(&wrapped.nonce, purpose, key.bytes_mut(), tag)
            .then_some(key)
    }

    /// Encrypts in place; what `buffer` held is gone afterwards, whatever happens.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound_to: &[u8],
        buffer: &mut [u8],
    ) -> [u8; TAG_BYTES] {
        match self
            .cipher()
            .encrypt_inout_detached(nonce.into(), bound_to, (&mut *buffer).into())
        {
            Ok(tag) => tag.into(),
            Err(_) => {
                // As in `wrap`: cannot happen at our sizes, and must not leave plaintext if it did.
                buffer.zeroize();
                [0; TAG_BYTES]
            }
        }
    }

    /// Decrypts in place; false, and nothing of use in `buffer`, when it is not what was sealed.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound_to: &[u8],
        buffer: &mut [u8],
        tag: &[u8],
    ) -> bool {
        let Ok(tag) = Tag::try_from(tag) else {
            return false;
        };
        self.cipher()
            .decrypt_inout_detached(nonce.into(), bound_to, buffer.into(), &tag)
            .is_ok()
    }
}

/// Keyed digests under one secret, ready to begin: half the work of a short one lies in the key. The
/// states of the hash that it is made of are zeroed when dropped.
#[derive(Clone)]
pub(crate) struct Digests(Hmac<Sha256>);

const _: fn() = || {
    fn zeroed<T: zeroize::ZeroizeOnDrop>() {}
    zeroed::<Sha256>();
};

impl Digests {
    pub(crate) fn under(secret: &Secret) -> Self {
        // HMAC pads a shorter key with zeros up to the hash's block; done here, because then the length cannot be wrong.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(secret.bytes());
        Self(<Hmac<Sha256> as KeyInit>::new((&*block).into()))
    }

    /// HMAC-SHA-256 (RFC 2104) over the parts, one after the other.
    fn mac(&self, parts: &[&[u8]], out: &mut [u8; 32]) {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let mut digest = mac.finalize().into_bytes();
        out.copy_from_slice(&digest);
        digest.as_mut_slice().zeroize();
    }

    /// The first sixteen bytes of HMAC-SHA-256.
    pub(crate) fn of(&self, bytes: &[u8]) -> [u8; 16] {
        let mut whole = Zeroizing::new([0; 32]);
        self.mac(&[bytes], &mut whole);
        let mut digest = [0; 16];
        digest.copy_from_slice(&whole[..16]);
        digest
    }
}

pub(crate) fn random_nonce(random: &Random) -> Result<[u8; NONCE_BYTES], NoRandomness> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce)?;
    Ok(nonce)
}

/// A random id (RFC 9562 version 4); the system's refusal is an error here, not a panic.
pub(crate) fn random_id(random: &Random) -> Result<Uuid, NoRandomness> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(id_of(bytes))
}

/// The id that these random bytes make.
pub(crate) fn id_of(drawn: [u8; 16]) -> Uuid {
    uuid::Builder::from_random_bytes(drawn).into_uuid()
}

/// SHA-256: how an event names a ciphertext.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> Secret {
        let mut secret = Secret::empty();
        secret.bytes_mut().fill(byte);
        secret
    }

    #[test]
    fn the_keyed_digest_is_hmac_sha_256_as_rfc_4231_has_it() {
        // RFC 4231 test case 1: a key of twenty 0x0b; zero padding makes a 32-byte key of the same HMAC.
        let mut key = Secret::empty();
        key.bytes_mut()[..20].fill(0x0b);
        let expected = [
            0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b,
            0xf1, 0x2b,
        ];
        assert_eq!(Digests::under(&key).of(b"Hi There"), expected);
    }

    #[test]
    fn a_key_comes_back_only_under_the_same_key_and_for_the_same_use() {
        let wrapped = secret(1).wrap(&secret(2), b"use").unwrap();
        assert_eq!(
            secret(1).uncover(&wrapped, b"use").unwrap().bytes(),
            &[2; 32]
        );
        assert!(secret(1).uncover(&wrapped, b"other use").is_none());
        assert!(secret(3).uncover(&wrapped, b"use").is_none());
        for at in 0..WRAPPED_BYTES {
            let mut flipped = wrapped;
            flipped.sealed[at] ^= 1;
            assert!(secret(1).uncover(&flipped, b"use").is_none(), "byte {at}");
        }
    }

    #[test]
    fn sealing_is_xchacha20_poly1305_as_its_draft_has_it() {
        // draft-irtf-cfrg-xchacha-03 A.3.1: key 80..9f, nonce 40..57, its associated data and plaintext.
        let mut key = Secret::empty();
        for (byte, value) in key.bytes_mut().iter_mut().zip(0x80..) {
            *byte = value;
        }
        let mut nonce = [0; NONCE_BYTES];
        for (byte, value) in nonce.iter_mut().zip(0x40..) {
            *byte = value;
        }
        let aad = [
            0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
        ];
        let mut text = *b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let tag = key.seal(&nonce, &aad, &mut text);
        assert_eq!(text[..8], [0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]);
        assert_eq!(
            tag,
            [
                0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a,
                0xcf, 0x49
            ]
        );
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", secret(7)), "Secret(…)");
    }
}
