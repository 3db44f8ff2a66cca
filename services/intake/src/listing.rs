//! The list of what waits for intake, page by page.

use api::convert::values;
use api::hoso::intake::v1::{ListSubmissionsRequest, ListSubmissionsResponse, WaitingSubmission};
use api::{EdgeError, Faults, page, place, token};
use domain::ids::AgencyId;

use crate::grpc::Calls;
use crate::waiting::{Filter, Place};

impl Calls {
    /// One page of what waits.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or the log cannot be read.
    pub(crate) async fn list(
        &self,
        asked: ListSubmissionsRequest,
    ) -> Result<ListSubmissionsResponse, EdgeError> {
        let question = format!("{}/{}/{}", asked.agency, asked.channel, asked.late_only);
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<Place>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let channel = if asked.channel == 0 {
            Some(None)
        } else {
            faults
                .take("channel", values::channel(asked.channel))
                .map(Some)
        };
        let (points, channel) = faults.finish(points.zip(channel))?;
        self.edge.wait_for(&points).await?;
        let head = self.edge.desk.log().head();
        self.worklist.reach(head.position, self.edge.patience).await;
        let now = (self.edge.now)();
        let filter = Filter {
            agency: (!asked.agency.is_empty()).then(|| AgencyId::new(asked.agency.as_str())),
            channel,
            late_at: asked.late_only.then_some(now),
        };
        let mut places = self
            .worklist
            .read(|(list, _), _| list.page(&filter, after, size + 1));
        let next_page_token = place::cut(&mut places, size, &question, |place| *place);
        let ids: Vec<_> = places.iter().map(|place| place.dossier).collect();
        let listed = places.iter().zip(self.edge.listed(&ids)?);
        let submissions = listed
            .map(|(place, dossier)| WaitingSubmission {
                dossier: Some(dossier),
                late: place.is_late_at(now),
            })
            .collect();
        Ok(ListSubmissionsResponse {
            submissions,
            next_page_token,
            position: self.edge.here(),
        })
    }
}
