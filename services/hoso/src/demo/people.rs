//! Applicants that nobody can be: names with "Mẫu" and a number, and personal numbers of the twenty-fourth century.

use api::hoso::dossier::v1::{Applicant, ApplicantKind};

use super::plan::dice::Dice;

const FAMILIES: [&str; 10] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ",
];
const PLACES: [&str; 6] = [
    "thành phố Cao Lãnh",
    "thành phố Sa Đéc",
    "huyện Hồng Ngự",
    "huyện Tam Nông",
    "huyện Cao Lãnh",
    "huyện Lai Vung",
];
/// Weights of a tax code's nine digits (TT 105/2020/TT-BTC).
const TAX_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// The applicant of the dossier with this number: the same every time.
pub(crate) fn applicant(number: u32, procedure_name: &str) -> Applicant {
    let mut dice = Dice::new(0x6D61_7500 ^ u64::from(number));
    let family = dice.pick(&FAMILIES).copied().unwrap_or_default();
    let place = dice.pick(&PLACES).copied().unwrap_or_default();
    let woman = dice.chance(50);
    let common = Applicant {
        phone: format!("{number:010}"),
        email: format!("mau{number:04}@hoso.example"),
        address: format!("Số {number}, đường Giả Định, {place}, tỉnh Đồng Tháp"),
        request_content: procedure_name.to_owned(),
        ..Applicant::default()
    };
    let person = format!(
        "{family} {} Mẫu {number:04}",
        if woman { "Thị" } else { "Văn" }
    );
    match dice.below(10) {
        0..=6 => Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: person,
            identity_number: personal_number(number, woman),
            ..common
        },
        7..=8 => Applicant {
            kind: ApplicantKind::Business.into(),
            name: format!("Công ty TNHH Mẫu {number:04}"),
            identity_number: tax_code(number).unwrap_or_default(),
            submitter_name: person,
            ..common
        },
        _ => Applicant {
            kind: ApplicantKind::OtherOrganisation.into(),
            name: format!("Câu lạc bộ Mẫu {number:04}"),
            submitter_name: person,
            ..common
        },
    }
}

/// Of a birth registered in Đồng Tháp (087) in the twenty-fourth century (8 a man, 9 a woman): nobody has it.
fn personal_number(number: u32, woman: bool) -> String {
    let century_and_sex = if woman { 9 } else { 8 };
    format!(
        "087{century_and_sex}{:02}{:06}",
        number % 100,
        number % 1_000_000
    )
}

/// With a right check digit, under 00, which is no province; none where the check would be 10.
fn tax_code(number: u32) -> Option<String> {
    let body = format!("00{:07}", number % 10_000_000);
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .zip(TAX_WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = 10 - sum % 11;
    (check < 10).then(|| format!("{body}{check}"))
}

#[cfg(test)]
mod tests {
    use domain::identity::{Cccd, Mst};

    use super::*;

    #[test]
    fn every_number_has_the_form_of_a_real_one_and_is_nobodys() {
        for number in 1..=2_000 {
            let applicant = applicant(number, "Thủ tục");
            let identity = applicant.identity_number;
            let person = Cccd::parse(&identity);
            assert!(
                identity.is_empty() || person.is_ok() || Mst::parse(&identity).is_ok(),
                "{identity}"
            );
            assert!(person.is_err() || person.is_ok_and(|person| person.birth_year() >= 2300));
            assert!(applicant.name.contains("Mẫu"));
        }
    }

    #[test]
    fn the_same_number_is_the_same_applicant() {
        assert_eq!(applicant(7, "x"), applicant(7, "x"));
        assert_ne!(applicant(7, "x"), applicant(8, "x"));
    }
}
