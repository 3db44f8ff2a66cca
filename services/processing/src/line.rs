//! The line to the vaults of intake nodes: questions are put under its key and, while that is exchanged, under its successor.

use application::errands::ErrandFault;
use eventlog::LogId;
use messaging::{ErrandError, Errands};
use vault::line::Awaiting;
use vault::{LineKey, LineKeys};

/// How processing speaks with the vaults; clones share the keys.
#[derive(Clone, Debug)]
pub struct Line<E> {
    /// What questions are sealed under.
    pub keys: LineKeys,
    /// Carries the questions.
    pub errands: E,
}

impl<E: Errands> Line<E> {
    /// Puts a question to the node with this log; gives its answer, and what opens that. While the key is exchanged the node
    /// may have either one: what it refuses under the one is asked under the other.
    pub(crate) async fn ask<F>(
        &self,
        of: LogId,
        question: impl Fn(&LineKey) -> Result<(Vec<u8>, Awaiting), ErrandFault>,
    ) -> Result<(Awaiting, Vec<u8>), F>
    where
        F: From<ErrandError> + From<ErrandFault>,
    {
        let mut outcome = Err(ErrandError::Refused {
            log: of,
            reason: "there is no line key".to_owned(),
        });
        for key in self.keys.now() {
            let (sealed, awaiting) = question(&key)?;
            outcome = self.errands.ask(of, sealed).await.map(|it| (awaiting, it));
            match outcome {
                Err(ErrandError::Refused { .. }) => {}
                Ok(_) | Err(ErrandError::Away { .. }) => break,
            }
        }
        Ok(outcome?)
    }
}
