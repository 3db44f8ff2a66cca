//! Errands between processes: a request to the origin, answered over the connection and kept nowhere.

use eventlog::LogId;
use tokio_stream::StreamExt as _;
use tracing::warn;

use crate::errands::{Answering, ErrandError, Errands};
use crate::feed::FeedError;
use crate::nats::subjects::{self, Ask, Role};
use crate::nats::{Nats, asking};
use crate::patience::Patience;

/// Carries questions to the vaults beside the logs of a role.
#[derive(Clone, Debug)]
pub struct NatsErrands {
    nats: Nats,
    role: Role,
}

impl NatsErrands {
    /// To the nodes of this role.
    pub fn new(nats: Nats, role: Role) -> Self {
        Self { nats, role }
    }
}

impl Errands for NatsErrands {
    async fn ask(&self, of: LogId, question: Vec<u8>) -> Result<Vec<u8>, ErrandError> {
        let away = |reason| ErrandError::Away { log: of, reason };
        if !self.nats.connected() {
            return Err(away("NATS is away".to_owned()));
        }
        let subject = subjects::ask(self.role, of, Ask::Vault);
        let answer = asking::ask(&self.nats, of, subject, question).await;
        answer.map_err(|error| match error {
            FeedError::Away { reason, .. } => away(reason),
            FeedError::Unreadable { log, reason } => ErrandError::Refused { log, reason },
        })
    }
}

/// Answers, for ever, what is asked of the vault beside a log, one question at a time.
pub async fn answer(nats: Nats, role: Role, of: LogId, answering: Answering) {
    let mut patience = Patience::default();
    loop {
        if let Err(error) = answer_all(&nats, role, of, &answering).await {
            warn!(error, "the vault cannot be asked");
        }
        tokio::time::sleep(patience.pause()).await;
    }
}

/// Ends only when the connection was closed for good.
async fn answer_all(
    nats: &Nats,
    role: Role,
    of: LogId,
    answering: &Answering,
) -> Result<(), String> {
    let subject = subjects::ask(role, of, Ask::Vault);
    let asked = nats.client().subscribe(subject).await;
    let mut asked = asked.map_err(|error| error.to_string())?;
    while let Some(message) = asked.next().await {
        let answer = answering(message.payload.to_vec()).await;
        asking::reply(nats, message, answer).await;
    }
    Ok(())
}
