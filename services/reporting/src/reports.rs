//! Reports from the facts: a question is tied to a position of the log and answered, whoever asks and in whatever way.

use std::sync::Arc;
use std::time::Duration;

use api::EdgeError;
use api::token::{self, Point};
use application::projection::Projection;
use application::{codec, position};
use chassis::Clock;
use domain::Catalogue;
use domain::catalogue::OnlineLevel;
use domain::event::Event;
use domain::ids::{AgencyId, DossierId, FieldCode, ProcedureCode};
use eventlog::{EventLog, Position, StreamId};
use jiff::Timestamp;
use messaging::nats::latest::Known;
use sha2::{Digest as _, Sha256};
use statistics::{AsOf, Grouping, Organised, Question, Report, ii06a};

use crate::figures::Figures;
use crate::question::Asked;

/// Where a report's rules say the chain hash at its position.
pub(crate) const CHAIN_HASH: &str = "chain_hash";
/// Without new records, figures change only as due dates pass; they are looked at anew this often, in microseconds.
const SETTLES_EVERY: i64 = 15 * 60 * 1_000_000;

/// What reports are made of.
#[derive(Clone, Debug)]
pub(crate) struct Reports {
    pub(crate) log: EventLog,
    pub(crate) figures: Projection<Figures>,
    pub(crate) clock: Clock,
    pub(crate) patience: Duration,
}

/// A report as everybody may see it, written down.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The report's JSON object.
    pub(crate) json: Vec<u8>,
    /// The same for sheets whose figures are the same, whatever was known when they were written.
    pub(crate) digest: String,
}

