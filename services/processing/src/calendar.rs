//! The calendar that was published while running: kept beside the log, in use until the catalogue's own is another.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use domain::Catalogue;
use domain::ids::VersionHash;
use serde::{Deserialize, Serialize};

/// Its file in processing's folder.
const FILE: &str = "published-calendar.json";

/// A published calendar, as it lies on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Published {
    /// The catalogue's own calendar that it took the place of. When the catalogue has another, somebody has brought the
    /// catalogue up to date since, and its own is in use again.
    replaces: VersionHash,
    /// The calendar.
    csv: String,
}

/// The catalogue with the calendar that was published here, if there is one and it is not outdated.
///
/// # Errors
/// When the file is there and cannot be read, or what it holds is no calendar.
pub fn in_use(folder: &Path, catalogue: Arc<Catalogue>) -> io::Result<Arc<Catalogue>> {
    let bytes = match fs::read(folder.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(catalogue),
        Err(error) => return Err(error),
    };
    let published: Published = serde_json::from_slice(&bytes)?;
    let own = catalogue.calendar().version();
    if published.replaces != *own {
        tracing::warn!(
            calendar = %own,
            "the catalogue has a newer calendar than the one that was published here: the catalogue's is in use"
        );
        return Ok(catalogue);
    }
    let replaced = catalogue.with_calendar(&published.csv).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        io::Error::other(lines.join("; "))
    })?;
    Ok(Arc::new(replaced))
}

/// Keeps a calendar; it is on disk when this returns, whole or not at all.
///
/// # Errors
/// When it cannot be written; the one before it is kept then.
pub fn keep(folder: &Path, replaces: &VersionHash, csv: &str) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Published {
        replaces: replaces.clone(),
        csv: csv.to_owned(),
    })?;
    let fresh = folder.join(format!("{FILE}.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(FILE))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Arc<Catalogue> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
        let texts: Vec<(&str, String)> = Catalogue::FILES
            .iter()
            .map(|name| (*name, fs::read_to_string(folder.join(name)).unwrap()))
            .collect();
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        Arc::new(Catalogue::parse(&files).unwrap())
    }

    #[test]
    fn a_published_calendar_is_in_use_after_a_restart_until_the_catalogue_has_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let own = shipped();
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue/calendar.csv");
        let csv = fs::read_to_string(path).unwrap() + "2026-12-31,off,Nghỉ hoán đổi,official\n";
        let unchanged = in_use(folder.path(), Arc::clone(&own)).unwrap();
        assert_eq!(unchanged.version(), own.version());
        keep(folder.path(), own.calendar().version(), &csv).unwrap();
        let replaced = in_use(folder.path(), Arc::clone(&own)).unwrap();
        assert_ne!(replaced.calendar().version(), own.calendar().version());
        assert_ne!(replaced.version(), own.version());
        let newer = Arc::new(own.with_calendar(&(csv + "# later\n")).unwrap());
        let again = in_use(folder.path(), Arc::clone(&newer)).unwrap();
        assert_eq!(again.version(), newer.version());
    }
}
