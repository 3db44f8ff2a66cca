//! `hoso check-figures`: figures somebody published, checked: which identities fail, by how much, and what that can mean.

use std::process::ExitCode;

use statistics::published::{Finding, Published, Severity};

use crate::args::CheckFigures;
use crate::{Failure, out};

/// Reads the figures and says what is wrong with them; the exit code is 2 when they do not balance.
pub fn run(check: &CheckFigures) -> Result<ExitCode, Failure> {
    let name = check.file.display();
    let text =
        std::fs::read_to_string(&check.file).map_err(|error| format!("reading {name}: {error}"))?;
    let published = Published::parse(&text).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        format!("{name} cannot be read as figures:\n{}", lines.join("\n"))
    })?;
    let findings = published.findings();
    if check.format.is_json() {
        out::print(&serde_json::to_string(&findings)?);
    } else {
        out::print(&told(&published, &findings));
    }
    let wrong = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(ExitCode::from(if wrong { 2 } else { 0 }))
}

/// The findings for people: Vietnamese first, English below.
pub fn told(published: &Published, findings: &[Finding]) -> String {
    let mut lines = vec![format!(
        "{} ({} – {})",
        published.title,
        published.period.from().strftime("%d/%m/%Y"),
        published.period.to().strftime("%d/%m/%Y")
    )];
    for finding in findings {
        let mark = match finding.severity {
            Severity::Holds => "✓",
            Severity::Note => "·",
            Severity::Warning => "!",
            Severity::Error => "✗",
        };
        lines.push(format!("  {mark} {}: {}", finding.id, finding.vi));
        lines.push(format!("      {}", finding.en));
    }
    lines.join("\n")
}
