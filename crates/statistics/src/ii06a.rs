//! Form II.06a/VPCP/KSTT (TT 01/2020/TT-VPCP): what came in, what ended, what is pending, in one scan over the facts.

use std::collections::BTreeMap;

use domain::ids::{AgencyId, DossierId, FieldCode, ProcedureCode};

use crate::checks::{Evidence, checks};
use crate::facts::{CHANNELS, Facts};
use crate::memo::{Memo, MemoRow};
use crate::placement::{Placement, place};
use crate::question::{Grouping, Organised, Question};
use crate::report::{Cells, Column, Report, Row, Rules};
use crate::scan::{self, Scan};
use crate::tally::{Tally, pending_after, tally};

/// The form's name, as reports quote it.
const FORM: &str = "II.06a/VPCP/KSTT";

/// How ends are compared with due dates: see [`domain::clock::Due::class`].
const CLASS_RULE: &str = "rule-II06-date-v1";

/// Answers a question with the form.
///
/// Rows without any figure are left out. Rows carry their keys as names until [`Report::named`] gives better ones.
pub fn ii06a(facts: &Facts, question: &Question) -> Report {
    let tally = tally(facts, question);
    let count = |counts: &dyn Fn(Placement) -> bool| -> u64 {
        tally
            .placements
            .iter()
            .filter(|(place, _)| counts(**place))
            .map(|(_, count)| count)
            .sum()
    };
    let total = Cells::of_counts(|column| count(&|place| column.counts(place)));
    let online = tally.online.iter().filter(|count| **count > 0).count();
    let memo = Memo::new(
        |row| match row.mark() {
            Some(mark) => mark.of(&tally.marked),
            None => count(&|place| row.counts(place)),
        },
        u64::try_from(online).unwrap_or(u64::MAX),
    );
    let mut rows: Vec<Row> = (0..)
        .zip(&tally.groups)
        .map(|(group, parts)| (group, Cells::of_parts(parts)))
        .filter(|(_, cells)| *cells != Cells::default())
        .map(|(group, cells)| {
            let key = key(facts, question, group);
            Row {
                name: name(&key).unwrap_or(&key).into(),
                key,
                cells,
            }
        })
        .collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let before = question.period.first_day().saturating_sub(1);
    let closing: BTreeMap<String, u64> = (0..)
        .zip(pending_after(facts, question, before))
        .filter(|(_, pending)| *pending > 0)
        .map(|(group, pending)| (key(facts, question, group), u64::from(pending)))
        .collect();
    let checks = checks(&Evidence {
        rows: &rows,
        total: &total,
        memo: &memo,
        closing: &closing,
        online_information_only: online_information_only(facts, question, &tally),
        odd: &|flag| count(&|place| place.has(flag)),
    });
    Report {
        period: question.period,
        as_of: question.as_of.at,
        position: question.as_of.position,
        rules: rules(facts, question, &tally),
        rows,
        total,
        memo,
        checks,
    }
}

/// The dossiers behind a figure, in the order in which they were first seen: of one row by its key, or of the total.
pub fn cell(
    facts: &Facts,
    question: &Question,
    row: Option<&str>,
    column: Column,
) -> Vec<DossierId> {
    behind(facts, question, row, |place, _| column.counts(place))
}

/// The dossiers behind a row below the line.
pub fn memo_cell(facts: &Facts, question: &Question, row: MemoRow) -> Vec<DossierId> {
    behind(facts, question, None, |place, marks| match row.mark() {
        Some(mark) => mark.counts(place, marks),
        None => row.counts(place),
    })
}

