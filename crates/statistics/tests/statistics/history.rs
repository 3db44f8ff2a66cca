//! Histories to count, written by hand.

use domain::calendar::Calendar;
use domain::clock::{Due, DueRule, Timeliness};
use domain::event::{
    AcceptanceBasis, AcceptanceVoided, ApplicantKind, Channel, CompetentAgencyReceived,
    ComponentDigitised, ComponentReused, Correction, DeadlineExtended, DeliveryMode,
    DossierAccepted, DossierResolved, DossierSubmitted, DossierWithdrawn, DueDateRecomputed, Event,
    EventCorrected, FeePaid, FeeRequested, FeeWaived, IntakeRefused, LegalTime, Occurrence,
    Outcome, PaymentMethod, PlaceKind, ProcessingResumed, ProcessingSuspended,
    ProcessingTerminated, Reason, ResultDelivered, ReuseSource, SubtaskCompleted, SupplementLapsed,
    SupplementReceived, SupplementRequested, TaskAssigned, Timeline,
};
use domain::ids::{
    ActorId, AgencyId, ComponentCode, DossierCode, DossierId, FieldCode, LawId, OrganisationId,
    PointId, ProcedureCode, VaultRef, VersionHash,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use statistics::facts::Fact;
use statistics::memo::MemoRow;
use statistics::report::{Cells, Report};
use statistics::{AsOf, Facts, Period, Question, ii06a};
use uuid::Uuid;

/// A calendar with nearly nothing but weekends.
pub(crate) fn calendar() -> Calendar {
    let text = "# published: 2022, 2023\ndate,kind,reason,certainty\n\
                2022-09-02,off,Quốc khánh,official\n2023-09-04,off,Quốc khánh,official\n";
    Calendar::parse("calendar.csv", text).unwrap()
}

pub(crate) fn id(dossier: u8) -> DossierId {
    DossierId(Uuid::from_u128(
        0x5eed_0000_0000_0000_0000_0000_0000_0000 + u128::from(dossier),
    ))
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().unwrap()
}

pub(crate) fn by_date(text: &str) -> Due {
    Due {
        at: at(&format!("{text}T17:00:00")),
        rule: DueRule::ByDate,
        provisional: false,
    }
}

fn version() -> VersionHash {
    VersionHash::new("0123456789abcdef")
}

pub(crate) fn reason() -> Reason {
    Reason {
        code: "any".into(),
        text: None,
    }
}

/// What a dossier is about: three procedures in two fields, two agencies.
pub(crate) fn submitted(about: u8, channel: Channel) -> Event {
    Event::DossierSubmitted(DossierSubmitted {
        procedure: ProcedureCode::new(format!("1.00000{}", about % 3)),
        agency: AgencyId::new(format!("000.00.0{}.H20", about % 2)),
        channel,
        assisted: about.is_multiple_of(5),
        place: PlaceKind::Counter,
        point: None,
        operator: OrganisationId::new("VNPOST-DT"),
        applicant: ApplicantKind::Citizen,
        subject: VaultRef {
            entry: Uuid::nil(),
            digest: "00".into(),
        },
        components: Vec::new(),
        source: None,
        catalogue: version(),
        answer_due: None,
        boundary_independent: false,
        synthetic: about.is_multiple_of(7),
    })
}

pub(crate) fn accepted(about: u8, channel: Channel, due: Option<Due>) -> Event {
    Event::DossierAccepted(DossierAccepted {
        code: DossierCode::new("000.00.06.H20-221215-0001"),
        procedure: ProcedureCode::new(format!("1.00000{}", about % 3)),
        field: FieldCode::new(["H20-VH", "H20-TT", "H20-VH"][usize::from(about % 3)]),
        agency: AgencyId::new(format!("000.00.0{}.H20", about % 2)),
        channel,
        assisted: about.is_multiple_of(5),
        point: PointId::new("TTPVHCC-DT"),
        operator: OrganisationId::new("VNPOST-DT"),
        basis: AcceptanceBasis::ServerClock,
        limit: None,
        due,
        law: LawId::new(["nd61-2018", "nd118-2025"][usize::from(about % 2)]),
        calendar: version(),
        catalogue: version(),
        receipt_issued: true,
        boundary_independent: false,
    })
}

pub(crate) fn granted() -> Event {
    Event::DossierResolved(DossierResolved {
        outcome: Outcome::Granted {
            result: "1/GP".into(),
            electronic: false,
        },
    })
}

pub(crate) fn refused() -> Event {
    Event::DossierResolved(DossierResolved {
        outcome: Outcome::Refused { reason: reason() },
    })
}

pub(crate) fn withdrawn() -> Event {
    Event::DossierWithdrawn(DossierWithdrawn {
        reason: None,
        filing: None,
    })
}

pub(crate) fn terminated() -> Event {
    Event::ProcessingTerminated(ProcessingTerminated { reason: reason() })
}

pub(crate) fn refused_at_intake() -> Event {
    Event::IntakeRefused(IntakeRefused { reason: reason() })
}

pub(crate) fn suspended() -> Event {
    Event::ProcessingSuspended(ProcessingSuspended {
        reason: reason(),
        recorded_in: None,
    })
}

pub(crate) fn resumed(due: Option<Due>) -> Event {
    Event::ProcessingResumed(ProcessingResumed {
        due,
        calendar: version(),
        recorded_in: None,
    })
}

pub(crate) fn extended(due: Option<Due>) -> Event {
    let asked_for = date(2023, 1, 31);
    Event::DeadlineExtended(DeadlineExtended {
        reason: reason(),
        ordinal: 1,
        asked_for,
        late_notice: false,
        due,
        recorded_in: None,
    })
}

pub(crate) fn recomputed(due: Due) -> Event {
    Event::DueDateRecomputed(DueDateRecomputed {
        due,
        calendar: version(),
    })
}

pub(crate) fn delivered() -> Event {
    Event::ResultDelivered(ResultDelivered {
        mode: DeliveryMode::Counter,
        item: None,
        proof: None,
        to_authorised: false,
        filing: None,
    })
}

pub(crate) fn supplement_requested() -> Event {
    let late = false;
    Event::SupplementRequested(SupplementRequested {
        reason: reason(),
        components: Vec::new(),
        ordinal: 1,
        late,
        lapses_on: None,
        recorded_in: None,
    })
}

pub(crate) fn supplement_received(due: Option<Due>) -> Event {
    Event::SupplementReceived(SupplementReceived {
        components: Vec::new(),
        due,
        calendar: version(),
        filing: None,
        recorded_in: None,
    })
}

pub(crate) fn lapsed() -> Event {
    Event::SupplementLapsed(SupplementLapsed { ordinal: 1 })
}

pub(crate) fn fee_requested() -> Event {
    Event::FeeRequested(FeeRequested {
        notice: "1".into(),
        amount_vnd: 1,
        suspends_clock: true,
        recorded_in: None,
    })
}

pub(crate) fn fee_paid(due: Option<Due>) -> Event {
    let (notice, receipt, method) = ("1".into(), "1".into(), PaymentMethod::Cash);
    Event::FeePaid(FeePaid {
        notice,
        amount_vnd: 1,
        method,
        receipt,
        due,
        calendar: version(),
        filing: None,
        recorded_in: None,
    })
}

pub(crate) fn assigned() -> Event {
    Event::TaskAssigned(TaskAssigned {
        holder: ActorId::new("cv.01"),
        unit: None,
    })
}

pub(crate) fn voided() -> Event {
    Event::AcceptanceVoided(AcceptanceVoided {
        proposed_by: ActorId::new("cv.01"),
        through: None,
        reason: reason(),
    })
}

pub(crate) fn channel_corrected(old: Channel, new: Channel) -> Event {
    corrected(Correction::AcceptedChannel { old, new })
}

pub(crate) fn corrected(correction: Correction) -> Event {
    Event::EventCorrected(EventCorrected {
        correction,
        reason: reason(),
        proposed_by: None,
        through: None,
    })
}

/// Acceptance and end put right, and the due date that follows.
pub(crate) fn retimed(
    accepted_at: Timestamp,
    due: Option<Due>,
    ended_at: Option<Timestamp>,
) -> Event {
    let timeline = Timeline {
        submitted_at: accepted_at,
        answered_late: false,
        accepted_at,
        clock_from: Some(accepted_at),
        law: LawId::new("nd61-2018"),
        calendar: VersionHash::new("calendar"),
        original_due: due,
        due,
        moves: Vec::new(),
        late_supplement_request: false,
        forwarded: None,
        waits_since: None,
        lapses_on: None,
        last_wait: None,
        ended_at,
        delivered_at: None,
        subtasks: Vec::new(),
        post: None,
    };
    corrected(Correction::LegalTime(Box::new(LegalTime {
        revision: 2,
        event: "dossier_accepted".into(),
        old: accepted_at,
        new: accepted_at,
        due_was: None,
        timeline,
    })))
}

pub(crate) fn fee_waived(due: Option<Due>) -> Event {
    Event::FeeWaived(FeeWaived {
        notice: "1".into(),
        reason: reason(),
        due,
        calendar: version(),
        recorded_in: None,
    })
}

pub(crate) fn received_by_agency(due: Option<Due>) -> Event {
    Event::CompetentAgencyReceived(CompetentAgencyReceived {
        agency: AgencyId::new("000.00.00.H20"),
        due,
        calendar: version(),
    })
}

pub(crate) fn digitised() -> Event {
    Event::ComponentDigitised(ComponentDigitised {
        component: ComponentCode::new("DON"),
        digest: "00".repeat(32).into(),
        certified: true,
    })
}

pub(crate) fn reused(source: ReuseSource) -> Event {
    Event::ComponentReused(ComponentReused {
        component: ComponentCode::new("CCCD"),
        source,
        database: None,
        digest: None,
    })
}

pub(crate) fn subtask_completed(class: Timeliness) -> Event {
    Event::SubtaskCompleted(SubtaskCompleted {
        number: 1,
        class,
        result: None,
        answer: None,
        starts: Vec::new(),
        calendar: version(),
    })
}

/// A record of a log, with its event whole.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) position: u64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) dossier: DossierId,
    /// `None` when nobody understands it.
    pub(crate) occurrence: Option<Occurrence>,
}

