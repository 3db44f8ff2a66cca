//! Wishes ready to be wished, each with what the tests do not care about filled in.

use super::{AGENCY, CENTRE, POST, at, day};
use crate::command::*;
use crate::event::*;
use crate::ids::*;

/// A reason without words.
pub fn reason(code: &str) -> Reason {
    Reason {
        code: code.into(),
        text: None,
    }
}

/// One original of a paper.
pub fn paper(code: &str) -> PresentedComponent {
    PresentedComponent {
        code: ComponentCode::new(code),
        originals: 1,
        certified_copies: 0,
        copies: 0,
    }
}

/// Filed by a citizen at the centre's counter, which the post's staff run.
pub fn submit(procedure: &str) -> Submit {
    Submit {
        procedure: ProcedureCode::new(procedure),
        agency: AgencyId::new(AGENCY),
        channel: Channel::Direct,
        assisted: false,
        place: PlaceKind::Counter,
        point: Some(PointId::new(CENTRE)),
        operator: OrganisationId::new(POST),
        applicant: ApplicantKind::Citizen,
        subject: VaultRef {
            entry: uuid::Uuid::from_u128(7),
            digest: "00".repeat(32).into(),
        },
        components: vec![paper("DON")],
        source: None,
        boundary_independent: false,
        synthetic: true,
    }
}

/// Filed online.
pub fn submit_online(procedure: &str) -> Submit {
    Submit {
        channel: Channel::Online,
        place: PlaceKind::Online,
        point: None,
        operator: OrganisationId::new("000.00.00.H20"),
        ..submit(procedure)
    }
}

/// Sent by the public post.
pub fn submit_by_post(procedure: &str) -> Submit {
    Submit {
        channel: Channel::Postal,
        place: PlaceKind::PostOffice,
        point: None,
        ..submit(procedure)
    }
}

/// Accepted at the centre, now.
pub fn acceptance() -> Accept {
    Accept {
        point: PointId::new(CENTRE),
        operator: OrganisationId::new(POST),
        earlier: None,
        receipt_issued: true,
    }
}

/// Accepted at the centre, now.
pub fn accept() -> Command {
    Command::Accept(acceptance())
}

/// Accepted on a hand-over minute.
pub fn accept_on_minute(signed_at: &str) -> Command {
    let signed_at = at(signed_at);
    let earlier = Some(EarlierTime::HandOverMinute {
        number: "BB-01".into(),
        signed_at,
    });
    Command::Accept(Accept {
        earlier,
        ..acceptance()
    })
}

/// Recorded late.
pub fn earlier(civil: &str) -> EarlierTime {
    EarlierTime::RecordedLate {
        at: at(civil),
        reason: reason("power_cut"),
    }
}

pub fn ask_intake_supplement() -> Command {
    let components = vec![ComponentCode::new("BANVE")];
    Command::RequestIntakeSupplement(RequestIntakeSupplement {
        reason: reason("missing"),
        components,
    })
}

pub fn bring_intake_supplement() -> Command {
    Command::ReceiveIntakeSupplement(ReceiveIntakeSupplement {
        components: vec![paper("BANVE")],
    })
}

pub fn refuse_intake() -> Command {
    Command::RefuseIntake(RefuseIntake {
        reason: reason("not_competent"),
    })
}

pub fn transfer(to: &str) -> Command {
    Command::Transfer(Transfer {
        to: AgencyId::new(to),
        unit: Some("Phòng Quản lý Văn hóa".into()),
    })
}

pub fn assign() -> Command {
    Command::AssignTask(AssignTask {
        holder: ActorId::new("can-bo-2"),
        unit: None,
    })
}

pub fn ask_supplement() -> Command {
    let components = vec![ComponentCode::new("BANVE")];
    Command::RequestSupplement(RequestSupplement {
        reason: reason("missing"),
        components,
    })
}

pub fn bring_supplement() -> Command {
    Command::ReceiveSupplement(ReceiveSupplement {
        components: vec![paper("BANVE")],
    })
}

pub fn lapse() -> Command {
    Command::LapseSupplement(LapseSupplement)
}

pub fn ask_fee(notice: &str) -> Command {
    Command::RequestFee(RequestFee {
        notice: notice.into(),
        amount_vnd: 250_000,
    })
}

pub fn pay(notice: &str) -> Command {
    pay_amount(notice, 250_000)
}

