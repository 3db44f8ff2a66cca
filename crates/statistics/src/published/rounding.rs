//! C7: whether printed percentages are what their numerators and denominators give, and rounded in one way.

use super::{Finding, Percentage, Severity};
use crate::ratio::decimal;

/// How a printed figure relates to its ratio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rounding {
    /// Rounded half-up, and cut off would be the same.
    Either,
    /// Rounded half-up; cut off it would be less.
    HalfUp,
    /// Cut off; rounded half-up it would be more.
    Truncated,
    /// Neither.
    Wrong,
    /// Nothing to compare with: the denominator is 0.
    NotApplicable,
}

/// A finding for each percentage, and one when the roundings are mixed.
pub(super) fn findings(percentages: &[Percentage]) -> Vec<Finding> {
    let roundings: Vec<Rounding> = percentages.iter().map(rounding).collect();
    let mixed = roundings.contains(&Rounding::HalfUp) && roundings.contains(&Rounding::Truncated);
    let mut findings: Vec<Finding> = percentages
        .iter()
        .zip(&roundings)
        .map(|(percentage, rounding)| finding(percentage, *rounding))
        .collect();
    if mixed {
        let named = |wanted| {
            let of = percentages
                .iter()
                .zip(&roundings)
                .filter(|(_, rounding)| **rounding == wanted);
            of.map(|(percentage, _)| percentage.printed.clone() + " %")
                .collect::<Vec<_>>()
                .join("; ")
        };
        let (truncated, half_up) = (named(Rounding::Truncated), named(Rounding::HalfUp));
        let count = |wanted| {
            u64::try_from(
                roundings
                    .iter()
                    .filter(|rounding| **rounding == wanted)
                    .count(),
            )
            .unwrap_or(u64::MAX)
        };
        findings.push(Finding::new(
            "C7_mixed",
            Severity::Warning,
            format!(
                "làm tròn không thống nhất: {truncated} bị cắt bớt, {half_up} làm tròn nửa lên"
            ),
            format!("rounding is mixed: {truncated} is truncated, {half_up} is rounded half-up"),
            &[
                ("truncated", count(Rounding::Truncated)),
                ("half_up", count(Rounding::HalfUp)),
            ],
        ));
    }
    findings
}

/// The printed digits as a number of units and how many decimals they have; `None` when it is no number.
pub(super) fn printed(text: &str) -> Option<(u128, u32)> {
    let text = text.trim();
    let (whole, fraction) = text.split_once([',', '.']).unwrap_or((text, ""));
    let digits = |part: &str| part.len() <= 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    Some((
        format!("{whole}{fraction}").parse().ok()?,
        u32::try_from(fraction.len()).ok()?,
    ))
}

fn rounding(percentage: &Percentage) -> Rounding {
    let Some((value, decimals)) = printed(&percentage.printed) else {
        return Rounding::Wrong;
    };
    let ratio = percentage.ratio;
    let (Some(half_up), Some(truncated)) = (ratio.half_up(decimals), ratio.truncated(decimals))
    else {
        return Rounding::NotApplicable;
    };
    match (value == half_up, value == truncated) {
        (true, true) => Rounding::Either,
        (true, false) => Rounding::HalfUp,
        (false, true) => Rounding::Truncated,
        (false, false) => Rounding::Wrong,
    }
}

fn finding(percentage: &Percentage, rounding: Rounding) -> Finding {
    let Percentage {
        name,
        printed: figure,
        ratio,
    } = percentage;
    let (n, d) = (ratio.numerator, ratio.denominator);
    let decimals = printed(figure).map_or(2, |(_, decimals)| decimals);
    let [right_vi, right_en] = [',', '.'].map(|sign| {
        ratio
            .half_up(decimals)
            .map_or_else(String::new, |units| decimal(units, decimals, sign))
    });
    let (severity, vi, en) = match rounding {
        Rounding::Either | Rounding::HalfUp => (
            Severity::Holds,
            format!("{figure} % = {n}/{d}"),
            format!("{figure} % = {n}/{d}"),
        ),
        Rounding::Truncated => (
            Severity::Warning,
            format!("{figure} % là {n}/{d} bị cắt bớt; làm tròn nửa lên là {right_vi} %"),
            format!("{figure} % is {n}/{d} truncated; rounded half-up it is {right_en} %"),
        ),
        Rounding::Wrong => (
            Severity::Error,
            format!("{figure} % không phải {n}/{d} = {right_vi} %"),
            format!("{figure} % is not {n}/{d} = {right_en} %"),
        ),
        Rounding::NotApplicable => (
            Severity::Error,
            format!("{figure} %: {n}/{d} không áp dụng"),
            format!("{figure} %: {n}/{d} is not applicable"),
        ),
    };
    let numbers = [("numerator", n), ("denominator", d)];
    Finding::new(
        "C7",
        severity,
        format!("{name}: {vi}"),
        format!("{name}: {en}"),
        &numbers,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::Ratio;

    fn of(figure: &str, numerator: u64, denominator: u64) -> Rounding {
        let ratio = Ratio::new(numerator, denominator);
        rounding(&Percentage {
            name: String::new(),
            printed: figure.into(),
            ratio,
        })
    }

    #[test]
    fn the_roundings_of_the_article_are_told_apart() {
        assert_eq!(of("82,48", 353, 428), Rounding::HalfUp);
        assert_eq!(of("17,52", 75, 428), Rounding::Either);
        assert_eq!(of("93,22", 110, 118), Rounding::Either);
        assert_eq!(of("43,63", 48, 110), Rounding::Truncated);
        assert_eq!(of("43,64", 48, 110), Rounding::HalfUp);
        assert_eq!(of("43.6", 48, 110), Rounding::Either);
        assert_eq!(of("43,7", 48, 110), Rounding::Wrong);
        assert_eq!(of("44", 48, 110), Rounding::HalfUp);
        assert_eq!(of("100,00", 0, 0), Rounding::NotApplicable);
    }

    #[test]
    fn what_is_no_number_is_wrong_and_never_a_panic() {
        for figure in [
            "",
            ",",
            "12,3,4",
            "-1",
            "1e9",
            "٣",
            "99999999999999999999",
            "0,9999999999999",
        ] {
            assert_eq!(of(figure, 1, 2), Rounding::Wrong, "{figure}");
        }
    }
}
