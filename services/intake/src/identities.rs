//! What identity numbers are looked up in at intake: the dossiers that were filed here and are not accepted.

use std::future::Future;
use std::time::Duration;

use application::identities::{self, Naming, Numbers};
use application::projection::Projection;
use eventlog::Position;
use vault::Vault;

use crate::Folded;

/// The numbers of dossiers that are not accepted.
#[derive(Clone, Debug)]
pub(crate) struct OfFiled {
    pub(crate) worklist: Projection<Folded>,
    pub(crate) vault: Vault,
}

impl Numbers for OfFiled {
    fn reach(
        &self,
        position: Position,
        patience: Duration,
    ) -> impl Future<Output = bool> + Send + '_ {
        self.worklist.reach(position, patience)
    }

    fn naming(&self, number: &str) -> Naming {
        let filed = self.worklist.read(|(list, _), _| list.unaccepted.named());
        identities::read_all(&self.vault, filed, number)
    }
}
