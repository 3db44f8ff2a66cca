//! Processing's questions: one dossier, its history, why it is due then, and what asked agencies have to do.

use api::authority::caller;
use api::convert::{beyond, change, dossier as outward, duplicate, history, values};
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::{
    CalendarInUse, ExplainDeadlineRequest, ExplainDeadlineResponse, GetDossierRequest,
    GetDossierResponse, GetHistoryRequest, GetHistoryResponse, ListSubtasksRequest,
    ListSubtasksResponse, OpenSubtaskEntry, PublishCalendarRequest, PublishCalendarResponse,
};
use api::token;
use api::{EdgeError, Faults, page, place};
use application::HandleError;
use application::calendar::BYTES_MAX;
use application::desk::{Loaded, Name};
use domain::event::CalendarPublished;
use domain::ids::{ActorId, AgencyId, DossierId, VersionHash};

use crate::grpc::Calls;
use crate::subtasks;

impl Calls {
    /// A dossier after the positions asked for are here. One whose own id is not known here may be on its way from
    /// intake, unless the caller waited for intake's answer.
    pub(crate) async fn look_up(
        &self,
        name: &Name,
        points: &[token::Point],
    ) -> Result<(DossierId, Loaded), EdgeError> {
        let id = self.known(name, points).await?;
        Ok((id, self.edge.found(id)?))
    }

    /// The id of a dossier that is here, understood or not.
    pub(crate) async fn known(
        &self,
        name: &Name,
        points: &[token::Point],
    ) -> Result<DossierId, EdgeError> {
        self.edge.wait_for(points).await?;
        let id = self.edge.desk.find(name)?;
        match (self.edge.desk.revision(id)?, points) {
            (0, []) => Err(EdgeError::DossierNotYetHere),
            (0, _) => Err(HandleError::Unknown.into()),
            _ => Ok(id),
        }
    }

    /// One dossier by one of its names.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or nothing of that name is.
    pub(crate) async fn ask_get_dossier(
        &self,
        asked: GetDossierRequest,
    ) -> Result<GetDossierResponse, EdgeError> {
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        self.edge.wait_for(&points).await?;
        // Before it is read: whoever watches from here misses nothing.
        let position = self.edge.here();
        let (id, loaded) = self.look_up(&name, &points).await?;
        let others = self.edge.desk.other_histories(id, &loaded.dossier);
        let others = others.map_err(EdgeError::from)?;
        let notice = duplicate::notice(&name, &loaded, &others).unwrap_or_default();
        let person = self.person(id, &loaded);
        Ok(GetDossierResponse {
            dossier: Some(wire::Dossier {
                other_histories: duplicate::outward(&loaded, &others),
                ..self.edge.read(id, &loaded)
            }),
            position,
            notice_vi: notice.vi,
            notice_en: notice.en,
            applicant: person.applicant,
            applicant_erased: person.erased,
            applicant_not_yet_here: person.not_yet_here,
        })
    }

    /// A page of its history.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or nothing of that name is.
    pub(crate) async fn ask_get_history(
        &self,
        asked: GetHistoryRequest,
    ) -> Result<GetHistoryResponse, EdgeError> {
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let size = page::size(asked.page_size, &mut faults);
        let question = format!("{:?}", asked.dossier);
        let after = place::read::<u32>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let id = self.known(&name, &points).await?;
        let records = self.edge.desk.records(id).map_err(EdgeError::from)?;
        let skipped = usize::try_from(after.unwrap_or_default()).unwrap_or(usize::MAX);
        let mut events: Vec<_> = records
            .iter()
            .skip(skipped)
            .take(size + 1)
            .map(history::entry)
            .collect();
        let next_page_token = place::cut(&mut events, size, &question, |last| last.revision);
        Ok(GetHistoryResponse {
            dossier_id: id.to_string(),
            events,
            next_page_token,
            position: self.edge.here(),
        })
    }

