//! What rides along with an append: bytes that belong elsewhere, and are on the disk with the same sync as its records.
//!
//! An append may name something that is kept beside the log and has to be there whenever the record is. Two places would take
//! two syncs, one after the other. Instead the journal takes both at once, in one commit that is whole or not there at all; the
//! place of its own is synced before the journal begins anew. After a stop that was unclean the log offers what its journal has
//! to whoever keeps it, before it changes anything. A log that is opened without a keeper, as by a tool, lays it aside in a file
//! until one comes.

use std::any::Any;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::durable;

/// What a journal had when the log opened with nobody to keep it: each with its length before it, 4 bytes.
const ASIDE: &str = "riders";

/// What comes with an append. What it is only its [`Keeper`] knows.
pub type Rider = Box<dyn Any + Send>;

/// What became of riders that came together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// For each whether it is kept; the append of one that is not is refused.
    pub each: Vec<bool>,
    /// What [`Keeper::restore`] needs to keep them once more.
    pub bytes: Vec<u8>,
}

/// Keeps what rides along with appends. It is called on the log's own thread.
pub trait Keeper: Send + Sync {
    /// Keeps these where they belong. Nothing of it need be on the disk yet, and nothing of it is told to anybody before.
    fn take(&self, riders: Vec<Rider>) -> Taken;

    /// All that was taken is on the disk where it belongs when this returns.
    ///
    /// # Errors
    /// When that is not known; the log takes no more writes then.
    fn settle(&self) -> io::Result<()>;

    /// Keeps what an earlier [`take`](Self::take) gave, on the disk, unless it is there already. Called while a log opens, with
    /// what was settled long ago too.
    ///
    /// # Errors
    /// When it cannot be kept; the log does not open then, and nothing is lost.
    fn restore(&self, bytes: &[u8]) -> io::Result<()>;
}

/// The keeper of a log, if it has one.
#[derive(Clone, Default)]
pub struct Keeping(Option<Arc<dyn Keeper>>);

impl Keeping {
    /// By this keeper.
    pub fn by(keeper: impl Keeper + 'static) -> Self {
        Self(Some(Arc::new(keeper)))
    }

    /// Without a keeper nothing rides along.
    pub(crate) fn take(&self, riders: Vec<Rider>) -> Taken {
        match &self.0 {
            Some(keeper) if !riders.is_empty() => keeper.take(riders),
            Some(_) | None => Taken {
                each: vec![false; riders.len()],
                bytes: Vec::new(),
            },
        }
    }

    /// Has these kept, and what was laid aside before; or lays them aside.
    pub(crate) fn restore(&self, folder: &Path, riders: &[Vec<u8>]) -> io::Result<()> {
        let path = folder.join(ASIDE);
        if self.0.is_none() && riders.is_empty() {
            return Ok(());
        }
        let mut aside = durable::read(&path)?.unwrap_or_default();
        let Some(keeper) = &self.0 else {
            for rider in riders {
                let len = u32::try_from(rider.len()).map_err(io::Error::other)?;
                aside.extend_from_slice(&len.to_le_bytes());
                aside.extend_from_slice(rider);
            }
            return durable::replace(&path, &aside);
        };
        let mut rest = &aside[..];
        while let Some((len, after)) = rest.split_first_chunk() {
            let len = usize::try_from(u32::from_le_bytes(*len)).map_err(io::Error::other)?;
            let cut = || io::Error::new(io::ErrorKind::InvalidData, "what was laid aside is cut");
            let (rider, after) = after.split_at_checked(len).ok_or_else(cut)?;
            keeper.restore(rider)?;
            rest = after;
        }
        for rider in riders {
            keeper.restore(rider)?;
        }
        durable::remove(&path)
    }

    pub(crate) fn settle(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |keeper| keeper.settle())
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keeping").field(&self.0.is_some()).finish()
    }
}
