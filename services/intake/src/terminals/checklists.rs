//! The checklists in use: which papers each procedure that may be filed today asks for.

use api::hoso::intake::v1::{
    Checklist, ChecklistItem, GetChecklistRequest, GetChecklistResponse, ListChecklistsRequest,
    ListChecklistsResponse,
};
use api::{EdgeError, Faults, page, place, text, token};
use application::HandleError;
use domain::catalogue::Procedure;
use domain::ids::ProcedureCode;
use domain::local;
use domain::rejection::Rejection;

use super::TerminalCalls;

impl TerminalCalls {
    pub(super) async fn checklists(
        &self,
        asked: ListChecklistsRequest,
    ) -> Result<ListChecklistsResponse, EdgeError> {
        let catalogue = self.edge.desk.catalogue();
        let version = catalogue.files_version().to_string();
        // Bound to the version: pages of two catalogues are no list.
        let question = format!("{version}/{}", asked.agency);
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<ProcedureCode>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        if asked.version == version {
            return Ok(ListChecklistsResponse {
                version,
                unchanged: true,
                position: self.edge.here(),
                ..ListChecklistsResponse::default()
            });
        }
        let today = local::date((self.edge.now)());
        let decides = |it: &&Procedure| {
            asked.agency.is_empty() || it.agencies.iter().any(|id| *id.as_str() == *asked.agency)
        };
        let mut found: Vec<&Procedure> = catalogue
            .procedures()
            .filter(|it| it.valid_on(today) && after.as_ref().is_none_or(|after| it.code > *after))
            .filter(decides)
            .collect();
        found.sort_by(|one, other| one.code.cmp(&other.code));
        let next_page_token = place::cut(&mut found, size, &question, |it| it.code.clone());
        Ok(ListChecklistsResponse {
            version,
            unchanged: false,
            checklists: found.into_iter().map(checklist).collect(),
            next_page_token,
            position: self.edge.here(),
        })
    }

    pub(super) async fn checklist(
        &self,
        asked: GetChecklistRequest,
    ) -> Result<GetChecklistResponse, EdgeError> {
        let mut faults = Faults::default();
        let code = faults.take("procedure", text::identifier(&asked.procedure, 64));
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (code, points) = faults.finish(code.zip(points))?;
        self.edge.wait_for(&points).await?;
        let catalogue = self.edge.desk.catalogue();
        let procedure = ProcedureCode::new(code);
        let on = local::date((self.edge.now)());
        let found = catalogue.procedure(&procedure);
        let found = found.ok_or_else(|| Rejection::UnknownProcedure {
            procedure: procedure.clone(),
        });
        let found = found.map_err(HandleError::from)?;
        if !found.valid_on(on) {
            return Err(HandleError::from(Rejection::ProcedureNotValid { procedure, on }).into());
        }
        Ok(GetChecklistResponse {
            version: catalogue.files_version().to_string(),
            checklist: Some(checklist(found)),
            position: self.edge.here(),
        })
    }
}

fn checklist(procedure: &Procedure) -> Checklist {
    let items = procedure.components.iter().map(|it| ChecklistItem {
        code: it.code.to_string(),
        name: it.name.to_string(),
        required: it.required,
    });
    Checklist {
        procedure: procedure.code.to_string(),
        name: procedure.name.to_string(),
        agencies: procedure.agencies.iter().map(ToString::to_string).collect(),
        items: items.collect(),
    }
}
