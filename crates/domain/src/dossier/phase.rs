//! The phase of a dossier apart from what is true in it: for lists, filters and the national status.

use serde::{Deserialize, Serialize};

use super::Dossier;

/// Where in its life a dossier is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// There is no such dossier.
    Unknown,
    /// Filed.
    Submitted,
    /// Intake waits for what is missing.
    AwaitingIntakeSupplement,
    /// Refused at intake.
    Refused,
    /// Accepted; the clock runs.
    Accepted,
    /// Being worked on.
    InProcessing,
    /// Waiting for a supplement.
    AwaitingSupplement,
    /// Waiting for a payment.
    AwaitingPayment,
    /// Suspended, still pending.
    Suspended,
    /// Stopped for good.
    Terminated,
    /// The result is there.
    Resolved,
    /// The result was handed over.
    Returned,
    /// Taken back by the applicant.
    Withdrawn,
    /// Accepted by mistake, as two persons said.
    Voided,
}

impl Phase {
    /// Every phase, in the order of a dossier's life.
    pub const ALL: [Self; 14] = [
        Self::Unknown,
        Self::Submitted,
        Self::AwaitingIntakeSupplement,
        Self::Refused,
        Self::Accepted,
        Self::InProcessing,
        Self::AwaitingSupplement,
        Self::AwaitingPayment,
        Self::Suspended,
        Self::Terminated,
        Self::Resolved,
        Self::Returned,
        Self::Withdrawn,
        Self::Voided,
    ];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Submitted => "submitted",
            Self::AwaitingIntakeSupplement => "awaiting_intake_supplement",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::InProcessing => "in_processing",
            Self::AwaitingSupplement => "awaiting_supplement",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
            Self::Resolved => "resolved",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Voided => "voided",
        }
    }

    /// The national status (*TrangThaiHoSo*, 1 to 10) this phase is synchronised as. Two phases share 5 and three share 8:
    /// the national table does not tell them apart, hoso does.
    pub fn national_status(self) -> Option<u8> {
        match self {
            Self::Unknown => None,
            Self::Submitted => Some(1),
            Self::Accepted => Some(2),
            Self::Refused => Some(3),
            Self::InProcessing => Some(4),
            Self::AwaitingIntakeSupplement | Self::AwaitingSupplement => Some(5),
            Self::AwaitingPayment => Some(6),
            Self::Withdrawn => Some(7),
            Self::Suspended | Self::Terminated | Self::Voided => Some(8),
            Self::Resolved => Some(9),
            Self::Returned => Some(10),
        }
    }

    /// The name for people, in Vietnamese.
    pub fn label_vi(self) -> &'static str {
        match self {
            Self::Unknown => "Chưa có",
            Self::Submitted => "Mới đăng ký",
            Self::AwaitingIntakeSupplement => "Yêu cầu bổ sung trước khi tiếp nhận",
            Self::Refused => "Không được tiếp nhận",
            Self::Accepted => "Được tiếp nhận",
            Self::InProcessing => "Đang xử lý",
            Self::AwaitingSupplement => "Yêu cầu bổ sung giấy tờ",
            Self::AwaitingPayment => "Yêu cầu thực hiện nghĩa vụ tài chính",
            Self::Suspended => "Tạm dừng xử lý",
            Self::Terminated => "Dừng xử lý",
            Self::Resolved => "Đã xử lý xong",
            Self::Returned => "Đã trả kết quả",
            Self::Withdrawn => "Công dân yêu cầu rút hồ sơ",
            Self::Voided => "Hủy tiếp nhận",
        }
    }

    /// Accepted and not ended: somebody still owes the applicant a result.
    pub fn is_pending(self) -> bool {
        match self {
            Self::Accepted
            | Self::InProcessing
            | Self::AwaitingSupplement
            | Self::AwaitingPayment
            | Self::Suspended => true,
            Self::Unknown
            | Self::Submitted
            | Self::AwaitingIntakeSupplement
            | Self::Refused
            | Self::Terminated
            | Self::Resolved
            | Self::Returned
            | Self::Withdrawn
            | Self::Voided => false,
        }
    }
}

impl Dossier {
    /// Where in its life the dossier is.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Unknown => Phase::Unknown,
            Self::Submitted(_) => Phase::Submitted,
            Self::AwaitingIntakeSupplement(_) => Phase::AwaitingIntakeSupplement,
            Self::Refused(_) => Phase::Refused,
            Self::Accepted(_) => Phase::Accepted,
            Self::InProcessing(_) => Phase::InProcessing,
            Self::AwaitingSupplement(_) => Phase::AwaitingSupplement,
            Self::AwaitingPayment(_) => Phase::AwaitingPayment,
            Self::Suspended(_) => Phase::Suspended,
            Self::Terminated(_) => Phase::Terminated,
            Self::Resolved(_) => Phase::Resolved,
            Self::Returned(_) => Phase::Returned,
            Self::Withdrawn(_) => Phase::Withdrawn,
            Self::Voided(_) => Phase::Voided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_national_status_is_reached_by_some_phase() {
        let mut reached: Vec<u8> = Phase::ALL
            .iter()
            .filter_map(|phase| phase.national_status())
            .collect();
        reached.sort_unstable();
        reached.dedup();
        assert_eq!(reached, (1..=10).collect::<Vec<u8>>());
    }

    #[test]
    fn a_phase_is_stored_under_its_stable_name() {
        for phase in Phase::ALL {
            let text = serde_json::to_string(&phase).unwrap();
            assert_eq!(text, format!("\"{}\"", phase.as_str()));
        }
    }
}
