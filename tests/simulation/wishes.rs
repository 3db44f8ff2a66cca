//! What is wished of a dossier: what a filing says, and what may come next.

use domain::command::{
    Accept, AssignTask, Command, EraseSubject, ReceiveIntakeSupplement, ReceiveSupplement,
    RecordDelivery, RecordPayment, RefuseAfterExamination, RefuseIntake, RequestFee,
    RequestIntakeSupplement, RequestSupplement, Resolve, ResumeProcessing, Submit,
    SuspendProcessing, TerminateProcessing, Transfer, Withdraw,
};
use domain::dossier::Phase;
use domain::event::{ApplicantKind, Channel, DeliveryMode, PaymentMethod, PlaceKind, Reason};
use domain::ids::{
    ActorId, AgencyId, OrganisationId, PointId, ProcedureCode, SourceReference, VaultRef,
};

use uuid::Uuid;

use crate::chance::Chance;

pub(crate) const AGENCY: &str = "000.00.06.H20";
const POINT: &str = "TTPVHCC-DT";
const OPERATOR: &str = "VNPOST-DT";
/// Five working days, twenty-four working hours, thirty days.
const PROCEDURES: [&str; 3] = ["2.001616", "1.004645", "1.003738"];

fn reason() -> Reason {
    Reason {
        code: "missing_component".into(),
        text: None,
    }
}

/// The commands of a filing that came by this channel.
pub(crate) fn filing(chance: &mut Chance, number: u128, channel: Channel) -> Vec<Command> {
    let submit = Command::Submit(Submit {
        procedure: ProcedureCode::new(*chance.pick(&PROCEDURES)),
        agency: AgencyId::new(AGENCY),
        channel,
        assisted: false,
        place: PlaceKind::Counter,
        point: Some(PointId::new(POINT)),
        operator: OrganisationId::new(OPERATOR),
        applicant: ApplicantKind::Citizen,
        // Until the vault has it.
        subject: VaultRef {
            entry: Uuid::nil(),
            digest: "".into(),
        },
        components: Vec::new(),
        source: chance.percent(50).then(|| SourceReference {
            system: "motcua".into(),
            reference: number.to_string().into(),
        }),
        boundary_independent: false,
        synthetic: true,
    });
    let mut commands = vec![submit];
    if chance.percent(50) {
        commands.push(accept());
    }
    commands
}

/// What is wished of a dossier in this phase; none when it is over.
pub(crate) fn next(chance: &mut Chance, phase: Phase, erased: bool) -> Option<Vec<Command>> {
    if phase != Phase::Unknown && !erased && chance.percent(8) {
        let ground = "personal_request".into();
        return Some(vec![Command::EraseSubject(EraseSubject { ground })]);
    }
    let withdraw = || Command::Withdraw(Withdraw { reason: None });
    let stop = || Command::TerminateProcessing(TerminateProcessing { reason: reason() });
    let wishes = match phase {
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
    Some(vec![chance.pick(&wishes).clone()])
}

pub(crate) fn accept() -> Command {
    Command::Accept(Accept {
        point: PointId::new(POINT),
        operator: OrganisationId::new(OPERATOR),
        earlier: None,
        receipt_issued: true,
    })
}

/// What a request brings along for the vault: words that follow from its number.
pub(crate) fn words(command: &Command, number: u128) -> Vec<Vec<u8>> {
    let brings = matches!(
        command,
        Command::Submit(_) | Command::Withdraw(_) | Command::RequestSupplement(_)
    );
    brings.then(|| text(number)).into_iter().collect()
}

/// The words of the request of this number.
pub(crate) fn text(number: u128) -> Vec<u8> {
    format!("Nguyễn Thị {number}").into_bytes()
}

/// Names in a command what the vault has kept of its words.
pub(crate) fn name_words(command: &mut Command, kept: &[VaultRef]) {
    let [kept] = kept else {
        return;
    };
    let told = |reason: Reason| Reason {
        text: Some(kept.clone()),
        ..reason
    };
    if let Command::Submit(submit) = command {
        submit.subject = kept.clone();
    } else if let Command::Withdraw(withdraw) = command {
        withdraw.reason = Some(told(reason()));
    } else if let Command::RequestSupplement(ask) = command {
        ask.reason = told(reason());
    }
}

/// A wish's own name, without what it says.
pub(crate) fn name(command: &Command) -> String {
    let text = format!("{command:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}
