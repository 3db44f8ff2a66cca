//! A reader of the log that keeps a list in memory, says how far it is, and can lay the list down beside the log.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use eventlog::format::RecordView;
use eventlog::{DecodeError, EventLog, Position, ReadError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::snapshot::{self, Keep, Mark};

/// A state is laid down after so many records, or after an eighth of the log where that is more: laying it down costs as
/// much as it is large, and a start must fold what came since.
const KEEP_EVERY_MIN: Position = 100_000;
const KEEP_EVERY_PART: Position = 8;
/// While records keep coming, they are gathered for so long before they are folded, unless somebody waits for them: the
/// calls that brought them are answered meanwhile, and waking up for each would cost more than the folding.
const GATHER: Duration = Duration::from_millis(2);
/// How long records are folded at a time; in between, whoever ends the fold is heard.
const AT_A_TIME: Duration = Duration::from_millis(20);

/// A fold over a log. It must give the same state whether it is fed at once or over years.
pub trait Fold: Send + Sync + 'static {
    /// Takes in the next record, of which it decodes what it needs. A record that this program does not understand must
    /// not be lost sight of.
    fn apply(&mut self, record: &RecordView<'_>);

    /// Takes in the next record of a history that does not stand, which is kept and never applied to its dossier.
    fn rival(&mut self, _record: &RecordView<'_>) {}
}

/// Two folds over the same records.
impl<A: Fold, B: Fold> Fold for (A, B) {
    fn apply(&mut self, record: &RecordView<'_>) {
        self.0.apply(record);
        self.1.apply(record);
    }

    fn rival(&mut self, record: &RecordView<'_>) {
        self.0.rival(record);
        self.1.rival(record);
    }
}

/// Lays a state down.
type Keeper<S> = dyn Fn(&S, &Mark) -> std::io::Result<()> + Send + Sync;

/// A fold kept up to date; clones share it.
pub struct Projection<S> {
    log: EventLog,
    state: Arc<RwLock<S>>,
    position: watch::Sender<Position>,
    /// The last position that somebody has waited for.
    awaited: watch::Sender<Position>,
    gather: Duration,
    keeper: Option<Arc<Keeper<S>>>,
    /// Up to which position the state is laid down.
    kept: Position,
}

impl<S> std::fmt::Debug for Projection<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projection")
            .field("log", &self.log)
            .field("position", &*self.position.borrow())
            .finish_non_exhaustive()
    }
}

impl<S> Clone for Projection<S> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            state: Arc::clone(&self.state),
            position: self.position.clone(),
            awaited: self.awaited.clone(),
            gather: self.gather,
            keeper: self.keeper.clone(),
            kept: self.kept,
        }
    }
}

