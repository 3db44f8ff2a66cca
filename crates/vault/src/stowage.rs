//! Where what rides along in the log's journal is kept: the vault as the log's own thread sees it.

use std::fmt;
use std::sync::Arc;

use crate::draft::Rider;
use crate::read::Shared;
use crate::turns::Turns;
use crate::writer::{Stop, Writer};

/// What became of riders that came together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// For each whether it is kept as it was foreseen.
    pub each: Vec<bool>,
    /// What the journal must hold with the records that name them.
    pub bytes: Vec<u8>,
}

impl Kept {
    /// None of so many is kept.
    pub(crate) fn none(count: usize) -> Self {
        Self {
            each: vec![false; count],
            bytes: Vec::new(),
        }
    }
}

/// A vault's place for riders. It does not keep the vault open: once that is closed, nothing rides along any more. After an
/// unclean stop the log is to be opened with it before anything is erased: what the journal has is readable until then only.
#[derive(Clone)]
pub struct Stowage {
    turns: Arc<Turns>,
    shared: Arc<Shared>,
}

impl fmt::Debug for Stowage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stowage")
            .field("folder", &self.shared.folder)
            .finish_non_exhaustive()
    }
}

impl Stowage {
    pub(crate) fn new(turns: Arc<Turns>, shared: Arc<Shared>) -> Self {
        Self { turns, shared }
    }

    /// Keeps riders, on this thread and without a sync: what is to be in the log's journal says how to keep them once more. They
    /// may be told of when that is on the disk. One whose subject is known by now, or that there is no room for, is not kept.
    pub fn stow(&self, riders: &[Rider]) -> Kept {
        let kept = self.turns.soon(|writer| writer.ride(riders));
        kept.unwrap_or_else(|| Kept::none(riders.len()))
    }

    /// All riders so far are on the disk here when this returns: a journal need not have them any longer.
    ///
    /// # Errors
    /// Why the vault is closed, if it did not close in order.
    pub fn settle(&self) -> Result<(), String> {
        match self.in_turn(Writer::settle) {
            // It has synced all.
            None if self.turns.ended_in_order() => Ok(()),
            settled => settled.unwrap_or_else(|| Err(self.why_closed())),
        }
    }

    /// Keeps what [`stow`](Self::stow) gave, on the disk, unless it is here already or was erased since.
    ///
    /// # Errors
    /// Why the vault is closed.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), String> {
        let restored = self.in_turn(|writer| writer.restore(bytes));
        restored.unwrap_or_else(|| Err(self.why_closed()))
    }

    /// None when the writer is gone.
    fn in_turn(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<(), Stop>,
    ) -> Option<Result<(), String>> {
        self.turns.soon(|writer| {
            let done = work(writer);
            done.map_err(|stop| writer.stop(&stop))
        })
    }

    fn why_closed(&self) -> String {
        let closed = self.shared.closed.get().cloned();
        closed.unwrap_or_else(|| "its writer is gone".to_owned())
    }
}
