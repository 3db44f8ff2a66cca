//! One pass over the versions known at a position: the counts of every group and of every kind of placement.

use std::collections::BTreeMap;

use domain::event::Channel;
use domain::ids::AgencyId;

use crate::day::Day;
use crate::facts::{Columns, Facts, Heading, Past, Waited, bits, channel_number, marks};
use crate::placement::{COMMON, Class, Placement, State, place};
use crate::question::{Filter, Grouping, Organised, Question};

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

/// The versions of one table, and what groups them.
pub(crate) struct Table<'a> {
    pub(crate) columns: &'a Columns,
    /// The days of the columns' waits.
    pub(crate) waited: &'a [Waited],
    /// The number of the group, at the number of a heading; without it the channel is the group.
    groups: Option<&'a [u32]>,
    /// Of past versions only: their dossiers, and until when they were known.
    past: Option<&'a Past>,
}

impl<'a> Table<'a> {
    /// The number of the row's group.
    #[inline]
    pub(crate) fn group(&self, at: usize) -> usize {
        match self.groups {
            Some(groups) => groups
                .get(self.heading(at))
                .map_or(usize::MAX, |group| number(*group)),
            None => number(self.columns.flags[at] & bits::CHANNEL),
        }
    }

    /// The number of the row's heading.
    #[inline]
    pub(crate) fn heading(&self, at: usize) -> usize {
        number(self.columns.heading[at])
    }

    /// The dossier's ordinal; of a version in force it is the row's own number.
    pub(crate) fn ordinal(&self, at: usize) -> usize {
        self.past.map_or(at, |past| number(past.ordinals[at]))
    }
}

/// Rows looked at together: their numbers stay in the first-level cache.
const BLOCK: usize = 1024;

