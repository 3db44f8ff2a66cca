//! A log that may lack what others have seen takes it back from them, and then opens its next epoch.
//!
//! Everybody listed is asked for the last position and chain hash it has of the log. What the log lacks is taken from it,
//! verbatim, once its records are found to lead from our hash to its own. Only when all have been heard, and none has
//! anything more, the next epoch is opened; until then the log takes no writes.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use eventlog::epoch::{Heard, Loss, Opening};
use eventlog::{ChainHash, EventLog, ImportError, LogId, Position, Record, chain, format};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::embedded::EmbeddedWitness;
use crate::feed::FeedError;
use crate::incoming;
use crate::patience::Patience;
use crate::witness::{Seen, Witness};

/// Records taken at a time.
const ROUND: usize = 1024;
/// How long a start waits to hear whether anybody has seen more of the log: NATS may be away, and writes do not wait for it.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// How often a log that takes writes is held against what others have seen.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Where a loss is accepted, those who are just late are waited for all the same.
const LATE: Duration = Duration::from_secs(5);

/// The decision to go on without those who are not heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptedLoss {
    /// Who decided it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Sees to it that a log never gives a position twice.
#[derive(Debug)]
pub struct Healer<W> {
    log: EventLog,
    witnesses: Vec<W>,
    accepted: Option<AcceptedLoss>,
}

/// Why a log is not healed now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It may be later.
    Lacking(String),
    /// There are two histories: it never will by itself.
    Fork(String),
}

impl From<FeedError> for Trouble {
    fn from(error: FeedError) -> Self {
        Self::Lacking(error.to_string())
    }
}

impl Healer<EmbeddedWitness> {
    /// The healer of a log that nobody follows.
    pub fn alone(log: EventLog) -> Self {
        Self::new(log, Vec::new(), None)
    }
}

impl<W: Witness> Healer<W> {
    /// A healer of `log`, which these have seen.
    pub fn new(log: EventLog, witnesses: Vec<W>, accepted: Option<AcceptedLoss>) -> Self {
        Self {
            log,
            witnesses,
            accepted,
        }
    }

    /// Asks all once, before the first write, whether they have seen more than the log holds: it takes no writes then. Whoever
    /// does not answer within a second is asked again later.
    pub async fn look(&self) {
        if tokio::time::timeout(FIRST_LOOK, self.compare())
            .await
            .is_err()
        {
            info!(log = %self.id(), "not everybody who follows the log has answered yet");
        }
    }

    /// Heals the log whenever it waits for its next epoch, for ever. `before_writes` derives what must be
    /// known of the whole log, up to this position, before the first write, and says whether it is.
    pub async fn run<K>(self, mut before_writes: impl FnMut(Position) -> K + Send)
    where
        K: Future<Output = bool> + Send,
    {
        let begun = Instant::now();
        let mut patience = Patience::default();
        let mut said = String::new();
        loop {
            if self.log.awaits().is_none() {
                patience.again();
                let mut awaits = self.log.watch_awaits();
                let noticed = awaits.wait_for(Option::is_some);
                if let Ok(Err(_)) = tokio::time::timeout(LOOK_EVERY, noticed).await {
                    return;
                }
                self.compare().await;
                continue;
            }
            let waited = begun.elapsed() >= LATE;
            if let Err(trouble) = self.heal(waited, &mut before_writes).await {
                let (fork, reason) = match trouble {
                    Trouble::Fork(reason) => (true, reason),
                    Trouble::Lacking(reason) => (false, reason),
                };
                if said != reason && fork {
                    error!(log = %self.id(), reason, "two histories: the log takes no writes");
                } else if said != reason {
                    warn!(log = %self.id(), reason, "the next epoch is not opened yet");
                }
                self.log.waits_for(&reason);
                said = reason;
                tokio::time::sleep(patience.pause()).await;
            }
        }
    }

    fn id(&self) -> LogId {
        self.log.head().log
    }

