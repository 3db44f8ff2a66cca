//! Dossier codes: `000.00.06.H20-221215-10001` is the agency's prefix, the civil day of acceptance, and a number of that day.
//!
//! TT 01/2018/TT-VPCP Đ.19, with the prefixes of QCVN 102:2016 and QĐ 20/2020/QĐ-TTg. Opaque to everyone but the
//! generator here: the rule has changed before, and NĐ 309/2026 announces another.
//!
//! The number is made so that no two nodes ever write the same one: its length and its first digit say which node it
//! is from. Node 0 writes four digits (`0361`); node n writes n and four digits (`10361`); past 9999 the part after the
//! node's digit widens, and node 0 writes its digit too (`010000`, `110000`). Nodes above nine, which nobody should
//! need, write three digits for the node and ten for the number.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::ids::DossierCode;

/// The largest length of a code, ours or another system's.
pub const LENGTH_MAX: usize = 64;

/// The style of an agency prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PrefixStyle {
    /// QCVN 102:2016, read from right to left: `000.00.06.H20`.
    Qcvn102,
    /// QĐ 20/2020/QĐ-TTg, read from left to right: `H20.01.02`.
    Qd20,
}

/// A dossier code taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ParsedCode<'a> {
    /// The agency's part.
    pub prefix: &'a str,
    /// In which style it is.
    pub style: PrefixStyle,
    /// The day.
    pub date: Date,
    /// The number of the day, as written.
    pub sequence: &'a str,
}

/// The code of the `sequence`-th dossier that `node` accepted for an agency on a day.
pub fn format(prefix: &str, date: Date, node_digit: u8, sequence: u32) -> DossierCode {
    let mut code = String::with_capacity(LENGTH_MAX);
    let (year, month, day) = (date.year().rem_euclid(100), date.month(), date.day());
    // Writing to a string cannot fail.
    let _ = write!(code, "{prefix}-{year:02}{month:02}{day:02}-");
    number(&mut code, node_digit, sequence);
    DossierCode::new(code)
}

fn number(to: &mut String, node: u8, sequence: u32) {
    let _ = match (node, sequence) {
        (0, 0..=9_999) => write!(to, "{sequence:04}"),
        (0..=9, _) => write!(to, "{node}{sequence:04}"),
        (10.., _) => write!(to, "{node:03}{sequence:010}"),
    };
}

/// Takes a code apart; none when it is in no accepted pattern or its day does not exist.
///
/// Accepted are `000.00.06.H20-YYMMDD-…` and `H20.01.02-YYMMDD-…`, with 4 to 13 digits at the end (other systems write
/// 4 to 6), and at most 64 characters in all.
pub fn parse(code: &str) -> Option<ParsedCode<'_>> {
    if code.len() > LENGTH_MAX {
        return None;
    }
    let (rest, sequence) = code.rsplit_once('-')?;
    let (prefix, day) = rest.rsplit_once('-')?;
    let style = prefix_style(prefix)?;
    (digits(sequence) && (4..=13).contains(&sequence.len())).then_some(())?;
    (digits(day) && day.len() == 6).then_some(())?;
    let date = Date::new(
        2000 + day.get(0..2)?.parse::<i16>().ok()?,
        day.get(2..4)?.parse().ok()?,
        day.get(4..6)?.parse().ok()?,
    )
    .ok()?;
    Some(ParsedCode {
        prefix,
        style,
        date,
        sequence,
    })
}

/// Whether a code, ours or another system's, is in an accepted pattern.
pub fn accepts(code: &str) -> bool {
    parse(code).is_some()
}

/// The style of an agency prefix; none when it is in neither.
pub fn prefix_style(prefix: &str) -> Option<PrefixStyle> {
    let groups: Vec<&str> = prefix.split('.').collect();
    match groups.as_slice() {
        [v, z, y, root] if digits(v) && v.len() == 3 => {
            let two = |group: &str| digits(group) && group.len() == 2;
            (two(z) && two(y) && is_root(root)).then_some(PrefixStyle::Qcvn102)
        }
        [root, rest @ ..] if is_root(root) => rest
            .iter()
            .all(|group| {
                !group.is_empty()
                    && group
                        .bytes()
                        .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
            })
            .then_some(PrefixStyle::Qd20),
        _ => None,
    }
}

