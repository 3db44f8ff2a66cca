//! The vault as the keeper of what rides along with the log's appends: a new dossier's personal data are on the disk with the
//! very sync of the event that names them.

use std::io;

use eventlog::{Keeper, Keeping, Rider, Taken};
use vault::{Stowage, Vault};

/// What a log is opened with whose events name what is in this vault; nothing may be erased between that vault's opening and
/// the log's.
pub fn keeping(vault: &Vault) -> Keeping {
    Keeping::by(Riders(vault.stowage()))
}

struct Riders(Stowage);

impl Keeper for Riders {
    fn take(&self, riders: Vec<Rider>) -> Taken {
        let count = riders.len();
        let riders = riders
            .into_iter()
            .map(|rider| rider.downcast().map(|rider| *rider));
        let Ok(riders) = riders.collect::<Result<Vec<vault::Rider>, _>>() else {
            // The desk makes no others.
            return Taken {
                each: vec![false; count],
                bytes: Vec::new(),
            };
        };
        let vault::Kept { each, bytes } = self.0.stow(&riders);
        Taken { each, bytes }
    }

    fn settle(&self) -> io::Result<()> {
        self.0.settle().map_err(io::Error::other)
    }

    fn restore(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.restore(bytes).map_err(io::Error::other)
    }
}
