//! Financial obligations (*nghĩa vụ tài chính*, NĐ 61/2018 Đ.22): notified, met, waived, given back; the procedure says whether the clock stops.
//!
//! Banks and portals tell of one payment more than once: the same payment told again changes nothing.

use super::case::{FeeNotice, PaidFee, Pause, PauseWhy};
use super::recount::Counting;
use super::{AwaitingPayment, Case, Context, times};
use crate::clock::Due;
use crate::command::{RecordPayment, RefundFee, RequestFee, WaiveFee};
use crate::event::{Event, FeePaid, FeeRefunded, FeeRequested, FeeWaived, Occurrence};
use crate::ids::VersionHash;
use crate::rejection::Rejection;

/// Notifies. A procedure that bears no fee by the catalogue may still meet an obligation of a special law.
pub(super) fn request(
    case: &Case,
    command: &RequestFee,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    not_paid_yet(case, &command.notice)?;
    let procedure = ctx.catalogue.procedure(&case.procedure);
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::FeeRequested(FeeRequested {
            notice: command.notice.clone(),
            amount_vnd: command.amount_vnd,
            suspends_clock: procedure.is_some_and(|it| it.fee_suspends_clock),
            recorded_in: None,
        }),
    }])
}

/// The notice that is open, told again, changes nothing; another one waits until it is met.
pub(super) fn request_again(
    dossier: &AwaitingPayment,
    command: &RequestFee,
) -> Result<Vec<Occurrence>, Rejection> {
    let open = &dossier.notice;
    if open.notice == command.notice && open.amount_vnd == command.amount_vnd {
        return Ok(Vec::new());
    }
    Err(Rejection::PaymentAwaited)
}

/// Records that it was met, in full.
pub(super) fn pay(
    dossier: &AwaitingPayment,
    command: &RecordPayment,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let AwaitingPayment { case, notice, .. } = dossier;
    if case.paid(&command.notice).is_some() {
        return told_again(case, command);
    }
    is_open(notice, &command.notice)?;
    is_enough(notice, command)?;
    let to = times::now_after(notice.notified_at, ctx);
    let (due, calendar) = after_the_wait(dossier, to, ctx)?;
    Ok(vec![Occurrence {
        at: to,
        event: Event::FeePaid(FeePaid {
            notice: command.notice.clone(),
            amount_vnd: command.amount_vnd,
            method: command.method,
            receipt: command.receipt.clone(),
            due,
            calendar,
            filing: None,
            recorded_in: None,
        }),
    }])
}

/// Records that it need not be met.
pub(super) fn waive(
    dossier: &AwaitingPayment,
    command: &WaiveFee,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    not_paid_yet(&dossier.case, &command.notice)?;
    is_open(&dossier.notice, &command.notice)?;
    let to = times::now_after(dossier.notice.notified_at, ctx);
    let (due, calendar) = after_the_wait(dossier, to, ctx)?;
    Ok(vec![Occurrence {
        at: to,
        event: Event::FeeWaived(FeeWaived {
            notice: command.notice.clone(),
            reason: command.reason.clone(),
            due,
            calendar,
            recorded_in: None,
        }),
    }])
}

/// Nothing to waive where nothing is awaited.
pub(super) fn nothing_to_waive(case: &Case, command: &WaiveFee) -> Rejection {
    match not_paid_yet(case, &command.notice) {
        Err(already_paid) => already_paid,
        Ok(()) => not_requested(&command.notice),
    }
}

/// Records that it was given back, whatever the phase: never more than was paid. The same refund told again changes nothing.
pub(super) fn refund(
    case: &Case,
    command: &RefundFee,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let paid = case
        .paid(&command.notice)
        .ok_or_else(|| Rejection::FeeNotPaid {
            notice: command.notice.clone(),
        })?;
    let told = (command.receipt.clone(), command.amount_vnd);
    if paid.refunds.contains(&told) {
        return Ok(Vec::new());
    }
    is_left(paid, command)?;
    Ok(vec![Occurrence {
        at: times::now_after(case.accepted_at, ctx),
        event: Event::FeeRefunded(FeeRefunded {
            notice: command.notice.clone(),
            amount_vnd: command.amount_vnd,
            method: command.method,
            receipt: command.receipt.clone(),
            reason: command.reason.clone(),
        }),
    }])
}

