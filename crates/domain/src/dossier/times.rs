//! Legal times: the server's clock, unless a document or the scope `record-late` brings an earlier one; never a later one.

use jiff::{Timestamp, civil::Date};

use super::{Case, Context, Filing};
use crate::catalogue::Catalogue;
use crate::clock;
use crate::command::EarlierTime;
use crate::event::{AcceptanceBasis, Channel};
use crate::law::LawVersion;
use crate::local;
use crate::rejection::Rejection;

/// When a dossier counts as accepted, and what that rests on.
///
/// A hand-over minute may be older than the recorded filing: the post and the agency sign first, and a clerk records
/// the filing and its acceptance together afterwards. Any other earlier time may not.
pub(super) fn of_acceptance(
    filing: &Filing,
    earlier: Option<&EarlierTime>,
    ctx: &Context<'_>,
) -> Result<(Timestamp, AcceptanceBasis), Rejection> {
    match earlier {
        None => Ok((
            ctx.now.max(filing.submitted_at),
            AcceptanceBasis::ServerClock,
        )),
        Some(EarlierTime::HandOverMinute { number, signed_at }) => {
            came_by_post(filing)?;
            not_in_future(*signed_at, ctx)?;
            minute_recent_enough(*signed_at, ctx)?;
            let number = number.clone();
            Ok((*signed_at, AcceptanceBasis::HandOverMinute { number }))
        }
        Some(EarlierTime::RecordedLate { at, reason }) => {
            may_record_late(ctx)?;
            not_in_future(*at, ctx)?;
            recent_enough_to_record(*at, ctx)?;
            not_before_submission(*at, filing)?;
            let reason = reason.clone();
            Ok((*at, AcceptanceBasis::RecordedLate { reason }))
        }
    }
}

/// Whether a minute signed then may still give the time of acceptance.
pub fn minute_counts(signed_at: Timestamp, now: Timestamp, catalogue: &Catalogue) -> bool {
    let signed_on = local::date(signed_at);
    let age = clock::working_days_between(signed_on, local::date(now), catalogue.calendar());
    catalogue
        .law_on(signed_on)
        .is_some_and(|law| age <= u32::from(law.accept_back_dating_max_working_days.value))
}

/// When processing counts as ended.
pub(super) fn of_end(
    case: &Case,
    earlier: Option<&EarlierTime>,
    ctx: &Context<'_>,
) -> Result<Timestamp, Rejection> {
    match earlier {
        None => Ok(now_after(case.accepted_at, ctx)),
        Some(EarlierTime::HandOverMinute { .. }) => Err(Rejection::MinuteNotForEnds),
        Some(EarlierTime::RecordedLate { at, .. }) => {
            may_record_late(ctx)?;
            not_in_future(*at, ctx)?;
            recent_enough_to_record(*at, ctx)?;
            not_before_acceptance(*at, case)?;
            Ok(*at)
        }
    }
}

/// The server's clock; not before `floor`, because the clock of the node that wrote the earlier event may be a little ahead.
pub(super) fn now_after(floor: Timestamp, ctx: &Context<'_>) -> Timestamp {
    ctx.now.max(floor)
}

fn came_by_post(filing: &Filing) -> Result<(), Rejection> {
    match filing.submitted.channel {
        Channel::Postal => Ok(()),
        Channel::Direct | Channel::Online => Err(Rejection::MinuteOnlyForPostal),
    }
}

/// Whether a paper signed then may still be told of: not after now, and no further back than a hand-over minute reaches.
pub(super) fn signed_in_time(signed_at: Timestamp, ctx: &Context<'_>) -> bool {
    not_in_future(signed_at, ctx).is_ok() && minute_recent_enough(signed_at, ctx).is_ok()
}

fn minute_recent_enough(signed_at: Timestamp, ctx: &Context<'_>) -> Result<(), Rejection> {
    let signed_on = local::date(signed_at);
    let law = law_on(signed_on, ctx)?;
    let max = law.accept_back_dating_max_working_days.value;
    let working_days = working_days_ago(signed_on, ctx);
    if working_days > u32::from(max) {
        return Err(Rejection::MinuteTooOld {
            signed_on,
            working_days,
            max,
        });
    }
    Ok(())
}

fn recent_enough_to_record(at: Timestamp, ctx: &Context<'_>) -> Result<(), Rejection> {
    let on = local::date(at);
    let max = law_on(on, ctx)?.record_late_max_working_days.value;
    let working_days = working_days_ago(on, ctx);
    if working_days > u32::from(max) {
        return Err(Rejection::RecordedTooLate {
            on,
            working_days,
            max,
        });
    }
    Ok(())
}

fn law_on<'a>(on: Date, ctx: &Context<'a>) -> Result<&'a LawVersion, Rejection> {
    ctx.catalogue
        .law_on(on)
        .ok_or(Rejection::NoLawInForce { on })
}

fn working_days_ago(day: Date, ctx: &Context<'_>) -> u32 {
    clock::working_days_between(day, local::date(ctx.now), ctx.catalogue.calendar())
}

pub(super) fn may_record_late(ctx: &Context<'_>) -> Result<(), Rejection> {
    if ctx.may_record_late {
        Ok(())
    } else {
        Err(Rejection::RecordLateNotAllowed)
    }
}

fn not_in_future(at: Timestamp, ctx: &Context<'_>) -> Result<(), Rejection> {
    if at > ctx.now {
        return Err(Rejection::TimeInFuture { at, now: ctx.now });
    }
    Ok(())
}

