//! Postal terminals: the calls by which the public post brings what it collected, handed over and delivered.
//!
//! * `session`: one terminal's stream, entry by entry; `taking`: what an entry makes happen
//! * `answers`: the answers to a journal, for the office; `checklists`: by which papers are counted

mod answers;
mod checklists;
mod session;
mod taking;

use std::pin::Pin;

use api::authority::caller;
use api::convert::{change, post, post_outward};
use api::edge::Edge;
use api::hoso::intake::v1::terminal_service_server::TerminalService;
use api::hoso::intake::v1::{
    AcknowledgeHandOverRequest, AcknowledgeHandOverResponse, EnrolTerminalRequest,
    EnrolTerminalResponse, GetChecklistRequest, GetChecklistResponse, GetHandOverRequest,
    GetHandOverResponse, GetTerminalAnswerRequest, GetTerminalAnswerResponse, GetTerminalRequest,
    GetTerminalResponse, LeaseReceiptRangeRequest, LeaseReceiptRangeResponse,
    ListChecklistsRequest, ListChecklistsResponse, ListOpenCustodyRequest, ListOpenCustodyResponse,
    ListTerminalAnswersRequest, ListTerminalAnswersResponse, SyncTerminalRequest,
    SyncTerminalResponse, Terminal,
};
use api::{EdgeError, Faults, page, place, text, token};
use application::log::{Record, Revision};
use application::post::By;
use application::post::custody::{Custody, Held, Place};
use application::projection::Projection;
use application::{HandleError, Wish};
use domain::Catalogue;
use domain::clock;
use domain::event::{Found, HandedOver, Holder, TerminalEnrolled};
use domain::ids::{OrganisationId, TerminalId};
use domain::rejection::Rejection;
use domain::working_hours::WorkingHours;
use jiff::Timestamp;
use prost::Message;
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::Folded;
use crate::undecided::Undecided;
use session::Session;

/// Answers that wait for a terminal to read them; while they do, nothing more of it is read.
const UNREAD_MAX: usize = 8;

/// What the terminals' calls work with.
#[derive(Clone, Debug)]
pub struct TerminalCalls {
    pub(crate) edge: Edge,
    pub(crate) node: u8,
    pub(crate) folded: Projection<Folded>,
    pub(crate) undecided: Undecided,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Answers as they come.
type Answers = Pin<Box<dyn Stream<Item = Result<SyncTerminalResponse, Status>> + Send>>;

impl TerminalCalls {
    /// Looks at who has what, once everything that is written now is counted in.
    async fn custody<R>(&self, look: impl FnOnce(&Custody) -> R) -> R {
        let head = self.edge.desk.log().head();
        self.folded.reach(head.position, self.edge.patience).await;
        self.folded.read(|(_, (_, custody)), _| look(custody))
    }

    /// Who wishes something that is no dossier's.
    fn by(
        &self,
        marks: &change::Marks,
        method: &str,
        body: &impl Message,
        organisation: OrganisationId,
    ) -> By {
        By {
            request: Wish::request(
                self.edge.desk.vault(),
                &caller::current().subject,
                marks.request_id,
                method,
                &body.encode_to_vec(),
            ),
            request_id: marks.request_id,
            actor: marks.actor.clone(),
            organisation,
            now: (self.edge.now)(),
        }
    }

    /// The token of a write that is where its answer promises.
    async fn acknowledged(&self, record: &Record) -> Result<String, EdgeError> {
        let place = record.place;
        self.edge
            .ack
            .wait(place.position, self.edge.patience)
            .await?;
        Ok(token::write(&[token::Point {
            log: place.log,
            epoch: place.epoch,
            position: place.position,
        }]))
    }

    async fn told(&self, id: &TerminalId) -> Result<Terminal, HandleError> {
        let terminal = self.edge.desk.terminal(id)?;
        let last: Revision = self.edge.desk.journal_length(id)?;
        let told = |custody: &Custody| {
            post_outward::terminal(self.node, &terminal, last, custody.ranges(id))
        };
        Ok(self.custody(told).await)
    }

    /// A terminal that says which node enrolled it is told so by any other: what it keyed in belongs there.
    fn has(&self, hello: &post::Hello) -> Result<(), HandleError> {
        match hello.node {
            Some(node) if node != u32::from(self.node) => Err(Rejection::TerminalOfAnotherNode {
                terminal: hello.terminal.clone(),
                node,
                here: self.node,
            }
            .into()),
            Some(_) | None => Ok(()),
        }
    }