/// Visits each dossier once, in the version known at the question's position: of those that pass the filter, all that
/// the days `from` to `to` touch, and all that stand outside the form.
///
/// First the rows of a block are chosen without branching on the data, then the chosen ones are visited: most rows of a
/// long history lie outside the period, and which ones do is not predictable.
#[inline]
pub(crate) fn each(
    facts: &Facts,
    question: &Question,
    (from, to): (Day, Day),
    mut visit: impl FnMut(&Table<'_>, usize),
) {
    let Some(wanted) = Wanted::of(facts, question) else {
        return;
    };
    let position = question.as_of.position;
    let all_known = facts.through().is_none_or(|through| position >= through);
    let groups = groups_of(facts, question);
    let table = |columns, past| Table {
        columns,
        waited: facts.tables().waited.values(),
        groups: groups.as_deref(),
        past,
    };
    let current = table(&facts.current().columns, None);
    let past = (!all_known).then(|| table(&facts.past().columns, Some(facts.past())));
    let mut chosen = [0_u16; BLOCK];
    for table in [Some(current), past].iter().flatten() {
        let columns = table.columns;
        // Past versions stand in the order in which they ceased to be known: the earlier ones need no look.
        let start = table.past.map_or(0, |past| {
            past.known_to
                .partition_point(|known_to| known_to.by(position))
        });
        let (flags, begun, ended) = (
            &columns.flags[start..],
            &columns.begun[start..],
            &columns.ended[start..],
        );
        let blocks = flags
            .chunks(BLOCK)
            .zip(begun.chunks(BLOCK))
            .zip(ended.chunks(BLOCK));
        for (first, ((flags, begun), ended)) in (start..).step_by(BLOCK).zip(blocks) {
            let mut count = 0;
            for (offset, ((flags, begun), ended)) in (0..).zip(flags.iter().zip(begun).zip(ended)) {
                if let Some(place) = chosen.get_mut(count) {
                    *place = offset;
                }
                let touched = (*begun <= to) & (*ended >= from) | (flags & bits::OUTSIDE != 0);
                count += usize::from(touched);
            }
            for offset in chosen.iter().take(count) {
                let at = first + usize::from(*offset);
                if (all_known || columns.known_from[at].by(position)) && wanted.takes(columns, at) {
                    visit(table, at);
                }
            }
        }
    }
}

/// Counts everything the question is about.
pub(crate) fn tally(facts: &Facts, question: &Question) -> Tally {
    let (bounds, rule) = (question.bounds(), question.due_rule);
    let mut groups = vec![Parts::default(); groups(facts, question)];
    let headings = facts.tables().headings.values();
    let mut counted = vec![[0_u32; 2]; headings.len()];
    let mut common = vec![0_u32; number(COMMON)];
    let mut touched = Vec::new();
    let mut marked = [[0; 2]; marks::COUNT];
    let mut placements = BTreeMap::new();
    each(facts, question, (bounds.from, bounds.to), |table, at| {
        let Some(placement) = place((table.columns, table.waited), at, &bounds, rule) else {
            return;
        };
        if let Some(count) = common.get_mut(number(placement.code())) {
            if *count == 0 {
                touched.push(placement);
            }
            *count += 1;
        } else {
            *placements.entry(placement).or_insert(0) += 1;
            if !placement.is_counted() {
                return;
            }
        }
        if let Some(parts) = groups.get_mut(table.group(at)) {
            let (received, outcome) = parts_of(placement);
            parts[received] += 1;
            parts[outcome] += 1;
        }
        if let Some([all, online]) = counted.get_mut(table.heading(at)) {
            *all += 1;
            *online += u32::from(placement.channel() == Some(1));
        }
        let mut left = table.columns.marks[at] & marks::ALL;
        while left != 0 && placement.is_counted() {
            if let Some([all, ended]) = marked.get_mut(number(left.trailing_zeros())) {
                *all += 1;
                *ended += u64::from(placement.state() == State::Ended);
            }
            left &= left - 1;
        }
    });
    for placement in touched {
        *placements.entry(placement).or_insert(0) += u64::from(common[number(placement.code())]);
    }
    let mut online = vec![0; facts.names().procedures.names().len()];
    let mut laws = vec![false; facts.names().laws.names().len()];
    for (heading, [all, through]) in headings.iter().zip(counted) {
        if let Some(count) = online.get_mut(number(heading.procedure)) {
            *count += through;
        }
        if let Some(law) = laws.get_mut(number(heading.law)) {
            *law |= all > 0;
        }
    }
    Tally {
        groups,
        placements,
        online,
        laws,
        marked,
    }
}

/// What was pending at the end of a day, of each group: counted by itself, not as part of a form, because the opening of
/// the next period is checked against it.
pub(crate) fn pending_after(facts: &Facts, question: &Question, day: Day) -> Vec<u32> {
    let mut pending = vec![0_u32; groups(facts, question)];
    each(
        facts,
        question,
        (day.saturating_add(1), day),
        |table, at| {
            if table.columns.flags[at] & bits::OUTSIDE == 0
                && let Some(count) = pending.get_mut(table.group(at))
            {
                *count += 1;
            }
        },
    );
    pending
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

/// The number of the group at each heading's number; `None` when the channel is the group.
fn groups_of(facts: &Facts, question: &Question) -> Option<Vec<u32>> {
    let in_charge = in_charge(facts, &question.organised);
    let agency = |agency: u32| {
        let now = in_charge.as_ref().and_then(|now| now.get(number(agency)));
        now.copied().unwrap_or(agency)
    };
    let headings = facts.tables().headings.values().iter();
    Some(match question.group {
        Grouping::Field => headings.map(|it| it.field).collect(),
        Grouping::Procedure => headings.map(|it| it.procedure).collect(),
        Grouping::Agency => headings.map(|it| agency(it.agency)).collect(),
        Grouping::Channel => return None,
    })
}

/// For each agency's number that of the agency in charge now; one that no dossier was ever accepted for has a number after
/// all others. `None` for agencies as they were then.
fn in_charge(facts: &Facts, organised: &Organised) -> Option<Vec<u32>> {
    match organised {
        Organised::Then => None,
        Organised::Now(_) => {
            let keys = agencies(facts, organised);
            let numbers = facts.names().agencies.names().iter().map(|agency| {
                let now = organised.agency(agency);
                let at = keys.iter().position(|key| key == now);
                at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
            });
            Some(numbers.collect())
        }
    }
}

/// The agencies that a row may be about, in the order of their numbers: those seen, then successors never seen.
pub(crate) fn agencies(facts: &Facts, organised: &Organised) -> Vec<AgencyId> {
    let mut keys: Vec<AgencyId> = facts.names().agencies.names().to_vec();
    if let Organised::Now(_) = organised {
        for agency in facts.names().agencies.names() {
            let now = organised.agency(agency);
            if !keys.contains(now) {
                keys.push(now.clone());
            }
        }
    }
    keys
}

fn groups(facts: &Facts, question: &Question) -> usize {
    let names = facts.names();
    match question.group {
        Grouping::Field => names.fields.names().len(),
        Grouping::Procedure => names.procedures.names().len(),
        Grouping::Agency => agencies(facts, &question.organised).len(),
        Grouping::Channel => 4,
    }
}

/// A filter with numbers for identifiers.
struct Wanted {
    any: bool,
    /// Whether it is wanted, at the number of each heading.
    headings: Vec<bool>,
    channel: Option<u32>,
}

impl Wanted {
    /// `None` when something wanted was never seen: then nothing passes.
    fn of(facts: &Facts, question: &Question) -> Option<Self> {
        let (names, filter) = (facts.names(), &question.filter);
        let agencies = filter.agency.as_ref().map(|wanted| {
            let theirs = (0..).zip(names.agencies.names());
            theirs
                .filter(|(_, agency)| question.organised.agency(agency) == wanted)
                .map(|(number, _)| number)
                .collect::<Vec<u32>>()
        });
        if agencies.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let find = |wanted: Option<Option<u32>>| wanted.map_or(Some(None), |found| found.map(Some));
        let field = find(filter.field.as_ref().map(|id| names.fields.find(id)))?;
        let procedure = filter.procedure.as_ref();
        let procedure = find(procedure.map(|id| names.procedures.find(id)))?;
        let takes = |heading: &Heading| {
            agencies
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&heading.agency))
                && field.is_none_or(|wanted| wanted == heading.field)
                && procedure.is_none_or(|wanted| wanted == heading.procedure)
        };
        let headings = facts.tables().headings.values();
        Some(Self {
            any: *filter == Filter::default(),
            headings: headings.iter().map(takes).collect(),
            channel: filter
                .channel
                .map(|channel: Channel| channel_number(channel)),
        })
    }

    #[inline]
    fn takes(&self, columns: &Columns, at: usize) -> bool {
        self.any
            || (self.headings.get(number(columns.heading[at])) == Some(&true)
                && self
                    .channel
                    .is_none_or(|wanted| wanted == columns.flags[at] & bits::CHANNEL))
    }
}

/// The columns hold 32 bits; where memory is addressed with fewer, nothing of this fits.
#[inline]
pub(crate) fn number(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
