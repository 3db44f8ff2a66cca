//! Uploads what waits, in order, and takes away what is answered: resumable at any point, after any cut.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use api::hoso::intake::v1::{
    EntryAnswer, EntryResult, JournalEntry, LostEntry, TerminalHello, TerminalWelcome,
    journal_entry::Item, sync_terminal_response as from,
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::keyed::{now, stamp};
use super::line::{Line, WINDOW};
use super::spool::Spool;
use crate::{Failure, client, out};

/// How long the server may say nothing, not even how far it is.
const SILENCE: Duration = Duration::from_secs(60);
/// An entry whose number the server has given to another one is sent again under a new one, so often at most.
const ROUNDS_MAX: usize = 3;
/// The server has another entry under this number.
const REUSED: &str = "SEQUENCE_REUSED";

/// What an upload came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Entries that were taken in.
    pub taken: u64,
    /// Entries that had been taken in before.
    pub known: u64,
    /// Entries that were refused.
    pub refused: u64,
    /// Entries that were told to be lost: they could not be read any more, or the server asks for what is gone.
    pub lost: u64,
}

impl Outcome {
    fn nothing(self) -> bool {
        self == Self::default()
    }
}

/// Uploads everything that waits.
///
/// # Errors
/// When there is no line, or the server takes nothing now; what was not answered waits on.
pub async fn sync(spool: &Spool) -> Result<Outcome, Failure> {
    let Some(_alone) = spool.synchronising()? else {
        return Err("another `hoso terminal` uploads at this moment".into());
    };
    let mut outcome = Outcome::default();
    for _ in 0..ROUNDS_MAX {
        if !exchange(spool, &mut outcome).await? {
            break;
        }
    }
    Ok(outcome)
}

