//! The small things both directions share: times, channels, papers, reasons.

use domain::clock::{Due, DueRule, TimeLimit, TimeUnit};
use domain::dossier::Phase;
use domain::event::{ApplicantKind, Channel, PlaceKind, PresentedComponent};
use domain::ids::{ComponentCode, SourceReference};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::faults::Faults;
use crate::hoso::dossier::v1 as wire;
use crate::text;

/// Papers in one request, at most.
const COMPONENTS_MAX: usize = 100;
/// Copies of one paper, at most.
const COPIES_MAX: u32 = 1000;
/// Instants the system works with: the law it knows starts in 2018, and no honest document is from the next century.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

/// A reason as it came: the words still have to go to the vault.
#[derive(Clone, PartialEq, Eq)]
pub struct ReasonGiven {
    /// The short code.
    pub code: Box<str>,
    /// The words.
    pub text: Option<String>,
}

/// Never shows the words: a log line must not carry them.
impl std::fmt::Debug for ReasonGiven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReasonGiven({})", self.code)
    }
}

/// A time on the wire.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

/// A time from the wire, in the whole microseconds that a log keeps.
///
/// # Errors
/// A sentence about what is wrong.
pub fn instant(at: prost_types::Timestamp) -> Result<Timestamp, String> {
    // The wire counts nanoseconds forward only; the time library would take negative ones too.
    (0..1_000_000_000)
        .contains(&at.nanos)
        .then(|| Timestamp::new(at.seconds, at.nanos - at.nanos % 1_000).ok())
        .flatten()
        .filter(|instant| YEARS.contains(&domain::local::date(*instant).year()))
        .ok_or_else(|| "must be a time between the years 2000 and 2100".to_owned())
}

/// A civil date from the wire, `YYYY-MM-DD`.
///
/// # Errors
/// A sentence about what is wrong.
pub fn date(text: &str) -> Result<Date, String> {
    let parsed: Date = text
        .parse()
        .map_err(|_| "must be a day that exists, as YYYY-MM-DD".to_owned())?;
    if text.len() == 10 && YEARS.contains(&parsed.year()) {
        Ok(parsed)
    } else {
        Err("must be a day between the years 2000 and 2100, as YYYY-MM-DD".to_owned())
    }
}

/// A channel from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn channel(value: i32) -> Result<Channel, &'static str> {
    match wire::Channel::try_from(value) {
        Ok(wire::Channel::Direct) => Ok(Channel::Direct),
        Ok(wire::Channel::Online) => Ok(Channel::Online),
        Ok(wire::Channel::Postal) => Ok(Channel::Postal),
        Ok(wire::Channel::Unspecified) | Err(_) => Err("must be direct, online or postal"),
    }
}

/// A channel on the wire.
pub fn wire_channel(channel: Channel) -> wire::Channel {
    match channel {
        Channel::Direct => wire::Channel::Direct,
        Channel::Online => wire::Channel::Online,
        Channel::Postal => wire::Channel::Postal,
    }
}

/// A kind of place from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn place(value: i32) -> Result<PlaceKind, &'static str> {
    match wire::PlaceKind::try_from(value) {
        Ok(wire::PlaceKind::Counter) => Ok(PlaceKind::Counter),
        Ok(wire::PlaceKind::PostOffice) => Ok(PlaceKind::PostOffice),
        Ok(wire::PlaceKind::Kiosk) => Ok(PlaceKind::Kiosk),
        Ok(wire::PlaceKind::HomeCollection) => Ok(PlaceKind::HomeCollection),
        Ok(wire::PlaceKind::Online) => Ok(PlaceKind::Online),
        Ok(wire::PlaceKind::Unspecified) | Err(_) => {
            Err("must be counter, post office, kiosk, home collection or online")
        }
    }
}

/// A kind of applicant from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn applicant_kind(value: i32) -> Result<ApplicantKind, &'static str> {
    match wire::ApplicantKind::try_from(value) {
        Ok(wire::ApplicantKind::Citizen) => Ok(ApplicantKind::Citizen),
        Ok(wire::ApplicantKind::Business) => Ok(ApplicantKind::Business),
        Ok(wire::ApplicantKind::StateAgency) => Ok(ApplicantKind::StateAgency),
        Ok(wire::ApplicantKind::OtherOrganisation) => Ok(ApplicantKind::OtherOrganisation),
        Ok(wire::ApplicantKind::Unspecified) | Err(_) => {
            Err("must be citizen, business, state agency or other organisation")
        }
    }
}