pub fn pay_amount(notice: &str, amount_vnd: u64) -> Command {
    Command::RecordPayment(RecordPayment {
        notice: notice.into(),
        amount_vnd,
        method: PaymentMethod::Transfer,
        receipt: "BL-1".into(),
    })
}

pub fn extend(new_date: &str) -> Command {
    Command::ExtendDeadline(ExtendDeadline {
        reason: reason("complex"),
        new_date: day(new_date),
    })
}

pub fn suspend() -> Command {
    Command::SuspendProcessing(SuspendProcessing {
        reason: reason("court_case"),
    })
}

pub fn resume() -> Command {
    Command::ResumeProcessing(ResumeProcessing)
}

pub fn terminate() -> Command {
    Command::TerminateProcessing(TerminateProcessing {
        reason: reason("moot"),
    })
}

pub fn resolve() -> Command {
    Command::Resolve(Resolve {
        result: "GP-12".into(),
        electronic: true,
        earlier: None,
    })
}

pub fn resolve_earlier(earlier: EarlierTime) -> Command {
    Command::Resolve(Resolve {
        result: "GP-12".into(),
        electronic: true,
        earlier: Some(earlier),
    })
}

pub fn refuse() -> Command {
    Command::RefuseAfterExamination(RefuseAfterExamination {
        reason: reason("conditions_not_met"),
    })
}

pub fn deliver() -> Command {
    Command::RecordDelivery(RecordDelivery {
        mode: DeliveryMode::Counter,
        item: None,
        proof: None,
        to_authorised: false,
    })
}

pub fn withdraw() -> Command {
    Command::Withdraw(Withdraw { reason: None })
}

pub fn recompute() -> Command {
    Command::RecomputeDueDate(RecomputeDueDate)
}

pub fn ask_to_erase() -> Command {
    Command::EraseSubject(EraseSubject {
        ground: "data_subject_request".into(),
    })
}

pub fn erase() -> Command {
    Command::NoteSubjectErased(NoteSubjectErased {
        left_out: Vec::new(),
        ground: "data_subject_request".into(),
    })
}

pub fn propose_void() -> Command {
    Command::ProposeVoid(ProposeVoid {
        reason: reason("wrong_procedure"),
    })
}

pub fn void() -> Command {
    Command::VoidAcceptance(VoidAcceptance)
}

pub fn correct(right: Right) -> Command {
    Command::CorrectEvent(CorrectEvent {
        right,
        reason: reason("typing_error"),
    })
}

pub fn replace_subject(entry: u128) -> Command {
    Command::ReplaceSubject(ReplaceSubject {
        subject: VaultRef {
            entry: uuid::Uuid::from_u128(entry),
            digest: "11".repeat(32).into(),
        },
        reason: reason("name_misspelt"),
    })
}

pub fn waive_fee(notice: &str) -> Command {
    Command::WaiveFee(WaiveFee {
        notice: notice.into(),
        reason: reason("poor_household"),
    })
}

pub fn refund_fee(notice: &str, amount_vnd: u64) -> Command {
    Command::RefundFee(RefundFee {
        notice: notice.into(),
        amount_vnd,
        method: PaymentMethod::Transfer,
        receipt: "HT-1".into(),
        reason: reason("withdrawn"),
    })
}

/// Paid once more, with another receipt.
pub fn pay_again(notice: &str) -> Command {
    Command::RecordPayment(RecordPayment {
        notice: notice.into(),
        amount_vnd: 250_000,
        method: PaymentMethod::Online,
        receipt: "BL-2".into(),
    })
}

pub fn receive_by_agency() -> Command {
    Command::ReceiveByCompetentAgency(ReceiveByCompetentAgency)
}

pub fn open_subtask(agency: &str, working_days: u16, after: Option<u16>) -> Command {
    Command::OpenSubtask(OpenSubtask {
        kind: SubtaskKind::Opinion,
        agency: AgencyId::new(agency),
        limit: crate::clock::TimeLimit {
            amount: working_days,
            unit: crate::clock::TimeUnit::WorkingDays,
        },
        after,
        question: reason("opinion"),
    })
}

pub fn complete_subtask(number: u16) -> Command {
    Command::CompleteSubtask(CompleteSubtask {
        number,
        result: Some("CV-5".into()),
        answer: None,
    })
}

pub fn cancel_subtask(number: u16) -> Command {
    Command::CancelSubtask(CancelSubtask {
        number,
        reason: reason("not_needed"),
    })
}

pub fn digitise(component: &str) -> Command {
    Command::RecordComponents(RecordComponents {
        digitised: vec![ComponentDigitised {
            component: ComponentCode::new(component),
            digest: "ab".repeat(32).into(),
            certified: false,
        }],
        reused: Vec::new(),
    })
}

