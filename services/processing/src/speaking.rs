//! Speaks with the vaults of intake nodes: fetches entries, tells erasures and what was put right, and writes down the erasures that
//! every vault has carried out.

use std::collections::BTreeSet;
use std::time::Duration;

use application::errands::{self, Answered, ErrandFault, Given, Wanted};
use application::identities::Marks;
use application::projection::Projection;
use application::{Desk, HandleError, erasures};
use domain::ids::DossierId;
use eventlog::{LogId, Position};
use jiff::Timestamp;
use messaging::{ErrandError, Errands};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;
use vault::line::Awaiting;
use vault::{LineKey, PutError, TakeError};

use crate::board::Board;
use crate::line::Line;
use crate::vaults::Vaults;

/// How often a vault is asked whether it is still the one it was, while there is nothing else to ask.
const PING: Duration = Duration::from_secs(2);
/// How long to wait after it did not answer: at first, and at most.
const AGAIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// Entries fetched at a time.
const FETCHED: usize = 64;
/// Dossiers whose erasure is told at a time, and wrong entries.
const TOLD: usize = 256;
/// How long to wait after a vault did not destroy what was put right: its node may run a program that cannot yet.
const PUT_RIGHT_AGAIN: Duration = Duration::from_secs(60);

/// Speaks with the vaults.
#[derive(Debug)]
pub struct Speaker<E> {
    /// Processing's desk, with its own vault.
    pub desk: Desk,
    /// Whose data is erased.
    pub board: Projection<Board>,
    /// What is known of each vault.
    pub vaults: Vaults,
    /// The marks by which people are looked up.
    pub marks: Marks,
    /// Carries the questions.
    pub line: Line<E>,
}

impl<E: Clone> Clone for Speaker<E> {
    fn clone(&self) -> Self {
        Self {
            desk: self.desk.clone(),
            board: self.board.clone(),
            vaults: self.vaults.clone(),
            marks: self.marks.clone(),
            line: self.line.clone(),
        }
    }
}

/// No answer that could be used.
#[derive(Debug, Error)]
pub enum SpeakError {
    /// Nobody answered, or nothing but a refusal.
    #[error(transparent)]
    Errand(#[from] ErrandError),
    /// What came is no answer to it.
    #[error("the vault's answer: {0}")]
    Answer(#[from] ErrandFault),
    /// What came cannot be kept.
    #[error("processing's own vault: {0}")]
    Own(#[from] PutError),
    /// Of what was asked nothing is answered.
    #[error("it has answered nothing of what was asked")]
    Nothing,
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] HandleError),
}

impl<E: Errands> Speaker<E> {
    /// Speaks with the vault of every node whose records come here, as long as it is run.
    pub(crate) async fn run(self) {
        let mut known = BTreeSet::new();
        let mut lines = JoinSet::new();
        loop {
            for (log, _) in self.desk.log().watermarks() {
                if known.insert(log) {
                    lines.spawn(self.clone().keep_speaking(log));
                }
            }
            tokio::select! {
                () = self.vaults.woken() => {}
                () = tokio::time::sleep(PING) => {}
            }
        }
    }

    async fn keep_speaking(self, of: LogId) {
        let mut asked: Option<Instant> = None;
        let mut again = AGAIN;
        let mut destroys_from = Instant::now();
        loop {
            let ping = asked.is_none_or(|at| at.elapsed() >= PING);
            match self.exchange(of, ping).await {
                Ok(true) => {
                    asked = Some(Instant::now());
                    again = AGAIN;
                }
                Ok(false) => {
                    // Last of all: whatever becomes of it holds up nothing else.
                    let (destroyed, wrong) = self.wrong(of);
                    if !wrong.is_empty() && Instant::now() >= destroys_from {
                        if let Err(error) = self.put_right(of, destroyed, &wrong).await {
                            tracing::info!(log = %of, %error, "what was put right is not destroyed there yet");
                            destroys_from = Instant::now() + PUT_RIGHT_AGAIN;
                        }
                        continue;
                    }
                    let left = asked.map_or(PING, |at| PING.saturating_sub(at.elapsed()));
                    tokio::select! {
                        () = self.vaults.woken() => {}
                        () = tokio::time::sleep(left) => {}
                    }
                }
                Err(error) => {
                    if self.vaults.waits(of, error.to_string()) {
                        tracing::info!(log = %of, %error, "a vault is waited for");
                    }
                    tokio::time::sleep(again).await;
                    again = (again * 2).min(AGAIN_MAX);
                }
            }
        }
    }

