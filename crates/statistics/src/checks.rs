//! What must hold of a report, and whether it does: the form's identities, and the standing checks of the data.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::bits;
use crate::memo::{Memo, MemoRow};
use crate::report::{Cells, Row};

/// One check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// Its stable name: `C1` to `C11`, or what it looks for.
    pub id: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// The figures compared.
    pub detail: String,
}

/// What the checks compare with the form: each counted on its own way.
pub(crate) struct Evidence<'a> {
    /// The rows.
    pub(crate) rows: &'a [Row],
    /// The total, counted without the rows.
    pub(crate) total: &'a Cells,
    /// Below the line.
    pub(crate) memo: &'a Memo,
    /// By key: what was pending at the end of the day before the period, at the same position.
    pub(crate) closing: &'a BTreeMap<String, u64>,
    /// Online dossiers of procedures that are for information only; `None` when those are not known.
    pub(crate) online_information_only: Option<u64>,
    /// How many touched dossiers have an oddity.
    pub(crate) odd: &'a dyn Fn(u32) -> u64,
}

/// An identity between two sides of a row.
type Identity = fn(&Cells) -> (u64, u64);

/// The form's own identities: name, left side, right side, as printed and as computed.
const IDENTITIES: [(&str, &str, &str, Identity); 4] = [
    ("C1", "(3)", "(4)+(5)+(6)", |cells| {
        (cells.c3, cells.c4 + cells.c5 + cells.c6)
    }),
    ("C2", "(7)", "(8)+(9)+(10)", |cells| {
        (cells.c7, cells.c8 + cells.c9 + cells.c10)
    }),
    ("C3", "(11)", "(12)+(13)", |cells| {
        (cells.c11, cells.c12 + cells.c13)
    }),
    ("C4", "(3)", "(7)+(11)", |cells| {
        (cells.c3, cells.c7 + cells.c11)
    }),
];

/// All checks, in the order shown.
pub(crate) fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let mut checks: Vec<Check> = IDENTITIES
        .iter()
        .map(|(id, left, right, identity)| {
            let broken = evidence
                .rows
                .iter()
                .map(|row| (row.key.as_str(), &row.cells))
                .chain([("total", evidence.total)])
                .find(|(_, cells)| {
                    let (a, b) = identity(cells);
                    a != b
                });
            let (key, cells) = broken.unwrap_or(("total", evidence.total));
            let (a, b) = identity(cells);
            let sign = if a == b { '=' } else { '≠' };
            let detail = format!("{key}: {left} {a} {sign} {right} {b}");
            Check {
                id,
                holds: broken.is_none(),
                detail,
            }
        })
        .collect();
    checks.push(continuity(evidence));
    checks.push(rows_add_up(evidence));
    checks.push(channels(evidence));
    checks.extend(data(evidence));
    checks
}

/// C5: what a period opens with is what the one before closed with, row by row, at one position.
fn continuity(evidence: &Evidence<'_>) -> Check {
    let opening: BTreeMap<&str, u64> = evidence
        .rows
        .iter()
        .map(|row| (row.key.as_str(), row.cells.c6))
        .collect();
    let closing = evidence.closing;
    let keys = opening
        .keys()
        .copied()
        .chain(closing.keys().map(String::as_str));
    let both = |key| {
        (
            opening.get(key).copied().unwrap_or(0),
            closing.get(key).copied().unwrap_or(0),
        )
    };
    let broken = keys.map(|key| (key, both(key))).find(|(_, (a, b))| a != b);
    let total: u64 = closing.values().sum();
    let detail = broken.as_ref().map_or_else(
        || {
            format!(
                "total: (6) {} = (11) kỳ trước / of the period before {total}",
                evidence.total.c6
            )
        },
        |(key, (a, b))| format!("{key}: (6) {a} ≠ (11) kỳ trước / of the period before {b}"),
    );
    Check {
        id: "C5",
        holds: broken.is_none() && total == evidence.total.c6,
        detail,
    }
}

/// C6: the rows add up to the total, which was counted without them.
fn rows_add_up(evidence: &Evidence<'_>) -> Check {
    let sum = evidence
        .rows
        .iter()
        .fold(Cells::default(), |sum, row| sum.plus(&row.cells));
    let broken = (3..)
        .zip(sum.all())
        .zip(evidence.total.all())
        .find(|((_, a), b)| a != b);
    let detail = broken.map_or_else(
        || format!("{} dòng / rows, (3) {}", evidence.rows.len(), sum.c3),
        |((column, rows), total)| {
            format!("({column}): các dòng / rows {rows} ≠ tổng / total {total}")
        },
    );
    Check {
        id: "C6",
        holds: broken.is_none(),
        detail,
    }
}

/// C11: the channels add up to what was received.
fn channels(evidence: &Evidence<'_>) -> Check {
    let memo = evidence.memo;
    let [online, direct, postal] = [
        MemoRow::ReceivedOnline,
        MemoRow::ReceivedDirect,
        MemoRow::ReceivedPostal,
    ]
    .map(|row| memo.get(row));
    let received = evidence.total.c4 + evidence.total.c5;
    let holds = online + direct + postal == received && online == evidence.total.c4;
    let sign = if holds { '=' } else { '≠' };
    let detail = format!("1: {direct} + 2: {online} + 3: {postal} {sign} (4)+(5) {received}");
    Check {
        id: "C11",
        holds,
        detail,
    }
}

/// The checks of the data: rows that no figure shows, and what operators of other systems really met.
fn data(evidence: &Evidence<'_>) -> impl Iterator<Item = Check> {
    let none = |id, what: &str, count: u64| Check {
        id,
        holds: count == 0,
        detail: format!("{what}: {count}"),
    };
    let odd = evidence.odd;
    let information = evidence.online_information_only.map_or_else(
        || Check {
            id: "online_information_only",
            holds: true,
            detail: "không kiểm tra: chưa có danh mục / not checked: no catalogue given".into(),
        },
        |count| {
            none(
                "online_information_only",
                "trực tuyến ở thủ tục chỉ cung cấp thông tin / online for an information-only procedure",
                count,
            )
        },
    );
    [
        none(
            "no_due_date",
            "không có ngày hẹn trả / no due date",
            evidence.memo.get(MemoRow::NoDueDate),
        ),
        none(
            "unclassified",
            "không phân loại được / unclassified",
            evidence.memo.get(MemoRow::Unclassified),
        ),
        information,
        none(
            "ended_without_acceptance",
            "kết thúc mà không có ngày tiếp nhận / ended without acceptance",
            odd(bits::ENDED_WITHOUT_ACCEPTANCE),
        ),
        none(
            "delivered_without_end",
            "đã trả kết quả mà chưa kết thúc xử lý / delivered without an end of processing",
            odd(bits::DELIVERED_WITHOUT_END),
        ),
        none(
            "accepted_in_future",
            "tiếp nhận trong tương lai / accepted in the future",
            odd(bits::ACCEPTED_IN_FUTURE),
        ),
        none(
            "ended_in_future",
            "kết thúc trong tương lai / ended in the future",
            odd(bits::ENDED_IN_FUTURE),
        ),
        none(
            "ended_before_acceptance",
            "kết thúc trước khi tiếp nhận / ended before acceptance",
            odd(bits::ENDED_BEFORE_ACCEPTANCE),
        ),
    ]
    .into_iter()
}
