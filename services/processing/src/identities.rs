//! What identity numbers are looked up in at processing: the accepted dossiers, as far as their personal data is here.

use std::future::Future;
use std::time::Duration;

use application::identities::{Marked, Naming, Numbers};
use eventlog::{EventLog, Position};

use crate::vaults::Vaults;

/// The numbers of accepted dossiers.
#[derive(Clone, Debug)]
pub(crate) struct OfAccepted {
    pub(crate) marked: Marked,
    pub(crate) log: EventLog,
    pub(crate) vaults: Vaults,
    /// Personal data comes here from the vaults of intake nodes.
    pub(crate) gathers: bool,
}

impl Numbers for OfAccepted {
    fn reach(
        &self,
        position: Position,
        patience: Duration,
    ) -> impl Future<Output = bool> + Send + '_ {
        self.marked.reach(position, patience)
    }

    fn naming(&self, number: &str) -> Naming {
        let head = self.log.head().position;
        let here = if self.gathers {
            self.vaults.has_all_upto(head)
        } else {
            self.log.watermarks().is_empty()
        };
        let naming = self.marked.of(number);
        Naming {
            incomplete: naming.incomplete || !here,
            ..naming
        }
    }
}
