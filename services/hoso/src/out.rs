//! The only module that prints: results on standard output, everything else on standard error.

use std::io::Write as _;

/// Prints a line of a result. A reader that has gone away is no fault of ours.
pub fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Says a line to the person at the terminal.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
