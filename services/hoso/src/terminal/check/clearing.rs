//! Taking back what was filed for the check: withdrawn where it was filed, and voided where it was accepted, so that no
//! officer finds it in a list and no figure counts it.

use std::collections::BTreeSet;

use api::hoso::dossier::v1::Reason;
use api::hoso::intake::v1::WithdrawSubmissionRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    Change, DossierName, ProposeVoidRequest, VoidAcceptanceRequest, dossier_name,
};
use uuid::Uuid;

use super::super::line::{ACTOR, OFFICE};
use super::{Kept, Trial, same};
use crate::{Failure, client};

/// Who confirms what [`ACTOR`] proposes: it takes two.
const SECOND: &str = "kiem-tra-2";
/// Why.
const REASON: &str = "conformance_check";

/// What lies there still.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Dossiers that were filed and not accepted.
    waiting: BTreeSet<String>,
    /// Accepted ones, each with the token of its acceptance.
    accepted: Vec<(String, String)>,
    /// All that were filed here, for telling them from those of another check at the same office.
    own: BTreeSet<String>,
}

impl Left {
    /// A dossier was filed.
    pub(super) fn filed(&mut self, dossier: &str) {
        if self.own.insert(dossier.to_owned()) {
            self.waiting.insert(dossier.to_owned());
        }
    }

    /// It was accepted.
    pub(super) fn accepted(&mut self, dossier: &str, position: &str) {
        self.waiting.remove(dossier);
        self.accepted
            .push((dossier.to_owned(), position.to_owned()));
    }

    /// Whether it was filed here.
    pub(super) fn is_own(&self, dossier: &str) -> bool {
        self.own.contains(dossier)
    }
}

impl Trial {
    pub(super) async fn cleared(&mut self) -> Kept {
        let waiting = std::mem::take(&mut self.left.waiting);
        let accepted = std::mem::take(&mut self.left.accepted);
        self.tried(format!(
            "{} to withdraw, {} to void",
            waiting.len(),
            accepted.len()
        ));
        let mut kept = Ok(());
        for dossier in waiting {
            // One that cannot be taken back keeps no other.
            kept = kept.and(self.withdraw(dossier).await);
        }
        for (dossier, position) in accepted {
            kept = kept.and(self.void(dossier, position).await);
        }
        kept?;
        let terminal = self.post.terminal().to_owned();
        for holder in [terminal.as_str(), OFFICE] {
            let open = self.open(holder, 0).await?;
            same(&format!("the open legs of {holder}"), &open.len(), &0)?;
        }
        Ok(())
    }

    async fn withdraw(&self, dossier_id: String) -> Result<(), Failure> {
        let mut calls = IntakeServiceClient::new(self.post.channel());
        let request = WithdrawSubmissionRequest {
            request_id: Uuid::new_v4().to_string(),
            dossier_id,
            reason: reason(),
            actor: ACTOR.to_owned(),
            ..WithdrawSubmissionRequest::default()
        };
        let answer = calls.withdraw_submission(request).await;
        answer.map_err(|it| client::explain(&it))?;
        Ok(())
    }

    async fn void(&self, dossier: String, min_position: String) -> Result<(), Failure> {
        let server = self.example.processing.as_deref();
        let server = server.ok_or("an accepted dossier is left: --processing was not said")?;
        let first = client::connect(server).await?;
        let second = match &self.example.second_token_file {
            Some(token) => client::connect_as(server, token).await?,
            None => first.clone(),
        };
        let change = |actor: &str| Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(DossierName {
                name: Some(dossier_name::Name::DossierId(dossier.clone())),
            }),
            actor: actor.to_owned(),
            min_position: min_position.clone(),
            ..Change::default()
        };
        let proposal = ProposeVoidRequest {
            change: Some(change(ACTOR)),
            reason: reason(),
        };
        let mut calls = ProcessingServiceClient::new(first);
        let proposed = calls.propose_void(proposal).await;
        proposed.map_err(|it| client::explain(&it))?;
        let confirmation = VoidAcceptanceRequest {
            change: Some(change(SECOND)),
        };
        let mut calls = ProcessingServiceClient::new(second);
        let voided = calls.void_acceptance(confirmation).await;
        voided.map_err(|it| client::explain(&it))?;
        Ok(())
    }
}

fn reason() -> Option<Reason> {
    Some(Reason {
        code: REASON.to_owned(),
        text: String::new(),
    })
}
