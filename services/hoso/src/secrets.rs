//! Secrets are not for the command line: everybody on the machine can read it.

use std::ffi::OsString;

/// What a person is told who writes one there.
pub const REFUSAL: &str = "hoso: a password on the command line can be read by everybody on this machine; give the address with it in \
                           HOSO_NATS or in the settings file, or the password in --nats-credentials-file";

/// Whether an address among these words holds a password.
pub fn on_the_command_line(words: impl IntoIterator<Item = OsString>) -> bool {
    words.into_iter().any(|word| {
        let word = word.to_string_lossy();
        // Several addresses may stand in one word.
        word.split(',').any(|address| {
            let host = address.split_once("://").map(|(_, rest)| rest);
            let user = host.and_then(|rest| rest.split('/').next()?.rsplit_once('@'));
            user.is_some_and(|(user, _)| user.contains(':'))
        })
    })
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
}
