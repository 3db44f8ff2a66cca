//! What a dossier waited for in the other system and does not any more: supplements, suspensions and fees, from a line.
//!
//! Each is FROM>UNTIL, with what else is known of it behind bars: FROM>UNTIL|reason=thieu|papers=DON+GPCU.

use std::collections::BTreeMap;

use api::hoso::intake::v1::{CarriedFee, CarriedSupplement, CarriedSuspension};

use super::since::from;
use super::{Reading, moment, stamp};
use crate::{days, papers};

impl Reading<'_> {
    pub(super) fn supplements(&mut self) -> Vec<CarriedSupplement> {
        let form = "must be ASKED>BROUGHT, with reason=, papers=, until=, brought= or not_brought behind bars, as \
                    2026-10-07T09:00>2026-10-12T10:30|papers=DON+GPCU";
        self.list("supplements", form, supplement)
    }

    pub(super) fn suspensions(&mut self) -> Vec<CarriedSuspension> {
        let form =
            "must be FROM>UNTIL or FROM>UNTIL|reason=CODE, as 2026-10-07T09:00>2026-10-12T10:30";
        self.list("suspensions", form, suspension)
    }

    pub(super) fn fees(&mut self) -> Vec<CarriedFee> {
        let form = "must be ASKED>PAID|notice=NO|amount=DONG|method=METHOD|receipt=NO, or with waived=REASON for the \
                    last two, as 2026-10-07T09:00>2026-10-08T10:30|notice=TB-1|amount=250000|method=cash|receipt=BL-7";
        self.list("fees", form, fee)
    }

    /// What stands in a column with spaces between.
    fn list<T>(&mut self, column: &str, form: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let items = self.value(column).split_whitespace();
        let read: Option<Vec<T>> = items.map(read).collect();
        if read.is_none() {
            self.fault(column, form);
        }
        read.unwrap_or_default()
    }
}

/// What is written behind bars; a word alone is a name without a value.
struct Parts<'a> {
    from: &'a str,
    until: &'a str,
    named: BTreeMap<&'a str, &'a str>,
}

impl<'a> Parts<'a> {
    /// `None` where it is not written so, or names something that is not one of these, or twice.
    fn of(item: &'a str, names: &[&str]) -> Option<Self> {
        let mut parts = item.split('|');
        let (from, until) = parts.next()?.split_once('>')?;
        let mut named = BTreeMap::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if !names.contains(&name) || named.insert(name, value).is_some() {
                return None;
            }
        }
        Some(Self { from, until, named })
    }

    fn text(&self, name: &str) -> String {
        self.named.get(name).copied().unwrap_or_default().to_owned()
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let list = self.named.get(name).copied().unwrap_or_default();
        list.split('+').filter(|it| !it.is_empty())
    }
}

fn until(text: &str) -> Option<prost_types::Timestamp> {
    moment(text).map(stamp)
}

fn supplement(item: &str) -> Option<CarriedSupplement> {
    let it = Parts::of(
        item,
        &["reason", "papers", "until", "brought", "not_brought"],
    )?;
    let lapses_on = match it.text("until") {
        none if none.is_empty() => none,
        day => days::date(&day).ok()?.to_string(),
    };
    Some(CarriedSupplement {
        asked_at: Some(from(it.from)?),
        ended_at: Some(until(it.until)?),
        not_brought: it.named.contains_key("not_brought"),
        reason_code: it.text("reason"),
        components: it.list("papers").map(str::to_owned).collect(),
        lapses_on,
        brought: it
            .list("brought")
            .map(|paper| papers::component(paper).ok())
            .collect::<Option<_>>()?,
    })
}

fn suspension(item: &str) -> Option<CarriedSuspension> {
    let it = Parts::of(item, &["reason"])?;
    Some(CarriedSuspension {
        since: Some(from(it.from)?),
        until: Some(until(it.until)?),
        reason_code: it.text("reason"),
    })
}

fn fee(item: &str) -> Option<CarriedFee> {
    let it = Parts::of(item, &["notice", "amount", "method", "receipt", "waived"])?;
    let notified_at = match it.from {
        "" => None,
        asked => Some(from(asked)?),
    };
    Some(CarriedFee {
        notice: it.text("notice"),
        amount_vnd: it.text("amount").parse().ok()?,
        notified_at,
        ended_at: Some(until(it.until)?),
        method: it.text("method"),
        receipt: it.text("receipt"),
        waived: it.named.contains_key("waived"),
        reason_code: it.text("waived"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{row, told};
    use crate::import::layout::dossiers;

    #[test]
    fn what_is_over_is_told_in_the_line() {
        let (lines, faults) = dossiers(
            &[row(
                2,
                &[
                    (
                        "supplements",
                        "2026-10-07>2026-10-12T10:30|reason=thieu|papers=DON+GPCU|brought=DON:1:0:2+GPCU \
                         2026-10-13T08:00>2026-10-20T08:00|not_brought|until=19/10/2026",
                    ),
                    ("suspensions", "2026-10-21T08:00>2026-10-22T08:00"),
                    (
                        "fees",
                        ">2026-10-06T09:00|notice=TB-1|amount=250000|method=cash|receipt=BL-7 \
                         2026-10-23T09:00>2026-10-26T09:00|notice=TB-2|amount=90000|waived=ho_ngheo",
                    ),
                    ("waits", "payment"),
                    ("waits_since", "2026-10-27T09:00"),
                    ("waits_notice", "TB-3"),
                    ("waits_amount", "120000"),
                ],
            )],
            "motcua.cu",
            "clerk",
        );
        assert_eq!(faults, []);
        let carried = lines[0].request.carried_over.clone().unwrap();
        let [brought, not_brought] = &carried.supplements[..] else {
            panic!()
        };
        assert_eq!(brought.components, ["DON", "GPCU"]);
        assert_eq!((brought.brought[0].copies, brought.not_brought), (2, false));
        assert!(not_brought.not_brought);
        assert_eq!(not_brought.lapses_on, "2026-10-19");
        assert_eq!(carried.suspensions.len(), 1);
        let [paid, waived] = &carried.fees[..] else {
            panic!()
        };
        assert_eq!((paid.notified_at, paid.method.as_str()), (None, "cash"));
        assert_eq!(
            (waived.waived, waived.reason_code.as_str()),
            (true, "ho_ngheo")
        );
        let wait = carried.wait.unwrap();
        assert_eq!((wait.notice.as_str(), wait.amount_vnd), ("TB-3", 120_000));
    }

    #[test]
    fn what_is_not_written_so_is_told_with_how_it_is_written() {
        let faults = told(&[row(
            3,
            &[
                ("supplements", "2026-10-07T09:00"),
                ("suspensions", "2026-10-07T09:00>2026-10-12T10:30|why=x"),
                ("fees", ">2026-10-06T09:00|notice=TB-1|amount=much"),
                ("waits_amount", "120000"),
            ],
        )]);
        let columns: Vec<_> = faults
            .iter()
            .map(|fault| fault.split(": ").next().unwrap())
            .collect();
        assert_eq!(
            columns,
            [
                "dòng · line 3, supplements",
                "dòng · line 3, suspensions",
                "dòng · line 3, fees",
                "dòng · line 3, waits_amount",
            ]
        );
    }
}