    /// One question to a vault and its answer, if there is anything to ask or `ping` says that it is time to ask whether it
    /// is still the vault it was; says whether there was. Dropping it at any moment is as good as a crash there.
    ///
    /// # Errors
    /// When there is no answer that could be used: to be tried again.
    pub async fn exchange(&self, of: LogId, ping: bool) -> Result<bool, SpeakError> {
        let told = self.vaults.told(of);
        let untold = self.untold(told);
        let wanted = self.vaults.next(of, FETCHED);
        if untold.is_empty() && wanted.is_empty() && !ping {
            return Ok(false);
        }
        // Erasures first, and always before the first entry: what was erased must not be fetched.
        if wanted.is_empty() || ping || !untold.is_empty() {
            self.tell(of, told, &untold).await?;
        } else {
            self.fetch(of, &wanted).await?;
        }
        Ok(true)
    }

    async fn ask(
        &self,
        of: LogId,
        question: impl Fn(&LineKey) -> Result<(Vec<u8>, Awaiting), ErrandFault>,
    ) -> Result<Answered, SpeakError> {
        let (awaiting, answer) = self.line.ask::<SpeakError>(of, question).await?;
        Ok(errands::open(awaiting, &answer)?)
    }

    /// The erasures that come after the first `told`.
    fn untold(&self, told: usize) -> Vec<DossierId> {
        self.board.read(|board, _| {
            let subjects = board.erasures.subjects().iter();
            subjects.skip(told).take(TOLD).copied().collect()
        })
    }

    async fn tell(&self, of: LogId, told: usize, erased: &[DossierId]) -> Result<(), SpeakError> {
        let mut subjects = Vec::with_capacity(erased.len());
        for dossier in erased {
            subjects.extend(self.desk.subjects_of(*dossier)?);
        }
        let question = |key: &LineKey| Ok(errands::ask_to_erase(key, of, &subjects)?);
        let answered = self.ask(of, question).await?;
        // Whoever is somebody else than before has carried out these, but not those before them.
        if self.vaults.answered(of, answered.opening) || told == 0 {
            self.vaults.erased(of, told + erased.len());
        }
        if !erased.is_empty() {
            // An erasure may be complete with this.
            self.vaults.wake();
        }
        Ok(())
    }

    /// How many wrong entries a vault has destroyed, and the next ones.
    fn wrong(&self, of: LogId) -> (usize, Vec<Uuid>) {
        let destroyed = self.vaults.destroyed(of);
        let next = self.board.read(|board, _| {
            let wrong = board.put_right.wrong().iter();
            wrong.skip(destroyed).take(TOLD).copied().collect()
        });
        (destroyed, next)
    }

    async fn put_right(
        &self,
        of: LogId,
        destroyed: usize,
        wrong: &[Uuid],
    ) -> Result<(), SpeakError> {
        let question = |key: &LineKey| Ok(errands::ask_to_destroy(key, of, wrong)?);
        let answered = self.ask(of, question).await?;
        // Whoever is somebody else than before begins with the first.
        if self.vaults.answered(of, answered.opening) {
            self.vaults.has_destroyed(of, destroyed + wrong.len());
        }
        Ok(())
    }

    async fn fetch(&self, of: LogId, wanted: &[Wanted]) -> Result<(), SpeakError> {
        let question = |key: &LineKey| Ok(errands::ask_entries(key, of, wanted.iter())?);
        let answered = self.ask(of, question).await?;
        self.vaults.answered(of, answered.opening);
        if answered.given.is_empty() {
            return Err(SpeakError::Nothing);
        }
        let mut taken = Vec::new();
        for (one, given) in wanted.iter().zip(&answered.given) {
            match given {
                Given::Here(handed) => {
                    let vault = self.desk.vault();
                    let take = vault.take_over(one.dossier.0, one.entry, one.digest, handed);
                    taken.push((one.dossier.0, take));
                }
                // Nothing is to be had any more, now or later.
                Given::Erased => {}
                Given::Unknown => {
                    tracing::warn!(log = %of, dossier = %one.dossier, entry = %one.entry, "the vault that took it in does not have it");
                }
                Given::Unreadable => {
                    tracing::error!(log = %of, dossier = %one.dossier, entry = %one.entry, "it is damaged in the vault that took it in");
                }
            }
        }
        let mut came = Vec::with_capacity(taken.len());
        for (subject, take) in taken {
            match take.await {
                Ok(()) => came.push(subject),
                Err(TakeError::Put(PutError::Erased { .. })) => {}
                Err(error @ TakeError::Other { .. }) => {
                    tracing::error!(log = %of, %error, "what came is not what the event names");
                }
                Err(TakeError::Put(error)) => return Err(error.into()),
            }
        }
        // Marked first: once nothing is wanted any more, whoever is looked up is found.
        self.mark(came).await?;
        self.vaults.done(of, answered.given.len());
        Ok(())
    }