/// A payment where none is awaited: the same payment told again, or one that nobody asked for.
pub(super) fn not_awaited(
    case: &Case,
    command: &RecordPayment,
) -> Result<Vec<Occurrence>, Rejection> {
    if case.paid(&command.notice).is_some() {
        return told_again(case, command);
    }
    Err(not_requested(&command.notice))
}

/// The same receipt is the same payment; another one for a notice that was paid is money to give back.
fn told_again(case: &Case, command: &RecordPayment) -> Result<Vec<Occurrence>, Rejection> {
    let same = case.paid(&command.notice).is_some_and(|paid| {
        paid.receipt == command.receipt && paid.amount_vnd == command.amount_vnd
    });
    if same {
        return Ok(Vec::new());
    }
    Err(Rejection::FeeAlreadyPaid {
        notice: command.notice.clone(),
    })
}

/// The due date once the wait is over: moved when the clock had stood still.
fn after_the_wait(
    dossier: &AwaitingPayment,
    to: jiff::Timestamp,
    ctx: &Context<'_>,
) -> Result<(Option<Due>, VersionHash), Rejection> {
    let AwaitingPayment { case, notice, .. } = dossier;
    if !notice.suspends_clock {
        return Ok((case.due, case.calendar.clone()));
    }
    let counting = Counting::of(case, ctx)?;
    let (from, why) = (notice.notified_at, PauseWhy::Payment);
    let due = counting.due(&case.clone().paused(Pause { from, to, why }));
    Ok((due, counting.calendar.version().clone()))
}

fn not_paid_yet(case: &Case, notice: &str) -> Result<(), Rejection> {
    if case.paid(notice).is_some() {
        return Err(Rejection::FeeAlreadyPaid {
            notice: notice.into(),
        });
    }
    Ok(())
}

fn is_open(open: &FeeNotice, notice: &str) -> Result<(), Rejection> {
    if &*open.notice == notice {
        return Ok(());
    }
    Err(not_requested(notice))
}

fn not_requested(notice: &str) -> Rejection {
    Rejection::FeeNotRequested {
        notice: notice.into(),
    }
}

fn is_left(paid: &PaidFee, command: &RefundFee) -> Result<(), Rejection> {
    let left_vnd = paid.kept_vnd();
    if command.amount_vnd <= left_vnd {
        return Ok(());
    }
    Err(Rejection::RefundTooLarge {
        refund_vnd: command.amount_vnd,
        left_vnd,
    })
}

