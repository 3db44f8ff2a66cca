//! The bytes of every event as they lie in logs: they may be added to, never changed.
//!
//! Each file holds what one event encodes to, byte for byte, and a line end. A new kind of event, or a new schema version,
//! needs a file of its own; an old file is never touched, because records with its bytes exist.

use std::fs;
use std::path::PathBuf;

use domain::Rejection;
use domain::clock::{Due, DueRule, TimeLimit, TimeUnit};
use domain::event::*;
use domain::ids::*;

use crate::testing::{at, day, paper};

#[path = "beyond.rs"]
mod beyond;
#[path = "brought.rs"]
mod brought;
#[path = "carried.rs"]
mod carried;
#[path = "look_ups.rs"]
mod look_ups;
#[path = "post.rs"]
mod post;

/// An event and the golden file it must encode to: the kind, the version, and what the sample shows besides.
pub(crate) struct Sample {
    shows: &'static str,
    pub(crate) event: Event,
}

fn reason() -> Reason {
    let text = Some(VaultRef {
        entry: uuid::Uuid::from_u128(9),
        digest: "ab".repeat(32).into(),
    });
    Reason {
        code: "missing_component".into(),
        text,
    }
}

fn short_reason() -> Reason {
    Reason {
        code: "moot".into(),
        text: None,
    }
}

fn due() -> Due {
    Due {
        at: at("2022-12-29T17:00"),
        rule: DueRule::ByDate,
        provisional: false,
    }
}

fn provisional() -> Due {
    Due {
        at: at("2027-01-05T16:30"),
        rule: DueRule::ByInstant,
        provisional: true,
    }
}

fn calendar() -> VersionHash {
    VersionHash::new("0123456789abcdef")
}

fn submitted() -> DossierSubmitted {
    DossierSubmitted {
        procedure: ProcedureCode::new("1.003654"),
        agency: AgencyId::new("000.00.06.H20"),
        channel: Channel::Online,
        assisted: true,
        place: PlaceKind::Online,
        point: Some(PointId::new("TTPVHCC-DT")),
        operator: OrganisationId::new("VNPOST-DT"),
        applicant: ApplicantKind::Citizen,
        subject: VaultRef {
            entry: uuid::Uuid::from_u128(7),
            digest: "cd".repeat(32).into(),
        },
        components: vec![
            paper("DON"),
            PresentedComponent {
                certified_copies: 1,
                copies: 2,
                ..paper("BANVE")
            },
        ],
        source: Some(SourceReference {
            system: "motcua.dongthap".into(),
            reference: "2022-0001".into(),
        }),
        catalogue: VersionHash::new("fedcba9876543210"),
        answer_due: Some(at("2022-12-16T09:00")),
        boundary_independent: false,
        synthetic: true,
    }
}

fn accepted(basis: AcceptanceBasis) -> DossierAccepted {
    DossierAccepted {
        code: DossierCode::new("000.00.06.H20-221215-0001"),
        procedure: ProcedureCode::new("1.003654"),
        field: FieldCode::new("H20-VH"),
        agency: AgencyId::new("000.00.06.H20"),
        channel: Channel::Postal,
        assisted: true,
        point: PointId::new("TTPVHCC-DT"),
        operator: OrganisationId::new("VNPOST-DT"),
        basis,
        limit: Some(TimeLimit {
            amount: 10,
            unit: TimeUnit::WorkingDays,
        }),
        due: Some(due()),
        law: LawId::new("nd61-2018"),
        calendar: calendar(),
        catalogue: VersionHash::new("fedcba9876543210"),
        receipt_issued: true,
        boundary_independent: false,
    }
}

