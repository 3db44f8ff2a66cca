//! Numbers that people, firms and postal items carry: what their form alone can tell. No register is asked.
//!
//! Identity numbers are personal data: the types here do not print them, and no event holds one.

use std::fmt;

/// What is wrong with an identity number. It never repeats the number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum IdentityError {
    /// The length or a character is wrong.
    #[error("{0}")]
    Form(&'static str),
    /// No province has this code.
    #[error("the first three digits are no code of a place of birth registration")]
    UnknownPlace,
    /// The check digit does not fit the others.
    #[error("the check digit does not fit")]
    CheckDigit,
}

/// Sex as an identity number writes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sex {
    /// *Nam*.
    Male,
    /// *Nữ*.
    Female,
}

/// Where a birth was registered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BirthPlace {
    /// One of the 63 provinces of before July 2025; the merger renumbered nobody.
    Province(&'static str),
    /// Outside Việt Nam: codes from 100 on.
    Abroad,
}

/// Personal identification number, printed on the chip card (*căn cước*, *CCCD*): 12 digits, without a check digit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cccd {
    place: BirthPlace,
    sex: Sex,
    birth_year: u16,
}

impl Cccd {
    /// Reads 12 digits: three of the place of birth registration, one of century and sex, two of the year, six random.
    ///
    /// # Errors
    /// When it is not 12 digits or no place has the code.
    pub fn parse(number: &str) -> Result<Self, IdentityError> {
        let digits: [u8; 12] =
            digits(number).ok_or(IdentityError::Form("a personal number has 12 digits"))?;
        let [p1, p2, p3, century_and_sex, y1, y2, ..] = digits;
        let place = birth_place(u16::from(p1) * 100 + u16::from(p2) * 10 + u16::from(p3))?;
        Ok(Self {
            place,
            sex: if century_and_sex % 2 == 0 {
                Sex::Male
            } else {
                Sex::Female
            },
            birth_year: 1900
                + u16::from(century_and_sex / 2) * 100
                + u16::from(y1) * 10
                + u16::from(y2),
        })
    }

    /// Where the birth was registered.
    pub fn place(&self) -> BirthPlace {
        self.place
    }

    /// Sex.
    pub fn sex(&self) -> Sex {
        self.sex
    }

    /// Year of birth.
    pub fn birth_year(&self) -> u16 {
        self.birth_year
    }
}

impl fmt::Debug for Cccd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cccd(…)")
    }
}

/// The old identity card's number (*CMND*): nine digits without any structure to check.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cmnd(());

impl Cmnd {
    /// Reads nine digits.
    ///
    /// # Errors
    /// When it is not nine digits.
    pub fn parse(number: &str) -> Result<Self, IdentityError> {
        digits::<9>(number)
            .map(|_| Self(()))
            .ok_or(IdentityError::Form(
                "an old identity card's number has 9 digits",
            ))
    }
}

impl fmt::Debug for Cmnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cmnd(…)")
    }
}

/// Tax code of a firm (*mã số thuế*): ten digits, the last a check digit, and three more for a branch (TT 105/2020/TT-BTC).
///
/// Since July 2025 people and household businesses use their personal number instead: see [`Cccd`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mst {
    branch: Option<u16>,
}

impl Mst {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

    /// Reads `0100109106` or `0100109106-001`.
    ///
    /// # Errors
    /// When the form or the check digit is wrong.
    pub fn parse(number: &str) -> Result<Self, IdentityError> {
        let form = IdentityError::Form(
            "a tax code has 10 digits, and for a branch a hyphen and 001 to 999",
        );
        let (firm, branch) = match number.split_once('-') {
            Some((firm, branch)) => (firm, Some(branch)),
            None => (number, None),
        };
        let [body @ .., check] = digits::<10>(firm).ok_or(form)?;
        // The remainder 0 leaves 10, which is no digit: no such code is given out.
        if 10 - weighted(&body, &Self::WEIGHTS) % 11 != u32::from(check) {
            return Err(IdentityError::CheckDigit);
        }
        let branch = match branch.map(digits::<3>) {
            None => None,
            Some(None | Some([0, 0, 0])) => return Err(form),
            Some(Some([h, t, u])) => Some(u16::from(h) * 100 + u16::from(t) * 10 + u16::from(u)),
        };
        Ok(Self { branch })
    }

