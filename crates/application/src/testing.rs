//! What the tests stand on: the shipped catalogue, and a desk over a log and a vault of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Catalogue;
use eventlog::{EventLog, Settings};
use vault::{MasterKey, Vault};

use crate::codes::Codes;
use crate::desk::{Desk, Writer};

fn shipped_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue")
}

pub(crate) fn shipped_catalogue() -> Arc<Catalogue> {
    let texts = Catalogue::FILES.map(|name| {
        let text = fs::read_to_string(shipped_folder().join(name)).unwrap();
        (name, text)
    });
    let files: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (*n, t.as_str())).collect();
    Arc::new(Catalogue::parse(&files).unwrap())
}

pub(crate) fn shipped_calendar() -> String {
    fs::read_to_string(shipped_folder().join("calendar.csv")).unwrap()
}

pub(crate) fn vault(folder: &Path, master: u8) -> Vault {
    let settings = vault::Settings {
        free_bytes_min: 0,
        ..vault::Settings::default()
    };
    Vault::open(folder, MasterKey::from_bytes(&[master; 32]), settings).unwrap()
}

/// An intake's desk, over the log and the vault in this folder.
pub(crate) fn desk(folder: &Path, catalogue: &Arc<Catalogue>, settings: Settings) -> Desk {
    let vault = vault(&folder.join("vault"), 1);
    let settings = Settings {
        keeping: crate::riding::keeping(&vault),
        ..settings
    };
    let log = EventLog::open(&folder.join("log"), settings).unwrap();
    let codes = Arc::new(Codes::none());
    Desk::new(log, vault, Arc::clone(catalogue), codes, Writer::Intake)
}
