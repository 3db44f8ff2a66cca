//! What goes beyond the straight way, both directions: sub-tasks, papers' data, payments, corrections, feedback.

use domain::clock::{TimeLimit, TimeUnit, Timeliness};
use domain::command::{LinkFeedback, RecordComponents, Right};
use domain::dossier::{DigitalPaper, Dossier, Feedback, PaidFee, Subtask, SubtaskEnd};
use domain::event::{
    AcceptanceBasis, ComponentDigitised, ComponentReused, PaymentMethod, ReuseSource, SubtaskKind,
};
use domain::ids::ComponentCode;

use super::{brought, change, values};
use crate::faults::Faults;
use crate::hoso::{dossier::v1 as wire, processing::v1 as processing};
use crate::text;

/// Papers in one request, at most.
const COMPONENTS_MAX: usize = 100;
/// The longest time another agency may be given, in units: it catches a slip of the pen.
const LIMIT_MAX: u32 = 1_000;

/// What was digitised or reused, from the wire, within the field `components`.
pub fn components(given: &[wire::DigitalComponent], faults: &mut Faults) -> RecordComponents {
    let mut wish = RecordComponents {
        digitised: Vec::new(),
        reused: Vec::new(),
    };
    if given.is_empty() || given.len() > COMPONENTS_MAX {
        faults.note("components", "must have 1 to 100 papers");
        return wish;
    }
    for (index, paper) in given.iter().enumerate() {
        let field = |name: &str| format!("components[{index}].{name}");
        let code = faults.take(&field("component"), text::identifier(&paper.component, 64));
        let component = ComponentCode::new(code.unwrap_or_default());
        let database = optional(&field("database"), &paper.database, faults);
        let source = match wire::ReuseSource::try_from(paper.reused_from) {
            Ok(wire::ReuseSource::Unspecified) => {
                let digest = faults.take(&field("digest"), digest(&paper.digest));
                if database.is_some() {
                    faults.note(&field("database"), "goes with the source database only");
                }
                wish.digitised.push(ComponentDigitised {
                    component,
                    digest: digest.unwrap_or_default(),
                    certified: paper.certified,
                });
                continue;
            }
            Ok(wire::ReuseSource::Component) => ReuseSource::Component,
            Ok(wire::ReuseSource::Result) => ReuseSource::Result,
            Ok(wire::ReuseSource::NationalStore) => ReuseSource::NationalStore,
            Ok(wire::ReuseSource::Database) => ReuseSource::Database,
            Err(_) => {
                faults.note(
                    &field("reused_from"),
                    "must be component, result, national store or database, or be left out",
                );
                continue;
            }
        };
        if paper.certified {
            faults.note(&field("certified"), "goes with a digitised paper only");
        }
        if database.is_some() && source != ReuseSource::Database {
            faults.note(&field("database"), "goes with the source database only");
        }
        let digest = (!paper.digest.is_empty())
            .then(|| faults.take(&field("digest"), digest(&paper.digest)))
            .flatten();
        wish.reused.push(ComponentReused {
            component,
            source,
            database,
            digest,
        });
    }
    wish
}

/// A SHA-256 as 64 hexadecimal digits; kept in small letters, so that the same file is the same digest.
fn digest(given: &str) -> Result<Box<str>, &'static str> {
    let right = given.len() == 64 && given.bytes().all(|byte| byte.is_ascii_hexdigit());
    right
        .then(|| given.to_ascii_lowercase().into())
        .ok_or("must be a SHA-256, 64 hexadecimal digits")
}

fn optional(field: &str, given: &str, faults: &mut Faults) -> Option<Box<str>> {
    (!given.is_empty())
        .then(|| faults.take(field, text::identifier(given, 64)))
        .flatten()
        .map(Into::into)
}

/// A kind of sub-task from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn subtask_kind(value: i32) -> Result<SubtaskKind, &'static str> {
    match wire::SubtaskKind::try_from(value) {
        Ok(wire::SubtaskKind::Opinion) => Ok(SubtaskKind::Opinion),
        Ok(wire::SubtaskKind::Interlinked) => Ok(SubtaskKind::Interlinked),
        Ok(wire::SubtaskKind::Unspecified) | Err(_) => Err("must be opinion or interlinked"),
    }
}

