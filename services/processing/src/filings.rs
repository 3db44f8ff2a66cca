//! What was brought to intake nodes, as its outcome is asked for: held, decided or refused, and by which event.

use api::convert::{brought, history};
use api::hoso::processing::v1::{
    FilingState, FilingWait, GetFilingRequest, GetFilingResponse, ListHeldFilingsRequest,
    ListHeldFilingsResponse, WaitReason,
};
use api::{EdgeError, Faults, page, place, token};
use application::HandleError;
use application::filings::{FilingStanding, Receipt};
use application::log::Position;

use crate::grpc::Calls;

impl Calls {
    /// What became of a filing.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or no such filing is.
    pub(crate) async fn ask_get_filing(
        &self,
        asked: GetFilingRequest,
    ) -> Result<GetFilingResponse, EdgeError> {
        let mut faults = Faults::default();
        let id = brought::filing_id(&asked.filing_id, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (id, points) = faults.finish(id.zip(points))?;
        self.edge.wait_for(&points).await?;
        let receipt = self
            .edge
            .desk
            .filing(id)?
            .ok_or(EdgeError::NotFound { what: "filing" })?;
        let decision = self.edge.desk.decision(id)?;
        let state = match &decision {
            None => FilingState::Held,
            Some(decision) if decision.refused.is_some() => FilingState::Refused,
            Some(_) => FilingState::Decided,
        };
        let wait = match &decision {
            Some(_) => None,
            None => Some(self.wait(&receipt)?),
        };
        Ok(GetFilingResponse {
            wait,
            filing: Some(brought::received_whole(id, &receipt, &self.edge.desk)?),
            state: state.into(),
            reason: decision
                .as_ref()
                .and_then(|decision| decision.refused.as_deref())
                .unwrap_or_default()
                .to_owned(),
            dossier_id: decision
                .as_ref()
                .and_then(|decision| decision.dossier)
                .map(|dossier| dossier.to_string())
                .unwrap_or_default(),
            event: decision.map(|decision| history::entry(&decision.record)),
            position: self.edge.here(),
        })
    }

    /// A page of what waits for its dossier.
    ///
    /// # Errors
    /// When a field is wrong, or a position is not here.
    pub(crate) async fn ask_list_held_filings(
        &self,
        asked: ListHeldFilingsRequest,
    ) -> Result<ListHeldFilingsResponse, EdgeError> {
        const QUESTION: &str = "held filings";
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<Position>(&asked.page_token, QUESTION, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        let head = self.edge.desk.log().head();
        self.board.reach(head.position, self.edge.patience).await;
        let mut places = self
            .board
            .read(|board, _| board.filings.page(after.unwrap_or_default(), size + 1));
        let next_page_token = place::cut(&mut places, size, QUESTION, |(received, _)| *received);
        let (mut filings, mut waits) = (Vec::new(), Vec::new());
        for (_, id) in places {
            if let Some(receipt) = self.edge.desk.filing(id)? {
                filings.push(brought::received(id, &receipt));
                waits.push(self.wait(&receipt)?);
            }
        }
        Ok(ListHeldFilingsResponse {
            filings,
            waits,
            next_page_token,
            position: self.edge.here(),
        })
    }

    /// For what a filing waits.
    fn wait(&self, receipt: &Receipt) -> Result<FilingWait, EdgeError> {
        let filing = receipt.filing();
        let mut wait = FilingWait {
            filing_id: filing.to_string(),
            ..FilingWait::default()
        };
        let standing = self.edge.desk.filing_standing(receipt, (self.edge.now)());
        let reason = match standing {
            Ok(FilingStanding::Decided | FilingStanding::ForProcessing) => WaitReason::Turn,
            Ok(FilingStanding::NoDossier) => WaitReason::DossierUnknown,
            Ok(FilingStanding::ForAcceptance) => WaitReason::Acceptance,
            Ok(FilingStanding::AtHome { home, .. }) => {
                wait.home_log_id = home.to_string();
                wait.problem = self.homes.problem(home, filing).unwrap_or_default();
                WaitReason::Home
            }
            Err(HandleError::NotUnderstood(_)) => WaitReason::NotUnderstood,
            Err(error) => return Err(error.into()),
        };
        wait.reason = reason.into();
        Ok(wait)
    }
}