/// `H20`: a letter from A to Y and two digits.
fn is_root(group: &str) -> bool {
    matches!(group.as_bytes(), [b'A'..=b'Y', b'0'..=b'9', b'0'..=b'9'])
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl ParsedCode<'_> {
    /// The one node that writes numbers so; none when this generator writes none like it.
    pub fn node(&self) -> Option<u8> {
        (0..=u8::MAX).find(|node| self.sequence_of(*node).is_some())
    }

    /// The number of the day that this node gave, if it was this node and this generator.
    pub fn sequence_of(&self, node: u8) -> Option<u32> {
        let number_part = match (node, self.sequence.len()) {
            (0, 4) => self.sequence,
            (0..=9, 5..=11) => self.sequence.get(1..)?,
            (10.., 13) => self.sequence.get(3..)?,
            _ => return None,
        };
        let sequence = number_part.parse().ok()?;
        let mut written = String::new();
        number(&mut written, node, sequence);
        (written == self.sequence).then_some(sequence)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const OURS: &str = "000.00.06.H20";

    fn written(node: u8, sequence: u32) -> String {
        format(OURS, date(2022, 12, 15), node, sequence)
            .as_str()
            .to_owned()
    }

    #[test]
    fn codes_of_other_systems_are_taken_apart() {
        let code = parse("000.00.06.H56-231027-0361").unwrap();
        assert_eq!(code.prefix, "000.00.06.H56");
        assert_eq!(code.style, PrefixStyle::Qcvn102);
        assert_eq!(code.date, date(2023, 10, 27));
        assert_eq!(code.sequence, "0361");
        assert_eq!(code.sequence_of(0), Some(361));

        let code = parse("H20.01.02-231027-00361").unwrap();
        assert_eq!((code.prefix, code.style), ("H20.01.02", PrefixStyle::Qd20));
        assert_eq!((code.date, code.sequence), (date(2023, 10, 27), "00361"));
        assert_eq!(
            code.sequence_of(0),
            None,
            "our generator does not write this"
        );
        assert!(accepts("H20-231027-123456"));
        assert!(accepts("H20.A1.2B-231027-1234"));
    }

    #[test]
    fn what_is_in_no_pattern_is_refused() {
        for code in [
            "",
            "-",
            "--",
            "000.00.06.H20-221215",
            "000.00.06.H20-221215-001",
            "000.00.06.H20-221215-000A",
            "000.00.06.H20-221215-00011112222333",
            "000.00.06.H20-22121-0001",
            "000.00.06.H20-221315-0001",
            "000.00.06.H20-220229-0001",
            "00.00.06.H20-221215-0001",
            "000.0.06.H20-221215-0001",
            "000.00.06.Z20-221215-0001",
            "000.00.06.h20-221215-0001",
            "000.00.06.H20.1-221215-0001",
            "H20..01-221215-0001",
            "H20.-221215-0001",
            "H2-221215-0001",
            "000.00.06.H20-２２１２１５-0001",
            " 000.00.06.H20-221215-0001",
        ] {
            assert!(!accepts(code), "{code}");
        }
        assert!(
            !accepts(&format!("H20.{}-221215-0001", "1".repeat(60))),
            "longer than 64"
        );
    }

    #[test]
    fn the_nodes_digit_leads_the_number() {
        assert_eq!(written(0, 1), "000.00.06.H20-221215-0001");
        assert_eq!(written(1, 1), "000.00.06.H20-221215-10001");
        assert_eq!(written(9, 361), "000.00.06.H20-221215-90361");
    }

    #[test]
    fn the_number_widens_past_9999_and_never_wraps() {
        assert_eq!(written(0, 9_999), "000.00.06.H20-221215-9999");
        assert_eq!(written(0, 10_000), "000.00.06.H20-221215-010000");
        assert_eq!(written(1, 9_999), "000.00.06.H20-221215-19999");
        assert_eq!(written(1, 10_000), "000.00.06.H20-221215-110000");
        assert_eq!(written(2, u32::MAX), "000.00.06.H20-221215-24294967295");
        assert_eq!(written(10, 1), "000.00.06.H20-221215-0100000000001");
    }

    #[test]
    fn ten_thousand_at_node_nought_is_not_nought_at_node_one() {
        assert_ne!(written(0, 10_000), written(1, 0));
        assert_ne!(written(0, 10_001), written(1, 1));
    }

    proptest! {
        #[test]
        fn a_code_tells_its_node_and_number_and_no_other(
            node in 0_u8..=12,
            other in 0_u8..=12,
            sequence in prop_oneof![0_u32..30_000, any::<u32>()],
        ) {
            let code = written(node, sequence);
            let parsed = parse(&code).expect("our own codes are accepted");
            prop_assert_eq!(parsed.prefix, OURS);
            prop_assert_eq!(parsed.date, date(2022, 12, 15));
            prop_assert_eq!(parsed.sequence_of(node), Some(sequence));
            prop_assert_eq!(parsed.node(), Some(node));
            if other != node {
                prop_assert_eq!(parsed.sequence_of(other), None);
            }
        }

        #[test]
        fn no_text_stops_the_parser(text in "\\PC{0,70}") {
            let _ = parse(&text);
        }

        #[test]
        fn nothing_near_a_code_stops_the_parser(text in "[0-9A-Zé.\\-]{0,40}-[0-9é]{5,7}-[0-9]{3,14}") {
            let _ = parse(&text);
        }
    }
}
