//! Samples of the events beyond the straight way: two of those with optional parts, with all of them and with none.

use domain::clock::{TimeLimit, TimeUnit, Timeliness};
use domain::event::*;
use domain::ids::*;

use super::{accepted, brought, calendar, due, reason, short_reason, submitted};
use crate::testing::day;

pub(super) fn proof() -> Option<VaultRef> {
    Some(VaultRef {
        entry: uuid::Uuid::from_u128(8),
        digest: "ef".repeat(32).into(),
    })
}

fn digest() -> Box<str> {
    "ab".repeat(32).into()
}

/// Each with what the sample shows besides its kind.
pub(super) fn samples() -> Vec<(&'static str, Event)> {
    [
        corrections(),
        fees(),
        cooperation(),
        papers(),
        brought::samples(),
    ]
    .concat()
}

fn corrections() -> Vec<(&'static str, Event)> {
    let corrected = |correction| {
        Event::EventCorrected(EventCorrected {
            correction,
            reason: short_reason(),
        })
    };
    let notice = || "TB-1".into();
    vec![
        (
            "",
            Event::VoidProposed(VoidProposed {
                by: ActorId::new("can-bo-1"),
                reason: reason(),
            }),
        ),
        (
            "",
            Event::AcceptanceVoided(AcceptanceVoided {
                proposed_by: ActorId::new("can-bo-1"),
                reason: reason(),
            }),
        ),
        (
            "",
            Event::EventCorrected(EventCorrected {
                correction: Correction::AcceptedChannel {
                    old: Channel::Direct,
                    new: Channel::Postal,
                },
                reason: reason(),
            }),
        ),
        (
            "assisted",
            corrected(Correction::AcceptedAssisted {
                old: false,
                new: true,
            }),
        ),
        (
            "result",
            corrected(Correction::ResolvedResult {
                old: "GP-12".into(),
                new: "GP-13".into(),
            }),
        ),
        (
            "electronic",
            corrected(Correction::ResolvedElectronic {
                old: true,
                new: false,
            }),
        ),
        (
            "method",
            corrected(Correction::PaidMethod {
                notice: notice(),
                old: PaymentMethod::Cash,
                new: PaymentMethod::Post,
            }),
        ),
        (
            "receipt",
            corrected(Correction::PaidReceipt {
                notice: notice(),
                old: "BL-1".into(),
                new: "BL-2".into(),
            }),
        ),
        (
            "mode",
            corrected(Correction::DeliveredMode {
                old: DeliveryMode::Counter,
                new: DeliveryMode::Electronic,
            }),
        ),
        (
            "",
            Event::SubjectReplaced(SubjectReplaced {
                subject: VaultRef {
                    entry: uuid::Uuid::from_u128(10),
                    digest: digest(),
                },
                replaced: uuid::Uuid::from_u128(7),
                reason: reason(),
            }),
        ),
        (
            "elsewhere",
            Event::DossierSubmitted(DossierSubmitted {
                boundary_independent: true,
                ..submitted()
            }),
        ),
        (
            "elsewhere",
            Event::DossierAccepted(DossierAccepted {
                due: None,
                boundary_independent: true,
                ..accepted(AcceptanceBasis::ServerClock)
            }),
        ),
    ]
}

fn fees() -> Vec<(&'static str, Event)> {
    vec![
        (
            "",
            Event::FeeWaived(FeeWaived {
                notice: "TB-1".into(),
                reason: reason(),
                due: Some(due()),
                calendar: calendar(),
            }),
        ),
        (
            "",
            Event::FeeRefunded(FeeRefunded {
                notice: "TB-1".into(),
                amount_vnd: 100_000,
                method: PaymentMethod::Transfer,
                receipt: "HT-1".into(),
                reason: reason(),
            }),
        ),
    ]
}

fn cooperation() -> Vec<(&'static str, Event)> {
    let limit = TimeLimit {
        amount: 3,
        unit: TimeUnit::WorkingDays,
    };
    let opened = |kind, due, after| {
        Event::SubtaskOpened(SubtaskOpened {
            number: 2,
            kind,
            agency: AgencyId::new("000.00.09.H20"),
            limit,
            due,
            after,
            question: reason(),
            calendar: calendar(),
        })
    };
    let starts = vec![SubtaskStart {
        number: 2,
        due: due(),
    }];
    vec![
        ("", opened(SubtaskKind::Opinion, Some(due()), None)),
        ("waiting", opened(SubtaskKind::Interlinked, None, Some(1))),
        (
            "",
            Event::SubtaskCompleted(SubtaskCompleted {
                number: 1,
                class: Timeliness::Overdue,
                result: Some("CV-5".into()),
                answer: proof(),
                starts: starts.clone(),
                calendar: calendar(),
            }),
        ),
        (
            "least",
            Event::SubtaskCompleted(SubtaskCompleted {
                number: 1,
                class: Timeliness::Early,
                result: None,
                answer: None,
                starts: Vec::new(),
                calendar: calendar(),
            }),
        ),
        (
            "",
            Event::SubtaskCancelled(SubtaskCancelled {
                number: 1,
                reason: reason(),
                starts,
                calendar: calendar(),
            }),
        ),
        (
            "",
            Event::CompetentAgencyReceived(CompetentAgencyReceived {
                agency: AgencyId::new("000.00.06.H20"),
                due: Some(due()),
                calendar: calendar(),
            }),
        ),
        (
            "",
            Event::AgencySucceeded(AgencySucceeded {
                from: AgencyId::new("000.00.09.H20"),
                to: AgencyId::new("000.00.06.H20"),
                catalogue: VersionHash::new("fedcba9876543210"),
            }),
        ),
    ]
}

fn papers() -> Vec<(&'static str, Event)> {
    vec![
        (
            "",
            Event::ComponentDigitised(ComponentDigitised {
                component: ComponentCode::new("DON"),
                digest: digest(),
                certified: true,
            }),
        ),
        (
            "",
            Event::ComponentReused(ComponentReused {
                component: ComponentCode::new("CCCD"),
                source: ReuseSource::Database,
                database: Some("7".into()),
                digest: Some(digest()),
            }),
        ),
        (
            "least",
            Event::ComponentReused(ComponentReused {
                component: ComponentCode::new("CCCD"),
                source: ReuseSource::NationalStore,
                database: None,
                digest: None,
            }),
        ),
        (
            "",
            Event::DeliveryFailed(DeliveryFailed {
                attempt: 2,
                item: "EE123456785VN".into(),
                reason: reason(),
                too_soon: true,
                proof: proof(),
                filing: None,
            }),
        ),
        (
            "",
            Event::ResultReturnedToAgency(ResultReturnedToAgency {
                item: "EE123456785VN".into(),
                too_soon: true,
                proof: proof(),
                filing: None,
            }),
        ),
        (
            "",
            Event::FeedbackLinked(FeedbackLinked {
                system: "1022".into(),
                number: "77".into(),
                received_on: Some(day("2022-12-16")),
            }),
        ),
    ]
}
