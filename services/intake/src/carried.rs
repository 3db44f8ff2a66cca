//! Dossiers that another system accepted, taken over one by one; or only asked whether they could be.

use api::convert::carried::{self, Carried};
use api::convert::change;
use api::edge::{self, Asked};
use api::hoso::intake::v1::{ImportDossierRequest, ImportDossierResponse};
use api::{EdgeError, Faults, FieldFault};
use application::HandleError;
use domain::command::Command;
use domain::dossier::carried_over;
use domain::rejection::Rejection;

use crate::grpc::Calls;

impl Calls {
    /// In a rehearsal every dossier says that it is one, wherever its records go.
    pub(crate) fn may_take_in(&self, synthetic: bool) -> Result<(), EdgeError> {
        if synthetic || !self.rehearses {
            return Ok(());
        }
        Err(EdgeError::Fields(vec![FieldFault {
            field: "submission.synthetic".into(),
            description: "must be true: the clock here is set by hand, nothing real is taken in"
                .into(),
        }]))
    }

    /// Takes a dossier over.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, the rules say no, or it cannot be written.
    pub(crate) async fn take_over(
        &self,
        mut asked: ImportDossierRequest,
    ) -> Result<ImportDossierResponse, EdgeError> {
        let min_position = std::mem::take(&mut asked.min_position);
        // Who asks first and then does it makes one and the same request.
        let only_asks = std::mem::take(&mut asked.validate_only);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let carried = carried::carried(&asked, &mut faults);
        let (marks, carried) = faults.finish(marks.zip(carried))?;
        self.may_take_in(carried.is_synthetic())?;
        self.edge.wait_for(&marks.min_position).await?;
        let asked = Asked {
            marks: &marks,
            method: "ImportDossier",
            body: &asked,
        };
        let (id, operator) = (carried.id(), carried.operator().clone());
        let secrets = vec![edge::secret(carried.applicant())?];
        let named = carried.clone();
        let build = move |kept: &[_]| {
            let command = named.clone().command(edge::only(kept));
            vec![Command::CarryOver(Box::new(command))]
        };
        if only_asks {
            let imported_before = self
                .edge
                .would_carry_out(&asked, id, operator, secrets.len(), build)
                .map_err(|no| self.everything_wrong(no, &carried))?;
            return Ok(ImportDossierResponse {
                imported_before,
                ..ImportDossierResponse::default()
            });
        }
        let answer = self
            .edge
            .carry_out(asked, id, operator, secrets, build)
            .await
            .map_err(|no| self.everything_wrong(no, &carried))?;
        Ok(ImportDossierResponse {
            dossier: self.edge.written(&answer),
            imported_before: answer.replayed,
            position: edge::token_of(&answer),
        })
    }

    /// One thing that cannot be has its own reason; several are told together.
    fn everything_wrong(&self, no: EdgeError, carried: &Carried) -> EdgeError {
        let EdgeError::Handle(HandleError::Rejected(_)) = no else {
            return no;
        };
        let command = carried.clone().command(edge::only(&[]));
        let catalogue = self.edge.desk.catalogue();
        let faults = carried_over::faults(&command, &catalogue, (self.edge.now)());
        if faults.len() > 1 {
            EdgeError::Fields(faults.iter().map(field).collect())
        } else {
            no
        }
    }
}

fn field(no: &Rejection) -> FieldFault {
    FieldFault {
        // How far back it may have been accepted is a matter of that time.
        field: no.field().unwrap_or("accepted_at").to_owned(),
        description: no.to_string(),
    }
}
