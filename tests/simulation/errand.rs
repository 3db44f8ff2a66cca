//! The way of a question from processing to the vault of an intake node, and of its answer back: either may be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use eventlog::LogId;
use jiff::Timestamp;
use messaging::{ErrandError, Errands};

use crate::net::Net;
use crate::office;
use crate::wire::{Shared, Step, lock, step};

/// Carries questions over the network.
#[derive(Clone)]
pub(crate) struct Carrier {
    net: Shared<Net>,
    step: Step,
    clock: Arc<AtomicI64>,
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carrier").finish_non_exhaustive()
    }
}

impl Carrier {
    pub(crate) fn new(net: &Shared<Net>, step: &Step, clock: &Arc<AtomicI64>) -> Self {
        Self {
            net: Shared::clone(net),
            step: Step::clone(step),
            clock: Arc::clone(clock),
        }
    }
}

impl Errands for Carrier {
    async fn ask(&self, of: LogId, question: Vec<u8>) -> Result<Vec<u8>, ErrandError> {
        let away = |reason: String| ErrandError::Away { log: of, reason };
        step(&self.step, "before asking a vault").await;
        let desk = lock(&self.net).desk(of).map_err(away)?;
        let now = Timestamp::from_microsecond(self.clock.load(Ordering::SeqCst)).expect("a time");
        let answer = office::answer(&desk, of, now, &question);
        let answer = answer.map_err(|reason| ErrandError::Refused { log: of, reason })?;
        drop(desk);
        if lock(&self.net).loses_an_answer() {
            return Err(away("its answer did not come".to_owned()));
        }
        step(&self.step, "a vault has answered").await;
        Ok(answer)
    }
}
