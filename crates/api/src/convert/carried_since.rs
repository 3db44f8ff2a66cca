//! What happened to a dossier in another system since it was accepted there, from the wire.

use domain::command::{Awaited, CarriedExtension, CarriedWait, PaymentEnd, SupplementEnd};

use super::carried::{day, moment};
use super::{brought, change, values};
use crate::faults::Faults;
use crate::hoso::intake::v1 as intake;
use crate::text;

/// More of one sort than that nobody has seen.
const MAX: usize = 20;
/// The reason where none was recorded.
const NOT_RECORDED: &str = "not_recorded";

fn reason(field: &str, given: &str, faults: &mut Faults) -> Option<Box<str>> {
    if given.is_empty() {
        return Some(NOT_RECORDED.into());
    }
    faults.take(field, text::reason_code(given)).map(Into::into)
}

/// Each of a list, within its place in the field; every fault of every one is noted.
fn each<G, T>(
    field: &str,
    given: &[G],
    faults: &mut Faults,
    read: impl Fn(&G, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    if given.len() > MAX {
        faults.note(field, format!("must be at most {MAX}"));
        return None;
    }
    let read: Vec<_> = given
        .iter()
        .enumerate()
        .map(|(index, it)| faults.within(format!("{field}[{index}]"), |faults| read(it, faults)))
        .collect();
    read.into_iter().collect()
}

/// The apologies with new dates.
pub(super) fn extensions(
    given: &[intake::CarriedExtension],
    faults: &mut Faults,
) -> Option<Vec<CarriedExtension>> {
    each("extensions", given, faults, |it, faults| {
        let notified_at = moment("notified_at", it.notified_at, faults);
        let new_date = faults.take("new_date", values::date(&it.new_date));
        let reason = reason("reason_code", &it.reason_code, faults);
        Some(CarriedExtension {
            notified_at: notified_at?,
            new_date: new_date?,
            reason: reason?,
        })
    })
}

/// What it waited for, and what it waits for now.
pub(super) fn waits(given: &intake::CarriedOver, faults: &mut Faults) -> Option<Vec<CarriedWait>> {
    let supplements = each("supplements", &given.supplements, faults, supplement);
    let suspensions = each("suspensions", &given.suspensions, faults, suspension);
    let fees = each("fees", &given.fees, faults, fee);
    let now = match &given.wait {
        Some(given) => faults
            .within("wait", |faults| wait(given, faults))
            .map(Some),
        None => Some(None),
    };
    let past = [supplements?, suspensions?, fees?].into_iter().flatten();
    Some(past.chain(now?).collect())
}

fn supplement(given: &intake::CarriedSupplement, faults: &mut Faults) -> Option<CarriedWait> {
    let since = moment("asked_at", given.asked_at, faults);
    let until = moment("ended_at", given.ended_at, faults);
    let reason = reason("reason_code", &given.reason_code, faults);
    let components = values::component_codes(&given.components, faults);
    let lapses_on = day("lapses_on", &given.lapses_on, faults);
    let papers = values::papers_in("brought", &given.brought, faults);
    if given.not_brought && !given.brought.is_empty() {
        faults.note("not_brought", "does not go with papers that were brought");
    }
    let end = if given.not_brought {
        SupplementEnd::NotBrought
    } else {
        SupplementEnd::Brought(papers)
    };
    Some(CarriedWait {
        since: since?,
        awaited: Awaited::Supplement {
            reason: reason?,
            components,
            lapses_on: lapses_on?,
            over: Some((until?, end)),
        },
    })
}

fn suspension(given: &intake::CarriedSuspension, faults: &mut Faults) -> Option<CarriedWait> {
    let since = moment("since", given.since, faults);
    let until = moment("until", given.until, faults);
    let reason = reason("reason_code", &given.reason_code, faults);
    Some(CarriedWait {
        since: since?,
        awaited: Awaited::Suspension {
            reason: reason?,
            over: Some(until?),
        },
    })
}

fn fee(given: &intake::CarriedFee, faults: &mut Faults) -> Option<CarriedWait> {
    let notice = faults.take("notice", text::identifier(&given.notice, 64));
    let amount_vnd = change::amount(given.amount_vnd, faults);
    let until = moment("ended_at", given.ended_at, faults);
    let since = match given.notified_at {
        Some(_) => moment("notified_at", given.notified_at, faults),
        // The clock did not wait for it.
        None => until,
    };
    let end = if given.waived {
        if !given.method.is_empty() || !given.receipt.is_empty() {
            faults.note("waived", "does not go with a method and a receipt");
        }
        let reason = reason("reason_code", &given.reason_code, faults);
        reason.map(|reason| PaymentEnd::Waived { reason })
    } else {
        let method = brought::method(&given.method, faults);
        let receipt = faults.take("receipt", text::identifier(&given.receipt, 64));
        method.zip(receipt).map(|(method, receipt)| {
            let receipt = receipt.into();
            PaymentEnd::Paid { method, receipt }
        })
    };
    Some(CarriedWait {
        since: since?,
        awaited: Awaited::Payment {
            notice: notice?.into(),
            amount_vnd: amount_vnd?,
            over: Some((until?, end?)),
        },
    })
}

/// What it waits for now.
fn wait(given: &intake::CarriedWait, faults: &mut Faults) -> Option<CarriedWait> {
    use intake::CarriedWaitKind as Kind;
    let since = moment("since", given.since, faults);
    let reason = reason("reason_code", &given.reason_code, faults);
    let components = values::component_codes(&given.components, faults);
    let lapses_on = day("lapses_on", &given.lapses_on, faults);
    let of_papers = !given.components.is_empty() || !given.lapses_on.is_empty();
    let of_money = !given.notice.is_empty() || given.amount_vnd != 0;
    let mut only = |of: bool, what: &str| {
        if of {
            faults.note("kind", what);
        }
    };
    let papers = "components and lapses_on go with a supplement only";
    let money = "notice and amount_vnd go with a payment only";
    let awaited = match Kind::try_from(given.kind) {
        Ok(Kind::Supplement) => {
            only(of_money, money);
            Awaited::Supplement {
                reason: reason?,
                components,
                lapses_on: lapses_on?,
                over: None,
            }
        }
        Ok(Kind::Suspension) => {
            only(of_papers, papers);
            only(of_money, money);
            Awaited::Suspension {
                reason: reason?,
                over: None,
            }
        }
        Ok(Kind::Payment) => {
            only(of_papers, papers);
            let notice = faults.take("notice", text::identifier(&given.notice, 64));
            let amount_vnd = change::amount(given.amount_vnd, faults);
            Awaited::Payment {
                notice: notice?.into(),
                amount_vnd: amount_vnd?,
                over: None,
            }
        }
        Ok(Kind::Unspecified) | Err(_) => {
            faults.note("kind", "must be a supplement, a suspension or a payment");
            return None;
        }
    };
    Some(CarriedWait {
        since: since?,
        awaited,
    })
}
