//! How a NATS server is come in to: user and password from a file that may change, certificates of a province's own.

use std::path::{Path, PathBuf};

use async_nats::{Auth, AuthError, ConnectOptions, ServerAddr};

/// How a server is come in to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// A file with `USER:PASSWORD` in one line, read anew at each connection: the password may change while a role runs.
    pub credentials: Option<PathBuf>,
    /// For servers at `tls://`: authorities (PEM) that are believed besides the system's.
    pub authorities: Option<PathBuf>,
}

impl Access {
    pub(super) fn options(&self, servers: &[ServerAddr]) -> ConnectOptions {
        // The client does not look for them in the address itself.
        let word = |server: &ServerAddr| {
            Some((server.username()?.to_owned(), server.password()?.to_owned()))
        };
        let options = match (&self.credentials, servers.iter().find_map(word)) {
            (Some(file), _) => {
                let file = file.clone();
                ConnectOptions::with_auth_callback(move |_| {
                    let read = credentials(&file);
                    async move { read }
                })
            }
            (None, Some((user, password))) => {
                ConnectOptions::with_user_and_password(user, password)
            }
            (None, None) => ConnectOptions::new(),
        };
        match &self.authorities {
            Some(file) => options.add_root_certificates(file.clone()),
            None => options,
        }
    }
}

fn credentials(file: &Path) -> Result<Auth, AuthError> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| AuthError::new(format!("{shown}: {error}")))?;
    let Some((user, password)) = text.trim().split_once(':') else {
        return Err(AuthError::new(format!(
            "{shown}: it does not hold USER:PASSWORD"
        )));
    };
    let mut auth = Auth::new();
    auth.username = Some(user.to_owned());
    auth.password = Some(password.to_owned());
    Ok(auth)
}
