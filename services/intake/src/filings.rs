//! What is brought later, taken in at once: on disk and receipted whether or not this node knows the dossier.

use api::convert::{brought, change};
use api::edge::{self, Asked, Edge};
use api::hoso::dossier::v1 as wire;
use api::hoso::intake::v1::{
    GetFilingRequest, GetFilingResponse, ReceiveFilingRequest, ReceiveFilingResponse,
};
use api::{EdgeError, Faults, text, token};
use domain::ids::{FilingId, OrganisationId};

use crate::grpc::Calls;

impl Calls {
    /// Takes a filing in.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or it cannot be written.
    pub(crate) async fn take_filing(
        &self,
        mut asked: ReceiveFilingRequest,
    ) -> Result<ReceiveFilingResponse, EdgeError> {
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let wished = brought::wished(asked.filing.as_ref(), &mut faults)?;
        let operator = faults.take("operator", text::identifier(&asked.operator, 64));
        let ((marks, wished), operator) = faults.finish(marks.zip(wished).zip(operator))?;
        self.edge.wait_for(&marks.min_position).await?;
        let asked = Asked {
            marks: &marks,
            method: "ReceiveFiling",
            body: &asked,
        };
        let (id, operator) = (Edge::new_dossier(&marks), OrganisationId::new(operator));
        let answer = self
            .edge
            .carry_out(asked, id, operator, wished.secrets, move |kept| {
                vec![(wished.build)(kept)]
            })
            .await?;
        let filing = FilingId(answer.id.0);
        // For a dossier that is not accepted yet, and was filed here, this node decides; the receipt stands in any case.
        let (received, now) = (answer.record.place.position, (self.edge.now)());
        self.undecided
            .decide(&self.edge.desk, received, filing, now)
            .await;
        Ok(ReceiveFilingResponse {
            filing: Some(self.filing(filing)?),
            position: edge::token_of(&answer),
        })
    }

    /// A filing as it was received.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or no such filing is.
    pub(crate) async fn ask_filing(
        &self,
        asked: GetFilingRequest,
    ) -> Result<GetFilingResponse, EdgeError> {
        let mut faults = Faults::default();
        let id = brought::filing_id(&asked.filing_id, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (id, points) = faults.finish(id.zip(points))?;
        self.edge.wait_for(&points).await?;
        Ok(GetFilingResponse {
            filing: Some(self.filing(id)?),
            position: self.edge.here(),
        })
    }

    fn filing(&self, id: FilingId) -> Result<wire::ReceivedFiling, EdgeError> {
        let desk = &self.edge.desk;
        let receipt = desk.filing(id)?;
        let receipt = receipt.ok_or(EdgeError::NotFound { what: "filing" })?;
        brought::received_whole(id, &receipt, desk)
    }
}
