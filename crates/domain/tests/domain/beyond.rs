//! Samples of the events beyond the straight way: two of those with optional parts, with all of them and with none.

use domain::clock::{TimeLimit, TimeUnit, Timeliness};
use domain::dossier::case::{ClockMove, Extension, Forwarding, Pause, PauseWhy};
use domain::dossier::{PostalLeg, SubtaskEnd};
use domain::event::*;
use domain::ids::*;

use super::{accepted, brought, calendar, due, reason, short_reason, submitted};
use crate::testing::{at, day};

pub(super) fn proof() -> Option<VaultRef> {
    Some(VaultRef {
        entry: uuid::Uuid::from_u128(8),
        digest: "ef".repeat(32).into(),
    })
}

fn short_legal_time() -> LegalTime {
    let accepted_at = at("2022-12-15T09:00");
    LegalTime {
        revision: 2,
        event: "dossier_accepted".into(),
        old: at("2022-12-16T09:00"),
        new: accepted_at,
        due_was: None,
        timeline: Timeline {
            submitted_at: at("2022-12-15T08:30"),
            answered_late: false,
            accepted_at,
            clock_from: None,
            law: LawId::new("nd61-2018"),
            calendar: calendar(),
            original_due: None,
            due: None,
            moves: Vec::new(),
            late_supplement_request: false,
            forwarded: None,
            waits_since: None,
            lapses_on: None,
            last_wait: None,
            ended_at: None,
            delivered_at: None,
            subtasks: Vec::new(),
            post: None,
        },
    }
}

/// Of a dossier about which another agency was asked and whose result the post could not hand over.
fn legal_time_beyond() -> LegalTime {
    let short = short_legal_time();
    LegalTime {
        timeline: Timeline {
            subtasks: vec![SubtaskTimes {
                number: 1,
                opened_at: short.new,
                due: Some(due()),
                closed: Some(SubtaskEnd::Completed {
                    at: at("2022-12-20T09:00"),
                    class: Timeliness::Early,
                }),
            }],
            post: Some(PostalLeg {
                failures: 1,
                attempts: vec![at("2022-12-30T09:00")],
                back_at: None,
                attempt_too_soon: false,
                back_too_soon: false,
            }),
            ..short.timeline
        },
        ..short
    }
}

fn legal_time() -> LegalTime {
    let (from, to) = (at("2022-12-19T09:00"), at("2022-12-20T09:00"));
    let short = short_legal_time();
    LegalTime {
        due_was: Some(due()),
        timeline: Timeline {
            answered_late: true,
            clock_from: Some(short.new),
            original_due: Some(due()),
            due: Some(due()),
            moves: vec![
                ClockMove::Paused(Pause {
                    from,
                    to,
                    why: PauseWhy::Supplement,
                }),
                ClockMove::Extended(Extension {
                    ordinal: 1,
                    at: to,
                    asked_for: day("2023-01-05"),
                    late_notice: false,
                    counts: true,
                    carried_over: false,
                }),
            ],
            late_supplement_request: true,
            forwarded: Some(Forwarding {
                at: short.new,
                expected_by: Some(at("2022-12-15T17:00")),
            }),
            waits_since: Some(to),
            lapses_on: Some(day("2023-01-20")),
            last_wait: Some(LastWait {
                from,
                until: Some(to),
            }),
            ended_at: Some(at("2022-12-29T09:00")),
            delivered_at: Some(at("2022-12-30T09:00")),
            ..short.timeline
        },
        ..short
    }
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
            proposed_by: None,
            through: None,
        })
    };
    let account = || Some(ActorId::new("mot-cua"));
    let notice = || "TB-1".into();
    vec![
        (
            "",
            Event::VoidProposed(VoidProposed {
                by: ActorId::new("can-bo-1"),
                through: None,
                reason: reason(),
            }),
        ),
        (
            "through",
            Event::VoidProposed(VoidProposed {
                by: ActorId::new("can-bo-1"),
                through: account(),
                reason: reason(),
            }),
        ),
        (
            "",
            Event::AcceptanceVoided(AcceptanceVoided {
                proposed_by: ActorId::new("can-bo-1"),
                through: None,
                reason: reason(),
            }),
        ),
        (
            "through",
            Event::AcceptanceVoided(AcceptanceVoided {
                proposed_by: ActorId::new("can-bo-1"),
                through: account(),
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
                proposed_by: None,
                through: None,
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
            Event::CorrectionProposed(CorrectionProposed {
                by: ActorId::new("can-bo-1"),
                through: None,
                revision: 2,
                event: "dossier_accepted".into(),
                old: at("2022-12-16T09:00"),
                new: at("2022-12-15T09:00"),
                reason: reason(),
            }),
        ),
        (
            "through",
            Event::CorrectionProposed(CorrectionProposed {
                by: ActorId::new("can-bo-1"),
                through: account(),
                revision: 2,
                event: "dossier_accepted".into(),
                old: at("2022-12-16T09:00"),
                new: at("2022-12-15T09:00"),
                reason: reason(),
            }),
        ),
        (
            "legal_time_beyond",
            Event::EventCorrected(EventCorrected {
                correction: Correction::LegalTime(Box::new(legal_time_beyond())),
                reason: short_reason(),
                proposed_by: None,
                through: None,
            }),
        ),
        (
            "legal_time",
            Event::EventCorrected(EventCorrected {
                correction: Correction::LegalTime(Box::new(legal_time())),
                reason: reason(),
                proposed_by: Some(ActorId::new("can-bo-1")),
                through: None,
            }),
        ),
        (
            "legal_time_through",
            Event::EventCorrected(EventCorrected {
                correction: Correction::LegalTime(Box::new(short_legal_time())),
                reason: short_reason(),
                proposed_by: Some(ActorId::new("can-bo-1")),
                through: account(),
            }),
        ),
        (
            "legal_time_short",
            corrected(Correction::LegalTime(Box::new(short_legal_time()))),
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
                recorded_in: None,
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
