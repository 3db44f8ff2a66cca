//! The client's own record: what was acknowledged to it, and the figures that follow from that and nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use api::hoso::dossier::v1::{self as wire, Channel};
use api::hoso::reporting::v1::ReportRow;
use application::log::{LogId, Position};
use jiff::Timestamp;
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const PATIENCE: Duration = Duration::from_secs(60);

/// How many of each kind of event.
pub(crate) type Kinds = BTreeMap<&'static str, u32>;

/// Columns (3) to (13).
pub(crate) type Figures = [u64; 11];

/// One dossier as its answers told it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    /// Empty before acceptance.
    pub(crate) code: String,
    pub(crate) field: &'static str,
    pub(crate) channel: Channel,
    /// What was written at intake, and what at processing.
    pub(crate) at_intake: Kinds,
    pub(crate) at_processing: Kinds,
    /// As the last answer had it.
    due: Option<wire::Due>,
    ended: Option<prost_types::Timestamp>,
    /// The token of the last write.
    pub(crate) token: String,
    /// It ended with a result; otherwise it was taken back.
    pub(crate) result: bool,
}

impl Known {
    pub(crate) fn new(field: &'static str, channel: Channel) -> Self {
        Self {
            id: String::new(),
            code: String::new(),
            field,
            channel,
            at_intake: Kinds::new(),
            at_processing: Kinds::new(),
            due: None,
            ended: None,
            token: String::new(),
            result: false,
        }
    }

    /// What an answer says of it now.
    pub(crate) fn told(&mut self, dossier: Option<wire::Dossier>, token: String) {
        let dossier = dossier.unwrap();
        assert!(self.id.is_empty() || self.id == dossier.dossier_id);
        assert!(
            self.code.is_empty() || self.code == dossier.code,
            "a code changed"
        );
        self.id = dossier.dossier_id;
        self.code = dossier.code;
        self.due = dossier.due;
        self.ended = dossier.ended_at;
        self.token = token;
    }

    /// Where form II.06a has it: nowhere before acceptance.
    fn figures(&self) -> Figures {
        let mut columns = [0; 11];
        if self.code.is_empty() {
            return columns;
        }
        let mut count = |column: usize| columns[column - 3] += 1;
        count(3);
        match self.channel {
            Channel::Online => count(4),
            Channel::Direct | Channel::Postal => count(5),
            Channel::Unspecified => unreachable!("every dossier has a channel"),
        }
        match self.class() {
            None => [11, 12].map(count),
            Some(class) => [7, class].map(count),
        };
        columns
    }

    /// (8), (9) or (10); none while it is pending. The tests end long before anything pending is due.
    fn class(&self) -> Option<usize> {
        let instant = |at: &prost_types::Timestamp| {
            Timestamp::new(at.seconds, at.nanos).expect("a time that exists")
        };
        let ended = instant(self.ended.as_ref()?);
        let due = self.due.as_ref().expect("what is accepted has a due date");
        let due_at = instant(due.at.as_ref().unwrap());
        let order = if due.by_instant {
            ended.cmp(&due_at)
        } else {
            domain::local::date(ended).cmp(&domain::local::date(due_at))
        };
        Some(match order {
            std::cmp::Ordering::Less if self.result => 8,
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => 9,
            std::cmp::Ordering::Greater => 10,
        })
    }
}

#[derive(Debug, Default)]
struct Kept {
    dossiers: Vec<Known>,
    newest: BTreeMap<LogId, (u32, Position)>,
    /// How often each reason was given for not answering.
    refusals: BTreeMap<String, u64>,
    /// Reasons after which waiting helps, given without saying how long.
    unsaid: Vec<String>,
}

/// What all clerks know; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Kept>>);

impl Record {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    /// A dossier that a clerk is done with.
    pub(crate) fn note(&self, dossier: Known) {
        self.kept().dossiers.push(dossier);
    }

    /// The token of an acknowledged write.
    pub(crate) fn wrote(&self, token: &str) {
        let mut kept = self.kept();
        for point in api::token::read(token).unwrap() {
            let newest = kept.newest.entry(point.log).or_default();
            *newest = (*newest).max((point.epoch, point.position));
        }
    }

    /// A refusal. Those that are the service's own must say when to come back.
    pub(crate) fn refused(&self, status: &Status) {
        let mut kept = self.kept();
        let reason = match status.get_details_error_info() {
            Some(info) => {
                let waits = matches!(status.code(), Code::Unavailable | Code::ResourceExhausted);
                if waits && status.get_details_retry_info().is_none() {
                    kept.unsaid.push(format!("{}: {status:?}", info.reason));
                }
                info.reason
            }
            // The transport's own: a connection that broke.
            None => status.code().to_string(),
        };
        *kept.refusals.entry(reason).or_default() += 1;
    }

    pub(crate) fn all(&self) -> Vec<Known> {
        self.kept().dossiers.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.kept().dossiers.len()
    }

    pub(crate) fn refusals(&self, reason: &str) -> u64 {
        self.kept()
            .refusals
            .get(reason)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn unsaid(&self) -> Vec<String> {
        self.kept().unsaid.clone()
    }

    /// One token for the newest acknowledged write at every log.
    pub(crate) fn newest(&self) -> String {
        let points: Vec<_> = self
            .kept()
            .newest
            .iter()
            .map(|(log, (epoch, position))| api::token::Point {
                log: *log,
                epoch: *epoch,
                position: *position,
            })
            .collect();
        api::token::write(&points)
    }

    /// Waits until so many more dossiers are done.
    pub(crate) async fn grown(&self, more: usize) {
        let want = self.len() + more;
        self.until(&format!("{more} more dossiers"), || self.len() >= want)
            .await;
    }

    /// Waits until somebody is refused for this reason (again).
    pub(crate) async fn refused_for(&self, reason: &str) {
        let before = self.refusals(reason);
        let what = format!("a refusal with {reason}");
        self.until(&what, || self.refusals(reason) > before).await;
    }

    async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            let refusals = self.kept().refusals.clone();
            assert!(
                Instant::now() < until,
                "not in time: {what}; refused meanwhile: {refusals:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The rows of the form, by what `key` says of each dossier.
    pub(crate) fn rows<'a>(&self, key: impl Fn(&Known) -> &'a str) -> BTreeMap<String, Figures> {
        let mut rows: BTreeMap<String, Figures> = BTreeMap::new();
        for dossier in &self.kept().dossiers {
            let figures = dossier.figures();
            if figures[0] == 0 {
                continue;
            }
            let row = rows.entry(key(dossier).to_owned()).or_default();
            for (sum, one) in row.iter_mut().zip(figures) {
                *sum += one;
            }
        }
        rows
    }
}

/// A row of a report in the same form.
pub(crate) fn figures(row: &ReportRow) -> Figures {
    [
        row.c3, row.c4, row.c5, row.c6, row.c7, row.c8, row.c9, row.c10, row.c11, row.c12, row.c13,
    ]
}