fn is_enough(open: &FeeNotice, command: &RecordPayment) -> Result<(), Rejection> {
    if command.amount_vnd >= open.amount_vnd {
        return Ok(());
    }
    Err(Rejection::PaymentTooSmall {
        paid_vnd: command.amount_vnd,
        due_vnd: open.amount_vnd,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;

    #[test]
    fn the_clock_stands_still_until_payment_when_the_procedure_says_so() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        assert_eq!(story.due(), "2022-12-22");
        story.at("2022-12-05T09:00").does(ask_fee("TB-1"));
        assert_eq!(story.dossier.phase(), Phase::AwaitingPayment);
        story.at("2022-12-07T09:00").does(pay("TB-1"));
        assert_eq!(story.dossier.phase(), Phase::InProcessing);
        assert_eq!(story.due(), "2022-12-26");
    }

    #[test]
    fn the_clock_runs_on_until_payment_when_the_procedure_does_not_stop_it() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_RUNNING_FEE);
        let due = story.due();
        story.at("2022-12-05T09:00").does(ask_fee("TB-1"));
        story.at("2022-12-07T09:00").does(pay("TB-1"));
        assert_eq!(story.due(), due);
    }

    #[test]
    fn the_same_payment_told_again_changes_nothing_and_a_second_payment_is_refused() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        let nothing = Ok(Vec::new());
        story.does(ask_fee("TB-1"));
        assert_eq!(story.decides(&ask_fee("TB-1")), nothing);
        story.does(pay("TB-1"));
        assert_eq!(story.decides(&pay("TB-1")), nothing);
        assert_eq!(
            story.refuses(pay_again("TB-1")).reason(),
            "FEE_ALREADY_PAID"
        );
        assert_eq!(story.refuses(ask_fee("TB-1")).reason(), "FEE_ALREADY_PAID");
        story.does(ask_fee("TB-2"));
        assert_eq!(story.decides(&pay("TB-1")), nothing);
        story.does(pay("TB-2")).does(resolve());
        assert_eq!(story.decides(&pay("TB-2")), nothing);
        story.does(deliver());
        assert_eq!(story.decides(&pay("TB-2")), nothing);
        assert_eq!(
            story.refuses(pay_again("TB-2")).reason(),
            "FEE_ALREADY_PAID"
        );
    }

    #[test]
    fn a_waived_fee_ends_the_wait_as_a_payment_would() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        assert_eq!(
            story.refuses(waive_fee("TB-1")).reason(),
            "FEE_NOT_REQUESTED"
        );
        story.at("2022-12-05T09:00").does(ask_fee("TB-1"));
        assert_eq!(
            story.refuses(waive_fee("TB-2")).reason(),
            "FEE_NOT_REQUESTED"
        );
        story.at("2022-12-07T09:00").does(waive_fee("TB-1"));
        assert_eq!(story.dossier.phase(), Phase::InProcessing);
        assert_eq!(story.due(), "2022-12-26");
        assert_eq!(
            story.refuses(refund_fee("TB-1", 1)).reason(),
            "FEE_NOT_PAID"
        );
        story.does(ask_fee("TB-2")).does(pay("TB-2"));
        assert_eq!(
            story.refuses(waive_fee("TB-2")).reason(),
            "FEE_ALREADY_PAID"
        );
    }

    #[test]
    fn a_payment_is_given_back_in_any_phase_and_never_more_than_was_paid() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.does(ask_fee("TB-1")).does(pay("TB-1"));
        story.does(refund_fee("TB-1", 100_000)).does(withdraw());
        assert_eq!(story.decides(&refund_fee("TB-1", 100_000)), Ok(Vec::new()));
        let no = story.refuses(refund_fee("TB-1", 150_001));
        assert_eq!(
            (no.reason(), no.field()),
            ("REFUND_TOO_LARGE", Some("amount_vnd"))
        );
        story.does(refund_fee("TB-1", 150_000));
        assert_eq!(story.dossier.case().unwrap().paid[0].kept_vnd(), 0);
    }

    #[test]
    fn a_payment_names_the_notice_that_is_open() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        assert_eq!(story.refuses(pay("TB-1")).reason(), "FEE_NOT_REQUESTED");
        story.does(ask_fee("TB-1"));
        assert_eq!(story.refuses(pay("TB-2")).reason(), "FEE_NOT_REQUESTED");
    }

    #[test]
    fn part_of_the_amount_does_not_meet_the_obligation() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.does(ask_fee("TB-1"));
        let no = story.refuses(pay_amount("TB-1", 249_999));
        assert_eq!(
            (no.reason(), no.field()),
            ("PAYMENT_TOO_SMALL", Some("amount_vnd"))
        );
        story.does(pay_amount("TB-1", 250_001));
    }

    #[test]
    fn while_a_payment_is_awaited_nothing_is_decided() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.does(ask_fee("TB-1"));
        for wish in [
            resolve(),
            refuse(),
            ask_supplement(),
            ask_fee("2"),
            suspend(),
            assign(),
            extend("2023-01-05"),
        ] {
            assert_eq!(story.refuses(wish).reason(), "PAYMENT_AWAITED");
        }
    }
}
