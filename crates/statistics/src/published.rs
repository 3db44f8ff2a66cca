//! Figures someone printed: which identities of form II.06a fail and by how much, what that can mean, and how they rounded.

mod parse;
mod readings;
mod rounding;

use std::collections::BTreeMap;

use serde::Serialize;

pub use parse::Fault;

use crate::question::Period;
use crate::ratio::Ratio;

/// What was printed, as it was printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// Of what.
    pub title: String,
    /// For which days.
    pub period: Period,
    /// What came in.
    pub received: Received,
    /// What ended: (7) to (10).
    pub resolved: Resolved,
    /// What is pending: (11) to (13).
    pub pending: Pending,
    /// Procedures with a fee, and those of them payable online, when printed.
    pub fees: Option<Ratio>,
    /// Percentages.
    pub percentages: Vec<Percentage>,
    /// Sums of other things than dossiers.
    pub totals: Vec<Total>,
    /// Statements without a figure of their own.
    pub claims: Vec<Claim>,
}

/// What came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Received {
    /// The total printed; whether it is column (3) or (4) + (5) is what the checks find out.
    pub total: u64,
    /// Online.
    pub online: u64,
    /// Direct or by public post.
    pub direct_or_postal: u64,
    /// Carried over, (6).
    pub opening: u64,
}

/// What ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "columns (7) to (10)")]
pub struct Resolved {
    pub total: u64,
    pub early: u64,
    pub on_time: u64,
    pub overdue: u64,
}

/// What is pending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "columns (11) to (13)")]
pub struct Pending {
    pub total: u64,
    pub within: u64,
    pub overdue: u64,
}

/// A printed percentage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Percentage {
    /// Of what.
    pub name: String,
    /// The figure as printed, without the percent sign: `82,48`.
    pub printed: String,
    /// What it should be.
    pub ratio: Ratio,
}

/// A printed sum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Total {
    /// Of what.
    pub name: String,
    /// The sum.
    pub value: u64,
    /// What it is said to consist of.
    pub parts: Vec<u64>,
}

/// A share claimed without saying of what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The words.
    pub text: String,
    /// The denominators it could have.
    pub candidates: Vec<u64>,
}

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Holds,
    /// Worth knowing.
    Note,
    /// Cannot be told, or is done in two ways.
    Warning,
    /// Wrong.
    Error,
}

/// One thing found out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Stable: `C4`, `reading_B`, `percentage`.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
    /// The figures by name; percentages in hundredths of a percent, their names end in `_bp`.
    pub numbers: BTreeMap<&'static str, u64>,
}

impl Finding {
    fn new(
        id: &'static str,
        severity: Severity,
        vi: String,
        en: String,
        numbers: &[(&'static str, u64)],
    ) -> Self {
        Self {
            id,
            severity,
            vi,
            en,
            numbers: numbers.iter().copied().collect(),
        }
    }
}

impl Published {
    /// Reads printed figures from TOML: the layout of `deploy/examples/dong-thap-2023-h1.toml`.
    ///
    /// # Errors
    ///
    /// Everything that is missing or of the wrong kind, each with its key.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        parse::parse(text)
    }

    /// Everything that can be found out, the form's identities first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (received, resolved, pending) = (&self.received, &self.resolved, &self.pending);
        let in_period = received.online.saturating_add(received.direct_or_postal);
        let computed = in_period.saturating_add(received.opening);
        findings.push(identity(
            "C1",
            (
                "số tiếp nhận đã in",
                "the printed total received",
                received.total,
            ),
            if received.total == computed {
                ("(4)+(5)+(6)", "(4)+(5)+(6)", computed)
            } else {
                ("(4)+(5)", "(4)+(5)", in_period)
            },
        ));
        findings.push(identity(
            "C2",
            ("(7)", "(7)", resolved.total),
            (
                "(8)+(9)+(10)",
                "(8)+(9)+(10)",
                resolved
                    .early
                    .saturating_add(resolved.on_time)
                    .saturating_add(resolved.overdue),
            ),
        ));
        findings.push(identity(
            "C3",
            ("(11)", "(11)", pending.total),
            (
                "(12)+(13)",
                "(12)+(13)",
                pending.within.saturating_add(pending.overdue),
            ),
        ));
        let left = resolved.total.saturating_add(pending.total);
        findings.push(self.stock_and_flow(computed, left));
        if computed != left {
            findings.extend(readings::readings(self, computed, left));
        }
        findings.extend(rounding::findings(&self.percentages));
        for total in &self.totals {
            let sum = total
                .parts
                .iter()
                .fold(0_u64, |sum, part| sum.saturating_add(*part));
            let parts = total
                .parts
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join("+");
            findings.push(identity(
                "total",
                (&total.name, &total.name, total.value),
                (&parts, &parts, sum),
            ));
        }
        findings.extend(self.claims.iter().map(claim));
        findings.extend(self.fees.map(fees));
        findings
    }