fn not_before_submission(at: Timestamp, filing: &Filing) -> Result<(), Rejection> {
    let submitted_at = filing.submitted_at;
    if at < submitted_at {
        return Err(Rejection::TimeBeforeSubmission { at, submitted_at });
    }
    Ok(())
}

fn not_before_acceptance(at: Timestamp, case: &Case) -> Result<(), Rejection> {
    let accepted_at = case.accepted_at;
    if at < accepted_at {
        return Err(Rejection::TimeBeforeAcceptance { at, accepted_at });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::command::{Accept, Command, EarlierTime};
    use crate::event::{AcceptanceBasis, Event};

    fn accept_earlier(civil: &str) -> Command {
        Command::Accept(Accept {
            earlier: Some(earlier(civil)),
            ..acceptance()
        })
    }

    #[test]
    fn acceptance_takes_the_servers_clock() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let case = story.dossier.case().unwrap();
        assert_eq!(case.accepted_at, at("2022-12-15T09:00"));
        assert_eq!(case.basis, AcceptanceBasis::ServerClock);
    }

    #[test]
    fn an_acceptance_is_never_before_the_filing_when_two_clocks_differ() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-15T08:59").does(accept());
        assert_eq!(
            story.dossier.case().unwrap().accepted_at,
            at("2022-12-15T09:00")
        );
    }

    #[test]
    fn a_hand_over_minute_may_be_older_than_the_recorded_filing() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_by_post(TEN_DAYS)));
        story.does(accept_on_minute("2022-12-13T16:00"));
        assert_eq!(
            story.dossier.case().unwrap().accepted_at,
            at("2022-12-13T16:00")
        );
        assert_eq!(story.due(), "2022-12-27");
    }

    #[test]
    fn a_hand_over_minute_is_only_for_what_came_by_post() {
        let story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        let no = story.refuses(accept_on_minute("2022-12-14T16:00"));
        assert_eq!(no.reason(), "MINUTE_ONLY_FOR_POSTAL");
    }

    #[test]
    fn a_hand_over_minute_reaches_back_only_so_far() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_by_post(TEN_DAYS)));
        story
            .decides(&accept_on_minute("2022-11-03T16:00"))
            .unwrap();
        let no = story.refuses(accept_on_minute("2022-11-02T16:00"));
        assert_eq!(no.reason(), "MINUTE_TOO_OLD");
    }

    #[test]
    fn a_hand_over_minute_cannot_be_signed_tomorrow() {
        let mut story = Story::begins("2022-12-15T09:00");
        story.does(Command::Submit(submit_by_post(TEN_DAYS)));
        let no = story.refuses(accept_on_minute("2022-12-15T09:01"));
        assert_eq!(no.reason(), "TIME_IN_FUTURE");
    }

    #[test]
    fn only_the_scope_record_late_records_late() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-16T09:00");
        let no = story.refuses(accept_earlier("2022-12-15T10:00"));
        assert_eq!(no.reason(), "RECORD_LATE_NOT_ALLOWED");
        story.may_record_late = true;
        story.does(accept_earlier("2022-12-15T10:00"));
        assert_eq!(
            story.dossier.case().unwrap().accepted_at,
            at("2022-12-15T10:00")
        );
        assert!(story.flags().contains(&"acceptance_recorded_late"));
    }

    #[test]
    fn recording_late_brings_neither_a_future_time_nor_one_before_the_filing() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-16T09:00").may_record_late = true;
        assert_eq!(
            story.refuses(accept_earlier("2022-12-16T09:01")).reason(),
            "TIME_IN_FUTURE"
        );
        assert_eq!(
            story.refuses(accept_earlier("2022-12-15T08:59")).reason(),
            "TIME_BEFORE_SUBMISSION"
        );
    }

    #[test]
    fn this_very_moment_is_not_the_future() {
        let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
        story.may_record_late = true;
        story.does(accept_earlier("2022-12-15T09:00"));
    }

    #[test]
    fn recording_late_reaches_back_only_so_far() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.at("2023-04-28T09:00").may_record_late = true;
        let no = story.refuses(resolve_earlier(earlier("2022-12-20T09:00")));
        assert_eq!(no.reason(), "RECORDED_TOO_LATE");
    }

    #[test]
    fn an_end_recorded_late_takes_its_own_time() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-22T09:00").may_record_late = true;
        let no = story.refuses(resolve_earlier(earlier("2022-12-15T08:00")));
        assert_eq!(no.reason(), "TIME_BEFORE_ACCEPTANCE");
        story.does(resolve_earlier(earlier("2022-12-20T16:00")));
        assert_eq!(story.dossier.ended().unwrap().at, at("2022-12-20T16:00"));
        assert!(matches!(story.last(), Event::DossierResolved(_)));
    }

    #[test]
    fn a_hand_over_minute_does_not_end_processing() {
        let story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        let minute = EarlierTime::HandOverMinute {
            number: "1".into(),
            signed_at: at("2022-12-15T09:00"),
        };
        assert_eq!(
            story.refuses(resolve_earlier(minute)).reason(),
            "MINUTE_NOT_FOR_ENDS"
        );
    }

    #[test]
    fn no_end_lies_before_acceptance_when_two_clocks_differ() {
        let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
        story.at("2022-12-15T08:59").does(resolve());
        assert_eq!(story.dossier.ended().unwrap().at, at("2022-12-15T09:00"));
    }
}