    /// Marks the numbers in what came.
    async fn mark(&self, mut came: Vec<Uuid>) -> Result<(), SpeakError> {
        came.dedup();
        let marks = self.marks.clone();
        let marked = tokio::task::spawn_blocking(move || {
            came.into_iter().try_for_each(|subject| marks.came(subject))
        });
        match marked.await {
            Ok(marked) => Ok(marked?),
            Err(error) => Err(HandleError::Broken(error.to_string()).into()),
        }
    }
}

/// Carries out erasures: in processing's own vault at once, and written down when every vault that had the data has carried it
/// out, as long as it is run.
pub(crate) async fn keep_erasing(
    desk: Desk,
    board: Projection<Board>,
    vaults: Vaults,
    now: impl Fn() -> Timestamp,
) {
    let mut own = 0;
    loop {
        let position = match erase(&desk, &board, &vaults, &mut own, now()).await {
            Ok(position) => position,
            Err(error) => {
                tracing::warn!(%error, "processing's own vault has not erased everything yet");
                tokio::time::sleep(AGAIN_MAX).await;
                continue;
            }
        };
        tokio::select! {
            _ = board.beyond(position, PING) => {}
            () = vaults.woken() => {}
        }
    }
}

/// Carries out in processing's own vault all erasures after the first `own`, and writes down those that every vault has carried
/// out; gives up to which position they were known.
///
/// # Errors
/// When processing's own vault has not erased everything.
pub async fn erase(
    desk: &Desk,
    board: &Projection<Board>,
    vaults: &Vaults,
    own: &mut usize,
    now: Timestamp,
) -> Result<Position, HandleError> {
    let (fresh, open, position) = board.read(|board, position| {
        let subjects = board.erasures.subjects();
        let fresh = subjects.get(*own..).unwrap_or_default().to_vec();
        (fresh, board.erasures.open(), position)
    });
    hear(desk, board, vaults, now).await;
    erase_own(desk, &fresh).await?;
    *own += fresh.len();
    if !fresh.is_empty() {
        vaults.wake();
    }
    for (dossier, place) in open {
        let written = match waits_for(desk, board, vaults, dossier, place) {
            Ok(waits) if waits.for_them.is_empty() => {
                erasures::finish(desk, dossier, &waits.left_out, now).await
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(%dossier, %error, "an erasure is not written down yet");
        }
    }
    Ok(position)
}

/// Writes down which of the vaults that were declared gone have answered since.
async fn hear(desk: &Desk, board: &Projection<Board>, vaults: &Vaults, now: Timestamp) {
    let declared: Vec<_> = board.read(|board, _| board.losses.logs().collect());
    for of in declared.into_iter().filter(|of| vaults.answers(*of)) {
        match desk.end_vault_loss(of, now).await {
            Ok(record) => {
                tracing::warn!(log = %of, "a vault that was declared gone has answered, and is waited for again");
                // Once it is known here, it is not written down again.
                board.reach(record.place.position, PING).await;
            }
            Err(error) => {
                tracing::warn!(log = %of, %error, "it is not written down yet that a vault has answered");
            }
        }
    }
}

async fn erase_own(desk: &Desk, dossiers: &[DossierId]) -> Result<(), HandleError> {
    for dossier in dossiers {
        desk.erase_here(*dossier).await?;
    }
    Ok(())
}

/// The logs beside which a vault had a dossier's data and has not erased it yet.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// Those that are waited for.
    pub(crate) for_them: Vec<LogId>,
    /// Those that are not: they were given up as gone for good, and have not been heard since.
    pub(crate) left_out: Vec<LogId>,
}

/// Whose vaults have not erased a dossier's data yet; `place` is the erasure's among all.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn waits_for(
    desk: &Desk,
    board: &Projection<Board>,
    vaults: &Vaults,
    dossier: DossierId,
    place: usize,
) -> Result<Waits, HandleError> {
    let mut had: BTreeSet<LogId> = desk
        .records(dossier)?
        .iter()
        .filter_map(|record| Some(record.origin?.log))
        .collect();
    had.extend(board.read(|board, _| board.duplicates.homes(dossier)));
    had.retain(|log| vaults.told(*log) <= place);
    let (left_out, for_them) = board.read(|board, _| {
        had.into_iter()
            .partition(|log| board.losses.is_given_up(*log) && !vaults.answers(*log))
    });
    Ok(Waits { for_them, left_out })
}