fn intake_samples() -> Vec<(&'static str, Event)> {
    vec![
        ("", Event::DossierSubmitted(submitted())),
        (
            "least",
            Event::DossierSubmitted(DossierSubmitted {
                channel: Channel::Direct,
                assisted: false,
                place: PlaceKind::Counter,
                point: None,
                applicant: ApplicantKind::Business,
                components: Vec::new(),
                source: None,
                answer_due: None,
                synthetic: false,
                ..submitted()
            }),
        ),
        (
            "",
            Event::IntakeSupplementRequested(IntakeSupplementRequested {
                reason: reason(),
                components: vec![ComponentCode::new("BANVE")],
                ordinal: 1,
            }),
        ),
        (
            "",
            Event::IntakeSupplementReceived(IntakeSupplementReceived {
                components: vec![paper("BANVE")],
                answer_due: Some(at("2022-12-19T09:00")),
                filing: None,
            }),
        ),
        ("", Event::IntakeRefused(IntakeRefused { reason: reason() })),
        (
            "",
            Event::DossierAccepted(accepted(AcceptanceBasis::HandOverMinute {
                number: "BB-01".into(),
            })),
        ),
        (
            "late",
            Event::DossierAccepted(accepted(AcceptanceBasis::RecordedLate {
                reason: short_reason(),
            })),
        ),
        (
            "carried_over",
            Event::DossierAccepted(accepted(AcceptanceBasis::CarriedOver {
                system: "motcua.cu".into(),
                computed: Some(provisional()),
                counted: false,
                recorded: None,
            })),
        ),
        (
            "carried_over_alike",
            Event::DossierAccepted(accepted(AcceptanceBasis::CarriedOver {
                system: "motcua.cu".into(),
                computed: None,
                counted: false,
                recorded: None,
            })),
        ),
        (
            "carried_over_counted",
            Event::DossierAccepted(accepted(AcceptanceBasis::CarriedOver {
                system: "motcua.cu".into(),
                computed: None,
                counted: true,
                recorded: Some(due()),
            })),
        ),
        (
            "least",
            Event::DossierAccepted(DossierAccepted {
                channel: Channel::Direct,
                assisted: false,
                limit: None,
                due: None,
                receipt_issued: false,
                ..accepted(AcceptanceBasis::ServerClock)
            }),
        ),
        (
            "",
            Event::DossierWithdrawn(DossierWithdrawn {
                reason: Some(reason()),
                filing: None,
            }),
        ),
        (
            "least",
            Event::DossierWithdrawn(DossierWithdrawn {
                reason: None,
                filing: None,
            }),
        ),
        (
            "",
            Event::SubjectErasureRequested(SubjectErasureRequested {
                ground: "data_subject_request".into(),
            }),
        ),
        (
            "",
            Event::SubjectKeyDestroyed(SubjectKeyDestroyed {
                ground: "data_subject_request".into(),
                left_out: Vec::new(),
            }),
        ),
        (
            "",
            Event::DuplicateSubmission(DuplicateSubmission {
                other_home: HomeId(uuid::Uuid::from_u128(7)),
                void_code: Some(DossierCode::new("000.00.06.H20-221215-0001")),
            }),
        ),
        (
            "least",
            Event::DuplicateSubmission(DuplicateSubmission {
                other_home: HomeId(uuid::Uuid::from_u128(7)),
                void_code: None,
            }),
        ),
    ]
}

