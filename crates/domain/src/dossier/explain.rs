//! Why a due date is what it is: what set and moved it, every day counted, skipped and paused, and the rules applied.

use jiff::Timestamp;

use super::case::{Case, ClockMove, PauseWhy, Waiting};
use super::recount::{Counting, Effect};
use super::words::{Words, recorded_in, say_what_was_recorded, words};
use super::{Dossier, Extension, evolve};
use crate::catalogue::Catalogue;
use crate::clock::{self, DayKind, Due, ExplainedDay, TimeLimit, TimeUnit};
use crate::event::{AcceptanceBasis, Event, Occurrence};
use crate::ids::{DossierCode, LawId, VersionHash};
use crate::law::{Certainty, LawVersion, Parameter, SupplementRule, SuspensionRule};

/// The account of a due date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadlineExplanation {
    /// The dossier code.
    pub code: DossierCode,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The statutory time; none when the procedure sets none.
    pub limit: Option<TimeLimit>,
    /// The law version that governs it.
    pub law: LawId,
    /// That law version's name; none when the catalogue in use has lost it: days and rules are empty then.
    pub law_name: Option<Box<str>>,
    /// The calendar the due date was last counted on.
    pub calendar: VersionHash,
    /// That calendar is the one in use, on which the days below are told.
    pub calendar_is_current: bool,
    /// The catalogue at acceptance.
    pub catalogue: VersionHash,
    /// The due date on form 01.
    pub original_due: Option<Due>,
    /// The due date now.
    pub due: Option<Due>,
    /// It reaches into a year without a published calendar.
    pub provisional: bool,
    /// What set and moved it, oldest first.
    pub steps: Vec<ExplainStep>,
    /// Every day from the start now in force to the due date.
    pub days: Vec<ExplainedDay>,
    /// The law parameters that were applied.
    pub rules: Vec<AppliedRule>,
}

/// One thing that set or moved a due date, or might have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainStep {
    /// When.
    pub at: Timestamp,
    /// What happened, and what it did to the clock.
    pub what: Words,
    /// The due date after it.
    pub due_after: Option<Due>,
}

/// A law parameter that was applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppliedRule {
    /// Its name in the catalogue.
    pub parameter: &'static str,
    /// Its value.
    pub value: String,
    /// The article it comes from.
    pub source: Box<str>,
    /// How certain that is.
    pub certainty: Certainty,
}

/// Explains the due date that this history gives; `None` for a dossier that was never accepted.
pub fn explain_deadline(
    history: &[Occurrence],
    catalogue: &Catalogue,
) -> Option<DeadlineExplanation> {
    let mut dossier = Dossier::Unknown;
    let mut steps = Vec::new();
    // The last step that came with the dossier from another system.
    let mut carried = 0;
    for occurrence in history {
        dossier = evolve(dossier, occurrence);
        if let Some(case) = dossier.case() {
            let counting = Counting::in_catalogue(case, catalogue);
            if recorded_in(&occurrence.event).is_some() {
                carried = steps.len();
            }
            steps.extend(step(occurrence, case, counting.map(|it| it.law)));
        }
    }
    let case = dossier.case()?;
    if let Some(step) = steps.get_mut(carried) {
        say_what_was_recorded(&mut step.what, &case.basis);
    }
    let counting = Counting::in_catalogue(case, catalogue);
    let waiting = dossier.waiting();
    Some(DeadlineExplanation {
        code: case.code.clone(),
        accepted_at: case.accepted_at,
        limit: case.limit,
        law: case.law.clone(),
        law_name: counting.map(|it| it.law.name.clone()),
        calendar: case.calendar.clone(),
        calendar_is_current: case.calendar == *catalogue.calendar().version(),
        catalogue: case.catalogue.clone(),
        original_due: case.original_due,
        due: case.due,
        provisional: case.due.is_some_and(|due| due.provisional),
        steps,
        days: counting
            .map(|it| days(case, waiting, &it))
            .unwrap_or_default(),
        rules: counting
            .map(|it| rules(case, waiting, it.law))
            .unwrap_or_default(),
    })
}