    async fn enrol(
        &self,
        mut asked: EnrolTerminalRequest,
    ) -> Result<EnrolTerminalResponse, EdgeError> {
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let terminal = post::terminal_id(&asked.terminal_id, &mut faults);
        let office = faults.take("office", text::identifier(&asked.office, 64));
        let operator = faults.take("operator", text::identifier(&asked.operator, 64));
        let (((marks, terminal), office), operator) =
            faults.finish(marks.zip(terminal).zip(office).zip(operator))?;
        self.edge.wait_for(&marks.min_position).await?;
        let operator = OrganisationId::new(operator);
        let by = self.by(&marks, "EnrolTerminal", &asked, operator.clone());
        let enrolled = TerminalEnrolled {
            terminal: terminal.clone(),
            office: office.into(),
            operator,
        };
        let record = self.edge.desk.enrol_terminal(enrolled, &by).await?;
        Ok(EnrolTerminalResponse {
            position: self.acknowledged(&record).await?,
            terminal: Some(self.told(&terminal).await?),
        })
    }

    async fn get(&self, asked: GetTerminalRequest) -> Result<GetTerminalResponse, EdgeError> {
        let mut faults = Faults::default();
        let terminal = post::terminal_id(&asked.terminal_id, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (terminal, points) = faults.finish(terminal.zip(points))?;
        self.edge.wait_for(&points).await?;
        Ok(GetTerminalResponse {
            terminal: Some(self.told(&terminal).await?),
            position: self.edge.here(),
        })
    }

    async fn lease(
        &self,
        mut asked: LeaseReceiptRangeRequest,
    ) -> Result<LeaseReceiptRangeResponse, EdgeError> {
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let terminal = post::terminal_id(&asked.terminal_id, &mut faults);
        let series = post::series(&asked.series, &mut faults);
        let count = post::lease_count(asked.count, &mut faults);
        let (((marks, terminal), series), count) =
            faults.finish(marks.zip(terminal).zip(series).zip(count))?;
        self.edge.wait_for(&marks.min_position).await?;
        let desk = &self.edge.desk;
        let operator = desk.terminal(&terminal)?.enrolled.operator;
        let by = self.by(&marks, "LeaseReceiptRange", &asked, operator);
        let (range, record) = desk
            .lease_receipts(&terminal, &series, count, self.node, &by)
            .await?;
        Ok(LeaseReceiptRangeResponse {
            range: Some(post_outward::range(&range)),
            position: self.acknowledged(&record).await?,
        })
    }

    async fn acknowledge(
        &self,
        mut asked: AcknowledgeHandOverRequest,
    ) -> Result<AcknowledgeHandOverResponse, EdgeError> {
        let min_position = std::mem::take(&mut asked.min_position);
        let mut faults = Faults::default();
        let marks = change::marks(
            &asked.request_id,
            0,
            &asked.actor,
            &min_position,
            &mut faults,
        );
        let number = faults.take("number", text::identifier(&asked.number, 64));
        let papers = post::papers(&asked.papers, true, &mut faults);
        let ((marks, number), papers) = faults.finish(marks.zip(number).zip(papers))?;
        self.edge.wait_for(&marks.min_position).await?;
        let desk = &self.edge.desk;
        let minute = desk.hand_over(number)?;
        let found = in_order(&minute.signed.papers, &papers)?;
        let to = match &minute.signed.to {
            Holder::Terminal(id) => id.as_str(),
            Holder::PostOffice(id) | Holder::Point(id) => id,
        };
        let by = self.by(
            &marks,
            "AcknowledgeHandOver",
            &asked,
            OrganisationId::new(to),
        );
        let record = desk
            .acknowledge_hand_over(number, marks.actor, found, &by)
            .await?;
        Ok(AcknowledgeHandOverResponse {
            position: self.acknowledged(&record).await?,
            hand_over: Some(post_outward::minute(&desk.hand_over(number)?)),
        })
    }

    async fn minute(&self, asked: GetHandOverRequest) -> Result<GetHandOverResponse, EdgeError> {
        let mut faults = Faults::default();
        let number = faults.take("number", text::identifier(&asked.number, 64));
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (number, points) = faults.finish(number.zip(points))?;
        self.edge.wait_for(&points).await?;
        Ok(GetHandOverResponse {
            hand_over: Some(post_outward::minute(&self.edge.desk.hand_over(number)?)),
            position: self.edge.here(),
        })
    }

    async fn open_custody(
        &self,
        asked: ListOpenCustodyRequest,
    ) -> Result<ListOpenCustodyResponse, EdgeError> {
        let question = format!("{}/{}", asked.working_hours_min, asked.holder);
        let mut faults = Faults::default();
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<Place>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let points = faults.finish(points)?;
        self.edge.wait_for(&points).await?;
        let now = (self.edge.now)();
        let catalogue = self.edge.desk.catalogue();
        let minutes_min = u64::from(asked.working_hours_min) * 60;
        let mut found: Vec<_> = self
            .custody(|custody| {
                custody
                    .papers(after)
                    .filter(|(_, held)| asked.holder.is_empty() || held.holder.id() == asked.holder)
                    .map(|(place, held)| (place, held, waited(&catalogue, held, now)))
                    .filter(|(_, _, minutes)| *minutes >= minutes_min)
                    .map(|(place, held, minutes)| (place, post_outward::open(held, minutes)))
                    .take(size + 1)
                    .collect()
            })
            .await;
        let next_page_token = place::cut(&mut found, size, &question, |(place, _)| *place);
        Ok(ListOpenCustodyResponse {
            papers: found.into_iter().map(|(_, open)| open).collect(),
            next_page_token,
            position: self.edge.here(),
        })
    }
}

/// For how many working minutes of its agency a paper is where it is.
pub(crate) fn waited(catalogue: &Catalogue, held: &Held, now: Timestamp) -> u64 {
    let hours = held
        .agency
        .as_ref()
        .map_or(&WorkingHours::STANDARD, |agency| catalogue.hours(agency));
    let time = clock::working_time_between(held.since, now, catalogue.calendar(), hours);
    u64::try_from(time.as_mins()).unwrap_or_default()
}

/// What was found, in the order of the minute: every paper of it, and no other.
fn in_order(minute: &[HandedOver], told: &[HandedOver]) -> Result<Vec<Found>, EdgeError> {
    let mut faults = Faults::default();
    if told.len() != minute.len() {
        faults.note("papers", "must be those of the minute, each once");
    }
    let mut found = Vec::with_capacity(minute.len());
    for line in minute {
        let same = told.iter().find(|it| it.paper == line.paper);
        match same.and_then(|it| it.found) {
            Some(it) => found.push(it),
            None => {
                faults.note("papers", "must be those of the minute, each once");
                break;
            }
        }
    }
    faults.finish(Some(found))
}

#[tonic::async_trait]
impl TerminalService for TerminalCalls {
    type SyncTerminalStream = Answers;

