//! Compares what reporting says with what was planned, figure by figure.

use std::collections::BTreeMap;

use api::hoso::reporting::v1::{GetReportResponse, ReportRow};
use serde_json::Value;

use super::plan::expected::{Expected, Figures};

/// Memo lines that the plan does not foresee: what would have been overdue by the date first promised, and what papers,
/// payments and the post have to do with.
pub(super) const NOT_PLANNED: [&str; 6] = [
    "ended_within_original_due",
    "second_supplement",
    "fee_requested",
    "paid_online",
    "electronic_result",
    "delivered_by_post",
];

/// Columns (3) to (13) of a row.
pub(super) fn figures(row: &ReportRow) -> Figures {
    [
        row.c3, row.c4, row.c5, row.c6, row.c7, row.c8, row.c9, row.c10, row.c11, row.c12, row.c13,
    ]
}

/// Every difference in rows and total, and every check that fails; empty when all is as planned.
pub(super) fn form(name: &str, report: &GetReportResponse, planned: &Expected) -> Vec<String> {
    let mut rows: BTreeMap<String, Figures> = report
        .rows
        .iter()
        .map(|row| (row.key.clone(), figures(row)))
        .collect();
    rows.insert(
        "total".to_owned(),
        report.total.as_ref().map(figures).unwrap_or_default(),
    );
    let mut wanted = planned.rows.clone();
    wanted.insert("total".to_owned(), planned.total);
    let keys: std::collections::BTreeSet<&String> = rows.keys().chain(wanted.keys()).collect();
    let mut differences = Vec::new();
    for key in keys {
        let row = |of: &BTreeMap<String, Figures>| of.get(key).copied().unwrap_or_default();
        for ((column, said), wanted) in (3..).zip(row(&rows)).zip(row(&wanted)) {
            if said != wanted {
                differences.push(format!(
                    "{name}, {key} ({column}): {said}, planned {wanted}"
                ));
            }
        }
    }
    let failed = report.checks.iter().filter(|check| !check.holds);
    differences.extend(failed.map(|check| format!("{name}, check {}: {}", check.id, check.detail)));
    differences
}

/// Every difference below the line.
pub(super) fn memo(name: &str, report: &GetReportResponse, planned: &Expected) -> Vec<String> {
    let mut differences: Vec<String> = report
        .memo
        .iter()
        .filter(|line| !NOT_PLANNED.contains(&line.key.as_str()))
        .filter_map(|line| {
            let wanted = planned
                .memo
                .get(line.key.as_str())
                .copied()
                .unwrap_or_default();
            (line.value != wanted)
                .then(|| format!("{name}, {}: {}, planned {wanted}", line.key, line.value))
        })
        .collect();
    let online = online_procedures(report);
    if online != Some(planned.online_procedures) {
        let wanted = planned.online_procedures;
        differences.push(format!(
            "{name}, procedures_with_online_dossiers: {online:?}, planned {wanted}"
        ));
    }
    differences
}

/// Procedures with at least one online dossier, as the JSON object says.
pub(super) fn online_procedures(report: &GetReportResponse) -> Option<u64> {
    let object: Value = serde_json::from_str(&report.json).ok()?;
    object
        .get("memo")?
        .get("procedures_with_online_dossiers")?
        .as_u64()
}

/// A count below the line.
pub(super) fn line(report: &GetReportResponse, key: &str) -> u64 {
    report
        .memo
        .iter()
        .find(|line| line.key == key)
        .map_or(0, |line| line.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_named_with_its_column() {
        let total = ReportRow {
            c3: 428,
            c4: 314,
            ..ReportRow::default()
        };
        let report = GetReportResponse {
            total: Some(total),
            ..GetReportResponse::default()
        };
        let mut planned = Expected {
            total: [428, 315, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ..Expected::default()
        };
        assert_eq!(
            form("x", &report, &planned),
            ["x, total (4): 314, planned 315"]
        );
        planned.total[1] = 314;
        assert!(form("x", &report, &planned).is_empty());
    }
}