impl<S: Fold> Projection<S> {
    /// Folds everything the log holds now, on the calling thread.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open(log: EventLog, state: S) -> Result<Self, ReadError> {
        Self::resume(log, state, 0).caught_up()
    }

    /// As [`Projection::open`], from the state that was laid down in `file`, and laid down there again now and then. A file
    /// that does not fit the log and this program is passed over.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn open_kept(log: EventLog, empty: S, file: PathBuf) -> Result<Self, ReadError>
    where
        S: Keep,
    {
        let (state, position) = snapshot::load(&log, empty, &file)?;
        Self::resume(log, state, position)
            .kept_in(file, position)
            .caught_up()
    }

    /// Goes on from a state in which everything up to `position` is folded already.
    pub fn resume(log: EventLog, state: S, position: Position) -> Self {
        Self {
            log,
            state: Arc::new(RwLock::new(state)),
            position: watch::Sender::new(position),
            awaited: watch::Sender::new(0),
            gather: GATHER,
            keeper: None,
            kept: position,
        }
    }

    /// Lays the state down in this file now and then; what is there already goes up to `kept`.
    #[must_use]
    pub fn kept_in(mut self, file: PathBuf, kept: Position) -> Self
    where
        S: Keep,
    {
        self.kept = kept;
        self.keeper = Some(Arc::new(move |state, mark| {
            snapshot::save(&file, state, mark)
        }));
        self
    }

    /// Gathers records that keep coming for so long before it folds them; whoever waits for one has it at once all the same.
    #[must_use]
    pub fn gathering(mut self, gather: Duration) -> Self {
        self.gather = gather;
        self
    }

    fn caught_up(self) -> Result<Self, ReadError> {
        while self.step()? {}
        Ok(self)
    }

    /// Folds what comes, on a thread beside the caller's, until the log closes.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn run(mut self) -> Result<(), ReadError> {
        let mut head = self.log.watch();
        let mut awaited = self.awaited.subscribe();
        let mut next = Instant::now();
        // What the start has folded is not folded again by the next one, though nothing new may come before that.
        self.keep_if_due().await?;
        loop {
            let folded = *self.position.borrow();
            while head.borrow_and_update().position <= folded {
                if head.changed().await.is_err() {
                    return Ok(());
                }
            }
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                _ = awaited.wait_for(|at| *at > folded) => {}
            }
            while self.fold_for(AT_A_TIME).await? {
                self.keep_if_due().await?;
            }
            self.keep_if_due().await?;
            next = Instant::now() + self.gather;
        }
    }

    /// Folds what is there, for so long; false when that was all.
    async fn fold_for(&self, long: Duration) -> Result<bool, ReadError> {
        let fold = self.clone();
        let until = Instant::now() + long;
        let folding = tokio::task::spawn_blocking(move || {
            while fold.step()? {
                if Instant::now() >= until {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        match folding.await {
            Ok(more) => more,
            // A fold that panics ends whoever runs it, as it would on the same thread.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this with it.
                Err(_) => Ok(false),
            },
        }
    }

    /// Folds the rest of the block that holds the next record; false when there was nothing new.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn step(&self) -> Result<bool, ReadError> {
        let after = *self.position.borrow();
        let Some(block) = self.log.blocks(after.saturating_add(1)).next() else {
            return Ok(false);
        };
        let block = block?;
        let damaged = |error: DecodeError| ReadError::Damaged {
            file: self.log.folder().display().to_string(),
            position: block.header.first,
            why: error.to_string(),
        };
        let decoded = block.decode().map_err(damaged)?;
        let skip = after
            .saturating_add(1)
            .saturating_sub(block.header.first)
            .try_into()
            .unwrap_or(usize::MAX);
        let records = decoded
            .views()
            .skip(skip)
            .collect::<Result<Vec<_>, _>>()
            .map_err(damaged)?;
        let Some(last) = records.last().map(|record| record.place.position) else {
            return Ok(false);
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever ran the fold may have ended in the middle of this, and another goes on with it.
        if *self.position.borrow() != after {
            return Ok(true);
        }
        for record in &records {
            if record.rival {
                state.rival(record);
            } else {
                state.apply(record);
            }
        }
        // While the state is held, so that nobody sees it with another position.
        self.position.send_replace(last);
        drop(state);
        Ok(true)
    }

    /// Lays the state down on a thread of its own when much has come since. Readers are not kept waiting; what comes
    /// meanwhile is folded afterwards.
    async fn keep_if_due(&mut self) -> Result<(), ReadError> {
        let position = *self.position.borrow();
        let due = KEEP_EVERY_MIN.max(position / KEEP_EVERY_PART);
        let Some(keeper) = &self.keeper else {
            return Ok(());
        };
        if position - self.kept < due {
            return Ok(());
        }
        let Some(mark) = Mark::at(&self.log, position)? else {
            return Ok(());
        };
        let (keeper, state) = (Arc::clone(keeper), Arc::clone(&self.state));
        let laid_down = tokio::task::spawn_blocking(move || {
            let state = state.read().unwrap_or_else(PoisonError::into_inner);
            keeper(&state, &mark)
        });
        match laid_down.await {
            Ok(Ok(())) => {}
            // The log has everything: the next start is slower, that is all.
            Ok(Err(error)) => tracing::warn!(%error, "the folded state was not laid down"),
            Err(error) => tracing::warn!(%error, "the folded state was not laid down"),
        }
        self.kept = position;
        Ok(())
    }

    /// The log that is folded.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// How far the fold is.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// How far the fold is, as it goes.
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.position.subscribe()
    }

    /// Waits for whatever comes after a position, and hurries nobody; false when nothing has within `patience`.
    pub async fn beyond(&self, position: Position, patience: Duration) -> bool {
        let mut here = self.position.subscribe();
        tokio::time::timeout(patience, here.wait_for(|at| *at > position))
            .await
            .is_ok_and(|came| came.is_ok())
    }

    /// Waits until the fold has reached a position, and has it hurry; false when it has not within `patience`.
    pub async fn reach(&self, position: Position, patience: Duration) -> bool {
        let mut here = self.position.subscribe();
        self.awaited.send_if_modified(|at| {
            let later = *at < position;
            *at = position.max(*at);
            later
        });
        tokio::time::timeout(patience, here.wait_for(|at| *at >= position))
            .await
            .is_ok_and(|reached| reached.is_ok())
    }

    /// Looks at the state and how far it is, both at one moment.
    pub fn read<R>(&self, look: impl FnOnce(&S, Position) -> R) -> R {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(&state, *self.position.borrow())
    }
}

#[cfg(test)]
mod tests {
    use eventlog::{Append, Expected, NewRecord, Settings, StreamId};
    use uuid::Uuid;

    use super::*;

    #[derive(Default)]
    struct Seen(Vec<Position>);

    impl Fold for Seen {
        fn apply(&mut self, record: &RecordView<'_>) {
            self.0.push(record.place.position);
        }
    }

    async fn append(log: &EventLog) -> Position {
        let event = NewRecord {
            event_id: Uuid::nil(),
            kind: "happened".into(),
            schema_version: 1,
            occurred_at: 0,
            actor: "an".into(),
            organisation: "a".into(),
            correlation: Uuid::nil(),
            causation: Uuid::nil(),
            keys: Vec::new(),
            data: b"{}".to_vec(),
        };
        let append = Append {
            stream: StreamId(Uuid::nil()),
            expected: Expected::Any,
            request: None,
            events: vec![event],
        };
        let appended = log.append(append).await.unwrap();
        appended.records[0].place.position
    }

    #[tokio::test]
    async fn records_that_keep_coming_are_gathered_but_whoever_waits_for_one_has_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = EventLog::open(folder.path(), Settings::new(|| 0)).unwrap();
        let mut projection = Projection::open(log.clone(), Seen::default()).unwrap();
        projection.gather = Duration::from_secs(3600);
        let running = tokio::spawn(projection.clone().run());
        let patience = Duration::from_secs(30);
        // After a silence the first is folded though nobody asks.
        let first = append(&log).await;
        assert!(projection.beyond(first - 1, patience).await);
        // Those after it would be gathered for an hour.
        append(&log).await;
        let third = append(&log).await;
        assert!(projection.reach(third, patience).await);
        projection.read(|seen, position| assert_eq!((&seen.0[..], position), (&[1, 2, 3][..], 3)));
        running.abort();
    }

    #[tokio::test]
    async fn a_fold_that_two_run_at_once_takes_each_record_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = EventLog::open(folder.path(), Settings::new(|| 0)).unwrap();
        let projection = Projection::resume(log.clone(), Seen::default(), 0);
        for _ in 0..300 {
            append(&log).await;
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| while projection.step().unwrap() {});
            }
        });
        let each_once: Vec<Position> = (1..=300).collect();
        projection.read(|seen, _| assert_eq!(seen.0, each_once));
    }
}