    /// Why its due date is what it is.
    ///
    /// # Errors
    /// When a field is wrong, a position is not here, or nothing of that name is.
    pub(crate) async fn ask_explain_deadline(
        &self,
        asked: ExplainDeadlineRequest,
    ) -> Result<ExplainDeadlineResponse, EdgeError> {
        let mut faults = Faults::default();
        let name = change::name(asked.dossier.as_ref(), &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (name, points) = faults.finish(name.zip(points))?;
        let (_, loaded) = self.look_up(&name, &points).await?;
        let explained = outward::explanation(&loaded, &self.edge.desk.catalogue()).ok_or(
            EdgeError::NotFound {
                what: "due date: the dossier was never accepted",
            },
        )?;
        Ok(ExplainDeadlineResponse {
            position: self.edge.here(),
            ..explained
        })
    }

    /// A page of what agencies were asked and have not answered.
    ///
    /// # Errors
    /// When a field is wrong, or a position is not here.
    pub(crate) async fn ask_list_subtasks(
        &self,
        asked: ListSubtasksRequest,
    ) -> Result<ListSubtasksResponse, EdgeError> {
        let question = format!("subtasks/{}/{:?}", asked.agency, asked.due_before);
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<subtasks::Place>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let due_before = asked
            .due_before
            .map(|at| faults.take("due_before", values::instant(at)))
            .unwrap_or_default();
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        let here = self.caught_up().await?;
        let agency = (!asked.agency.is_empty()).then(|| AgencyId::new(asked.agency.as_str()));
        let mut places = self.board.read(|board, _| {
            board
                .inbox
                .subtasks
                .page(agency.as_ref(), due_before, after, size + 1)
        });
        let next_page_token = place::cut(&mut places, size, &question, |place| *place);
        let mut subtasks = Vec::with_capacity(places.len());
        for place in &places {
            let loaded = self.edge.desk.load(place.dossier)?;
            let case = loaded.dossier.case();
            if let Some(subtask) = case.and_then(|case| case.subtask(place.number)) {
                subtasks.push(OpenSubtaskEntry {
                    subtask: Some(beyond::wire_subtask(subtask)),
                    dossier: Some(self.edge.read(place.dossier, &loaded)),
                });
            }
        }
        Ok(ListSubtasksResponse {
            subtasks,
            next_page_token,
            position: token::write(&[here]),
        })
    }

    /// The calendar in use, and what is still to be counted on it.
    pub(crate) fn calendar(&self) -> CalendarInUse {
        let catalogue = self.edge.desk.catalogue();
        let calendar = catalogue.calendar();
        CalendarInUse {
            version: calendar.version().to_string(),
            published_years: calendar.published_years().map(i32::from).collect(),
            to_recompute: self
                .board
                .read(|board, _| board.inbox.watched.provisional_count(calendar.version())),
            not_yet_at: self.without(calendar.version()),
        }
    }

    /// Whether this calendar is the last that was written down.
    fn written(&self, version: &VersionHash) -> Result<bool, EdgeError> {
        let published = application::calendar::published(self.edge.desk.log());
        let published = published.map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok(published
            .last()
            .is_some_and(|(_, it)| it.version == *version))
    }

    /// The logs of the intake nodes that do not have this calendar yet; none while it is the catalogue's own.
    fn without(&self, version: &VersionHash) -> Vec<String> {
        if version == self.own.calendar().version() {
            return Vec::new();
        }
        let logs = self.edge.desk.log().watermarks().into_iter();
        logs.map(|(log, _)| log)
            .filter(|log| !self.told.has(*log, version))
            .map(|log| log.to_string())
            .collect()
    }

    /// Puts a calendar in use, once it is written down.
    ///
    /// # Errors
    /// With every fault of the calendar and its line, or when it cannot be kept.
    pub(crate) async fn put_calendar(
        &self,
        asked: &PublishCalendarRequest,
    ) -> Result<PublishCalendarResponse, EdgeError> {
        let mut faults = Faults::default();
        let csv = asked.calendar_csv.as_str();
        let catalogue = self.edge.desk.catalogue();
        let replaced = match catalogue.with_calendar(csv) {
            _ if csv.is_empty() || csv.len() > BYTES_MAX => {
                faults.note("calendar_csv", "must be a calendar, at most 40 KiB");
                None
            }
            Ok(replaced) => Some(replaced),
            Err(wrong) => {
                for fault in wrong.iter().take(FAULTS_MAX) {
                    faults.note(
                        "calendar_csv",
                        format!("line {}: {}", fault.line, fault.reason),
                    );
                }
                None
            }
        };
        let replaced = faults.finish(replaced)?;
        let version = replaced.calendar().version();
        let changed = version != catalogue.calendar().version();
        // What an earlier program kept in a file only nobody else has heard of.
        let untold =
            !changed && version != self.own.calendar().version() && !self.written(version)?;
        if changed || untold {
            let published = CalendarPublished {
                replaces: self.own.calendar().version().clone(),
                version: replaced.calendar().version().clone(),
                csv: csv.into(),
            };
            let (desk, now) = (&self.edge.desk, (self.edge.now)());
            let by = ActorId::new(&*caller::current().subject);
            desk.publish_calendar(published, &by, now).await?;
            // Over the deployed catalogue, as after a restart: its version is the same whatever was published before.
            let csv = asked.calendar_csv.as_str();
            let own = self.own.calendar().version();
            let replaced = application::calendar::over(&self.own, own, csv)
                .map_err(|error| EdgeError::Internal(error.to_string()))?;
            desk.put_catalogue(replaced);
            self.told.wake();
        }
        Ok(PublishCalendarResponse {
            calendar: Some(self.calendar()),
            changed,
        })
    }
}

/// As many faults of one calendar are told at once.
const FAULTS_MAX: usize = 50;
