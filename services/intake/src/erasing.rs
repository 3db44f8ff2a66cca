//! Erasing the personal data of a dossier that was not accepted: this node's vault is the only one that has it.

use api::convert::change;
use api::hoso::intake::v1::EraseSubjectResponse;
use api::{EdgeError, Faults};
use application::erasures;

use crate::grpc::Calls;

impl Calls {
    /// Finishes an erasure that was asked for.
    pub(crate) async fn erase(&self, id: &str) -> Result<EraseSubjectResponse, EdgeError> {
        let mut faults = Faults::default();
        let id = change::dossier_id(id, &mut faults);
        let id = faults.finish(id)?;
        erasures::finish(&self.edge.desk, id, &[], (self.edge.now)()).await?;
        let loaded = self.edge.found(id)?;
        Ok(EraseSubjectResponse {
            dossier: Some(self.edge.read(id, &loaded)),
            position: self.edge.here(),
        })
    }
}
