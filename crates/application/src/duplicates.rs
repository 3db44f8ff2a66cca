//! Two histories of one dossier: which one stands is decided once, by the dossier's writer, whatever crashes in between.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use domain::dossier::Dossier;
use domain::dossier::duplicate::{OtherHistory, notice};
use domain::event::{Event, EventKind, Occurrence};
use domain::ids::{ActorId, DossierId, HomeId, OrganisationId};
use eventlog::format::RecordView;
use eventlog::{Append, AppendError, Expected, Key, LogId, Position, Request, StreamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::codec::{self, Stamp};
use crate::desk::{Desk, Loaded};
use crate::error::HandleError;
use crate::projection::{Fold, Projection};

/// Who acts when nobody asked.
const ACTOR: &str = "hoso";
/// How often a decision is made again after somebody else wrote to the dossier.
const TRIES_MAX: u32 = 8;
/// How long to wait after a decision could not be written.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest the decider sleeps while nothing comes.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Dossiers with a second history, and those of them about which nothing is written yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Duplicates {
    undecided: BTreeMap<DossierId, Undecided>,
    noticed: HashSet<(DossierId, LogId)>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Undecided {
    homes: BTreeSet<LogId>,
    /// The last record of any of the histories: with it the decision may have become possible.
    touched: Position,
}

impl Duplicates {
    /// How many dossiers wait until one of their histories says more.
    pub fn undecided(&self) -> usize {
        self.undecided.len()
    }

    /// What may be decided by what came after a position.
    fn since(&self, position: Position) -> Vec<(DossierId, LogId)> {
        self.undecided
            .iter()
            .filter(|(_, undecided)| undecided.touched > position)
            .flat_map(|(dossier, undecided)| undecided.homes.iter().map(|home| (*dossier, *home)))
            .collect()
    }
}

impl Fold for Duplicates {
    fn apply(&mut self, record: &RecordView<'_>) {
        let dossier = DossierId(record.stream.0);
        let Some(undecided) = self.undecided.get_mut(&dossier) else {
            return;
        };
        undecided.touched = record.place.position;
        if EventKind::named(record.kind) == Some(EventKind::DuplicateSubmission)
            && let Ok(occurrence) = codec::decode_view(record)
            && let Event::DuplicateSubmission(noticed) = &occurrence.event
        {
            let home = LogId(noticed.other_home.0);
            self.noticed.insert((dossier, home));
            undecided.homes.remove(&home);
            if undecided.homes.is_empty() {
                self.undecided.remove(&dossier);
            }
        }
    }

    fn rival(&mut self, record: &RecordView<'_>) {
        let (dossier, home) = (DossierId(record.stream.0), record.writer());
        if !self.noticed.contains(&(dossier, home)) {
            let undecided = self.undecided.entry(dossier).or_default();
            undecided.homes.insert(home);
            undecided.touched = record.place.position;
        }
    }
}

impl Desk {
    /// What another log says about a dossier whose history here is not that log's; empty when it says nothing.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn other_history(
        &self,
        dossier: DossierId,
        home: LogId,
    ) -> Result<OtherHistory, HandleError> {
        let records = self.log().stream(StreamId(dossier.0).rival(home))?;
        let acceptance = records.iter().find_map(|record| {
            let occurrence = codec::decode(record).ok()?;
            let Event::DossierAccepted(accepted) = occurrence.event else {
                return None;
            };
            Some((occurrence.at, accepted))
        });
        let home = HomeId(home.0);
        Ok(OtherHistory { home, acceptance })
    }

    /// What the other homes of a dossier say about it, as far as they were noticed.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn other_histories(
        &self,
        id: DossierId,
        dossier: &Dossier,
    ) -> Result<Vec<OtherHistory>, HandleError> {
        let duplicates = dossier.filing().map(|filing| filing.duplicates.as_slice());
        duplicates
            .unwrap_or_default()
            .iter()
            .map(|duplicate| self.other_history(id, LogId(duplicate.other_home.0)))
            .collect()
    }

    /// Writes down that a dossier has a second history, if it is time and was not done before.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read or written.
    pub async fn notice_duplicate(
        &self,
        dossier: DossierId,
        home: LogId,
        now: Timestamp,
    ) -> Result<(), HandleError> {
        for _ in 0..TRIES_MAX {
            let loaded = self.load(dossier)?;
            let other = self.other_history(dossier, home)?;
            let happened = notice(&loaded.dossier, &other, now);
            if happened.is_empty() {
                return Ok(());
            }
            let append = noticed(dossier, home, &loaded, &happened)?;
            match self.log().append(append).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandleError::Contended)
    }
}

/// The request follows from the two histories alone: asked again, after any crash, it gets the first answer.
fn noticed(
    dossier: DossierId,
    home: LogId,
    loaded: &Loaded,
    happened: &[Occurrence],
) -> Result<Append, HandleError> {
    let mut hash = Sha256::new();
    hash.update(b"hoso duplicate submission v1");
    hash.update(dossier.0.as_bytes());
    hash.update(home.0.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    let request = Request {
        key: Key(key),
        body: key,
    };
    let agency = loaded.dossier.case().map(|case| &case.agency_now);
    let filed = loaded.dossier.filing().map(|it| &it.submitted.agency);
    let agency = agency.or(filed).map_or("", |agency| agency.as_str());
    let stamp = Stamp {
        request,
        causation: Uuid::from_bytes(key),
        correlation: dossier.0,
        actor: &ActorId::new(ACTOR),
        organisation: &OrganisationId::new(agency),
    };
    let mut events = (0u32..)
        .zip(happened)
        .map(|(index, occurrence)| codec::encode(occurrence, index, &stamp))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| HandleError::Broken(error.to_string()))?;
    for event in &mut events {
        // The code is found by the record with which the other home issued it.
        event.keys.clear();
    }
    Ok(Append {
        stream: StreamId(dossier.0),
        expected: Expected::Exactly(loaded.revision),
        request: Some(request),
        events,
    })
}

/// Decides what can be decided by what came after a position; the position up to which all of that is done, or none when
/// something could not be written and must be tried again.
pub async fn decide<S: Fold>(
    desk: &Desk,
    seen: &Projection<S>,
    duplicates: impl Fn(&S) -> &Duplicates,
    after: Position,
    now: Timestamp,
) -> Option<Position> {
    let (due, position) = seen.read(|state, position| (duplicates(state).since(after), position));
    let mut done = Some(position);
    for (dossier, home) in due {
        match desk.notice_duplicate(dossier, home, now).await {
            Ok(()) => {}
            Err(HandleError::NotUnderstood(why)) => {
                tracing::warn!(%dossier, %home, %why, "a second history waits for a newer program");
            }
            Err(error) => {
                tracing::warn!(%dossier, %home, %error, "a second history could not be noted");
                done = None;
            }
        }
    }
    done
}

/// Decides whatever can be decided, as long as it is run; what was taken in before a crash is decided after it.
pub async fn keep_deciding<S: Fold>(
    desk: Desk,
    seen: Projection<S>,
    duplicates: impl Fn(&S) -> &Duplicates,
    now: impl Fn() -> Timestamp,
) {
    let mut decided = 0;
    loop {
        match decide(&desk, &seen, &duplicates, decided, now()).await {
            Some(position) => {
                decided = position;
                seen.reach(position.saturating_add(1), LOOK_AGAIN).await;
            }
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}
