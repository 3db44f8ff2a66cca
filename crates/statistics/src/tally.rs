//! What a report is made of: the counts of every group and of every kind of placement, and what was pending on a day.

use std::collections::BTreeMap;

use crate::day::Day;
use crate::facts::{Facts, bits, marks};
use crate::placement::{COMMON, Class, Placement, State, place};
use crate::question::{Bounds, PendingRule, Question};
use crate::scan::{Scan, Share, groups, number};

/// The eight columns that are not sums: (4) (5) (6) (8) (9) (10) (12) (13).
pub(crate) type Parts = [u32; 8];

/// What one pass counted.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Of each group, at the group's number.
    pub(crate) groups: Vec<Parts>,
    /// How many dossiers have each placement.
    pub(crate) placements: BTreeMap<Placement, u64>,
    /// Counted online dossiers of each procedure.
    pub(crate) online: Vec<u32>,
    /// Whether a counted dossier falls under this law.
    pub(crate) laws: Vec<bool>,
    /// Counted dossiers with each mark: all of them, and those that ended in the period.
    pub(crate) marked: [[u64; 2]; marks::COUNT],
}

/// What was counted of some of the rows.
struct Counted {
    groups: Vec<Parts>,
    /// At each heading's number: all, and those online.
    headings: Vec<[u32; 2]>,
    placements: BTreeMap<Placement, u64>,
    marked: [[u64; 2]; marks::COUNT],
}

impl Counted {
    fn add(&mut self, other: Self) {
        for (sum, more) in self.groups.iter_mut().zip(other.groups) {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        }
        for (sum, [all, online]) in self.headings.iter_mut().zip(other.headings) {
            sum[0] += all;
            sum[1] += online;
        }
        for (placement, count) in other.placements {
            *self.placements.entry(placement).or_insert(0) += count;
        }
        for (sum, [all, ended]) in self.marked.iter_mut().zip(other.marked) {
            sum[0] += all;
            sum[1] += ended;
        }
    }
}

/// Counts everything the question is about.
pub(crate) fn tally(facts: &Facts, question: &Question) -> Tally {
    let bounds = question.bounds();
    let headings = facts.tables().headings.values();
    let none = || Counted {
        groups: vec![Parts::default(); groups(facts, question)],
        headings: vec![[0; 2]; headings.len()],
        placements: BTreeMap::new(),
        marked: [[0; 2]; marks::COUNT],
    };
    let counted = match Scan::new(facts, question, (bounds.from, bounds.to)) {
        Some(scan) => scan.counted(
            |share| {
                let mut counted = none();
                count(&scan, share, &bounds, question.due_rule, &mut counted);
                counted
            },
            Counted::add,
        ),
        None => none(),
    };
    let mut online = vec![0; facts.names().procedures.names().len()];
    let mut laws = vec![false; facts.names().laws.names().len()];
    for (heading, [all, through]) in headings.iter().zip(counted.headings) {
        if let Some(count) = online.get_mut(number(heading.procedure)) {
            *count += through;
        }
        if let Some(law) = laws.get_mut(number(heading.law)) {
            *law |= all > 0;
        }
    }
    Tally {
        groups: counted.groups,
        placements: counted.placements,
        online,
        laws,
        marked: counted.marked,
    }
}

fn count(scan: &Scan<'_>, share: Share, bounds: &Bounds, rule: PendingRule, counted: &mut Counted) {
    let mut common = vec![0_u32; number(COMMON)];
    let mut touched = Vec::new();
    scan.each_of(share, |table, at| {
        let Some(placement) = place((table.columns, table.waited), at, bounds, rule) else {
            return;
        };
        if let Some(count) = common.get_mut(number(placement.code())) {
            if *count == 0 {
                touched.push(placement);
            }
            *count += 1;
        } else {
            *counted.placements.entry(placement).or_insert(0) += 1;
            if !placement.is_counted() {
                return;
            }
        }
        if let Some(parts) = counted.groups.get_mut(scan.group(table, at)) {
            let (received, outcome) = parts_of(placement);
            parts[received] += 1;
            parts[outcome] += 1;
        }
        if let Some([all, online]) = counted.headings.get_mut(table.heading(at)) {
            *all += 1;
            *online += u32::from(placement.channel() == Some(1));
        }
        let mut left = table.columns.marks[at] & marks::ALL;
        while left != 0 && placement.is_counted() {
            if let Some([all, ended]) = counted.marked.get_mut(number(left.trailing_zeros())) {
                *all += 1;
                *ended += u64::from(placement.state() == State::Ended);
            }
            left &= left - 1;
        }
    });
    for placement in touched {
        *counted.placements.entry(placement).or_insert(0) +=
            u64::from(common[number(placement.code())]);
    }
}

/// What was pending at the end of a day, of each group: counted by itself, not as part of a form, because the opening of
/// the next period is checked against it.
pub(crate) fn pending_after(facts: &Facts, question: &Question, day: Day) -> Vec<u32> {
    let none = || vec![0_u32; groups(facts, question)];
    let Some(scan) = Scan::new(facts, question, (day.saturating_add(1), day)) else {
        return none();
    };
    let count = |share| {
        let mut pending = none();
        scan.each_of(share, |table, at| {
            if table.columns.flags[at] & bits::OUTSIDE == 0
                && let Some(count) = pending.get_mut(scan.group(table, at))
            {
                *count += 1;
            }
        });
        pending
    };
    scan.counted(count, |sum, more| {
        for (sum, more) in sum.iter_mut().zip(more) {
            *sum += more;
        }
    })
}

/// The two parts of [`Parts`] that count a placement.
#[inline]
pub(crate) fn parts_of(placement: Placement) -> (usize, usize) {
    let received = match (placement.received(), placement.channel()) {
        (true, Some(1)) => 0,
        (true, Some(_) | None) => 1,
        (false, _) => 2,
    };
    let outcome = match placement.state() {
        State::PendingWithin => 6,
        State::PendingOverdue => 7,
        State::Ended => match placement.class() {
            Class::Early => 3,
            Class::OnTime => 4,
            // Without a class it would not be in the form.
            Class::Overdue | Class::Unknown => 5,
        },
    };
    (received, outcome)
}
