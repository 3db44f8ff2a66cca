//! Reading law versions: every parameter with its value, source and certainty.

use super::{Certainty, LawVersion, Parameter, SupplementRule, SuspensionRule};
use crate::catalogue::names::Kind;
use crate::catalogue::table::Table;
use crate::ids::LawId;

pub(crate) fn parse(file: &Table<'_>) -> Vec<LawVersion> {
    file.each("law", law)
}

fn law(table: &Table<'_>) -> Option<LawVersion> {
    let id = table.define(Kind::Law, "id");
    let name = table.text("name");
    let period = table.period("in_force_from", "in_force_to");
    let u16_at = |key| parameter(table, key, |it| it.number("value"));
    let time_at = |key| parameter(table, key, |it| it.time("value"));

    let on_supplement = parameter(table, "on_supplement", |it| {
        it.word("value", SupplementRule::NAMES)
    });
    let within = u16_at("supplement_request_within_working_days");
    let requests_max = u16_at("supplement_requests_max");
    let lapses = parameter(table, "supplement_lapses_after_working_days", |it| {
        if it.has("value") {
            it.number("value").map(Some)
        } else {
            Some(None)
        }
    });
    if let Some(lapses) = &lapses
        && lapses.value.is_none() != (lapses.certainty == Certainty::NotEstablished)
    {
        table.fault(
            table.line,
            "`supplement_lapses_after_working_days` has a `value` exactly when its certainty is not `not_established`",
        );
    }
    let extensions_max = u16_at("extensions_max");
    let notice = u16_at("extension_notice_days");
    let late_counts = parameter(table, "late_extension_counts", |it| {
        it.flag_required("value")
    });
    let on_suspension = parameter(table, "on_suspension", |it| {
        it.word("value", SuspensionRule::NAMES)
    });
    let answer = parameter(table, "online_answer_working_hours", |it| {
        it.number("value")
    });
    let transfer_cutoff = time_at("transfer_cutoff");
    let same_day_cutoff = time_at("same_day_cutoff");
    let back_dating = u16_at("accept_back_dating_max_working_days");
    let record_late = u16_at("record_late_max_working_days");
    let (in_force_from, in_force_to) = period?;
    Some(LawVersion {
        id: LawId::new(id?),
        name: name?.value.into(),
        in_force_from,
        in_force_to,
        on_supplement: on_supplement?,
        supplement_request_within_working_days: within?,
        supplement_requests_max: requests_max?,
        supplement_lapses_after_working_days: lapses?,
        extensions_max: extensions_max?,
        extension_notice_days: notice?,
        late_extension_counts: late_counts?,
        on_suspension: on_suspension?,
        online_answer_working_hours: answer?,
        transfer_cutoff: transfer_cutoff?,
        same_day_cutoff: same_day_cutoff?,
        accept_back_dating_max_working_days: back_dating?,
        record_late_max_working_days: record_late?,
    })
}

fn parameter<'a, T>(
    law: &Table<'a>,
    key: &'static str,
    value: impl FnOnce(&Table<'a>) -> Option<T>,
) -> Option<Parameter<T>> {
    let read = law.inner(key, |table| {
        let value = value(table);
        let source = table.text("source");
        let certainty = table.word("certainty", Certainty::NAMES);
        Some(Parameter {
            value: value?,
            source: source?.value.into(),
            certainty: certainty?,
        })
    });
    law.required(key, read)
}
