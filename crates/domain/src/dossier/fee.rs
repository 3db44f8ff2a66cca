//! Financial obligations (*nghĩa vụ tài chính*, NĐ 61/2018 Đ.22): notified, met; the procedure says whether the clock stops.

use super::case::{FeeNotice, Pause, PauseWhy};
use super::recount::Counting;
use super::{AwaitingPayment, Case, Context, times};
use crate::command::{RecordPayment, RequestFee};
use crate::event::{Event, FeePaid, FeeRequested, Occurrence};
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
        }),
    }])
}

/// Records that it was met, in full.
pub(super) fn pay(
    dossier: &AwaitingPayment,
    command: &RecordPayment,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let AwaitingPayment { case, notice, .. } = dossier;
    not_paid_yet(case, &command.notice)?;
    is_open(notice, command)?;
    is_enough(notice, command)?;
    let from = notice.notified_at;
    let to = times::now_after(from, ctx);
    let (due, calendar) = if notice.suspends_clock {
        let counting = Counting::of(case, ctx)?;
        let why = PauseWhy::Payment;
        let due = counting.due(&case.clone().paused(Pause { from, to, why }));
        (due, counting.calendar.version().clone())
    } else {
        (case.due, case.calendar.clone())
    };
    Ok(vec![Occurrence {
        at: to,
        event: Event::FeePaid(FeePaid {
            notice: command.notice.clone(),
            amount_vnd: command.amount_vnd,
            method: command.method,
            receipt: command.receipt.clone(),
            due,
            calendar,
        }),
    }])
}

/// A payment where none is awaited: a bank's second notice of the same payment has a reason of its own.
pub(super) fn not_awaited(case: &Case, command: &RecordPayment) -> Rejection {
    match not_paid_yet(case, &command.notice) {
        Err(already_paid) => already_paid,
        Ok(()) => Rejection::FeeNotRequested {
            notice: command.notice.clone(),
        },
    }
}

fn not_paid_yet(case: &Case, notice: &str) -> Result<(), Rejection> {
    if case.paid.iter().any(|paid| &**paid == notice) {
        return Err(Rejection::FeeAlreadyPaid {
            notice: notice.into(),
        });
    }
    Ok(())
}

fn is_open(open: &FeeNotice, command: &RecordPayment) -> Result<(), Rejection> {
    if open.notice == command.notice {
        return Ok(());
    }
    Err(Rejection::FeeNotRequested {
        notice: command.notice.clone(),
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
    fn a_second_notice_of_the_same_payment_has_its_own_reason() {
        let mut story = Story::accepted("2022-12-01T09:00", WITH_FEE);
        story.does(ask_fee("TB-1")).does(pay("TB-1"));
        assert_eq!(story.refuses(pay("TB-1")).reason(), "FEE_ALREADY_PAID");
        assert_eq!(story.refuses(ask_fee("TB-1")).reason(), "FEE_ALREADY_PAID");
        story.does(ask_fee("TB-2"));
        assert_eq!(story.refuses(pay("TB-1")).reason(), "FEE_ALREADY_PAID");
        story.does(pay("TB-2")).does(resolve());
        assert_eq!(story.refuses(pay("TB-2")).reason(), "FEE_ALREADY_PAID");
        story.does(deliver());
        assert_eq!(story.refuses(pay("TB-2")).reason(), "FEE_ALREADY_PAID");
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