/// The step that an event is in the life of the due date; none when it has nothing to do with the clock.
fn step(occurrence: &Occurrence, case: &Case, law: Option<&LawVersion>) -> Option<ExplainStep> {
    let (vi, en) = match &occurrence.event {
        Event::DossierAccepted(it) if it.boundary_independent => (
            "thời hạn tính từ khi cơ quan có thẩm quyền nhận hồ sơ",
            "the clock starts when the competent agency has the dossier",
        ),
        Event::DossierAccepted(_) => ("bắt đầu tính thời hạn", "the clock starts"),
        Event::SupplementRequested(_) => (
            "thời hạn không tính trong khi chờ",
            "the wait does not count",
        ),
        Event::SupplementReceived(_) => match law.map(|law| law.on_supplement.value) {
            Some(SupplementRule::Restart) => ("thời hạn tính lại từ đầu", "the time starts anew"),
            Some(SupplementRule::Suspend) => ("thời hạn tính tiếp", "the time goes on"),
            None => ("", ""),
        },
        Event::SupplementNotBrought(_) => (
            "thời gian chờ không tính, thời hạn tính tiếp",
            "the wait does not count, the time goes on",
        ),
        Event::EventCorrected(it) if !it.correction.is_of_time() => return None,
        Event::FeeRequested(_)
        | Event::FeePaid(_)
        | Event::FeeWaived(_)
        | Event::EventCorrected(_)
        | Event::DeadlineExtended(_) => ("", ""),
        Event::CompetentAgencyReceived(_) => ("bắt đầu tính thời hạn", "the clock starts"),
        Event::ProcessingSuspended(_) | Event::ProcessingResumed(_) => {
            match law.map(|law| law.on_suspension.value) {
                Some(SuspensionRule::Pause) => (
                    "thời gian tạm dừng không tính",
                    "the suspension does not count",
                ),
                Some(SuspensionRule::Continue) => ("thời hạn vẫn tính", "the clock runs on"),
                None => ("", ""),
            }
        }
        Event::DueDateRecomputed(_) => ("lịch làm việc đã công bố", "a calendar was published"),
        Event::SupplementLapsed(_)
        | Event::ProcessingTerminated(_)
        | Event::DossierResolved(_)
        | Event::DossierWithdrawn(_)
        | Event::AcceptanceVoided(_) => ("kết thúc tính thời hạn", "the clock ends"),
        Event::DossierSubmitted(_)
        | Event::IntakeSupplementRequested(_)
        | Event::IntakeSupplementReceived(_)
        | Event::IntakeRefused(_)
        | Event::Transferred(_)
        | Event::TaskAssigned(_)
        | Event::ResultDelivered(_)
        | Event::SubjectErasureRequested(_)
        | Event::SubjectKeyDestroyed(_)
        | Event::DuplicateSubmission(_)
        | Event::VoidProposed(_)
        | Event::CorrectionProposed(_)
        | Event::SubjectReplaced(_)
        | Event::FeeRefunded(_)
        | Event::SubtaskOpened(_)
        | Event::SubtaskCompleted(_)
        | Event::SubtaskCancelled(_)
        | Event::ComponentDigitised(_)
        | Event::ComponentReused(_)
        | Event::DeliveryFailed(_)
        | Event::ResultReturnedToAgency(_)
        | Event::FeedbackLinked(_)
        | Event::AgencySucceeded(_)
        | Event::FilingReceived(_)
        | Event::FilingRefused(_)
        | Event::AuthorisationRecorded(_)
        | Event::DossierCollected(_)
        | Event::HandOverSigned(_)
        | Event::HandOverAcknowledged(_)
        | Event::FeeReceiptIssued(_)
        | Event::ReceiptRangeLeased(_)
        | Event::CalendarPublished(_)
        | Event::VaultLossDeclared(_)
        | Event::VaultLossEnded(_)
        | Event::TerminalEnrolled(_)
        | Event::TerminalNoted(_)
        | Event::JournalEntryAnswered(_)
        | Event::IdentityLookedUp(_) => return None,
    };
    let told = words(&occurrence.event);
    Some(ExplainStep {
        at: occurrence.at,
        what: Words::new(joined(told.vi, vi), joined(told.en, en)),
        due_after: case.due,
    })
}