/// A number of a sub-task from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn subtask_number(value: u32) -> Result<u16, &'static str> {
    u16::try_from(value)
        .ok()
        .filter(|number| *number > 0)
        .ok_or("must be the number of a sub-task, from 1")
}

/// A time given to another agency, from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn limit(given: Option<&wire::TimeLimit>) -> Result<TimeLimit, &'static str> {
    const WRONG: &str = "must be 1 to 1000 working days, calendar days, working hours or months";
    let given = given.ok_or(WRONG)?;
    let unit = match wire::TimeUnit::try_from(given.unit) {
        Ok(wire::TimeUnit::WorkingDays) => TimeUnit::WorkingDays,
        Ok(wire::TimeUnit::CalendarDays) => TimeUnit::CalendarDays,
        Ok(wire::TimeUnit::WorkingHours) => TimeUnit::WorkingHours,
        Ok(wire::TimeUnit::Months) => TimeUnit::Months,
        Ok(wire::TimeUnit::SameDay | wire::TimeUnit::Unspecified) | Err(_) => return Err(WRONG),
    };
    let amount = Some(given.amount).filter(|amount| (1..=LIMIT_MAX).contains(amount));
    let amount = amount.and_then(|amount| u16::try_from(amount).ok());
    Ok(TimeLimit {
        amount: amount.ok_or(WRONG)?,
        unit,
    })
}

/// What is right about a recorded fact, from the wire.
pub fn right(
    given: Option<&processing::correct_event_request::Right>,
    faults: &mut Faults,
) -> Option<Right> {
    use processing::correct_event_request::Right as Wire;
    let Some(given) = given else {
        faults.note("right", "must say which fact is put right, and how");
        return None;
    };
    match given {
        Wire::AcceptedChannel(channel) => faults
            .take("accepted_channel", values::channel(*channel))
            .map(Right::AcceptedChannel),
        Wire::AcceptedAssisted(assisted) => Some(Right::AcceptedAssisted(*assisted)),
        Wire::ResolvedResult(result) => faults
            .take("resolved_result", text::identifier(result, 128))
            .map(|result| Right::ResolvedResult(result.into())),
        Wire::ResolvedElectronic(electronic) => Some(Right::ResolvedElectronic(*electronic)),
        Wire::PaidMethod(paid) => faults.within("paid_method", |faults| {
            let notice = faults.take("notice", text::identifier(&paid.notice, 64));
            let method = faults.take("method", change::payment_method(paid.method));
            Some(Right::PaidMethod {
                notice: notice?.into(),
                method: method?,
            })
        }),
        Wire::PaidReceipt(paid) => faults.within("paid_receipt", |faults| {
            let notice = faults.take("notice", text::identifier(&paid.notice, 64));
            let receipt = faults.take("receipt", text::identifier(&paid.receipt, 64));
            Some(Right::PaidReceipt {
                notice: notice?.into(),
                receipt: receipt?.into(),
            })
        }),
        Wire::DeliveredMode(mode) => faults
            .take("delivered_mode", change::delivery_mode(*mode))
            .map(Right::DeliveredMode),
        Wire::LegalTime(time) => faults.within("legal_time", |faults| {
            let revision = (time.revision > 0).then_some(time.revision);
            if revision.is_none() {
                faults.note(
                    "revision",
                    "must be the event's number in the history, from 1",
                );
            }
            let at = time
                .at
                .ok_or_else(|| "must say when it happened".to_owned());
            let at = faults.take("at", at.and_then(values::instant));
            Some(Right::LegalTime {
                revision: revision?,
                at: at?,
            })
        }),
    }
}

/// A petition or complaint, from the wire, within the field `feedback`.
pub fn feedback(given: Option<&wire::Feedback>, faults: &mut Faults) -> Option<LinkFeedback> {
    let Some(given) = given else {
        faults.note("feedback", "must name the petition or complaint");
        return None;
    };
    faults.within("feedback", |faults| {
        let system = faults.take("system", text::identifier(&given.system, 64));
        let number = faults.take("number", text::identifier(&given.number, 64));
        let received_on = (!given.received_on.is_empty())
            .then(|| faults.take("received_on", values::date(&given.received_on)))
            .flatten();
        Some(LinkFeedback {
            system: system?.into(),
            number: number?.into(),
            received_on,
        })
    })
}

