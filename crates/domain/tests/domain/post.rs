//! Samples of what the public post does, as its terminals tell it.

use domain::event::*;
use domain::ids::*;
use uuid::Uuid;

use crate::testing::at;

/// Each with what the sample shows besides its kind.
pub(super) fn samples() -> Vec<(&'static str, Event)> {
    [papers(), terminals(), entries()].concat()
}

fn terminal() -> TerminalId {
    TerminalId::new("T-870000-1")
}

fn code() -> DossierCode {
    DossierCode::new("000.00.06.H20-221215-0001")
}

fn papers() -> Vec<(&'static str, Event)> {
    let minute = HandOverSigned {
        number: "BB-1".into(),
        from: Holder::Terminal(terminal()),
        to: Holder::PostOffice("BC-870000".into()),
        giver: ActorId::new("postman-1"),
        taker: Some(ActorId::new("clerk-1")),
        papers: vec![
            HandedOver {
                paper: Paper::Slip("PG-1".into()),
                item: Some("EA000000001VN".into()),
                dossier: Some(DossierId(Uuid::from_u128(5))),
                found: Some(Found::Complete),
            },
            HandedOver {
                paper: Paper::Slip("PG-2".into()),
                item: None,
                dossier: None,
                found: Some(Found::Missing),
            },
        ],
    };
    let one_side = HandOverSigned {
        from: Holder::PostOffice("BC-870000".into()),
        to: Holder::Point("TTPVHCC-DT".into()),
        taker: None,
        papers: vec![HandedOver {
            paper: Paper::Result(code()),
            item: None,
            dossier: None,
            found: None,
        }],
        ..minute.clone()
    };
    let receipt = FeeReceiptIssued {
        series: "AA-22P".into(),
        number: 10_000_001,
        terminal: terminal(),
        paper: Paper::Result(code()),
        amount_vnd: 250_000,
        notice: Some("TB-1".into()),
        outside_range: true,
    };
    vec![
        (
            "",
            Event::DossierCollected(DossierCollected {
                slip: "PG-1".into(),
                terminal: terminal(),
                agency: AgencyId::new("000.00.06.H20"),
                checklist: VersionHash::new("fedcba9876543210"),
                device_at: at("2022-12-15T09:00"),
            }),
        ),
        ("", Event::HandOverSigned(minute)),
        ("one_side", Event::HandOverSigned(one_side)),
        (
            "",
            Event::HandOverAcknowledged(HandOverAcknowledged {
                number: "BB-1".into(),
                taker: ActorId::new("clerk-1"),
                found: vec![Found::Complete, Found::Incomplete, Found::Damaged],
            }),
        ),
        ("", Event::FeeReceiptIssued(receipt.clone())),
        (
            "least",
            Event::FeeReceiptIssued(FeeReceiptIssued {
                paper: Paper::Slip("PG-1".into()),
                notice: None,
                outside_range: false,
                ..receipt
            }),
        ),
    ]
}

fn terminals() -> Vec<(&'static str, Event)> {
    vec![
        (
            "",
            Event::ReceiptRangeLeased(ReceiptRangeLeased {
                series: "AA-22P".into(),
                first: 10_000_001,
                last: 10_000_050,
                terminal: terminal(),
            }),
        ),
        (
            "",
            Event::TerminalEnrolled(TerminalEnrolled {
                terminal: terminal(),
                office: "BC-870000".into(),
                operator: OrganisationId::new("VNPOST-DT"),
            }),
        ),
        (
            "",
            Event::TerminalNoted(TerminalNoted {
                flag: TerminalFlag::ClockSkewed,
                sequence: 0,
                skew_seconds: -3600,
            }),
        ),
    ]
}

fn entries() -> Vec<(&'static str, Event)> {
    let answered = |answer, flags| {
        Event::JournalEntryAnswered(JournalEntryAnswered {
            terminal: terminal(),
            command: Uuid::from_u128(6),
            device_at: Some(at("2022-12-15T09:00")),
            content: "ab".repeat(16).into(),
            answer,
            flags,
        })
    };
    let filing = FilingId(Uuid::from_u128(7));
    let flags = vec![
        EntryFlag::ClockSkewed,
        EntryFlag::ClockWentBack,
        EntryFlag::ChecklistOutdated,
        EntryFlag::ReceiptOutsideRange,
        EntryFlag::SignedInFuture,
        EntryFlag::PaperUnknown,
    ];
    let number = "BB-1".into();
    let dossier = DossierId(Uuid::from_u128(5));
    vec![
        ("", answered(EntryAnswer::Collected { dossier }, flags)),
        (
            "minute",
            answered(EntryAnswer::HandedOver { number }, Vec::new()),
        ),
        (
            "receipt",
            answered(
                EntryAnswer::ReceiptIssued {
                    filing: Some(filing),
                },
                Vec::new(),
            ),
        ),
        ("filed", answered(EntryAnswer::Filed { filing }, Vec::new())),
        (
            "duplicate",
            answered(EntryAnswer::Duplicate { of: 3 }, Vec::new()),
        ),
        (
            "lost",
            answered(
                EntryAnswer::Lost {
                    reason: "purged".into(),
                },
                Vec::new(),
            ),
        ),
        (
            "refused",
            answered(
                EntryAnswer::Refused(EntryRefusal {
                    reason: "INVALID_FIELD".into(),
                    faults: vec![("collected.slip".into(), "must not be empty".into())],
                    message: "Yêu cầu có trường dữ liệu không hợp lệ.".into(),
                }),
                Vec::new(),
            ),
        ),
    ]
}