/// Uploads whenever there is a line, until told to stop.
///
/// # Errors
/// When the folder cannot be used.
pub async fn run(spool: &Spool, every: Duration) -> Result<(), Failure> {
    let stop = chassis::signals::stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => return Ok(()),
            synced = sync(spool) => match synced {
                Ok(outcome) if outcome.nothing() => {}
                Ok(outcome) => out::print(&told(outcome)),
                Err(failure) => out::say(&format!("chưa gửi được · not uploaded yet: {failure}")),
            },
        }
        tokio::select! {
            _ = &mut stop => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// What an upload came to, for a person.
pub fn told(outcome: Outcome) -> String {
    let Outcome {
        taken,
        known,
        refused,
        lost,
    } = outcome;
    format!(
        "{taken} đã nhận · taken, {known} đã có · known, {refused} bị từ chối · refused, {lost} mất · lost"
    )
}

/// One upload; whether something has to be sent once more under another number.
async fn exchange(spool: &Spool, outcome: &mut Outcome) -> Result<bool, Failure> {
    let (highest, acknowledged) = spool.reach()?;
    let hello = TerminalHello {
        terminal_id: spool.identity.terminal.clone(),
        office: spool.identity.office.clone(),
        acknowledged,
        highest,
        device_time: Some(stamp(now())),
        node: spool.identity.node,
    };
    let channel = client::lasting(&spool.identity.server).await?;
    let mut line = in_time(Line::open(channel, hello)).await?;
    let welcome = line.welcome.clone();
    let mut sending = planned(spool, &welcome, acknowledged)?;
    let mut awaited = BTreeSet::new();
    let mut again = false;
    while !(sending.is_empty() && awaited.is_empty()) {
        if awaited.len() < WINDOW
            && let Some(sequence) = sending.pop_front()
        {
            let entry = readable(spool, sequence)?;
            awaited.insert(sequence);
            line.send(&entry).await?;
            continue;
        }
        match in_time(line.heard()).await? {
            from::Body::Answer(answer) => {
                awaited.remove(&answer.sequence);
                again |= taken_away(spool, &answer, outcome)?;
            }
            from::Body::Missing(missing) => {
                let unsent = missing.from..=missing.to;
                for sequence in unsent.rev().filter(|it| !awaited.contains(it)) {
                    if !sending.contains(&sequence) {
                        sending.push_front(sequence);
                    }
                }
            }
            from::Body::Progress(_) | from::Body::Welcome(_) => {}
        }
    }
    Ok(again)
}

/// What has to be sent, in order: what waits, and before it what the server has lost.
fn planned(
    spool: &Spool,
    welcome: &TerminalWelcome,
    acknowledged: u32,
) -> Result<VecDeque<u32>, Failure> {
    let skew = welcome.skew_seconds;
    if welcome.clock_skewed {
        out::say(&format!(
            "đồng hồ lệch {skew} giây · this device's clock is {skew} s from the server's"
        ));
    }
    if welcome.set_back {
        out::say(
            "the server has entries that this journal has not: it was set back to an older copy",
        );
    }
    let told = welcome.next_sequence.saturating_sub(1);
    let catalogue = &welcome.catalogue;
    let state = spool.state()?;
    if state.highest < told || state.checklist != *catalogue {
        spool.change(|state| {
            state.highest = state.highest.max(told);
            state.checklist.clone_from(catalogue);
            Ok(())
        })?;
    }
    let gone = welcome.next_sequence.max(1)..=acknowledged;
    Ok(gone.chain(spool.waiting()?).collect())
}

/// The entry; or that it is lost, when it is gone or cannot be read.
fn readable(spool: &Spool, sequence: u32) -> Result<JournalEntry, Failure> {
    let waits = spool.waiting()?.contains(&sequence);
    match spool.entry(sequence) {
        Ok(entry) => Ok(entry),
        Err(_) if !waits => Ok(lost(spool, sequence, "purged")),
        Err(damage) => {
            out::say(&format!(
                "mục {sequence} hỏng · entry {sequence} cannot be read any more: {damage}; key it in again"
            ));
            Ok(lost(spool, sequence, "damaged"))
        }
    }
}

/// The entry is lost. Said again, it is said in the same words.
fn lost(spool: &Spool, sequence: u32, reason: &str) -> JournalEntry {
    let mut hash = Sha256::new();
    hash.update(b"hoso terminal lost v1");
    hash.update(spool.identity.terminal.as_bytes());
    hash.update(sequence.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    JournalEntry {
        sequence,
        command_id: uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
        device_time: Some(stamp(Timestamp::UNIX_EPOCH)),
        actor: "hoso".to_owned(),
        item: Some(Item::Lost(LostEntry {
            reason_code: reason.to_owned(),
        })),
    }
}

/// Takes away what is answered; whether it has to be sent once more under another number.
fn taken_away(spool: &Spool, answer: &EntryAnswer, outcome: &mut Outcome) -> Result<bool, Failure> {
    let sequence = answer.sequence;
    let readable = spool.entry(sequence).is_ok();
    let reused = answer
        .refusal
        .as_ref()
        .is_some_and(|refusal| refusal.reason == REUSED);
    if reused && readable {
        spool.renumber(sequence)?;
        return Ok(true);
    }
    if !readable {
        outcome.lost += 1;
        spool.lay_aside(sequence)?;
        return Ok(false);
    }
    match answer.result() {
        EntryResult::Taken => outcome.taken += 1,
        EntryResult::Duplicate => outcome.known += 1,
        EntryResult::Refused => outcome.refused += 1,
        EntryResult::Unspecified => {
            return Err(format!("the server did not say what became of entry {sequence}").into());
        }
    }
    spool.answered(answer)?;
    Ok(false)
}

/// Not for ever: a server that has nothing to say says how far it is.
async fn in_time<T>(what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let done = tokio::time::timeout(SILENCE, what).await;
    done.unwrap_or_else(|_| Err("the server says nothing any more".into()))
}

/// An id for a call's request.
pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}