/// A kind of applicant on the wire.
pub fn wire_applicant_kind(kind: ApplicantKind) -> wire::ApplicantKind {
    match kind {
        ApplicantKind::Citizen => wire::ApplicantKind::Citizen,
        ApplicantKind::Business => wire::ApplicantKind::Business,
        ApplicantKind::StateAgency => wire::ApplicantKind::StateAgency,
        ApplicantKind::OtherOrganisation => wire::ApplicantKind::OtherOrganisation,
    }
}

/// A phase on the wire.
pub fn wire_phase(phase: Phase) -> wire::Phase {
    match phase {
        Phase::Unknown => wire::Phase::Unspecified,
        Phase::Submitted => wire::Phase::Submitted,
        Phase::AwaitingIntakeSupplement => wire::Phase::AwaitingIntakeSupplement,
        Phase::Refused => wire::Phase::Refused,
        Phase::Accepted => wire::Phase::Accepted,
        Phase::InProcessing => wire::Phase::InProcessing,
        Phase::AwaitingSupplement => wire::Phase::AwaitingSupplement,
        Phase::AwaitingPayment => wire::Phase::AwaitingPayment,
        Phase::Suspended => wire::Phase::Suspended,
        Phase::Terminated => wire::Phase::Terminated,
        Phase::Resolved => wire::Phase::Resolved,
        Phase::Returned => wire::Phase::Returned,
        Phase::Withdrawn => wire::Phase::Withdrawn,
        Phase::Voided => wire::Phase::Voided,
    }
}

/// A phase from the wire; none for one that is not a phase of a dossier.
pub fn phase(value: i32) -> Option<Phase> {
    match wire::Phase::try_from(value) {
        Ok(wire::Phase::Submitted) => Some(Phase::Submitted),
        Ok(wire::Phase::AwaitingIntakeSupplement) => Some(Phase::AwaitingIntakeSupplement),
        Ok(wire::Phase::Refused) => Some(Phase::Refused),
        Ok(wire::Phase::Accepted) => Some(Phase::Accepted),
        Ok(wire::Phase::InProcessing) => Some(Phase::InProcessing),
        Ok(wire::Phase::AwaitingSupplement) => Some(Phase::AwaitingSupplement),
        Ok(wire::Phase::AwaitingPayment) => Some(Phase::AwaitingPayment),
        Ok(wire::Phase::Suspended) => Some(Phase::Suspended),
        Ok(wire::Phase::Terminated) => Some(Phase::Terminated),
        Ok(wire::Phase::Resolved) => Some(Phase::Resolved),
        Ok(wire::Phase::Returned) => Some(Phase::Returned),
        Ok(wire::Phase::Withdrawn) => Some(Phase::Withdrawn),
        Ok(wire::Phase::Voided) => Some(Phase::Voided),
        Ok(wire::Phase::Unspecified) | Err(_) => None,
    }
}

/// A statutory time on the wire.
pub fn wire_limit(limit: TimeLimit) -> wire::TimeLimit {
    let unit = match limit.unit {
        TimeUnit::WorkingDays => wire::TimeUnit::WorkingDays,
        TimeUnit::CalendarDays => wire::TimeUnit::CalendarDays,
        TimeUnit::WorkingHours => wire::TimeUnit::WorkingHours,
        TimeUnit::Months => wire::TimeUnit::Months,
        TimeUnit::SameDay => wire::TimeUnit::SameDay,
    };
    wire::TimeLimit {
        amount: u32::from(limit.amount),
        unit: unit.into(),
    }
}

/// A due date on the wire.
pub fn wire_due(due: Due) -> wire::Due {
    wire::Due {
        at: Some(timestamp(due.at)),
        by_instant: match due.rule {
            DueRule::ByDate => false,
            DueRule::ByInstant => true,
        },
        provisional: due.provisional,
    }
}

