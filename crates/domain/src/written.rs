//! How days, times and amounts are written for people: 30/11/2026, 08:05 30/11/2026, 1.500.000.

use jiff::{Timestamp, civil::Date};

use crate::local;

/// A day as people write it here: 30/11/2026.
pub(crate) fn dmy(date: Date) -> impl std::fmt::Display {
    date.strftime("%d/%m/%Y")
}

/// A moment as people write it here: 08:05 30/11/2026.
pub(crate) fn moment(at: Timestamp) -> impl std::fmt::Display {
    local::datetime(at).strftime("%H:%M %d/%m/%Y")
}

/// An amount with its thousands apart: 1.500.000 in Vietnamese, 1,500,000 in English.
pub(crate) fn grouped(amount: u64, separator: char) -> String {
    let digits = amount.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// An amount of đồng in a Vietnamese sentence.
pub(crate) fn dong(amount: u64) -> String {
    grouped(amount, '.')
}