impl Reports {
    /// The catalogue in use, with the calendar that was published last.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        self.figures
            .read(|figures, _| Arc::clone(figures.catalogue()))
    }

    /// Waits until these positions are here and folded.
    pub(crate) async fn wait_for(&self, points: &[Point]) -> Result<(), EdgeError> {
        for point in points {
            position::reach(&self.log, point.log, point.position, self.patience).await?;
        }
        let head = self.log.head();
        if self.figures.reach(head.position, self.patience).await {
            Ok(())
        } else {
            Err(EdgeError::NotYetHere {
                log: head.log.to_string(),
                wanted: head.position,
                here: self.figures.position(),
            })
        }
    }

    /// Ties a question to the part of the log that was written by then; to all of it and this moment, when it says nothing.
    pub(crate) fn tie(&self, asked: &Asked) -> Result<Question, EdgeError> {
        let as_of = match asked.as_of {
            None => AsOf {
                position: self.figures.position(),
                at: self.clock.now(),
            },
            Some(at) => self.known_at(at)?,
        };
        Ok(self.question(asked, as_of))
    }

    /// What was known at a moment.
    pub(crate) fn known_at(&self, at: Timestamp) -> Result<AsOf, EdgeError> {
        let folded = self.figures.position();
        let known = self.log.position_at(at.as_microsecond());
        let known = known.map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(AsOf {
            position: known.min(folded),
            at,
        })
    }

    /// What is known now, as of a moment on which all replicas agree that know as much: when the newest record was written,
    /// or the last quarter of an hour if that is later. So what they say is the same to the byte.
    pub(crate) fn settled(&self) -> Result<AsOf, EdgeError> {
        let position = self.figures.position();
        let recorded_at = self.recorded_at(position)?;
        let settled = recorded_at.max(self.quarter());
        Ok(AsOf {
            position,
            at: Timestamp::from_microsecond(settled).unwrap_or_else(|_| self.clock.now()),
        })
    }

    /// The last quarter of an hour, in microseconds since 1970.
    pub(crate) fn quarter(&self) -> i64 {
        let now = self.clock.now_us();
        now - now.rem_euclid(SETTLES_EVERY)
    }

    /// How long until the next.
    pub(crate) fn until_quarter(&self) -> Duration {
        let left = self.quarter() + SETTLES_EVERY - self.clock.now_us();
        Duration::from_micros(left.max(0).unsigned_abs())
    }

    fn recorded_at(&self, position: Position) -> Result<i64, EdgeError> {
        let head = self.log.head();
        if position == 0 || position == head.position {
            return Ok(head.recorded_at);
        }
        let record = self.log.record(position);
        let record = record.map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(record.map_or(0, |record| record.place.recorded_at))
    }

    /// How much a report knows.
    pub(crate) fn known(&self, as_of: AsOf) -> Known {
        let head = self.log.head();
        Known {
            log: head.log,
            epoch: head.epoch,
            position: as_of.position,
            as_of: as_of.at.as_microsecond(),
        }
    }

    /// The question as of then.
    pub(crate) fn question(&self, asked: &Asked, as_of: AsOf) -> Question {
        Question {
            group: asked.grouping,
            filter: asked.filter.clone(),
            due_rule: asked.pending_rule,
            organised: self.organised(asked, as_of.at),
            information_only: Some(self.information_only()),
            ..Question::new(asked.period, as_of)
        }
    }

    /// Who has taken over from whom by that moment's day: a report asked again for the same moment is the same.
    fn organised(&self, asked: &Asked, at: Timestamp) -> Organised {
        if !asked.organised_now {
            return Organised::Then;
        }
        let day = domain::local::date(at);
        let catalogue = self.catalogue();
        let successors = catalogue.agencies().filter_map(|agency| {
            let in_charge = catalogue.agency_in_charge(&agency.id, day)?;
            Some((agency.id.clone(), in_charge.id.clone()))
        });
        Organised::Now(successors.collect())
    }

    fn information_only(&self) -> Vec<ProcedureCode> {
        self.catalogue()
            .procedures()
            .filter(|procedure| match procedure.online {
                OnlineLevel::InformationOnly => true,
                OnlineLevel::Full | OnlineLevel::Partial => false,
            })
            .map(|procedure| procedure.code.clone())
            .collect()
    }

    /// The answer, with names for its rows and everything needed to find the same again.
    pub(crate) fn report(&self, question: &Question) -> Result<Report, EdgeError> {
        let hash = self.hash_at(question.as_of.position)?;
        let mut report = self
            .figures
            .read(|figures, _| ii06a(&figures.facts, question))
            .named(|key| self.name(question.group, key));
        let catalogue = self.catalogue().version().to_string();
        let log = self.log.head().log.to_string();
        let more = [("catalogue", catalogue), (CHAIN_HASH, hash), ("log", log)];
        report
            .rules
            .more
            .extend(more.map(|(key, value)| (key.to_owned(), value)));
        Ok(report)
    }

    /// The answer as those get it who may see counts only.
    pub(crate) fn sheet(
        &self,
        question: &Question,
        small_cells_min: u64,
    ) -> Result<Sheet, EdgeError> {
        let report = self.report(question)?;
        let mut figures = report.clone();
        figures.as_of = Timestamp::UNIX_EPOCH;
        figures.position = 0;
        figures.rules.more.remove(CHAIN_HASH);
        let written = |report: Report| {
            serde_json::to_vec(&report.shown(small_cells_min))
                .map_err(|error| EdgeError::Internal(error.to_string()))
        };
        let digest = Sha256::digest(written(figures)?);
        Ok(Sheet {
            json: written(report)?,
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// The chain hash at a position, in hexadecimal.
    fn hash_at(&self, position: Position) -> Result<String, EdgeError> {
        self.log
            .hash_at(position)
            .map(|hash| hash.unwrap_or_default().to_string())
            .map_err(|error| EdgeError::Internal(error.to_string()))
    }

    fn name(&self, group: Grouping, key: &str) -> Option<String> {
        match group {
            Grouping::Field => self
                .catalogue()
                .field(&FieldCode::new(key))
                .map(|field| field.name.to_string()),
            Grouping::Procedure => self
                .catalogue()
                .procedure(&ProcedureCode::new(key))
                .map(|procedure| procedure.name.to_string()),
            Grouping::Agency => self
                .catalogue()
                .agency(&AgencyId::new(key))
                .map(|agency| agency.name.to_string()),
            Grouping::Channel => None,
        }
    }

    /// The code of a dossier, from its acceptance.
    pub(crate) fn code(&self, dossier: DossierId) -> Result<String, EdgeError> {
        let records = self
            .log
            .stream(StreamId(dossier.0))
            .map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(records
            .iter()
            .filter_map(|record| codec::decode(record).ok())
            .find_map(|occurrence| {
                if let Event::DossierAccepted(accepted) = occurrence.event {
                    Some(accepted.code.to_string())
                } else {
                    None
                }
            })
            .unwrap_or_default())
    }

    /// The token of what is here.
    pub(crate) fn here(&self) -> String {
        token::write(&[self.log.head().into()])
    }
}