    /// C4, with the remark that matters when the difference is the opening stock.
    fn stock_and_flow(&self, computed: u64, left: u64) -> Finding {
        let opening = self.received.opening;
        let mut finding = identity(
            "C4",
            ("(3) = (4)+(5)+(6)", "(3) = (4)+(5)+(6)", computed),
            ("(7)+(11)", "(7)+(11)", left),
        );
        if computed != left && computed.abs_diff(left) == opening {
            finding.vi += &format!(
                "; chênh lệch đúng bằng số từ kỳ trước chuyển qua (6) = {opening}: có lẽ (4)+(5) đã gồm cả số này"
            );
            finding.en += &format!(
                "; the difference equals the opening stock (6) = {opening}: (4)+(5) probably already contain it"
            );
        }
        finding
    }
}

/// A printed figure and what it must equal, each with its Vietnamese and English name.
fn identity(id: &'static str, printed: (&str, &str, u64), must_be: (&str, &str, u64)) -> Finding {
    let (a, b) = (printed.2, must_be.2);
    let difference = a.abs_diff(b);
    let numbers = [("left", a), ("right", b), ("difference", difference)];
    if difference == 0 {
        let [vi, en] = [(printed.0, must_be.0), (printed.1, must_be.1)]
            .map(|(x, y)| format!("{x}: {a} = {y}: {b}"));
        return Finding::new(id, Severity::Holds, vi, en, &numbers);
    }
    let vi = format!("{}: {a} ≠ {}: {b}, lệch {difference}", printed.0, must_be.0);
    let en = format!("{}: {a} ≠ {}: {b}, by {difference}", printed.1, must_be.1);
    Finding::new(id, Severity::Error, vi, en, &numbers)
}

/// C9: one denominator for a claim.
fn claim(claim: &Claim) -> Finding {
    let mut candidates = claim.candidates.clone();
    candidates.sort_unstable();
    candidates.dedup();
    let numbers = [(
        "candidates",
        u64::try_from(candidates.len()).unwrap_or(u64::MAX),
    )];
    let listed = |or: &str| {
        candidates
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(or)
    };
    let text = &claim.text;
    if candidates.len() == 1 {
        let vi = format!("“{text}”: mẫu số là {}", listed(""));
        let en = format!("“{text}”: the denominator is {}", listed(""));
        return Finding::new("C9", Severity::Holds, vi, en, &numbers);
    }
    let vi = format!(
        "“{text}”: không có một mẫu số duy nhất: {}?",
        listed(" hay ")
    );
    let en = format!(
        "“{text}”: there is no single denominator: {}?",
        listed(" or ")
    );
    Finding::new("C9", Severity::Warning, vi, en, &numbers)
}

fn fees(fees: Ratio) -> Finding {
    let (online, bearing) = (fees.numerator, fees.denominator);
    let vi = format!("TTHC có nghĩa vụ tài chính thanh toán được trực tuyến: {fees}");
    let en = format!(
        "procedures with a fee that are payable online: {} ({online}/{bearing})",
        fees.percent_en()
    );
    Finding::new(
        "fees",
        Severity::Note,
        vi,
        en,
        &[("online", online), ("bearing", bearing)],
    )
}
