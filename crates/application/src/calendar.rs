//! Calendars published while running: a record of processing's log, and a file beside the log of whoever is told of it.
//!
//! One is in use until the catalogue has another calendar of its own: then somebody has brought the catalogue up to date.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Catalogue;
use domain::catalogue::CatalogueFault;
use domain::event::{CalendarPublished, Event, Occurrence};
use domain::ids::{ActorId, OrganisationId, VersionHash};
use eventlog::{
    AppendError, EventLog, Expected, Key, LogId, Position, ReadError, Record, Request, StreamId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::codec;
use crate::desk::Desk;
use crate::error::HandleError;
use crate::post::{self, By};

/// The file beside the log.
const FILE: &str = "published-calendar.json";
/// The largest calendar that a record of the log holds, in bytes: some seventy years of them.
pub const BYTES_MAX: usize = 40 * 1024;

/// A published calendar that is not put in use here.
#[derive(Debug, Error)]
pub enum CalendarError {
    /// It cannot be used with this catalogue.
    #[error("it is no calendar for this catalogue: {}", lines(.0))]
    Unfit(Vec<CatalogueFault>),
    /// The catalogue here has another calendar than the one whose place it takes.
    #[error(
        "the catalogue here has another calendar of its own, {own}: bring the nodes' catalogues up to the same state"
    )]
    Other {
        /// That one.
        own: VersionHash,
    },
    /// It cannot be kept.
    #[error("it cannot be kept: {0}")]
    Keep(#[from] io::Error),
}

fn lines(faults: &[CatalogueFault]) -> String {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// The history of the calendars published in a processing log.
pub fn stream(log: LogId) -> StreamId {
    let digest = post::digest("hoso calendars v1", &[log.0.as_bytes()]);
    StreamId(uuid::Builder::from_custom_bytes(digest).into_uuid())
}

/// The calendars published in this processing log, or in a replica of it, each with its record's position.
///
/// # Errors
/// When the log cannot be read. A record of a newer program is passed over.
pub fn published(log: &EventLog) -> Result<Vec<(Position, CalendarPublished)>, ReadError> {
    let records = log.stream(stream(log.head().log))?;
    let read = |record: &Record| {
        if let Event::CalendarPublished(it) = codec::decode(record).ok()?.event {
            Some((record.place.position, it))
        } else {
            None
        }
    };
    Ok(records.iter().filter_map(read).collect())
}

/// The catalogue with a published calendar.
///
/// # Errors
/// When the catalogue has another calendar of its own by now, or this is none that it can use.
pub fn over(
    own: &Arc<Catalogue>,
    replaces: &VersionHash,
    csv: &str,
) -> Result<Arc<Catalogue>, CalendarError> {
    let version = own.calendar().version();
    if version != replaces {
        return Err(CalendarError::Other {
            own: version.clone(),
        });
    }
    match own.with_calendar(csv) {
        Ok(replaced) => Ok(Arc::new(replaced)),
        Err(faults) => Err(CalendarError::Unfit(faults)),
    }
}

/// The catalogue with this calendar, or as it is where that is not to be used any more, which is said.
pub fn in_use(own: Arc<Catalogue>, replaces: &VersionHash, csv: &str) -> Arc<Catalogue> {
    match over(&own, replaces, csv) {
        Ok(replaced) => replaced,
        Err(error) => {
            tracing::warn!(%error, "the calendar that was published is not in use: the catalogue's own is");
            own
        }
    }
}

impl Desk {
    /// Writes down that a calendar takes the place of the catalogue's own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn publish_calendar(
        &self,
        published: CalendarPublished,
        by: &ActorId,
        now: Timestamp,
    ) -> Result<Record, HandleError> {
        let stream = stream(self.log().head().log);
        let revision = self.log().revision(stream)?;
        let parts = [stream.0.as_bytes().as_slice(), &revision.to_be_bytes()];
        let key = post::digest("hoso calendar v1", &parts);
        let by = By {
            request: Request {
                key: Key(key),
                body: post::digest("hoso calendar", &[published.csv.as_bytes()]),
            },
            request_id: Uuid::from_bytes(key),
            actor: by.clone(),
            organisation: OrganisationId::new("hoso"),
            now,
        };
        post::may_write(self, now)?;
        let happened = Occurrence {
            at: now,
            event: Event::CalendarPublished(published),
        };
        match post::append(self, stream, Expected::Exactly(revision), &by, &happened).await {
            Ok(record) => Ok(record),
            // Two at once: one of them is in use, and whoever asked is told which.
            Err(AppendError::Conflict { .. } | AppendError::RequestReused { .. }) => {
                Err(HandleError::Contended)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A calendar as it lies in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The catalogue's own calendar that it took the place of.
    replaces: VersionHash,
    /// The calendar.
    csv: String,
}

/// The catalogue with the calendar that is kept in this folder, if there is one and it is still to be used.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn kept(folder: &Path, own: Arc<Catalogue>) -> io::Result<Arc<Catalogue>> {
    let bytes = match fs::read(folder.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(own),
        Err(error) => return Err(error),
    };
    let kept: Kept = serde_json::from_slice(&bytes)?;
    Ok(in_use(own, &kept.replaces, &kept.csv))
}

/// Keeps a calendar; it is on disk when this returns, whole or not at all.
fn keep(folder: &Path, replaces: &VersionHash, csv: &str) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Kept {
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

/// Takes published calendars in, at a service that is told of them.
#[derive(Clone, Debug)]
pub struct Calendars {
    /// Where the catalogue is in use.
    pub desk: Desk,
    /// The catalogue as it is deployed.
    pub own: Arc<Catalogue>,
    /// The folder beside the log.
    pub folder: PathBuf,
}

impl Calendars {
    /// Puts a calendar in use, once it is on disk. Told again, it changes nothing.
    ///
    /// # Errors
    /// When it is not to be used here, or cannot be kept; the one before it is in use then.
    pub fn take(&self, published: &CalendarPublished) -> Result<(), CalendarError> {
        let replaced = over(&self.own, &published.replaces, &published.csv)?;
        if self.desk.catalogue().calendar().version() == replaced.calendar().version() {
            return Ok(());
        }
        keep(&self.folder, &published.replaces, &published.csv)?;
        tracing::info!(calendar = %replaced.calendar().version(), "a published calendar is in use");
        self.desk.put_catalogue(replaced);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{shipped_calendar, shipped_catalogue};

    #[test]
    fn a_published_calendar_is_in_use_after_a_restart_until_the_catalogue_has_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let own = shipped_catalogue();
        let csv = shipped_calendar() + "2026-12-31,off,Nghỉ hoán đổi,official\n";
        let unchanged = kept(folder.path(), Arc::clone(&own)).unwrap();
        assert_eq!(unchanged.version(), own.version());
        keep(folder.path(), own.calendar().version(), &csv).unwrap();
        let replaced = kept(folder.path(), Arc::clone(&own)).unwrap();
        assert_ne!(replaced.calendar().version(), own.calendar().version());
        assert_ne!(replaced.version(), own.version());
        assert_eq!(replaced.files_version(), own.version());
        let newer = Arc::new(own.with_calendar(&(csv + "# later\n")).unwrap());
        let again = kept(folder.path(), Arc::clone(&newer)).unwrap();
        assert_eq!(again.version(), newer.version());
    }
}
