//! Why the rules said no: one variant a reason, each with a stable name, a sentence in English and Vietnamese and a hint.

#[macro_use]
mod declare;
mod carried_part;
mod reasons;
mod time_faults;

pub use carried_part::CarriedPart;
pub use reasons::Rejection;
pub use time_faults::{TimeFault, TimeFaults};

/// What sort of no it is; the edge turns it into a status code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RejectionKind {
    /// A field says something that cannot be; [`Rejection::field`] names it.
    InvalidArgument,
    /// Not possible now, in this phase or under this catalogue.
    FailedPrecondition,
    /// There is no such dossier.
    NotFound,
    /// The caller lacks the right.
    PermissionDenied,
    /// Something countable has run out.
    ResourceExhausted,
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.english())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_is_upper_snake_and_names_one_variant() {
        let mut seen = BTreeSet::new();
        for reason in Rejection::REASONS {
            assert!(
                reason.chars().all(|c| c.is_ascii_uppercase() || c == '_'),
                "{reason}"
            );
            assert!(
                reason.len() <= 63,
                "{reason} is too long for a status detail"
            );
            assert!(seen.insert(reason), "{reason} names two variants");
        }
    }

    #[test]
    fn a_rejection_speaks_both_languages_and_says_what_to_do() {
        let no = Rejection::SupplementNotLapsed {
            lapses_on: jiff::civil::date(2026, 11, 30),
        };
        assert_eq!(no.reason(), "SUPPLEMENT_NOT_LAPSED");
        assert_eq!(no.kind(), RejectionKind::FailedPrecondition);
        assert_eq!(
            no.to_string(),
            "the supplement may still come until 2026-11-30"
        );
        assert_eq!(
            no.vietnamese(),
            "Hạn bổ sung hồ sơ là ngày 30/11/2026, chưa hết hạn."
        );
        assert!(!no.hint().is_empty());
        assert_eq!(no.field(), None);
    }

    #[test]
    fn a_refusal_in_vietnamese_writes_moments_days_and_amounts_as_people_do() {
        let (at, day) = (
            "2027-11-27T01:00:00Z".parse().unwrap(),
            jiff::civil::date(2026, 12, 1),
        );
        for (no, said) in [
            (
                Rejection::TimeInFuture {
                    at,
                    now: "2026-11-27T09:43:51.109774Z".parse().unwrap(),
                },
                "Thời điểm 08:00 27/11/2027 muộn hơn giờ máy chủ 16:43 27/11/2026.",
            ),
            (
                Rejection::CarriedWaitOutside { since: at },
                "Thời điểm bắt đầu chờ 08:00 27/11/2027 sớm hơn lúc tiếp nhận hoặc ở tương lai.",
            ),
            (
                Rejection::CarriedSupplementLapsed { lapses_on: day },
                "Hạn bổ sung ngày 01/12/2026 đã qua: hồ sơ không còn chờ bổ sung.",
            ),
            (
                Rejection::PaymentTooSmall {
                    paid_vnd: 1_000,
                    due_vnd: 1_500_000,
                },
                "Số tiền 1.000 đồng chưa đủ 1.500.000 đồng.",
            ),
            (
                Rejection::NothingToCorrect {
                    event: "dossier_resolved",
                },
                "Hồ sơ không có sự kiện “có kết quả” để đính chính.",
            ),
        ] {
            assert_eq!(no.vietnamese(), said);
        }
    }

    #[test]
    fn a_wrong_field_is_named_as_the_protocol_names_it() {
        let no = Rejection::UnknownProcedure {
            procedure: crate::ids::ProcedureCode::new("9.999999"),
        };
        assert_eq!(no.kind(), RejectionKind::InvalidArgument);
        assert_eq!(no.field(), Some("procedure"));
    }
}