    /// The branch's number, when it is a branch.
    pub fn branch(&self) -> Option<u16> {
        self.branch
    }
}

/// Whether a postal item code is a valid UPU S10 one: `RN123456785VN`. Domestic items need not be.
pub fn s10_valid(code: &str) -> bool {
    const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    let [s1, s2, serial @ .., c1, c2] = code.as_bytes() else {
        return false;
    };
    let letters = [s1, s2, c1, c2].iter().all(|b| b.is_ascii_uppercase());
    let Some([body @ .., check]) = std::str::from_utf8(serial).ok().and_then(digits::<9>) else {
        return false;
    };
    let expected = match 11 - weighted(&body, &WEIGHTS) % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    letters && expected == u32::from(check)
}

/// Exactly N decimal digits.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
    bytes
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| bytes.map(|b| b - b'0'))
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

fn birth_place(code: u16) -> Result<BirthPlace, IdentityError> {
    if code >= 100 {
        return Ok(BirthPlace::Abroad);
    }
    PROVINCES
        .binary_search_by_key(&code, |(code, _)| *code)
        .ok()
        .and_then(|at| PROVINCES.get(at))
        .map(|(_, name)| BirthPlace::Province(name))
        .ok_or(IdentityError::UnknownPlace)
}

/// The 63 provinces that personal numbers name, by code.
const PROVINCES: [(u16, &str); 63] = [
    (1, "Hà Nội"),
    (2, "Hà Giang"),
    (4, "Cao Bằng"),
    (6, "Bắc Kạn"),
    (8, "Tuyên Quang"),
    (10, "Lào Cai"),
    (11, "Điện Biên"),
    (12, "Lai Châu"),
    (14, "Sơn La"),
    (15, "Yên Bái"),
    (17, "Hòa Bình"),
    (19, "Thái Nguyên"),
    (20, "Lạng Sơn"),
    (22, "Quảng Ninh"),
    (24, "Bắc Giang"),
    (25, "Phú Thọ"),
    (26, "Vĩnh Phúc"),
    (27, "Bắc Ninh"),
    (30, "Hải Dương"),
    (31, "Hải Phòng"),
    (33, "Hưng Yên"),
    (34, "Thái Bình"),
    (35, "Hà Nam"),
    (36, "Nam Định"),
    (37, "Ninh Bình"),
    (38, "Thanh Hóa"),
    (40, "Nghệ An"),
    (42, "Hà Tĩnh"),
    (44, "Quảng Bình"),
    (45, "Quảng Trị"),
    (46, "Thừa Thiên Huế"),
    (48, "Đà Nẵng"),
    (49, "Quảng Nam"),
    (51, "Quảng Ngãi"),
    (52, "Bình Định"),
    (54, "Phú Yên"),
    (56, "Khánh Hòa"),
    (58, "Ninh Thuận"),
    (60, "Bình Thuận"),
    (62, "Kon Tum"),
    (64, "Gia Lai"),
    (66, "Đắk Lắk"),
    (67, "Đắk Nông"),
    (68, "Lâm Đồng"),
    (70, "Bình Phước"),
    (72, "Tây Ninh"),
    (74, "Bình Dương"),
    (75, "Đồng Nai"),
    (77, "Bà Rịa–Vũng Tàu"),
    (79, "TP. Hồ Chí Minh"),
    (80, "Long An"),
    (82, "Tiền Giang"),
    (83, "Bến Tre"),
    (84, "Trà Vinh"),
    (86, "Vĩnh Long"),
    (87, "Đồng Tháp"),
    (89, "An Giang"),
    (91, "Kiên Giang"),
    (92, "Cần Thơ"),
    (93, "Hậu Giang"),
    (94, "Sóc Trăng"),
    (95, "Bạc Liêu"),
    (96, "Cà Mau"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_personal_number_tells_place_sex_and_year() {
        let someone = Cccd::parse("087199000001").unwrap();
        assert_eq!(someone.place(), BirthPlace::Province("Đồng Tháp"));
        assert_eq!((someone.sex(), someone.birth_year()), (Sex::Female, 1999));
        let younger = Cccd::parse("082205123456").unwrap();
        assert_eq!(younger.place(), BirthPlace::Province("Tiền Giang"));
        assert_eq!((younger.sex(), younger.birth_year()), (Sex::Male, 2005));
        let last = Cccd::parse("001999000000").unwrap();
        assert_eq!((last.sex(), last.birth_year()), (Sex::Female, 2399));
        assert_eq!(
            Cccd::parse("101090000001").unwrap().place(),
            BirthPlace::Abroad
        );
    }

    #[test]
    fn what_is_no_personal_number_is_refused_without_repeating_it() {
        assert_eq!(
            Cccd::parse("003199000001"),
            Err(IdentityError::UnknownPlace)
        );
        assert_eq!(
            Cccd::parse("000199000001"),
            Err(IdentityError::UnknownPlace)
        );
        for wrong in [
            "",
            "08719900000",
            "0871990000012",
            "08719900000x",
            "０８７１９９000001",
        ] {
            let error = Cccd::parse(wrong).unwrap_err();
            assert!(matches!(error, IdentityError::Form(_)));
            assert!(wrong.is_empty() || !error.to_string().contains(wrong));
        }
        assert_eq!(
            format!("{:?}", Cccd::parse("087199000001").unwrap()),
            "Cccd(…)"
        );
    }

    #[test]
    fn every_province_is_found_by_its_code() {
        assert!(PROVINCES.is_sorted_by(|a, b| a.0 < b.0));
        for (code, name) in PROVINCES {
            assert_eq!(birth_place(code), Ok(BirthPlace::Province(name)));
        }
    }

    #[test]
    fn an_old_identity_card_has_nine_digits() {
        assert!(Cmnd::parse("340123456").is_ok());
        assert!(Cmnd::parse("34012345").is_err());
        assert!(Cmnd::parse("34012345a").is_err());
    }

    #[test]
    fn a_tax_code_is_checked_by_its_last_digit() {
        for valid in ["0100047516", "0100109106", "0100112437"] {
            assert_eq!(Mst::parse(valid).unwrap().branch(), None, "{valid}");
        }
        assert_eq!(Mst::parse("0100109106-001").unwrap().branch(), Some(1));
        assert_eq!(Mst::parse("0100047517"), Err(IdentityError::CheckDigit));
        for wrong in [
            "",
            "010010910",
            "0100109106-000",
            "0100109106-1",
            "0100109106001",
            "0100109106-",
        ] {
            assert!(Mst::parse(wrong).is_err(), "{wrong}");
        }
        // Σ = 0: the check would be 10, so whatever the last digit, there is no such code.
        assert!((0..=9).all(|check| Mst::parse(&format!("000000000{check}")).is_err()));
    }

    #[test]
    fn postal_item_codes_are_checked_as_upu_s10() {
        for valid in [
            "RN123456785VN",
            "RR473124829GB",
            "EE000000014VN",
            "EE000000005VN",
        ] {
            assert!(s10_valid(valid), "{valid}");
        }
        for wrong in [
            "RN123456789VN",
            "rn123456785vn",
            "RN12345678VN",
            "RN1234567850VN",
            "",
            "éé12345678é",
        ] {
            assert!(!s10_valid(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_readers(text in "\\PC{0,16}") {
            let _ = (Cccd::parse(&text), Cmnd::parse(&text), Mst::parse(&text), s10_valid(&text));
        }

        #[test]
        fn nine_digits_have_at_most_one_check_digit(body in "[0-9]{9}") {
            let valid = (0..=9).filter(|check| Mst::parse(&format!("{body}{check}")).is_ok()).count();
            prop_assert!(valid <= 1);
        }
    }
}
