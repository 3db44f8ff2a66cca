//! Two histories of one dossier: which one stands is decided once, by the dossier's writer, whatever crashes in between.

use std::collections::{BTreeMap, BTreeSet, HashSet};

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
use crate::follow_up::{FollowUp, TRIES_MAX};
use crate::projection::Fold;

/// Who acts when nobody asked.
const ACTOR: &str = "hoso";

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

    /// The other homes of a dossier, noticed or not.
    pub fn homes(&self, dossier: DossierId) -> Vec<LogId> {
        let noticed = self.noticed.iter().filter(|(of, _)| *of == dossier);
        let undecided = self.undecided.get(&dossier).into_iter();
        noticed
            .map(|(_, home)| *home)
            .chain(undecided.flat_map(|it| it.homes.iter().copied()))
            .collect()
    }

    /// What may be decided by what came after a position.
    pub fn since(&self, position: Position) -> impl Iterator<Item = FollowUp> {
        self.undecided
            .iter()
            .filter(move |(_, undecided)| undecided.touched > position)
            .flat_map(|(dossier, undecided)| {
                let homes = undecided.homes.iter();
                homes.map(|home| FollowUp::Duplicate(*dossier, *home))
            })
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
        // What was brought twice under one request is one filing: nothing of it has to be settled.
        if EventKind::named(record.kind) == Some(EventKind::FilingReceived) {
            return;
        }
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