    /// Asks all once whether they have seen more than the log holds: it takes no writes then.
    pub async fn compare(&self) {
        for (witness, seen) in self.witnesses.iter().zip(self.hear().await) {
            let Ok(Some(seen)) = seen else {
                continue;
            };
            // Nobody sees a record before it is in the log: what is beyond its end was lost.
            if seen.position > self.log.head().position {
                let by = witness.name().to_owned();
                if let Err(error) = self.log.seen_by(seen.position, by).await {
                    error!(%error, "it cannot be noted that the log has lost its end");
                }
            }
        }
    }

    /// Asks all at the same time.
    async fn hear(&self) -> Vec<Result<Option<Seen>, FeedError>> {
        let log = self.id();
        together(self.witnesses.iter().map(|witness| witness.seen(log))).await
    }

    /// Takes back what is lacking and opens the next epoch, of a log that waits for it. A loss that was accepted counts once
    /// those who are just late were `waited` for. Dropping it at any moment is as good as a crash there.
    ///
    /// # Errors
    /// When that is not possible now, and whether it may be later.
    pub async fn heal<K>(
        &self,
        waited: bool,
        before_writes: &mut (impl FnMut(Position) -> K + Send),
    ) -> Result<(), Trouble>
    where
        K: Future<Output = bool> + Send,
    {
        let accepted = self.accepted.as_ref().filter(|_| waited);
        loop {
            let before = self.log.head().position;
            let mut heard = Vec::new();
            let mut missing = Vec::new();
            for (witness, seen) in self.witnesses.iter().zip(self.hear().await) {
                let reconciled = match &seen {
                    Ok(Some(seen)) => self.reconcile(witness, *seen).await,
                    Ok(None) => Ok(()),
                    Err(error) => Err(Trouble::Lacking(error.to_string())),
                };
                match reconciled {
                    Ok(()) => {
                        let seen = seen.ok().flatten();
                        heard.push(Heard {
                            name: witness.name().to_owned(),
                            epoch: seen.map_or(0, |seen| seen.epoch),
                            position: seen.map_or(0, |seen| seen.position),
                        });
                    }
                    Err(Trouble::Lacking(reason)) => missing.push((witness, reason)),
                    Err(fork @ Trouble::Fork(_)) => return Err(fork),
                }
            }
            if self.log.head().position > before {
                // What was taken may be new to the others, and they go on too: until nobody has anything more.
                continue;
            }
            let loss = self.loss(accepted, &missing)?;
            for (witness, _) in &missing {
                witness.forget(self.id()).await?;
            }
            if !before_writes(before).await {
                let reason = "what is derived from the log is not up to date yet";
                return Err(Trouble::Lacking(reason.to_owned()));
            }
            let opened = self.log.open_epoch(Opening { heard, loss }).await;
            opened.map_err(|error| Trouble::Lacking(error.to_string()))?;
            return Ok(());
        }
    }

    /// What is given up, when somebody was not heard; or why nothing is.
    fn loss(
        &self,
        accepted: Option<&AcceptedLoss>,
        missing: &[(&W, String)],
    ) -> Result<Option<Loss>, Trouble> {
        let listed = self.witnesses.iter().any(W::is_follower);
        if missing.is_empty() && listed {
            return Ok(None);
        }
        if let Some(AcceptedLoss { by, reason }) = accepted {
            let name = |(witness, _): &(&W, String)| witness.name().to_owned();
            return Ok(Some(Loss {
                by: by.clone(),
                reason: reason.clone(),
                not_heard: missing.iter().map(name).collect(),
            }));
        }
        if !listed {
            let reason =
                "no follower is listed in the settings, so nobody can say what the log lacks";
            return Err(Trouble::Lacking(reason.to_owned()));
        }
        let whys: Vec<_> = missing
            .iter()
            .map(|(witness, why)| format!("{}: {why}", witness.name()))
            .collect();
        Err(Trouble::Lacking(format!("not heard: {}", whys.join("; "))))
    }

