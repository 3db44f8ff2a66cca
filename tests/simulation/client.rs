//! The clients: they ask, sometimes never see the answer, ask again with the same request, and remember what they were told.

use application::{Answer, Desk, HandleError, Wish};
use domain::clock::Due;
use domain::command::{
    Accept, AssignTask, Command, ReceiveIntakeSupplement, ReceiveSupplement, RecordDelivery,
    RecordPayment, RefuseAfterExamination, RefuseIntake, RequestFee, RequestIntakeSupplement,
    RequestSupplement, Resolve, ResumeProcessing, Submit, SuspendProcessing, TerminateProcessing,
    Transfer, Withdraw,
};
use domain::dossier::Phase;
use domain::event::{ApplicantKind, Channel, DeliveryMode, PaymentMethod, PlaceKind, Reason};
use domain::ids::{
    ActorId, AgencyId, DossierId, OrganisationId, PointId, ProcedureCode, SourceReference, VaultRef,
};
use eventlog::{Key, Record, Request};
use jiff::Timestamp;
use uuid::Uuid;

use crate::chance::Chance;
use crate::wire::finish;

const AGENCY: &str = "000.00.06.H20";
const POINT: &str = "TTPVHCC-DT";
const OPERATOR: &str = "VNPOST-DT";
/// Five working days, twenty-four working hours, thirty days.
const PROCEDURES: [&str; 3] = ["2.001616", "1.004645", "1.003738"];
const LIVES_MAX: usize = 10;

/// Something asked for, until it is known what came of it.
#[derive(Clone, Debug)]
struct Deed {
    number: u128,
    commands: Vec<Command>,
    /// The first answer, which the client never saw.
    unseen: Option<Record>,
}

/// A dossier as its client knows it.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) id: DossierId,
    /// The intake node it is filed at.
    pub(crate) home: usize,
    pub(crate) channel: Channel,
    phase: Phase,
    pub(crate) accepted: Option<Timestamp>,
    pub(crate) due: Option<Due>,
    /// When it ended, and whether with a result.
    pub(crate) ended: Option<(Timestamp, bool)>,
    pending: Option<Deed>,
}

/// What a client was told happened.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) request: Request,
    /// The last record of the answer.
    pub(crate) record: Record,
    /// Where it was asked.
    pub(crate) at: usize,
}

#[derive(Debug)]
pub(crate) struct Clients {
    chance: Chance,
    pub(crate) lives: Vec<Life>,
    pub(crate) told: Vec<Told>,
    pub(crate) codes: Vec<String>,
    numbers: u128,
    healed: bool,
}

/// What a client wants next, and of whom: an intake node, or processing.
pub(crate) struct Errand {
    life: usize,
    pub(crate) at: usize,
}

/// What came of an errand.
pub(crate) struct Came {
    pub(crate) line: String,
    /// The service died while it was asked.
    pub(crate) closed: bool,
    pub(crate) unanswered: bool,
}

fn reason() -> Reason {
    Reason {
        code: "missing_component".into(),
        text: None,
    }
}

fn request(number: u128) -> Request {
    Request {
        key: Key(number.to_be_bytes()),
        body: [1; 16],
    }
}