fn joined(told: String, clock: &str) -> String {
    if clock.is_empty() {
        told
    } else {
        format!("{told}; {clock}")
    }
}

/// A stretch in which no time was consumed, with the words for it.
struct Stop {
    pause: clock::Pause,
    reason: (&'static str, &'static str),
}

/// Every day from the start now in force to the due date.
fn days(case: &Case, waiting: Option<Waiting<'_>>, counting: &Counting<'_>) -> Vec<ExplainedDay> {
    // Another system may have recorded a due date for what has no statutory time here: its days are told all the same.
    let limit = case.limit.unwrap_or(TimeLimit {
        amount: u16::MAX,
        unit: TimeUnit::WorkingDays,
    });
    let (Some(due), Some(clock_from)) = (case.due, case.clock_from) else {
        return Vec::new();
    };
    let mut start = clock_from;
    let mut stops = Vec::new();
    for pause in case
        .pauses()
        .filter(|it| it.to > clock_from || clock_from == case.accepted_at)
    {
        match counting.effect(pause.why) {
            Effect::Restart => {
                start = pause.to;
                stops.clear();
            }
            Effect::Pause => stops.push(stop(pause.from, Some(pause.to), pause.why)),
            Effect::None => {}
        }
    }
    stops.extend(waiting.and_then(|waiting| open_stop(waiting, counting)));
    let pauses: Vec<_> = stops.iter().map(|stop| stop.pause).collect();
    let mut days = clock::explain(
        limit,
        start,
        &pauses,
        due,
        counting.calendar,
        counting.hours,
    );
    let extended = case.extensions().any(|extension| extension.counts);
    for day in &mut days {
        say_why(day, limit, &stops, extended);
    }
    if let Some(first) = days.first_mut() {
        if start > clock_from {
            first.reason = "Ngày nhận đủ bổ sung, thời hạn tính lại từ đầu".into();
            first.reason_en = "The day the supplement came, the time starts anew".into();
        } else if clock_from > case.accepted_at {
            first.reason = "Ngày cơ quan có thẩm quyền nhận hồ sơ, bắt đầu tính".into();
            first.reason_en = "The day the competent agency has it, the clock starts".into();
        }
    }
    days
}

fn stop(from: Timestamp, to: Option<Timestamp>, why: PauseWhy) -> Stop {
    let reason = match why {
        PauseWhy::Supplement | PauseWhy::SupplementNotBrought => {
            ("Chờ bổ sung hồ sơ", "Waiting for a supplement")
        }
        PauseWhy::Payment => (
            "Chờ thực hiện nghĩa vụ tài chính",
            "Waiting for the payment",
        ),
        PauseWhy::Suspension => ("Tạm dừng xử lý", "Suspended"),
    };
    Stop {
        pause: clock::Pause { from, to },
        reason,
    }
}

/// The wait that is not over; none when the clock runs on meanwhile.
fn open_stop(waiting: Waiting<'_>, counting: &Counting<'_>) -> Option<Stop> {
    let (from, why) = match waiting {
        Waiting::Supplement(request) => (request.asked_at, PauseWhy::Supplement),
        Waiting::Payment(notice) if notice.suspends_clock => {
            (notice.notified_at, PauseWhy::Payment)
        }
        Waiting::Payment(_) => return None,
        Waiting::Resumption { since, .. } => (since, PauseWhy::Suspension),
    };
    match counting.effect(why) {
        Effect::Restart | Effect::Pause => Some(stop(from, None, why)),
        Effect::None => None,
    }
}

/// Says what a paused day waited for, and which days were won by an extension.
fn say_why(day: &mut ExplainedDay, limit: TimeLimit, stops: &[Stop], extended: bool) {
    match day.kind {
        DayKind::Paused => {
            let during = |stop: &&Stop| {
                crate::local::date(stop.pause.from) <= day.date
                    && stop
                        .pause
                        .to
                        .is_none_or(|to| day.date <= crate::local::date(to))
            };
            if let Some(stop) = stops.iter().find(during) {
                (day.reason, day.reason_en) = (stop.reason.0.into(), stop.reason.1.into());
            }
        }
        DayKind::Counted | DayKind::WorkedWeekend | DayKind::Due => {
            let beyond = day
                .count
                .is_some_and(|count| count > u32::from(limit.amount));
            if extended && beyond && in_days(limit) {
                day.reason = format!("{} (được hẹn lại)", day.reason).into();
                day.reason_en = format!("{} (extended)", day.reason_en).into();
            }
        }
        DayKind::Start | DayKind::Weekend | DayKind::Holiday => {}
    }
}

