//! How a terminal keeps on its disk what people told it: encrypted under a key of its own, bound to the place it lies in.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use zeroize::Zeroizing;

use crate::Failure;

/// What every sealed file begins with; the last byte is the version of its layout.
///
/// | Bytes | What |
/// |---|---|
/// | 8 | this |
/// | 24 | nonce |
/// | rest | `XChaCha20-Poly1305`, bound to this and to what the file is |
const MAGIC: &[u8; 8] = b"HSTERM\0\x01";
const NONCE_BYTES: usize = 24;

/// The terminal's key; zeroed when dropped.
pub struct Key(Box<Zeroizing<[u8; 32]>>);

/// Why a sealed file cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// It is not such a file, or not all of one.
    #[error("it is cut off, or no file of a terminal")]
    Form,
    /// Written by a newer program.
    #[error("it has layout {0}; this program knows 1")]
    Version(u8),
    /// Altered, or sealed under another key, or for another place.
    #[error("it does not open under this terminal's key: altered, or of another terminal")]
    Sealed,
    /// It opens, and is not what should be there.
    #[error("it opens and makes no sense")]
    Content,
}

impl Key {
    /// The key in a file of mode 0600; drawn and kept there, synced, at first use.
    ///
    /// # Errors
    /// When it cannot be read or made, is no key, or anyone but its owner has a right to it.
    pub fn read_or_draw(path: &Path) -> Result<Self, Failure> {
        match File::open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::draw(path),
            Err(error) => Err(format!("the key file {}: {error}", path.display()).into()),
        }
    }

    fn read(mut file: File, path: &Path) -> Result<Self, Failure> {
        let metadata = file.metadata()?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "the key file {} has mode {mode:04o}; only its owner may have rights to it (0600)",
                path.display()
            )
            .into());
        }
        let mut key = Box::new(Zeroizing::new([0; 32]));
        if metadata.len() != 32 || file.read_exact(key.as_mut_slice()).is_err() {
            return Err(format!("the key file {} is not 32 bytes", path.display()).into());
        }
        Ok(Self(key))
    }

    fn draw(path: &Path) -> Result<Self, Failure> {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        random(key.as_mut_slice())?;
        // Under another name first: a key of which half is on the disk opens nothing.
        let new = path.with_extension("new");
        let _ = std::fs::remove_file(&new);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(key.as_slice())?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self(key))
    }

    /// Seals bytes into what lies in a file; `place` says which file.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + 16));
        text.extend_from_slice(plain);
        self.cipher()
            .encrypt_in_place((&nonce).into(), &bound_to(place), &mut *text)
            .map_err(|_| "an entry is too large to be sealed")?;
        Ok([MAGIC.as_slice(), &nonce, &text].concat())
    }

    /// Opens what [`Key::seal`] made for the same place.
    ///
    /// # Errors
    /// See [`Damage`].
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Damage> {
        let (magic, rest) = sealed
            .split_first_chunk::<{ MAGIC.len() }>()
            .ok_or(Damage::Form)?;
        let (name, version) = magic.split_at(MAGIC.len() - 1);
        let (known, knows) = MAGIC.split_at(MAGIC.len() - 1);
        if name != known {
            return Err(Damage::Form);
        }
        if version != knows {
            return Err(Damage::Version(
                version.first().copied().unwrap_or_default(),
            ));
        }
        let (nonce, text) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(Damage::Form)?;
        let mut plain = Zeroizing::new(text.to_vec());
        self.cipher()
            .decrypt_in_place(nonce.into(), &bound_to(place), &mut *plain)
            .map_err(|_| Damage::Sealed)?;
        Ok(plain)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.0).into())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

fn bound_to(place: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), place].concat()
}

fn random(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes)
        .map_err(|error| format!("the system gives no random bytes: {error}").into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_sealed_opens_under_the_same_key_in_the_same_place_and_any_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::read_or_draw(&folder.path().join("key")).unwrap();
        let again = Key::read_or_draw(&folder.path().join("key")).unwrap();
        let sealed = key.seal(b"7", b"Nguyen Van A").unwrap();
        assert!(!sealed.windows(6).any(|it| it == b"Nguyen"));
        assert_eq!(&**again.open(b"7", &sealed).unwrap(), b"Nguyen Van A");
        assert_eq!(again.open(b"8", &sealed), Err(Damage::Sealed));
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(key.open(b"7", &other).is_err(), "byte {at}");
            assert!(key.open(b"7", &sealed[..at]).is_err(), "cut at {at}");
        }
        let mut newer = sealed;
        newer[7] = 2;
        assert_eq!(key.open(b"7", &newer), Err(Damage::Version(2)));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::read_or_draw(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Key::read_or_draw(&path).unwrap_err().to_string();
        assert!(refused.contains("0640"), "{refused}");
    }
}
