//! One pass over the versions known at a position, by one thread or by several that take a share of the rows each.

use domain::event::Channel;
use domain::ids::AgencyId;

use crate::day::Day;
use crate::facts::{Columns, Facts, Heading, Past, Waited, bits, channel_number};
use crate::question::{Filter, Grouping, Organised, Question};

/// The versions of one table.
pub(crate) struct Table<'a> {
    pub(crate) columns: &'a Columns,
    /// The first row that can have been known at the position.
    start: usize,
    /// The days of the columns' waits.
    pub(crate) waited: &'a [Waited],
    /// Of past versions only: their dossiers, and until when they were known.
    past: Option<&'a Past>,
}

impl Table<'_> {
    fn rows(&self) -> usize {
        self.columns.len().saturating_sub(self.start)
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

/// Rows that are worth a thread of their own: starting one takes as long as looking at a tenth of these.
const ROWS_A_THREAD: usize = 100_000;

/// A part of the rows: this one of so many.
pub(crate) type Share = (usize, usize);

/// The one pass over the rows: who is in it, and what groups them.
pub(crate) struct Scan<'a> {
    wanted: Wanted,
    position: u64,
    /// All that is in force was known at the position already.
    all_known: bool,
    /// The days of the pass.
    days: (Day, Day),
    tables: Vec<Table<'a>>,
    groups: Option<Vec<u32>>,
}

impl<'a> Scan<'a> {
    /// Over the versions known at the question's position that pass its filter; `None` when nothing can.
    pub(crate) fn new(facts: &'a Facts, question: &Question, days: (Day, Day)) -> Option<Self> {
        let position = question.as_of.position;
        let all_known = facts.through().is_none_or(|through| position >= through);
        let waited = facts.tables().waited.values();
        let current = Table {
            columns: &facts.current().columns,
            start: 0,
            waited,
            past: None,
        };
        let past = facts.past();
        let past = (!all_known).then(|| Table {
            columns: &past.columns,
            // Past versions stand in the order in which they ceased to be known: the earlier ones need no look.
            start: past
                .known_to
                .partition_point(|known_to| known_to.by(position)),
            waited,
            past: Some(past),
        });
        Some(Self {
            wanted: Wanted::of(facts, question)?,
            position,
            all_known,
            days,
            tables: [current].into_iter().chain(past).collect(),
            groups: groups_of(facts, question),
        })
    }

    /// The number of the row's group.
    #[inline]
    pub(crate) fn group(&self, table: &Table<'_>, at: usize) -> usize {
        match &self.groups {
            Some(groups) => groups
                .get(table.heading(at))
                .map_or(usize::MAX, |group| number(*group)),
            None => number(table.columns.flags[at] & bits::CHANNEL),
        }
    }

    /// Visits each dossier once, in the version known at the position: of those that pass the filter, all that the days
    /// of the scan touch, and all that stand outside the form.
    #[inline]
    pub(crate) fn each(&self, visit: impl FnMut(&Table<'_>, usize)) {
        self.each_of((0, 1), visit);
    }

    /// The same for a part of the rows.
    ///
    /// First the rows of a block are chosen without branching on the data, then the chosen ones are visited: most rows of
    /// a long history lie outside the period, and which ones do is not predictable.
    #[inline]
    pub(crate) fn each_of(&self, (part, parts): Share, mut visit: impl FnMut(&Table<'_>, usize)) {
        let (from, to) = self.days;
        let mut chosen = [0_u16; BLOCK];
        for table in &self.tables {
            let columns = table.columns;
            let rows = table.rows();
            let [start, end] = [part, part + 1].map(|part| table.start + rows * part / parts);
            let (flags, begun, ended) = (
                &columns.flags[start..end],
                &columns.begun[start..end],
                &columns.ended[start..end],
            );
            let blocks = flags
                .chunks(BLOCK)
                .zip(begun.chunks(BLOCK))
                .zip(ended.chunks(BLOCK));
            for (first, ((flags, begun), ended)) in (start..).step_by(BLOCK).zip(blocks) {
                let mut count = 0;
                let rows = flags.iter().zip(begun).zip(ended);
                for (offset, ((flags, begun), ended)) in (0..).zip(rows) {
                    if let Some(place) = chosen.get_mut(count) {
                        *place = offset;
                    }
                    let touched = (*begun <= to) & (*ended >= from) | (flags & bits::OUTSIDE != 0);
                    count += usize::from(touched);
                }
                for offset in chosen.iter().take(count) {
                    let at = first + usize::from(*offset);
                    if (self.all_known || columns.known_from[at].by(self.position))
                        && self.wanted.takes(columns, at)
                    {
                        visit(table, at);
                    }
                }
            }
        }
    }

    /// Counts the rows on as many threads as are worth it, a share each, and adds up what they counted.
    pub(crate) fn counted<T: Send>(
        &self,
        count: impl Fn(Share) -> T + Sync,
        mut add: impl FnMut(&mut T, T),
    ) -> T {
        let rows: usize = self.tables.iter().map(Table::rows).sum();
        let worth = rows / ROWS_A_THREAD;
        let parts = if worth > 1 {
            std::thread::available_parallelism().map_or(1, |cores| cores.get().min(worth))
        } else {
            1
        };
        std::thread::scope(|scope| {
            let count = &count;
            let others: Vec<_> = (1..parts)
                .map(|part| scope.spawn(move || count((part, parts))))
                .collect();
            let mut whole = count((0, parts));
            for other in others {
                match other.join() {
                    Ok(part) => add(&mut whole, part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            whole
        })
    }
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

/// How many groups the question may tell apart.
pub(crate) fn groups(facts: &Facts, question: &Question) -> usize {
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