impl Clients {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, "clients"),
            lives: Vec::new(),
            told: Vec::new(),
            codes: Vec::new(),
            numbers: u128::from(seed) << 32,
            healed: false,
        }
    }

    /// From now on every answer arrives.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
    }

    /// An errand, new or again; intake nodes are the first `intakes`, processing the one after them.
    pub(crate) fn errand(&mut self, intakes: usize) -> Option<Errand> {
        let life =
            if self.lives.len() < LIVES_MAX && self.chance.percent(30) || self.lives.is_empty() {
                let home = self.chance.index(intakes);
                self.filed(home);
                self.lives.len() - 1
            } else {
                self.chance.index(self.lives.len())
            };
        if self.lives[life].pending.is_none() {
            let commands = self.next(life)?;
            self.numbers += 1;
            self.lives[life].pending = Some(Deed {
                number: self.numbers,
                commands,
                unseen: None,
            });
        }
        Some(self.to(life, intakes))
    }

    /// An errand whose outcome is not known yet.
    pub(crate) fn open_errand(&mut self, intakes: usize) -> Option<Errand> {
        let life = self.lives.iter().position(|life| life.pending.is_some())?;
        Some(self.to(life, intakes))
    }

    fn to(&self, life: usize, intakes: usize) -> Errand {
        let at = match self.lives[life].phase {
            Phase::Unknown
            | Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Refused => self.lives[life].home,
            Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Terminated
            | Phase::Resolved
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => intakes,
        };
        Errand { life, at }
    }

    /// A new dossier; its id follows from its first request.
    fn filed(&mut self, home: usize) {
        self.numbers += 1;
        let number = self.numbers;
        let channel = *self
            .chance
            .pick(&[Channel::Direct, Channel::Online, Channel::Postal]);
        let submit = Command::Submit(Submit {
            procedure: ProcedureCode::new(*self.chance.pick(&PROCEDURES)),
            agency: AgencyId::new(AGENCY),
            channel,
            assisted: false,
            place: PlaceKind::Counter,
            point: Some(PointId::new(POINT)),
            operator: OrganisationId::new(OPERATOR),
            applicant: ApplicantKind::Citizen,
            subject: VaultRef {
                entry: self.chance.id(),
                digest: "5eed".into(),
            },
            components: Vec::new(),
            source: self.chance.percent(50).then(|| SourceReference {
                system: "motcua".into(),
                reference: number.to_string().into(),
            }),
            boundary_independent: false,
            synthetic: true,
        });
        let mut commands = vec![submit];
        if self.chance.percent(50) {
            commands.push(accept());
        }
        self.lives.push(Life {
            id: DossierId::derive("client", Uuid::from_u128(number)),
            home,
            channel,
            phase: Phase::Unknown,
            accepted: None,
            due: None,
            ended: None,
            pending: Some(Deed {
                number,
                commands,
                unseen: None,
            }),
        });
    }

    /// What is wished of a dossier next; none when it is over.
    fn next(&mut self, life: usize) -> Option<Vec<Command>> {
        let withdraw = || Command::Withdraw(Withdraw { reason: None });
        let stop = || Command::TerminateProcessing(TerminateProcessing { reason: reason() });
        let wishes = match self.lives[life].phase {
            Phase::Submitted => vec![
                accept(),
                accept(),
                accept(),
                Command::RefuseIntake(RefuseIntake { reason: reason() }),
                Command::RequestIntakeSupplement(RequestIntakeSupplement {
                    reason: reason(),
                    components: Vec::new(),
                }),
                withdraw(),
            ],
            Phase::AwaitingIntakeSupplement => vec![
                Command::ReceiveIntakeSupplement(ReceiveIntakeSupplement {
                    components: Vec::new(),
                }),
                withdraw(),
            ],
            Phase::Accepted | Phase::InProcessing => vec![
                Command::Transfer(Transfer {
                    to: AgencyId::new(AGENCY),
                    unit: None,
                }),
                Command::AssignTask(AssignTask {
                    holder: ActorId::new("can-bo-7"),
                    unit: None,
                }),
                Command::RequestSupplement(RequestSupplement {
                    reason: reason(),
                    components: Vec::new(),
                }),
                Command::RequestFee(RequestFee {
                    notice: "TB-1".into(),
                    amount_vnd: 50_000,
                }),
                Command::SuspendProcessing(SuspendProcessing { reason: reason() }),
                Command::Resolve(Resolve {
                    result: "1/GP".into(),
                    electronic: false,
                    earlier: None,
                }),
                Command::RefuseAfterExamination(RefuseAfterExamination { reason: reason() }),
                withdraw(),
                stop(),
            ],
            Phase::AwaitingSupplement => vec![
                Command::ReceiveSupplement(ReceiveSupplement {
                    components: Vec::new(),
                }),
                withdraw(),
                stop(),
            ],
            Phase::AwaitingPayment => vec![
                Command::RecordPayment(RecordPayment {
                    notice: "TB-1".into(),
                    amount_vnd: 50_000,
                    method: PaymentMethod::Cash,
                    receipt: "BL-1".into(),
                }),
                withdraw(),
            ],
            Phase::Suspended => vec![Command::ResumeProcessing(ResumeProcessing), stop()],
            Phase::Resolved => vec![Command::RecordDelivery(RecordDelivery {
                mode: DeliveryMode::Counter,
                item: None,
                proof: None,
                to_authorised: false,
            })],
            Phase::Unknown
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => return None,
        };
        Some(vec![self.chance.pick(&wishes).clone()])
    }

    /// Goes on an errand to a desk that is there.
    pub(crate) fn ask(&mut self, errand: &Errand, desk: &Desk, now: Timestamp) -> Came {
        let life = &mut self.lives[errand.life];
        let deed = life.pending.take().expect("an errand has one");
        let wish = Wish {
            request: request(deed.number),
            request_id: Uuid::from_u128(deed.number),
            dossier: life.id,
            expected: None,
            actor: ActorId::new("can-bo-1"),
            organisation: OrganisationId::new(AGENCY),
            now,
            may_record_late: false,
        };
        let answer = finish(desk.carry_out(&wish, Vec::new(), |_| deed.commands.clone()));
        let asked = format!(
            "dossier {}: {}",
            errand.life,
            name(deed.commands.last().expect("a deed has one"))
        );
        let came = |line: &str| Came {
            line: format!("{asked}: {line}"),
            closed: false,
            unanswered: false,
        };
        match answer {
            Ok(answer) => {
                if let Some(unseen) = &deed.unseen {
                    assert_eq!(answer.record, *unseen, "{asked}: another first answer");
                    assert!(answer.replayed);
                }
                let position = answer.record.place.position;
                if !self.healed && self.chance.percent(10) {
                    life.pending = Some(Deed {
                        unseen: Some(answer.record),
                        ..deed
                    });
                    return Came {
                        unanswered: true,
                        ..came(&format!("at {position}, and nobody hears of it"))
                    };
                }
                let line = format!(
                    "at {position}{}",
                    if answer.replayed { ", again" } else { "" }
                );
                self.hear(errand, wish.request, &deed.commands, answer);
                came(&line)
            }
            // It may have happened or not.
            Err(HandleError::Closed(_)) => {
                life.pending = Some(deed);
                Came {
                    closed: true,
                    ..came("no answer")
                }
            }
            // What it is about has not come there yet.
            Err(error @ (HandleError::Unknown | HandleError::Elsewhere { writer: "intake" })) => {
                assert!(deed.unseen.is_none(), "{asked}: {error}");
                life.pending = Some(deed);
                came("not here yet")
            }
            Err(HandleError::Rejected(rejection)) => {
                assert!(deed.unseen.is_none(), "{asked}: {rejection}");
                assert!(
                    life.phase != Phase::Unknown,
                    "a good filing is refused: {rejection}"
                );
                came(&format!("refused: {rejection}"))
            }
            Err(error) => panic!("{asked}: {error}"),
        }
    }

    /// The answer is seen.
    fn hear(&mut self, errand: &Errand, request: Request, commands: &[Command], answer: Answer) {
        let life = &mut self.lives[errand.life];
        let at = Timestamp::from_microsecond(answer.record.event.occurred_at).expect("a time");
        let case = answer.dossier.case();
        life.phase = answer.dossier.phase();
        life.due = case.map_or(life.due, |case| case.due);
        let last = commands.last().expect("a deed has one");
        if matches!(last, Command::Accept(_)) {
            life.accepted = Some(at);
            self.codes.extend(case.map(|case| case.code.to_string()));
        } else if matches!(
            last,
            Command::Resolve(_) | Command::RefuseAfterExamination(_)
        ) {
            life.ended = Some((at, true));
        } else if matches!(last, Command::TerminateProcessing(_) | Command::Withdraw(_)) {
            life.ended = Some((at, false));
        }
        self.told.push(Told {
            request,
            record: answer.record,
            at: errand.at,
        });
    }
}

fn accept() -> Command {
    Command::Accept(Accept {
        point: PointId::new(POINT),
        operator: OrganisationId::new(OPERATOR),
        earlier: None,
        receipt_issued: true,
    })
}

/// A wish's own name, without what it says.
fn name(command: &Command) -> String {
    let text = format!("{command:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}
