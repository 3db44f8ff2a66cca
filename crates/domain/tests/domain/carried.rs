//! What came from elsewhere: events that another system recorded, and a calendar that was published.

use domain::event::*;
use domain::ids::{ActorId, HomeId, VersionHash};

use super::{calendar, day, due, short_reason};

pub(crate) fn samples() -> Vec<(&'static str, Event)> {
    vec![
        (
            "carried",
            Event::SupplementRequested(SupplementRequested {
                reason: short_reason(),
                components: Vec::new(),
                ordinal: 1,
                late: false,
                lapses_on: None,
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::DeadlineExtended(DeadlineExtended {
                reason: short_reason(),
                ordinal: 1,
                asked_for: day("2022-12-29"),
                late_notice: false,
                due: Some(due()),
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::ProcessingSuspended(ProcessingSuspended {
                reason: short_reason(),
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::SupplementReceived(SupplementReceived {
                components: Vec::new(),
                due: Some(due()),
                calendar: calendar(),
                filing: None,
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "",
            Event::SupplementNotBrought(SupplementNotBrought {
                ordinal: 1,
                due: Some(due()),
                calendar: calendar(),
                recorded_in: "motcua.cu".into(),
            }),
        ),
        (
            "carried",
            Event::ProcessingResumed(ProcessingResumed {
                due: Some(due()),
                calendar: calendar(),
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::FeeRequested(FeeRequested {
                notice: "TB-1".into(),
                amount_vnd: 250_000,
                suspends_clock: true,
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::FeePaid(FeePaid {
                notice: "TB-1".into(),
                amount_vnd: 250_000,
                method: PaymentMethod::Cash,
                receipt: "BL-7".into(),
                due: Some(due()),
                calendar: calendar(),
                filing: None,
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "carried",
            Event::FeeWaived(FeeWaived {
                notice: "TB-1".into(),
                reason: short_reason(),
                due: None,
                calendar: calendar(),
                recorded_in: Some("motcua.cu".into()),
            }),
        ),
        (
            "",
            Event::CalendarPublished(CalendarPublished {
                replaces: calendar(),
                version: VersionHash::new("fedcba9876543210"),
                csv: "date,kind,reason,certainty\n".into(),
            }),
        ),
        (
            "left_out",
            Event::SubjectKeyDestroyed(SubjectKeyDestroyed {
                ground: "data_subject_request".into(),
                left_out: vec![HomeId(uuid::Uuid::from_u128(7))],
            }),
        ),
        (
            "",
            Event::VaultLossDeclared(VaultLossDeclared {
                home: HomeId(uuid::Uuid::from_u128(7)),
                reason: "Ổ đĩa đã hủy".into(),
                through: None,
            }),
        ),
        (
            "through",
            Event::VaultLossDeclared(VaultLossDeclared {
                home: HomeId(uuid::Uuid::from_u128(7)),
                reason: "Ổ đĩa đã hủy".into(),
                through: Some(ActorId::new("mot-cua")),
            }),
        ),
        (
            "",
            Event::VaultLossEnded(VaultLossEnded {
                home: HomeId(uuid::Uuid::from_u128(7)),
            }),
        ),
    ]
}
