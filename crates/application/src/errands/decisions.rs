//! What was brought to one node for a dossier that another has and that is not accepted yet: processing, which has the records
//! of both, shows the receipt to the dossier's home, which decides it as if it had been brought there.
//!
//! Nothing is taken over but the decision: whom the filing names and what was noted stay where they are, and come to processing
//! from there. Nothing is remembered either: the decision has a request of its own, so asking again is answered again.

use eventlog::{LogId, Record, format};
use jiff::Timestamp;
use vault::LineKey;
use vault::line::Awaiting;
use zeroize::Zeroizing;

use super::{ANSWER_BYTES_MAX, DECISIONS, ErrandFault, Said, opened, put, take};
use crate::desk::Desk;
use crate::filings::{FilingStanding, Receipt};

/// How many filings one question shows at most.
pub const SHOWN_MAX: usize = 64;

const DECIDED: u8 = 0;
const NO_DOSSIER: u8 = 1;
const FOR_ACCEPTANCE: u8 = 2;
const FOR_PROCESSING: u8 = 3;
const NOT_NOW: u8 = 4;

/// What a dossier's home says about a filing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It is decided, now or before.
    Decided,
    /// It has no such dossier.
    NoDossier,
    /// Only an accepted dossier can be told what was brought.
    ForAcceptance,
    /// The dossier was accepted meanwhile, or never will be: processing decides.
    ForProcessing,
    /// It could not be decided; asking again may help.
    NotNow(String),
}

/// Shows receipts to the node with this log, as many as one question holds: the question, and how many they are.
///
/// # Errors
/// When the question cannot be sealed.
pub fn ask<'a>(
    key: &LineKey,
    of: LogId,
    receipts: impl Iterator<Item = &'a Record>,
) -> Result<(Vec<u8>, Awaiting), ErrandFault> {
    let mut question = vec![DECISIONS];
    let mut bytes = Vec::new();
    for record in receipts.take(SHOWN_MAX) {
        bytes.clear();
        format::canonical_at_origin(record, &mut bytes).map_err(|_| ErrandFault::Unreadable)?;
        put(&mut question, &bytes);
        if question.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(key.ask(of.0, &question)?)
}

/// Decides what is shown, in the order in which it is.
pub(super) async fn decide(
    desk: &Desk,
    mut shown: &[u8],
    now: Timestamp,
) -> Result<Vec<Said>, ErrandFault> {
    let mut said = Vec::new();
    while !shown.is_empty() {
        let (record, rest) = take(shown).ok_or(ErrandFault::Unreadable)?;
        let record = format::decode_record(record).map_err(|_| ErrandFault::Unreadable)?;
        said.push(decide_one(desk, record, now).await);
        shown = rest;
    }
    Ok(said)
}

async fn decide_one(desk: &Desk, record: Record, now: Timestamp) -> Said {
    let not_now = |why: String| (NOT_NOW, Zeroizing::new(why.into_bytes()));
    let receipt = match Receipt::of(record) {
        Ok(Some(receipt)) => receipt,
        Ok(None) => return not_now("what was shown is no receipt of a filing".to_owned()),
        Err(why) => return not_now(why.to_string()),
    };
    let state = match desk.decide_brought(&receipt, now).await {
        Ok(FilingStanding::Decided) => DECIDED,
        // This node is the home of every dossier that it has before acceptance; what is another's it does not have.
        Ok(FilingStanding::NoDossier | FilingStanding::AtHome { .. }) => NO_DOSSIER,
        Ok(FilingStanding::ForAcceptance) => FOR_ACCEPTANCE,
        Ok(FilingStanding::ForProcessing) => FOR_PROCESSING,
        Err(error) => {
            tracing::warn!(filing = %receipt.filing(), %error, "what was brought elsewhere is not decided yet");
            return not_now(error.to_string());
        }
    };
    (state, Zeroizing::default())
}

/// Opens the answer: what is told of the filings that were shown, the first ones at least.
///
/// # Errors
/// When it is none to that question.
pub fn open(awaiting: Awaiting, sealed: &[u8]) -> Result<Vec<Told>, ErrandFault> {
    let (_, said) = opened(awaiting, sealed)?;
    let told = said.into_iter().map(|(state, why)| match state {
        DECIDED => Ok(Told::Decided),
        NO_DOSSIER => Ok(Told::NoDossier),
        FOR_ACCEPTANCE => Ok(Told::ForAcceptance),
        FOR_PROCESSING => Ok(Told::ForProcessing),
        NOT_NOW => Ok(Told::NotNow(String::from_utf8_lossy(&why).into_owned())),
        _ => Err(ErrandFault::Unreadable),
    });
    told.collect()
}