    /// Holds the log against what a witness has seen, and takes from it what the log lacks.
    async fn reconcile(&self, witness: &W, seen: Seen) -> Result<(), Trouble> {
        let head = self.log.head();
        if seen.position > head.position {
            let ends = self.examine(witness, seen).await?;
            return self.take(witness, &ends).await;
        }
        let ours = self.log.hash_at(seen.position);
        let ours = ours.map_err(|error| Trouble::Lacking(error.to_string()))?;
        match (seen.hash, ours) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Err(self.fork(witness, seen.position, theirs, ours))
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn fork(&self, witness: &W, at: Position, theirs: ChainHash, ours: ChainHash) -> Trouble {
        let (log, name) = (self.id(), witness.name());
        Trouble::Fork(format!(
            "log {log} and the copy that {name} has of it differ at or before position {at}: \
             the chain hash there is {ours} here and {theirs} at {name}"
        ))
    }

    /// Reads through what the witness has beyond our end, and keeps nothing but the hashes: does it lead from our hash to its?
    async fn examine(
        &self,
        witness: &W,
        seen: Seen,
    ) -> Result<Vec<(Position, ChainHash)>, Trouble> {
        let head = self.log.head();
        let (mut at, mut hash) = (head.position, head.hash);
        let mut ends = Vec::new();
        while at < seen.position {
            let records = self.next(witness, at, seen.position).await?;
            (at, hash) = chained(at, hash, &records)?;
            ends.push((at, hash));
        }
        match seen.hash {
            Some(theirs) if theirs != hash => Err(self.fork(witness, at, theirs, hash)),
            Some(_) | None => Ok(ends),
        }
    }

    /// Takes what was examined.
    async fn take(&self, witness: &W, ends: &[(Position, ChainHash)]) -> Result<(), Trouble> {
        let head = self.log.head();
        let (mut at, mut hash) = (head.position, head.hash);
        for end in ends {
            let mut records = Vec::new();
            while at < end.0 {
                let more = self.next(witness, at, end.0).await?;
                (at, hash) = chained(at, hash, &more)?;
                records.extend(more);
            }
            if hash != end.1 {
                let name = witness.name();
                let reason = format!("{name} gives other records than a moment ago");
                return Err(Trouble::Lacking(reason));
            }
            let count = records.len();
            match self.log.heal(records).await {
                Ok(_) => {}
                Err(error @ ImportError::Fork { .. }) => {
                    return Err(Trouble::Fork(error.to_string()));
                }
                Err(error) => return Err(Trouble::Lacking(error.to_string())),
            }
            info!(log = %self.id(), from = witness.name(), count, at, "taken back");
        }
        Ok(())
    }

    /// The next records after `at`, up to a position; at least one.
    async fn next(
        &self,
        witness: &W,
        at: Position,
        upto: Position,
    ) -> Result<Vec<Record>, Trouble> {
        let log = self.id();
        let mut records = witness.records_after(log, at, ROUND).await?;
        records.retain(|record| record.place.position <= upto);
        if !incoming::answers(&records, log, at) {
            let name = witness.name();
            let reason = format!("{name} gives other records than those asked for");
            return Err(Trouble::Lacking(reason));
        }
        if records.is_empty() {
            let name = witness.name();
            let reason = format!("{name} has seen position {upto}, but gives nothing after {at}");
            return Err(Trouble::Lacking(reason));
        }
        Ok(records)
    }
}

/// Waits for all of them at the same time, and gives what each of them gave.
async fn together<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(move |context| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *output = Some(value);
            }
        }
        if waiting.iter().any(|(_, output)| output.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(waiting.drain(..).filter_map(|(_, output)| output).collect())
    })
    .await
}

/// Where the chain stands after these records.
fn chained(
    mut at: Position,
    mut hash: ChainHash,
    records: &[Record],
) -> Result<(Position, ChainHash), Trouble> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.clear();
        format::canonical(record, &mut bytes)
            .map_err(|fault| Trouble::Lacking(fault.to_string()))?;
        hash = chain::next(hash, &bytes);
        at = record.place.position;
    }
    Ok((at, hash))
}
