//! The vault as the keeper of what rides along with the log's appends: a new dossier's personal data are on the disk with the
//! very sync of the event that names them.

use std::io;
use std::path::Path;

use eventlog::{EventLog, Keeper, Keeping, Rider, Taken};
use vault::{MasterKeys, Stowage, Vault};

/// Opens a service's log, and before it the vault that holds what its events name. Nothing may be erased in between.
///
/// # Errors
/// When either does not open; nothing is changed then.
pub fn open<E>(
    data: &Path,
    keys: impl Into<MasterKeys>,
    settings: eventlog::Settings,
) -> Result<(EventLog, Vault), E>
where
    E: From<eventlog::OpenError> + From<vault::OpenError>,
{
    let kept = vault::Settings {
        // The log is refused first: what is kept in the vault is named there.
        free_bytes_min: settings.free_bytes_min / 4,
        ..vault::Settings::default()
    };
    let vault = Vault::open(&data.join("vault"), keys, kept)?;
    let settings = eventlog::Settings {
        keeping: keeping(&vault),
        ..settings
    };
    Ok((EventLog::open(&data.join("log"), settings)?, vault))
}

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
