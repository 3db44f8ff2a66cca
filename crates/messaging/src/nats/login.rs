//! A login at a NATS server: a password, an NKey, or a JWT with its NKey, as one file says it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use async_nats::{Auth, AuthError};
use nkeys::{KeyPair, KeyPairType};

/// Larger than any of the three; whatever is larger was named by mistake.
const BYTES_MAX: u64 = 64 << 10;
const JWT: &str = "BEGIN NATS USER JWT";
const SEED: &str = "BEGIN USER NKEY SEED";

/// Who comes in. What the file holds says which kind it is, so that a province goes from one to the next by exchanging the
/// file.
pub enum Login {
    /// `USER:PASSWORD`, in one line.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// The seed of a user's NKey (`SU…`), in one line; the server knows the public key.
    Key(KeyPair),
    /// A `.creds` file, as `nsc` writes it: what the account's owner signed for a user, and that user's seed.
    Signed {
        /// What was signed.
        jwt: String,
        /// The user's NKey.
        key: KeyPair,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password",
            Self::Key(_) => "Key",
            Self::Signed { .. } => "Signed",
        })
    }
}

impl Login {
    /// Reads the file, to which only its owner may have rights.
    ///
    /// # Errors
    /// What is wrong with it, without anything that it holds.
    pub fn read(file: &Path) -> Result<Self, String> {
        let mut text = String::new();
        private(file)?
            .take(BYTES_MAX + 1)
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        if text.len() as u64 > BYTES_MAX {
            return Err("it is too large for credentials".to_owned());
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains(JWT) || text.contains(SEED) {
            let (Some(jwt), Some(seed)) = (below(text, JWT), below(text, SEED)) else {
                return Err("of a .creds file it holds the JWT or the seed only".to_owned());
            };
            let jwt = jwt.to_owned();
            return Ok(Self::Signed {
                jwt,
                key: user(seed)?,
            });
        }
        let text = text.trim();
        if text.lines().count() == 1 {
            if let Some((name, password)) = text.split_once(':') {
                return Ok(Self::Password {
                    user: name.to_owned(),
                    password: password.to_owned(),
                });
            }
            if text.starts_with('S') {
                return Ok(Self::Key(user(text)?));
            }
        }
        Err(
            "it holds neither USER:PASSWORD, nor the seed of a user's NKey (SU…), nor a .creds file"
                .to_owned(),
        )
    }

    /// What the server is told; the nonce that it drew is signed.
    pub(super) fn answer(&self, nonce: &[u8]) -> Result<Auth, AuthError> {
        let signed = |key: &KeyPair| {
            key.sign(nonce)
                .map_err(|error| AuthError::new(error.to_string()))
        };
        let mut auth = Auth::new();
        match self {
            Self::Password { user, password } => {
                auth.username = Some(user.clone());
                auth.password = Some(password.clone());
            }
            Self::Key(key) => {
                auth.nkey = Some(key.public_key());
                auth.signature = Some(signed(key)?);
            }
            Self::Signed { jwt, key } => {
                auth.jwt = Some(jwt.clone());
                auth.signature = Some(signed(key)?);
            }
        }
        Ok(auth)
    }
}

/// The line below a heading of a `.creds` file.
fn below<'text>(text: &'text str, heading: &str) -> Option<&'text str> {
    let mut lines = text.lines().skip_while(|line| !line.contains(heading));
    lines.next()?;
    lines
        .map(str::trim)
        .find(|line| !line.is_empty())
        .filter(|line| !line.starts_with('-'))
}

fn user(seed: &str) -> Result<KeyPair, String> {
    // What the crate says of a bad seed could hold a part of it.
    let key = KeyPair::from_seed(seed).map_err(|_| "the seed in it is damaged".to_owned())?;
    if matches!(key.key_pair_type(), KeyPairType::User) {
        Ok(key)
    } else {
        Err("the seed in it is not a user's (SU…)".to_owned())
    }
}

/// Opens a file with a secret, to which nobody but its owner may have rights.
pub(super) fn private(file: &Path) -> Result<File, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let mode = opened.metadata().map_err(|error| error.to_string())?.mode() & 0o7777;
    if mode & 0o077 == 0 {
        Ok(opened)
    } else {
        Err(format!(
            "it has mode {mode:04o}; only its owner may have rights to it (0600)"
        ))
    }
}

/// The public key of the user's NKey in this file, for the server's settings. If there is no such file, a key is drawn
/// and its seed kept there, with mode 0600 and synced.
///
/// # Errors
/// When the file cannot be made, or holds something else.
pub fn public_key(file: &Path) -> Result<String, String> {
    let said = |reason: String| format!("{}: {reason}", file.display());
    match draw(file) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(said(error.to_string())),
    }
    match Login::read(file).map_err(said)? {
        Login::Key(key) | Login::Signed { key, .. } => Ok(key.public_key()),
        Login::Password { .. } => Err(said("it holds a password, not an NKey".to_owned())),
    }
}

fn draw(file: &Path) -> io::Result<String> {
    let key = KeyPair::new_user();
    let seed = key.seed().map_err(io::Error::other)?;
    let mut made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    made.write_all(format!("{seed}\n").as_bytes())?;
    made.sync_all()?;
    Ok(key.public_key())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Login::parse(text).unwrap_err()
    }

    #[test]
    fn what_the_file_holds_says_which_kind_it_is() {
        let key = KeyPair::new_user();
        let seed = key.seed().unwrap();
        let Login::Password { user, password } = Login::parse("intake:a:word\n").unwrap() else {
            panic!("a password")
        };
        assert_eq!((user.as_str(), password.as_str()), ("intake", "a:word"));
        let Login::Key(read) = Login::parse(&format!("{seed}\n")).unwrap() else {
            panic!("a key")
        };
        assert_eq!(read.public_key(), key.public_key());
        let creds = format!(
            "-----BEGIN NATS USER JWT-----\r\neyJ.a.b\r\n------END NATS USER JWT------\r\n\r\n\
             NKEY Seed printed below can be used to sign and prove identity.\r\n\
             -----BEGIN USER NKEY SEED-----\r\n{seed}\r\n------END USER NKEY SEED------\r\n"
        );
        let Login::Signed { jwt, key: read } = Login::parse(&creds).unwrap() else {
            panic!("a JWT with its key")
        };
        assert_eq!(jwt, "eyJ.a.b");
        assert_eq!(read.public_key(), key.public_key());
        let shown = format!("{:?}", Login::parse(&creds).unwrap());
        assert_eq!(shown, "Signed");
    }

    #[test]
    fn a_file_that_lets_nobody_in_is_told_without_what_it_holds() {
        let seed = KeyPair::new_user().seed().unwrap();
        let cut = &seed[..seed.len() - 1];
        assert!(fault(cut).contains("damaged"));
        assert!(!fault(cut).contains(cut));
        let account = KeyPair::new_account().seed().unwrap();
        assert!(fault(&account).contains("not a user's"));
        assert!(fault("").contains("neither"));
        assert!(fault("two:words\nand:more").contains("neither"));
        assert!(fault(&format!("-----{SEED}-----\n{seed}\n")).contains("only"));
        let empty =
            format!("-----{JWT}-----\n------END NATS USER JWT------\n-----{SEED}-----\n{seed}\n");
        assert!(fault(&empty).contains("only"));
    }
}