    async fn enrol_terminal(
        &self,
        request: Request<EnrolTerminalRequest>,
    ) -> Result<Response<EnrolTerminalResponse>, Status> {
        Ok(Response::new(self.enrol(request.into_inner()).await?))
    }

    async fn get_terminal(
        &self,
        request: Request<GetTerminalRequest>,
    ) -> Result<Response<GetTerminalResponse>, Status> {
        Ok(Response::new(self.get(request.into_inner()).await?))
    }

    async fn sync_terminal(
        &self,
        request: Request<Streaming<SyncTerminalRequest>>,
    ) -> Result<Response<Self::SyncTerminalStream>, Status> {
        let (say, said) = mpsc::channel(UNREAD_MAX);
        tokio::spawn(Session::run(self.clone(), request.into_inner(), say));
        Ok(Response::new(Box::pin(ReceiverStream::new(said))))
    }

    async fn lease_receipt_range(
        &self,
        request: Request<LeaseReceiptRangeRequest>,
    ) -> Result<Response<LeaseReceiptRangeResponse>, Status> {
        Ok(Response::new(self.lease(request.into_inner()).await?))
    }

    async fn acknowledge_hand_over(
        &self,
        request: Request<AcknowledgeHandOverRequest>,
    ) -> Result<Response<AcknowledgeHandOverResponse>, Status> {
        Ok(Response::new(self.acknowledge(request.into_inner()).await?))
    }

    async fn get_hand_over(
        &self,
        request: Request<GetHandOverRequest>,
    ) -> Result<Response<GetHandOverResponse>, Status> {
        Ok(Response::new(self.minute(request.into_inner()).await?))
    }

    async fn list_open_custody(
        &self,
        request: Request<ListOpenCustodyRequest>,
    ) -> Result<Response<ListOpenCustodyResponse>, Status> {
        Ok(Response::new(
            self.open_custody(request.into_inner()).await?,
        ))
    }

    async fn list_terminal_answers(
        &self,
        request: Request<ListTerminalAnswersRequest>,
    ) -> Result<Response<ListTerminalAnswersResponse>, Status> {
        Ok(Response::new(self.answers(request.into_inner()).await?))
    }

    async fn get_terminal_answer(
        &self,
        request: Request<GetTerminalAnswerRequest>,
    ) -> Result<Response<GetTerminalAnswerResponse>, Status> {
        Ok(Response::new(self.answer_to(request.into_inner()).await?))
    }

    async fn list_checklists(
        &self,
        request: Request<ListChecklistsRequest>,
    ) -> Result<Response<ListChecklistsResponse>, Status> {
        Ok(Response::new(self.checklists(request.into_inner()).await?))
    }

    async fn get_checklist(
        &self,
        request: Request<GetChecklistRequest>,
    ) -> Result<Response<GetChecklistResponse>, Status> {
        Ok(Response::new(self.checklist(request.into_inner()).await?))
    }
}