/// Papers from the wire, in the field `components`.
pub fn components(papers: &[wire::Component], faults: &mut Faults) -> Vec<PresentedComponent> {
    papers_in("components", papers, faults)
}

/// Papers from the wire, in any field.
pub(super) fn papers_in(
    name: &str,
    papers: &[wire::Component],
    faults: &mut Faults,
) -> Vec<PresentedComponent> {
    if papers.len() > COMPONENTS_MAX {
        faults.note(name, format!("may have at most {COMPONENTS_MAX} papers"));
        return Vec::new();
    }
    let mut taken = Vec::with_capacity(papers.len());
    for (index, paper) in papers.iter().enumerate() {
        let code = faults.take(
            &format!("{name}[{index}].code"),
            text::identifier(&paper.code, 64),
        );
        let mut count = |field: &str, value: u32| {
            if value > COPIES_MAX {
                faults.note(
                    &format!("{name}[{index}].{field}"),
                    format!("may be at most {COPIES_MAX}"),
                );
            }
            u16::try_from(value).unwrap_or(u16::MAX)
        };
        taken.push(PresentedComponent {
            code: ComponentCode::new(code.unwrap_or_default()),
            originals: count("originals", paper.originals),
            certified_copies: count("certified_copies", paper.certified_copies),
            copies: count("copies", paper.copies),
        });
    }
    taken
}

/// Paper codes from the wire.
pub fn component_codes(codes: &[String], faults: &mut Faults) -> Vec<ComponentCode> {
    if codes.len() > COMPONENTS_MAX {
        faults.note(
            "components",
            format!("may have at most {COMPONENTS_MAX} papers"),
        );
        return Vec::new();
    }
    codes
        .iter()
        .enumerate()
        .filter_map(|(index, code)| {
            faults
                .take(&format!("components[{index}]"), text::identifier(code, 64))
                .map(ComponentCode::new)
        })
        .collect()
}

/// A paper on the wire.
pub fn wire_component(paper: &PresentedComponent) -> wire::Component {
    wire::Component {
        code: paper.code.to_string(),
        originals: u32::from(paper.originals),
        certified_copies: u32::from(paper.certified_copies),
        copies: u32::from(paper.copies),
    }
}

/// A reason from the wire that must be there.
pub fn reason(given: Option<&wire::Reason>, faults: &mut Faults) -> Option<ReasonGiven> {
    match given {
        Some(given) => reason_given(given, faults),
        None => {
            faults.note("reason", "must say why");
            None
        }
    }
}

/// A reason from the wire that may be missing.
pub fn reason_if_any(given: Option<&wire::Reason>, faults: &mut Faults) -> Option<ReasonGiven> {
    given.and_then(|given| reason_given(given, faults))
}

fn reason_given(given: &wire::Reason, faults: &mut Faults) -> Option<ReasonGiven> {
    faults.within("reason", |faults| parts(given, faults))
}

/// A reason from the wire that must be there, in a field that the caller is within.
pub fn reason_of(given: Option<&wire::Reason>, faults: &mut Faults) -> Option<ReasonGiven> {
    match given {
        Some(given) => parts(given, faults),
        None => {
            faults.note("", "must say what is asked");
            None
        }
    }
}

fn parts(given: &wire::Reason, faults: &mut Faults) -> Option<ReasonGiven> {
    let code = faults.take("code", text::reason_code(&given.code));
    let words = faults.take("text", text::prose(&given.text, 4000));
    Some(ReasonGiven {
        code: code?.into(),
        text: words.filter(|words| !words.is_empty()),
    })
}

/// Another system's number from the wire.
pub fn source(given: &wire::SourceReference, faults: &mut Faults) -> Option<SourceReference> {
    faults.within("source", |faults| {
        let system = faults.take("system", text::identifier(&given.system, 64));
        let reference = faults.take("reference", text::identifier(&given.reference, 128));
        Some(SourceReference {
            system: system?.into(),
            reference: reference?.into(),
        })
    })
}

/// Another system's number on the wire.
pub fn wire_source(source: &SourceReference) -> wire::SourceReference {
    wire::SourceReference {
        system: source.system.to_string(),
        reference: source.reference.to_string(),
    }
}