fn processing_samples() -> Vec<(&'static str, Event)> {
    vec![
        (
            "",
            Event::Transferred(Transferred {
                to: AgencyId::new("000.00.06.H20"),
                unit: Some("Phòng Quản lý Văn hóa".into()),
                expected_by: Some(at("2022-12-15T17:00")),
            }),
        ),
        (
            "",
            Event::TaskAssigned(TaskAssigned {
                holder: ActorId::new("can-bo-2"),
                unit: Some("VH".into()),
            }),
        ),
        (
            "",
            Event::SupplementRequested(SupplementRequested {
                reason: reason(),
                components: vec![ComponentCode::new("BANVE")],
                ordinal: 2,
                late: true,
                lapses_on: Some(day("2023-01-31")),
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::SupplementReceived(SupplementReceived {
                components: vec![paper("BANVE")],
                due: Some(due()),
                calendar: calendar(),
                filing: None,
                recorded_in: None,
            }),
        ),
        ("", Event::SupplementLapsed(SupplementLapsed { ordinal: 1 })),
        (
            "",
            Event::FeeRequested(FeeRequested {
                notice: "TB-1".into(),
                amount_vnd: 250_000,
                suspends_clock: true,
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::FeePaid(FeePaid {
                notice: "TB-1".into(),
                amount_vnd: 250_000,
                method: PaymentMethod::Transfer,
                receipt: "BL-1".into(),
                due: Some(provisional()),
                calendar: calendar(),
                filing: None,
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::DeadlineExtended(DeadlineExtended {
                reason: reason(),
                ordinal: 1,
                asked_for: day("2022-12-29"),
                late_notice: false,
                due: Some(due()),
                recorded_in: None,
            }),
        ),
        (
            "late",
            Event::DeadlineExtended(DeadlineExtended {
                reason: short_reason(),
                ordinal: 2,
                asked_for: day("2022-12-29"),
                late_notice: true,
                due: None,
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::ProcessingSuspended(ProcessingSuspended {
                reason: reason(),
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::ProcessingResumed(ProcessingResumed {
                due: Some(due()),
                calendar: calendar(),
                recorded_in: None,
            }),
        ),
        (
            "",
            Event::ProcessingTerminated(ProcessingTerminated { reason: reason() }),
        ),
        (
            "",
            Event::DossierResolved(DossierResolved {
                outcome: Outcome::Granted {
                    result: "GP-12".into(),
                    electronic: true,
                },
            }),
        ),
        (
            "refused",
            Event::DossierResolved(DossierResolved {
                outcome: Outcome::Refused { reason: reason() },
            }),
        ),
        (
            "",
            Event::ResultDelivered(ResultDelivered {
                mode: DeliveryMode::Post,
                item: Some("EE123456785VN".into()),
                proof: Some(VaultRef {
                    entry: uuid::Uuid::from_u128(8),
                    digest: "ef".repeat(32).into(),
                }),
                to_authorised: false,
                filing: None,
            }),
        ),
        (
            "",
            Event::DueDateRecomputed(DueDateRecomputed {
                due: provisional(),
                calendar: calendar(),
            }),
        ),
    ]
}

/// At least one event of every kind.
pub(crate) fn samples() -> Vec<Sample> {
    let all = intake_samples()
        .into_iter()
        .chain(processing_samples())
        .chain(beyond::samples())
        .chain(carried::samples())
        .chain(post::samples())
        .chain(look_ups::samples());
    all.map(|(shows, event)| Sample { shows, event }).collect()
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/domain/golden")
        .join(name)
}

fn file(sample: &Sample) -> String {
    let (kind, version) = (sample.event.kind(), sample.event.schema_version());
    match sample.shows {
        "" => format!("{kind}.v{version}.json"),
        shows => format!("{kind}.v{version}.{shows}.json"),
    }
}

fn encoded(event: &Event) -> String {
    let mut bytes = Vec::new();
    event
        .encode(&mut serde_json::Serializer::new(&mut bytes))
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_event_has_the_bytes_it_always_had_and_is_read_back_from_them() {
    for sample in samples() {
        let file = file(&sample);
        let bytes = encoded(&sample.event);
        let golden = fs::read_to_string(golden(&file))
            .unwrap_or_else(|error| panic!("{file}: {error}; it should hold\n{bytes}\n"));
        assert_eq!(
            format!("{bytes}\n"),
            golden,
            "{file}: the bytes in logs would change"
        );
        let mut data = serde_json::Deserializer::from_str(golden.trim_end());
        let read = Event::decode(sample.event.kind(), &mut data)
            .unwrap()
            .unwrap();
        assert_eq!(read, sample.event, "{file} is read as something else");
    }
}

#[test]
fn every_kind_of_event_has_its_golden_file() {
    for (kind, version) in Event::KINDS {
        let name = format!("{kind}.v{version}.json");
        assert!(golden(&name).exists(), "{name} is missing");
        let sampled = samples().iter().any(|sample| sample.event.kind() == *kind);
        assert!(
            sampled,
            "no sample of {kind} is compared with its golden file"
        );
    }
}

#[test]
fn every_golden_file_is_compared_with_something() {
    let compared: Vec<String> = samples().iter().map(file).collect();
    for entry in fs::read_dir(golden("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "rejections.txt" || compared.contains(&name),
            "{name} is compared with nothing"
        );
    }
}

#[test]
fn an_event_this_program_does_not_know_is_not_read() {
    let mut data = serde_json::Deserializer::from_str("{}");
    assert!(Event::decode("dossier_eaten", &mut data).is_none());
}

#[test]
fn the_reasons_of_rejections_are_a_contract() {
    let golden = fs::read_to_string(golden("rejections.txt")).unwrap();
    let reasons = Rejection::REASONS.join("\n") + "\n";
    assert_eq!(
        reasons, golden,
        "add reasons to rejections.txt, never change or drop one"
    );
}
