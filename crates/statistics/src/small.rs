//! What those may see who may see counts only: a commune with one dossier is a person, so small rows are merged.

use serde::ser::{Serialize, Serializer};

use crate::memo::MemoRow;
use crate::report::{Cells, Report, Row};

/// A report as it may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// With its figures.
    Whole(Report),
    /// It counts so few dossiers that every figure of it is a small one: in JSON the same object, with no rows and no
    /// checks, its total and memo `null`.
    Withheld(Report),
}

impl Shown {
    /// The report with its figures, unless they are withheld.
    pub fn whole(&self) -> Option<&Report> {
        match self {
            Self::Whole(report) => Some(report),
            Self::Withheld(_) => None,
        }
    }

    /// The report for what is never withheld: period, position, rules.
    pub fn about(&self) -> &Report {
        match self {
            Self::Whole(report) | Self::Withheld(report) => report,
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(report) => report.object(true, to),
            Self::Withheld(report) => report.object(false, to),
        }
    }
}

/// What is touched by the period and stands outside the form.
const OUTSIDE: [MemoRow; 6] = [
    MemoRow::NoDueDate,
    MemoRow::Unclassified,
    MemoRow::NeverAccepted,
    MemoRow::RefusedAtIntake,
    MemoRow::WithdrawnBeforeAcceptance,
    MemoRow::AcceptanceVoided,
];

impl Report {
    /// The report for readers who may see counts only: small rows are merged, a report that is small itself is withheld,
    /// and the rules say from how many dossiers on a row is shown. With 0 it is shown as it is.
    #[must_use]
    pub fn shown(mut self, small_cells_min: u64) -> Shown {
        if small_cells_min == 0 {
            return Shown::Whole(self);
        }
        self.rules
            .more
            .insert("small_cells_min".to_owned(), small_cells_min.to_string());
        let counted = match self.total.c3 {
            0 => OUTSIDE.iter().map(|row| self.memo.get(*row)).sum(),
            counted => counted,
        };
        if counted > 0 && counted < small_cells_min {
            Shown::Withheld(self)
        } else {
            Shown::Whole(self.merge_small(small_cells_min))
        }
    }

    /// Rows that count fewer than `threshold` dossiers become one row. It takes in the next smallest ones until it is not
    /// small itself and hides no single row that the total would give away.
    #[must_use]
    pub fn merge_small(mut self, threshold: u64) -> Self {
        let mut by_size: Vec<usize> = (0..self.rows.len()).collect();
        by_size.sort_by_key(|at| (self.rows[*at].cells.c3, *at));
        let small = self
            .rows
            .iter()
            .filter(|row| row.cells.c3 < threshold)
            .count();
        if small == 0 {
            return self;
        }
        let (mut merged, mut count) = (Cells::default(), 0);
        for at in &by_size {
            if count >= small.max(2) && merged.c3 >= threshold {
                break;
            }
            merged = merged.plus(&self.rows[*at].cells);
            count += 1;
        }
        by_size.truncate(count);
        let mut at = 0..;
        self.rows
            .retain(|_| at.next().is_none_or(|at| !by_size.contains(&at)));
        self.rows.push(Row {
            key: "other".into(),
            name: "Các dòng có ít hồ sơ, gộp lại".into(),
            cells: merged,
        });
        self
    }
}