fn in_days(limit: TimeLimit) -> bool {
    match limit.unit {
        TimeUnit::WorkingDays | TimeUnit::CalendarDays | TimeUnit::SameDay => true,
        TimeUnit::WorkingHours | TimeUnit::Months => false,
    }
}

/// The law parameters that had a say in this due date.
fn rules(case: &Case, waiting: Option<Waiting<'_>>, law: &LawVersion) -> Vec<AppliedRule> {
    let mut rules = Vec::new();
    match case.basis {
        AcceptanceBasis::ServerClock | AcceptanceBasis::CarriedOver { .. } => {}
        AcceptanceBasis::HandOverMinute { .. } => {
            let parameter = &law.accept_back_dating_max_working_days;
            rules.push(rule(
                "accept_back_dating_max_working_days",
                parameter,
                u16::to_string,
            ));
        }
        AcceptanceBasis::RecordedLate { .. } => {
            let parameter = &law.record_late_max_working_days;
            rules.push(rule(
                "record_late_max_working_days",
                parameter,
                u16::to_string,
            ));
        }
    }
    if case
        .limit
        .is_some_and(|limit| limit.unit == TimeUnit::SameDay)
    {
        rules.push(rule("same_day_cutoff", &law.same_day_cutoff, |time| {
            time.strftime("%H:%M").to_string()
        }));
    }
    if case.supplement_requests > 0 {
        rules.extend(supplement_rules(law));
    }
    let extensions: Vec<&Extension> = case.extensions().collect();
    if !extensions.is_empty() {
        rules.push(rule("extensions_max", &law.extensions_max, u16::to_string));
        rules.push(rule(
            "extension_notice_days",
            &law.extension_notice_days,
            u16::to_string,
        ));
    }
    if extensions.iter().any(|extension| extension.late_notice) {
        rules.push(rule(
            "late_extension_counts",
            &law.late_extension_counts,
            bool::to_string,
        ));
    }
    if suspended_ever(case, waiting) {
        rules.push(rule("on_suspension", &law.on_suspension, |value| {
            match value {
                SuspensionRule::Pause => "pause",
                SuspensionRule::Continue => "continue",
            }
            .into()
        }));
    }
    rules
}

fn supplement_rules(law: &LawVersion) -> [AppliedRule; 4] {
    [
        rule("on_supplement", &law.on_supplement, |value| {
            match value {
                SupplementRule::Restart => "restart",
                SupplementRule::Suspend => "suspend",
            }
            .into()
        }),
        rule(
            "supplement_request_within_working_days",
            &law.supplement_request_within_working_days,
            u16::to_string,
        ),
        rule(
            "supplement_requests_max",
            &law.supplement_requests_max,
            u16::to_string,
        ),
        rule(
            "supplement_lapses_after_working_days",
            &law.supplement_lapses_after_working_days,
            |days| days.map_or_else(|| "not established".into(), |days| days.to_string()),
        ),
    ]
}

fn suspended_ever(case: &Case, waiting: Option<Waiting<'_>>) -> bool {
    let now = match waiting {
        Some(Waiting::Resumption { .. }) => true,
        Some(Waiting::Supplement(_) | Waiting::Payment(_)) | None => false,
    };
    now || case.moves.iter().any(|it| match it {
        ClockMove::Paused(pause) => match pause.why {
            PauseWhy::Suspension => true,
            PauseWhy::Supplement | PauseWhy::SupplementNotBrought | PauseWhy::Payment => false,
        },
        ClockMove::Extended(_) => false,
    })
}

fn rule<T>(name: &'static str, it: &Parameter<T>, value: impl Fn(&T) -> String) -> AppliedRule {
    AppliedRule {
        parameter: name,
        value: value(&it.value),
        source: it.source.clone(),
        certainty: it.certainty,
    }
}
