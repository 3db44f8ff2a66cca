//! What happened to a dossier in the other system since it was accepted there, and the papers that it has, from a line.

use api::hoso::dossier::v1::Component;
use api::hoso::intake::v1::{CarriedExtension, CarriedWait, CarriedWaitKind};

use super::{Reading, moment, stamp};
use crate::{days, papers};

impl Reading<'_> {
    /// A day, as the wire has it; empty when it is not filled, or is none.
    pub(super) fn day(&mut self, column: &str) -> String {
        let value = self.value(column);
        if value.is_empty() {
            return String::new();
        }
        match days::date(value) {
            Ok(day) => day.to_string(),
            Err(_) => {
                self.fault(column, "must be a day, as 2026-10-26 or 26/10/2026");
                String::new()
            }
        }
    }

    pub(super) fn extensions(&mut self) -> Vec<CarriedExtension> {
        let read: Vec<_> = self
            .value("extensions")
            .split_whitespace()
            .map(extension)
            .collect();
        if read.contains(&None) {
            self.fault(
                "extensions",
                "must be TOLD>NEW_DAY, with spaces between, as 2026-10-12>2026-10-19",
            );
        }
        read.into_iter().flatten().collect()
    }

    pub(super) fn wait(&mut self) -> Option<CarriedWait> {
        let filled = |column: &&str| !self.value(column).is_empty();
        let rest = [
            "waits_since",
            "waits_reason",
            "waits_papers",
            "waits_until",
            "waits_notice",
            "waits_amount",
        ];
        if self.value("waits").is_empty() {
            let lonely = rest.into_iter().find(filled);
            if let Some(column) = lonely {
                self.fault(column, "goes with waits");
            }
            return None;
        }
        let kinds = [
            ("supplement", CarriedWaitKind::Supplement),
            ("suspension", CarriedWaitKind::Suspension),
            ("payment", CarriedWaitKind::Payment),
        ];
        let kind = self.one_of("waits", &kinds);
        if self.value("waits_since").is_empty() {
            self.fault("waits_since", "must be filled");
        }
        let amount = self.value("waits_amount");
        let amount_vnd = amount.parse().unwrap_or_default();
        if !amount.is_empty() && amount_vnd == 0 {
            self.fault("waits_amount", "must be an amount in đồng, as 250000");
        }
        let components = self.value("waits_papers").split_whitespace();
        Some(CarriedWait {
            notice: self.text("waits_notice"),
            amount_vnd,
            components: components.map(str::to_owned).collect(),
            kind: kind.unwrap_or_default().into(),
            since: self.moment("waits_since"),
            reason_code: self.text("waits_reason"),
            lapses_on: self.day("waits_until"),
        })
    }

    pub(super) fn papers(&mut self) -> Vec<Component> {
        let read: Vec<_> = self
            .value("papers")
            .split_whitespace()
            .map(|paper| papers::component(paper).ok())
            .collect();
        if read.contains(&None) {
            self.fault(
                "papers",
                "must be CODE or CODE:ORIGINALS:CERTIFIED:COPIES, with spaces between",
            );
        }
        read.into_iter().flatten().collect()
    }
}

/// A moment; a day is that day from its beginning on.
pub(super) fn from(text: &str) -> Option<prost_types::Timestamp> {
    let at = match days::date(text) {
        Ok(day) => domain::local::instant(day.at(0, 0, 0, 0)),
        Err(_) => moment(text)?,
    };
    Some(stamp(at))
}

/// An apology with a new date.
fn extension(text: &str) -> Option<CarriedExtension> {
    let (told, new_day) = text.split_once('>')?;
    Some(CarriedExtension {
        notified_at: Some(from(told)?),
        new_date: days::date(new_day).ok()?.to_string(),
        reason_code: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{row, told};
    use super::*;
    use crate::import::layout::dossiers;

    #[test]
    fn what_happened_there_since_is_told_in_the_line() {
        let (lines, faults) = dossiers(
            &[row(
                2,
                &[
                    ("original_due", "09/10/2026"),
                    ("extensions", "2026-10-07>2026-10-12"),
                    ("waits", "supplement"),
                    ("waits_since", "2026-10-08T09:00"),
                    ("waits_papers", "DON GPCU"),
                    ("papers", "DON:1:0:2 GPCU"),
                ],
            )],
            "motcua.cu",
            "clerk",
        );
        assert_eq!(faults, []);
        let request = lines[0].request.clone();
        let carried = request.carried_over.unwrap();
        assert_eq!(carried.original_due_on, "2026-10-09");
        assert_eq!(carried.extensions[0].new_date, "2026-10-12");
        let wait = carried.wait.unwrap();
        assert_eq!(wait.kind(), CarriedWaitKind::Supplement);
        assert_eq!(wait.components, ["DON", "GPCU"]);
        let papers = request.submission.unwrap().components;
        assert_eq!((papers[0].copies, papers[1].originals), (2, 1));
        let faults = told(&[
            row(3, &[("extensions", "2026-10-12"), ("waits", "holiday")]),
            row(
                4,
                &[
                    ("source_reference", "2026-78"),
                    ("code", "000.00.06.H20-261005-0362"),
                    ("waits_until", "2026-10-30"),
                    ("papers", "DON:x"),
                ],
            ),
        ]);
        assert_eq!(
            faults,
            [
                "dòng · line 3, extensions: must be TOLD>NEW_DAY, with spaces between, as 2026-10-12>2026-10-19",
                "dòng · line 3, waits: must be one of supplement, suspension, payment",
                "dòng · line 3, waits_since: must be filled",
                "dòng · line 4, waits_until: goes with waits",
                "dòng · line 4, papers: must be CODE or CODE:ORIGINALS:CERTIFIED:COPIES, with spaces between",
            ]
        );
    }
}