impl Entry {
    pub(crate) fn fact(&self) -> Fact<'_> {
        let occurrence = self.occurrence.as_ref();
        Fact {
            position: self.position,
            recorded_at: self.recorded_at,
            dossier: self.dossier,
            event: occurrence.map(|it| (it.at, (&it.event).into())),
        }
    }
}

/// A log written by hand: each record at the next position.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Vec<Entry>);

impl Log {
    /// Recorded when it happened.
    pub(crate) fn add(&mut self, dossier: u8, when: &str, event: Event) -> &mut Self {
        self.add_late(dossier, when, when, event)
    }

    pub(crate) fn add_late(
        &mut self,
        dossier: u8,
        when: &str,
        recorded: &str,
        event: Event,
    ) -> &mut Self {
        let position = u64::try_from(self.0.len()).unwrap() + 1;
        let occurrence = Some(Occurrence {
            at: at(when),
            event,
        });
        self.0.push(Entry {
            position,
            recorded_at: at(recorded),
            dossier: id(dossier),
            occurrence,
        });
        self
    }

    /// Filed and accepted at once.
    pub(crate) fn take_in(
        &mut self,
        dossier: u8,
        when: &str,
        channel: Channel,
        due: &str,
    ) -> &mut Self {
        self.add(dossier, when, submitted(dossier, channel));
        self.add(
            dossier,
            when,
            accepted(dossier, channel, Some(by_date(due))),
        )
    }

    pub(crate) fn facts(&self) -> Facts {
        fold(&self.0)
    }
}

pub(crate) fn fold(log: &[Entry]) -> Facts {
    let mut facts = Facts::new(calendar());
    log.iter().for_each(|entry| facts.apply_fact(&entry.fact()));
    facts
}

/// The first half of 2023 as reports know it, asked at its end with everything known.
pub(crate) fn half_year() -> Question {
    question(
        date(2022, 12, 15),
        date(2023, 6, 14),
        u64::MAX,
        at("2023-06-15T00:00:00"),
    )
}

pub(crate) fn question(from: Date, to: Date, position: u64, when: Timestamp) -> Question {
    Question::new(Period::new(from, to).unwrap(), AsOf { position, at: when })
}

pub(crate) fn report(log: &Log) -> Report {
    ii06a(&log.facts(), &half_year())
}

pub(crate) fn total(log: &Log) -> Cells {
    report(log).total
}

pub(crate) fn memo(log: &Log, row: MemoRow) -> u64 {
    report(log).memo.get(row)
}

pub(crate) fn failing(report: &Report) -> Vec<&'static str> {
    report
        .checks
        .iter()
        .filter(|check| !check.holds)
        .map(|check| check.id)
        .collect()
}