/// Adds what goes beyond the straight way to a dossier on the wire.
pub fn add(to: &mut wire::Dossier, dossier: &Dossier) {
    if let Some(filing) = dossier.filing() {
        to.digital_components = filing.digital.iter().map(wire_digital).collect();
        to.feedback = filing.feedback.iter().map(wire_feedback).collect();
        let authorised = filing.authorisations.iter();
        to.authorisations = authorised.map(brought::wire_authorisation).collect();
    }
    let Some(case) = dossier.case() else { return };
    to.subtasks = case.subtasks.iter().map(wire_subtask).collect();
    to.payments = case.paid.iter().map(wire_payment).collect();
    let proposal = case.void_proposal.as_ref();
    to.void_proposed_by = proposal
        .filter(|_| dossier.ended().is_none())
        .map(|proposal| proposal.by.to_string())
        .unwrap_or_default();
    to.failed_deliveries = u32::from(case.post.failures);
    to.result_back_at = case.post.back_at.map(values::timestamp);
    match &case.basis {
        AcceptanceBasis::CarriedOver {
            system,
            computed,
            counted: _,
            recorded,
        } => {
            to.carried_over_from = system.to_string();
            to.computed_due = computed.map(values::wire_due);
            to.recorded_due = recorded.map(values::wire_due);
        }
        AcceptanceBasis::ServerClock
        | AcceptanceBasis::HandOverMinute { .. }
        | AcceptanceBasis::RecordedLate { .. } => {}
    }
}

/// A sub-task on the wire.
pub fn wire_subtask(subtask: &Subtask) -> wire::Subtask {
    let kind = match subtask.kind {
        SubtaskKind::Opinion => wire::SubtaskKind::Opinion,
        SubtaskKind::Interlinked => wire::SubtaskKind::Interlinked,
    };
    let (closed_at, outcome) = match subtask.closed {
        None => (None, ""),
        Some(SubtaskEnd::Cancelled { at }) => (Some(at), "cancelled"),
        Some(SubtaskEnd::Completed { at, class }) => (
            Some(at),
            match class {
                Timeliness::Early => "early",
                Timeliness::OnTime => "on_time",
                Timeliness::Overdue => "overdue",
            },
        ),
    };
    wire::Subtask {
        number: u32::from(subtask.number),
        kind: kind.into(),
        agency: subtask.agency.to_string(),
        limit: Some(values::wire_limit(subtask.limit)),
        after: subtask.after.map(u32::from).unwrap_or_default(),
        opened_at: Some(values::timestamp(subtask.opened_at)),
        due: subtask.due.map(values::wire_due),
        closed_at: closed_at.map(values::timestamp),
        outcome: outcome.to_owned(),
    }
}

fn wire_digital(paper: &DigitalPaper) -> wire::DigitalComponent {
    match paper {
        DigitalPaper::Digitised(it) => wire::DigitalComponent {
            component: it.component.to_string(),
            digest: it.digest.to_string(),
            certified: it.certified,
            ..wire::DigitalComponent::default()
        },
        DigitalPaper::Reused(it) => {
            let source = match it.source {
                ReuseSource::Component => wire::ReuseSource::Component,
                ReuseSource::Result => wire::ReuseSource::Result,
                ReuseSource::NationalStore => wire::ReuseSource::NationalStore,
                ReuseSource::Database => wire::ReuseSource::Database,
            };
            wire::DigitalComponent {
                component: it.component.to_string(),
                digest: it.digest.as_deref().unwrap_or_default().to_owned(),
                certified: false,
                reused_from: source.into(),
                database: it.database.as_deref().unwrap_or_default().to_owned(),
            }
        }
    }
}

/// How a fee was paid, as a word.
pub(super) fn method(method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::Cash => "cash",
        PaymentMethod::Transfer => "transfer",
        PaymentMethod::Online => "online",
        PaymentMethod::Post => "post",
    }
}

fn wire_payment(paid: &PaidFee) -> wire::Payment {
    wire::Payment {
        notice: paid.notice.to_string(),
        amount_vnd: paid.amount_vnd,
        method: method(paid.method).to_owned(),
        receipt: paid.receipt.to_string(),
        refunded_vnd: paid.amount_vnd - paid.kept_vnd(),
    }
}

fn wire_feedback(feedback: &Feedback) -> wire::Feedback {
    wire::Feedback {
        system: feedback.system.to_string(),
        number: feedback.number.to_string(),
        received_on: feedback
            .received_on
            .map(|on| on.to_string())
            .unwrap_or_default(),
    }
}