pub fn reuse(component: &str) -> Command {
    Command::RecordComponents(RecordComponents {
        digitised: Vec::new(),
        reused: vec![ComponentReused {
            component: ComponentCode::new(component),
            source: ReuseSource::Database,
            database: Some("7".into()),
            digest: None,
        }],
    })
}

pub fn fail_delivery() -> Command {
    Command::RecordDeliveryFailure(RecordDeliveryFailure {
        item: "EE123456785VN".into(),
        reason: reason("nobody_met"),
        proof: None,
    })
}

pub fn give_back() -> Command {
    Command::ReturnResultToAgency(ReturnResultToAgency {
        item: "EE123456785VN".into(),
        proof: None,
    })
}

pub fn authorise(to: AuthorisedTo, until: Option<&str>) -> Command {
    Command::RecordAuthorisation(RecordAuthorisation {
        authorised: Authorised {
            to,
            person: VaultRef {
                entry: uuid::Uuid::from_u128(8),
                digest: "00".repeat(32).into(),
            },
            until: until.map(day),
        },
    })
}

pub fn link_feedback(number: &str) -> Command {
    Command::LinkFeedback(LinkFeedback {
        system: "1022".into(),
        number: number.into(),
        received_on: Some(day("2022-12-16")),
    })
}

pub fn succeed() -> Command {
    Command::PassToSuccessor(PassToSuccessor)
}

/// Every wish beyond the straight way.
pub fn beyond() -> Vec<Command> {
    vec![
        propose_void(),
        void(),
        correct(Right::AcceptedChannel(Channel::Online)),
        correct(Right::AcceptedChannel(Channel::Direct)),
        correct(Right::AcceptedAssisted(true)),
        correct(Right::ResolvedResult("GP-13".into())),
        correct(Right::ResolvedElectronic(false)),
        correct(Right::PaidMethod {
            notice: "TB-1".into(),
            method: PaymentMethod::Cash,
        }),
        correct(Right::PaidReceipt {
            notice: "TB-1".into(),
            receipt: "BL-9".into(),
        }),
        correct(Right::DeliveredMode(DeliveryMode::Electronic)),
        replace_subject(8),
        waive_fee("TB-1"),
        refund_fee("TB-1", 100_000),
        refund_fee("TB-1", 200_000),
        pay_again("TB-1"),
        receive_by_agency(),
        open_subtask(AGENCY, 3, None),
        open_subtask("000.00.09.H20", 2, Some(1)),
        complete_subtask(1),
        complete_subtask(2),
        cancel_subtask(1),
        digitise("DON"),
        reuse("CCCD"),
        fail_delivery(),
        give_back(),
        link_feedback("77"),
        authorise(AuthorisedTo::Collect, Some("2022-12-30")),
        succeed(),
    ]
}

/// The wish to withdraw, brought to a counter that does not ask the dossier.
pub fn bring() -> Command {
    Command::ReceiveFiling(ReceiveFiling {
        dossier: DossierName::Code(DossierCode::new("000.00.06.H20-260803-0001")),
        brought: Brought::Withdrawal { reason: None },
        words: None,
    })
}

/// The post has it, against a slip.
pub fn note_collection() -> Command {
    Command::NoteCollection(NoteCollection {
        slip: "PG-1".into(),
        terminal: TerminalId::new("T-1"),
        checklist: VersionHash::new("fedcba9876543210"),
        device_at: at("2022-12-15T08:59"),
    })
}

/// Accepted by the old software on 1/12/2022, with ten working days given there as here.
pub fn carried_over(procedure: &str) -> CarryOver {
    CarryOver {
        submit: Submit {
            source: Some(SourceReference {
                system: "motcua.cu".into(),
                reference: "2022-77".into(),
            }),
            ..submit(procedure)
        },
        system: "motcua.cu".into(),
        filed_at: Some(at("2022-11-30T16:00")),
        code: DossierCode::new("000.00.06.H20-221201-0361"),
        accepted_at: at("2022-12-01T09:00"),
        due: Some(RecordedDue::On(day("2022-12-15"))),
        original_due: None,
        extensions: Vec::new(),
        waits: Vec::new(),
        law: None,
        point: PointId::new(CENTRE),
    }
}

/// The same as a wish.
pub fn take_over(procedure: &str) -> Command {
    Command::CarryOver(Box::new(carried_over(procedure)))
}
