//! The errands port: what an origin is asked beside the records of its log.
//!
//! Questions and answers are sealed between the two sides; whoever carries them reads neither, nor which of the things is
//! asked: an entry, an erasure, or a decision. They pass from one process to the other and lie in no stream.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use eventlog::LogId;
use thiserror::Error;

/// Answers a sealed question with a sealed answer, or says why not.
pub type Answering = Arc<
    dyn Fn(Vec<u8>) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>> + Send + Sync,
>;

/// Carries questions to the vaults beside the origins' logs.
pub trait Errands: Clone + Send + Sync + 'static {
    /// Puts a question to the vault beside this log and brings the answer.
    fn ask(
        &self,
        of: LogId,
        question: Vec<u8>,
    ) -> impl Future<Output = Result<Vec<u8>, ErrandError>> + Send;
}

/// No answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ErrandError {
    /// The origin is not there now; asking again later may help.
    #[error("the vault beside log {log} is away: {reason}")]
    Away {
        /// The origin's log.
        log: LogId,
        /// What was tried, and what came of it.
        reason: String,
    },
    /// It is there and does not answer this.
    #[error("the vault beside log {log} does not answer: {reason}")]
    Refused {
        /// The origin's log.
        log: LogId,
        /// What it said.
        reason: String,
    },
}

/// Within one process: straight to whoever answers.
#[derive(Clone)]
pub struct EmbeddedErrands {
    of: LogId,
    answering: Option<Answering>,
}

impl std::fmt::Debug for EmbeddedErrands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedErrands")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

impl EmbeddedErrands {
    /// To the vault beside this log, if somebody answers for it, and to no other.
    pub fn new(of: LogId, answering: Option<Answering>) -> Self {
        Self { of, answering }
    }
}

impl Errands for EmbeddedErrands {
    async fn ask(&self, of: LogId, question: Vec<u8>) -> Result<Vec<u8>, ErrandError> {
        let Some(answering) = self.answering.as_ref().filter(|_| of == self.of) else {
            let reason = "nobody in this process answers for it".to_owned();
            return Err(ErrandError::Away { log: of, reason });
        };
        let answer = answering(question).await;
        answer.map_err(|reason| ErrandError::Refused { log: of, reason })
    }
}