fn behind(
    facts: &Facts,
    question: &Question,
    row: Option<&str>,
    counts: impl Fn(Placement, u32) -> bool,
) -> Vec<DossierId> {
    let wanted = match row.map(|key| group(facts, question, key)) {
        None => None,
        Some(Some(group)) => Some(group),
        Some(None) => return Vec::new(),
    };
    let (bounds, rule) = (question.bounds(), question.due_rule);
    let mut ordinals = Vec::new();
    let Some(scan) = Scan::new(facts, question, (bounds.from, bounds.to)) else {
        return Vec::new();
    };
    scan.each(|table, at| {
        if wanted.is_none_or(|wanted| wanted == scan.group(table, at))
            && place((table.columns, table.waited), at, &bounds, rule)
                .is_some_and(|place| counts(place, table.columns.marks[at]))
        {
            ordinals.push(table.ordinal(at));
        }
    });
    ordinals.sort_unstable();
    let dossiers = &facts.current().dossiers;
    ordinals
        .into_iter()
        .filter_map(|at| dossiers.get(at).copied())
        .collect()
}

fn key(facts: &Facts, question: &Question, group: usize) -> String {
    let names = facts.names();
    let text = match question.group {
        Grouping::Field => names.fields.names().get(group).map(FieldCode::as_str),
        Grouping::Procedure => names
            .procedures
            .names()
            .get(group)
            .map(ProcedureCode::as_str),
        Grouping::Agency => {
            let agencies = scan::agencies(facts, &question.organised);
            return agencies
                .get(group)
                .map_or("unknown", AgencyId::as_str)
                .into();
        }
        Grouping::Channel => CHANNELS.get(group).map(|(_, name)| *name),
    };
    text.unwrap_or("unknown").into()
}

fn group(facts: &Facts, question: &Question, key: &str) -> Option<usize> {
    let names = facts.names();
    match question.group {
        Grouping::Field => names.fields.find(&FieldCode::new(key)).map(scan::number),
        Grouping::Procedure => names
            .procedures
            .find(&ProcedureCode::new(key))
            .map(scan::number),
        Grouping::Agency => scan::agencies(facts, &question.organised)
            .iter()
            .position(|agency| agency.as_str() == key),
        Grouping::Channel => CHANNELS.iter().position(|(_, name)| *name == key),
    }
}

/// Names that are the same in every catalogue.
fn name(key: &str) -> Option<&'static str> {
    match key {
        "direct" => Some("Trực tiếp"),
        "online" => Some("Trực tuyến"),
        "postal" => Some("Bưu chính công ích"),
        _ => None,
    }
}

fn online_information_only(facts: &Facts, question: &Question, tally: &Tally) -> Option<u64> {
    let procedures = question.information_only.as_ref()?;
    let numbers = procedures
        .iter()
        .filter_map(|code| facts.names().procedures.find(code));
    Some(
        numbers
            .filter_map(|number| tally.online.get(scan::number(number)))
            .map(|count| u64::from(*count))
            .sum(),
    )
}

fn rules(facts: &Facts, question: &Question, tally: &Tally) -> Rules {
    let filter = &question.filter;
    let channel = filter
        .channel
        .and_then(|wanted| CHANNELS.iter().find(|(channel, _)| *channel == wanted));
    let filter = [
        ("agency", filter.agency.as_ref().map(ToString::to_string)),
        ("field", filter.field.as_ref().map(ToString::to_string)),
        (
            "procedure",
            filter.procedure.as_ref().map(ToString::to_string),
        ),
        ("channel", channel.map(|(_, name)| (*name).into())),
    ];
    let mut laws: Vec<String> = facts
        .names()
        .laws
        .names()
        .iter()
        .zip(&tally.laws)
        .filter(|(_, counted)| **counted)
        .map(|(law, _)| law.to_string())
        .collect();
    laws.sort();
    Rules {
        form: FORM,
        class: CLASS_RULE,
        pending: question.due_rule.as_str(),
        group: question.group.as_str(),
        organised: match question.organised {
            Organised::Then => None,
            Organised::Now(_) => Some("now"),
        },
        filter: filter
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect(),
        calendar: facts.calendar_version().to_string(),
        laws,
        more: BTreeMap::new(),
    }
}
