//! Secrets are not for the command line: everybody on the machine can read it.

use std::ffi::OsString;

/// What a person is told who writes one there.
pub const REFUSAL: &str = "hoso: a password or key on the command line can be read by everybody on this machine; keep it in the file \
                           that --nats-credentials-file names, or give an address with its password in HOSO_NATS";

/// The seed of an NKey: `S`, its kind, 56 more of base32.
const SEED_LENGTH: usize = 58;
/// How a `.creds` file or a private key begins, wherever the word begins.
const BEGINNINGS: [&str; 3] = ["BEGIN NATS USER JWT", "NKEY SEED", "PRIVATE KEY-----"];

/// Whether an address among these words holds a password, or a word is a key.
pub fn on_the_command_line(words: impl IntoIterator<Item = OsString>) -> bool {
    words.into_iter().any(|word| {
        let word = word.to_string_lossy();
        if word.split(['=', ',', ':', '@', '/']).any(is_seed)
            || BEGINNINGS.iter().any(|beginning| word.contains(beginning))
        {
            return true;
        }
        // Several addresses may stand in one word.
        word.split(',').any(|address| {
            let host = address.split_once("://").map(|(_, rest)| rest);
            let user = host.and_then(|rest| rest.split('/').next()?.rsplit_once('@'));
            user.is_some_and(|(user, _)| user.contains(':'))
        })
    })
}

fn is_seed(word: &str) -> bool {
    let base32 = |letter: u8| letter.is_ascii_uppercase() || (b'2'..=b'7').contains(&letter);
    word.len() == SEED_LENGTH && word.starts_with('S') && word.bytes().all(base32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> bool {
        on_the_command_line(words.iter().map(OsString::from))
    }

    #[test]
    fn an_address_with_a_password_is_refused_wherever_it_stands() {
        assert!(refused(&[
            "up",
            "--nats",
            "nats://intake:word@127.0.0.1:4222"
        ]));
        assert!(refused(&["--nats=nats://a,tls://intake:word@b"]));
        assert!(!refused(&[
            "--nats",
            "nats://127.0.0.1:4222,tls://nats.tinh.vn"
        ]));
        assert!(!refused(&["dossier", "show", "MOTCUA:2023-1@a"]));
        assert!(!refused(&["--server", "https://[::1]:7602"]));
    }

    #[test]
    fn a_key_is_refused_wherever_it_stands() {
        let seed = format!("SU{}", "A".repeat(56));
        assert!(refused(&["intake", "--nats-credentials-file", &seed]));
        assert!(refused(&[&format!("--nats-credentials-file={seed}")]));
        assert!(refused(&["-----BEGIN USER NKEY SEED-----\nSU"]));
        // Its public key may be told to everybody.
        assert!(!refused(&[&format!("U{}", "A".repeat(55))]));
    }
}
