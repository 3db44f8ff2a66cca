//! Reading fields and procedures.

use super::names::Kind;
use super::table::Table;
use super::{Component, Field, Level, OnlineLevel, Procedure};
use crate::clock::{TimeLimit, TimeUnit};
use crate::ids::{AgencyId, ComponentCode, FieldCode, ProcedureCode};

pub(super) fn fields(file: &Table<'_>) -> Vec<Field> {
    file.each("field", |table| {
        let code = table.define(Kind::Field, "code");
        let name = table.text("name");
        Some(Field {
            code: FieldCode::new(code?),
            name: name?.value.into(),
        })
    })
}

pub(super) fn procedures(file: &Table<'_>) -> Vec<Procedure> {
    file.each("procedure", procedure)
}

fn procedure(table: &Table<'_>) -> Option<Procedure> {
    let code = table.define(Kind::Procedure, "code");
    let name = table.text("name");
    let field = table.text("field").map(|at| table.refer(Kind::Field, at));
    let level = table.word("level", Level::NAMES);
    let agencies = table.texts("agencies").map(|agencies| {
        agencies
            .into_iter()
            .map(|at| AgencyId::new(table.refer(Kind::Agency, at)))
            .collect()
    });
    let online = table.word("online", OnlineLevel::NAMES);
    let limit = table.inner("limit", time_limit);
    let limit_online = table.inner("limit_online", time_limit);
    let no_limit = table.flag("no_limit");
    check_limits(table, online, no_limit);
    let fee_bearing = table.flag("fee_bearing");
    let [fee_online, fee_suspends_clock] = ["fee_online", "fee_suspends_clock"].map(|key| {
        let set = table.flag(key);
        if set && !fee_bearing {
            table.fault(
                table.line,
                format!("`{key}` is set but `fee_bearing` is not"),
            );
        }
        set
    });
    let immediate = table.flag("immediate");
    let synthetic = table.flag("synthetic");
    let components = components(table);
    let (valid_from, valid_to) = table.period("valid_from", "valid_to")?;
    Some(Procedure {
        code: ProcedureCode::new(code?),
        name: name?.value.into(),
        field: FieldCode::new(field?),
        level: level?,
        agencies: agencies?,
        online: online?,
        immediate,
        limit,
        limit_online,
        fee_bearing,
        fee_online,
        fee_suspends_clock,
        components,
        synthetic,
        valid_from,
        valid_to,
    })
}

fn time_limit(table: &Table<'_>) -> Option<TimeLimit> {
    let unit = table.word("unit", TimeUnit::NAMES);
    let amount = match unit {
        Some(TimeUnit::SameDay) if !table.has("amount") => Some(0),
        Some(
            TimeUnit::WorkingDays
            | TimeUnit::CalendarDays
            | TimeUnit::WorkingHours
            | TimeUnit::Months
            | TimeUnit::SameDay,
        )
        | None => table.number("amount"),
    };
    let limit = TimeLimit {
        amount: amount?,
        unit: unit?,
    };
    // Upper bounds far beyond any law: they catch a slip of the pen, a year typed for an amount.
    let (least, most) = match limit.unit {
        TimeUnit::WorkingDays | TimeUnit::CalendarDays => (1, 1_000),
        TimeUnit::WorkingHours => (1, 1_000),
        TimeUnit::Months => (1, 60),
        TimeUnit::SameDay => (0, 0),
    };
    if !(least..=most).contains(&limit.amount) {
        let amount = limit.amount;
        table.fault(
            table.line,
            format!("`amount` {amount} is not between {least} and {most}"),
        );
    }
    Some(limit)
}

fn check_limits(table: &Table<'_>, online: Option<OnlineLevel>, no_limit: bool) {
    let has = |key| table.has(key);
    if no_limit && (has("limit") || has("limit_online")) {
        table.fault(table.line, "`no_limit` is set and yet there is a limit");
    } else if has("limit_online") && !has("limit") {
        table.fault(table.line, "there is a `limit_online` but no `limit`");
    } else if !no_limit && !has("limit") {
        match online {
            Some(OnlineLevel::Full | OnlineLevel::Partial) => table.fault(
                table.line,
                "`limit` is missing; if the law sets no time, say `no_limit = true`",
            ),
            Some(OnlineLevel::InformationOnly) | None => {}
        }
    }
}

fn components(table: &Table<'_>) -> Vec<Component> {
    let mut seen: Vec<&str> = Vec::new();
    table.each("component", |table| {
        let code = table.text("code");
        if let Some(code) = code {
            if seen.contains(&code.value) {
                table.fault(
                    code.line,
                    format!("component `{}` is already there", code.value),
                );
            }
            seen.push(code.value);
        }
        let name = table.text("name");
        let required = table.flag_required("required");
        Some(Component {
            code: ComponentCode::new(code?.value),
            name: name?.value.into(),
            required: required?,
        })
    })
}
