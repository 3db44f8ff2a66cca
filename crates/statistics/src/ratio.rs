//! Percentages: never without numerator and denominator, rounded half-up to two decimals, and 0/0 is not applicable.

use std::fmt;

/// A part of a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ratio {
    /// The part.
    pub numerator: u64,
    /// The whole.
    pub denominator: u64,
}

impl Ratio {
    /// A part of a whole.
    pub fn new(numerator: u64, denominator: u64) -> Self {
        Self {
            numerator,
            denominator,
        }
    }

    /// In units of 10^-`decimals` percent, rounded half-up; `None` when the denominator is 0.
    pub fn half_up(self, decimals: u32) -> Option<u128> {
        let (scaled, denominator) = self.scaled(decimals)?;
        Some((2 * scaled + denominator) / (2 * denominator))
    }

    /// The same, cut off.
    pub fn truncated(self, decimals: u32) -> Option<u128> {
        let (scaled, denominator) = self.scaled(decimals)?;
        Some(scaled / denominator)
    }

    fn scaled(self, decimals: u32) -> Option<(u128, u128)> {
        let denominator = u128::from(self.denominator);
        // More than 12 decimals nobody prints, and 20 digits of numerator times 10^14 fit.
        let factor = 10_u128.pow(2 + decimals.min(12));
        (denominator != 0).then(|| (u128::from(self.numerator) * factor, denominator))
    }

    /// The percentage alone, as Vietnamese write it: `82,48 %`; `không áp dụng` for 0/0.
    pub fn percent_vi(self) -> String {
        self.half_up(2)
            .map_or_else(|| "không áp dụng".into(), |of| decimal(of, 2, ',') + " %")
    }

    /// The same in English: `82.48 %`; `not applicable` for 0/0.
    pub fn percent_en(self) -> String {
        self.half_up(2)
            .map_or_else(|| "not applicable".into(), |of| decimal(of, 2, '.') + " %")
    }
}

/// As shown to people: `82,48 % (353/428)`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}/{})",
            self.percent_vi(),
            self.numerator,
            self.denominator
        )
    }
}

/// A number of 10^-`decimals` with its decimal sign.
pub(crate) fn decimal(units: u128, decimals: u32, sign: char) -> String {
    let factor = 10_u128.pow(decimals.min(12));
    if factor == 1 {
        return units.to_string();
    }
    let width = usize::try_from(decimals.min(12)).unwrap_or_default();
    format!("{}{sign}{:0width$}", units / factor, units % factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_rounded_half_up_to_two_decimals() {
        assert_eq!(Ratio::new(353, 428).percent_vi(), "82,48 %");
        assert_eq!(Ratio::new(48, 110).percent_vi(), "43,64 %");
        assert_eq!(Ratio::new(1, 8).percent_en(), "12.50 %");
        assert_eq!(Ratio::new(1, 800).half_up(1), Some(1));
        assert_eq!(Ratio::new(1, 801).half_up(1), Some(1));
        assert_eq!(Ratio::new(1, 2001).half_up(1), Some(0));
    }

    #[test]
    fn it_is_never_shown_without_numerator_and_denominator() {
        assert_eq!(Ratio::new(411, 411).to_string(), "100,00 % (411/411)");
    }

    #[test]
    fn nothing_of_nothing_is_not_applicable() {
        assert_eq!(Ratio::new(0, 0).to_string(), "không áp dụng (0/0)");
        assert_eq!(Ratio::new(0, 0).percent_en(), "not applicable");
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        assert_eq!(
            Ratio::new(u64::MAX, 1).half_up(2),
            Some(u128::from(u64::MAX) * 10_000)
        );
    }
}
