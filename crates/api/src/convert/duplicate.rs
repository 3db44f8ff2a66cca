//! A dossier's other histories, outwards, and what whoever asks by a void code must be told.

use application::desk::{Loaded, Name};
use domain::dossier::Dossier;
use domain::dossier::duplicate::OtherHistory;
use domain::dossier::words::Words;
use domain::ids::DossierCode;

use crate::hoso::dossier::v1 as wire;

/// The code issued in a history that does not stand; none when it became the dossier's own.
fn void<'a>(loaded: &Loaded, other: &'a OtherHistory) -> Option<&'a DossierCode> {
    let (_, acceptance) = other.acceptance.as_ref()?;
    let own = loaded.dossier.case().map(|case| &case.code);
    Some(&acceptance.code).filter(|code| own != Some(*code))
}

/// The other histories on the wire.
pub fn outward(loaded: &Loaded, others: &[OtherHistory]) -> Vec<wire::OtherHistory> {
    others
        .iter()
        .map(|other| wire::OtherHistory {
            log_id: other.home.to_string(),
            void_code: void(loaded, other)
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
        .collect()
}

/// The other histories on the wire, as the dossier's own history says; codes issued later are not in it.
pub fn noted(dossier: &Dossier) -> Vec<wire::OtherHistory> {
    let duplicates = dossier.filing().map(|filing| filing.duplicates.as_slice());
    duplicates
        .unwrap_or_default()
        .iter()
        .map(|duplicate| wire::OtherHistory {
            log_id: duplicate.other_home.to_string(),
            void_code: duplicate
                .void_code
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
        .collect()
}

/// What must be known about a dossier with several histories, above all by who asked with a void code.
pub fn notice(asked: &Name, loaded: &Loaded, others: &[OtherHistory]) -> Option<Words> {
    let own = loaded.dossier.case().map(|case| &case.code);
    match (asked, own) {
        (Name::Code(code), Some(own)) if code != own => Some(Words {
            vi: format!(
                "Mã {code} không có hiệu lực vì hồ sơ nộp trùng; hồ sơ có hiệu lực mang mã {own}"
            ),
            en: format!(
                "Code {code} is void, the dossier was filed twice; the one that stands has code {own}"
            ),
        }),
        (Name::Code(code), None) => Some(Words {
            vi: format!("Mã {code} được cấp cho lần nộp trùng của hồ sơ này, chưa có hiệu lực"),
            en: format!(
                "Code {code} was issued for a second filing of this dossier and is not in force"
            ),
        }),
        (Name::Code(_) | Name::Id(_) | Name::Source(_), _) if others.is_empty() => None,
        (Name::Code(_) | Name::Id(_) | Name::Source(_), _) => {
            let void: Vec<_> = others
                .iter()
                .filter_map(|other| void(loaded, other))
                .collect();
            let codes = void
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            Some(if codes.is_empty() {
                Words {
                    vi: "Hồ sơ nộp trùng tại nút tiếp nhận khác, chỉ tính một lần".to_owned(),
                    en: "Filed at another intake node too, counted once".to_owned(),
                }
            } else {
                Words {
                    vi: format!(
                        "Hồ sơ nộp trùng tại nút tiếp nhận khác, chỉ tính một lần; mã không có hiệu lực: {codes}"
                    ),
                    en: format!("Filed at another intake node too, counted once; void: {codes}"),
                }
            })
        }
    }
}
