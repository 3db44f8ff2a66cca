//! How a role is entered: who is asked for a token, and how often one may call.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Caller;

/// Who calls with a token; why, in English, when it is not valid.
pub type Verify = Arc<dyn Fn(&str) -> Result<Arc<Caller>, &'static str> + Send + Sync>;
/// Counts a call of a caller, by its subject; how long to wait when there are too many.
pub type CountCaller = Arc<dyn Fn(&str) -> Result<(), Duration> + Send + Sync>;
/// Counts a call from an address without a token.
pub type CountAddress = Arc<dyn Fn(IpAddr) -> Result<(), Duration> + Send + Sync>;

/// How a role is entered.
#[derive(Clone)]
pub struct Entry {
    /// Asks for tokens; none where only this machine is listened to.
    pub verify: Option<Verify>,
    /// Counts calls with a token.
    pub caller: CountCaller,
    /// Counts calls without one.
    pub address: CountAddress,
    /// Counts look-ups by an identity number, by the caller's subject.
    pub look_up: CountCaller,
}

impl Entry {
    /// For whoever is on this machine, as often as they like.
    pub fn local() -> Self {
        Self {
            verify: None,
            caller: Arc::new(|_| Ok(())),
            address: Arc::new(|_| Ok(())),
            look_up: Arc::new(|_| Ok(())),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("tokens", &self.verify.is_some())
            .finish_non_exhaustive()
    }
}
