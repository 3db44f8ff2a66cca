//! What stands below the line of form II.06a: counts the form hides, each defined by one condition on a placement.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::facts::{bits, marks};
use crate::placement::{Class, Left, Outside, Placement, State, Waiting};

/// Declares the rows once: name in JSON, Vietnamese label, English label.
macro_rules! rows {
    ($($(#[$doc:meta])* $row:ident = $key:literal, $vi:literal, $en:literal;)*) => {
        /// A row below the line.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum MemoRow { $($(#[$doc])* $row,)* }

        impl MemoRow {
            /// Every row, in the order shown.
            pub const ALL: &'static [Self] = &[$(Self::$row),*];

            /// The stable name.
            pub fn key(self) -> &'static str {
                match self { $(Self::$row => $key,)* }
            }

            /// What people read.
            pub fn label_vi(self) -> &'static str {
                match self { $(Self::$row => $vi,)* }
            }

            /// The same in English.
            pub fn label_en(self) -> &'static str {
                match self { $(Self::$row => $en,)* }
            }
        }
    };
}

rows! {
    /// Of (4): national channel code 2.
    ReceivedOnline = "received_online", "Tiếp nhận trong kỳ: trực tuyến (kênh 2)", "received in the period: online (channel 2)";
    /// Of (5): national channel code 1.
    ReceivedDirect = "received_direct", "Tiếp nhận trong kỳ: trực tiếp (kênh 1)", "received in the period: direct (channel 1)";
    /// Of (5): national channel code 3.
    ReceivedPostal = "received_postal", "Tiếp nhận trong kỳ: bưu chính công ích (kênh 3)", "received in the period: public post (channel 3)";
    /// Of (4): filed online with a clerk's help at the counter.
    ReceivedAssisted = "received_assisted", "Trong đó: trực tuyến có hỗ trợ tại quầy", "of these: online with help at the counter";
    /// Of (6).
    OpeningOnline = "opening_online", "Từ kỳ trước: trực tuyến", "carried over: online";
    /// Of (6).
    OpeningDirect = "opening_direct", "Từ kỳ trước: trực tiếp", "carried over: direct";
    /// Of (6).
    OpeningPostal = "opening_postal", "Từ kỳ trước: bưu chính công ích", "carried over: public post";
    /// Of (7): the result was issued.
    Granted = "granted", "Đã giải quyết: có kết quả", "ended: result issued";
    /// Of (7): a refusal is a result (NĐ 61/2018 Đ.19.8).
    RefusedAfterExamination = "refused_after_examination", "Đã giải quyết: từ chối sau thẩm định", "ended: refused after examination";
    /// Of (7), in (9), or in (10) when past due.
    Withdrawn = "withdrawn", "Đã giải quyết: công dân rút hồ sơ", "ended: withdrawn";
    /// Of (7), in (9), or in (10) when past due.
    Terminated = "terminated", "Đã giải quyết: dừng giải quyết", "ended: terminated";
    /// Of (7), in (9), or in (10) when past due.
    Lapsed = "lapsed", "Đã giải quyết: quá hạn bổ sung hồ sơ", "ended: no supplement came in time";
    /// (8) + (9).
    EndedWithinDue = "ended_within_due", "Giải quyết không quá hạn theo ngày hẹn hiện hành", "ended within the due date in force";
    /// The same by the date first promised: a re-appointment does not make it good.
    EndedWithinOriginalDue = "ended_within_original_due", "Giải quyết không quá hạn theo ngày hẹn ban đầu", "ended within the due date first promised";
    /// Of (11).
    AwaitingSupplement = "awaiting_supplement", "Đang giải quyết: chờ bổ sung", "pending: awaiting a supplement";
    /// Of (11).
    AwaitingPayment = "awaiting_payment", "Đang giải quyết: chờ nghĩa vụ tài chính", "pending: awaiting payment";
    /// Of (11).
    Suspended = "suspended", "Đang giải quyết: tạm dừng", "pending: suspended";
    /// Of (3): the due date reaches into a year whose calendar is not published.
    ProvisionalDue = "provisional_due", "Ngày hẹn tạm tính", "provisional due date";
    /// Of (3): accepted or ended in the period, and recorded more than one working day later.
    RecordedLate = "recorded_late", "Ghi nhận muộn hơn một ngày làm việc", "recorded more than one working day late";
    /// Of (3): generated data.
    Synthetic = "synthetic", "Dữ liệu giả lập", "synthetic data";
    /// Outside the form: neither early nor late.
    NoDueDate = "no_due_date", "Ngoài biểu: đã tiếp nhận nhưng không có ngày hẹn trả", "outside the form: accepted without a due date";
    /// Outside the form.
    Unclassified = "unclassified", "Ngoài biểu: không phân loại được", "outside the form: unclassified";
    /// Outside the form.
    NeverAccepted = "never_accepted", "Ngoài biểu: nộp trong kỳ, chưa được tiếp nhận", "outside the form: filed in the period, never accepted";
    /// Outside the form.
    RefusedAtIntake = "refused_at_intake", "Ngoài biểu: từ chối tiếp nhận trong kỳ", "outside the form: refused at intake in the period";
    /// Outside the form.
    WithdrawnBeforeAcceptance = "withdrawn_before_acceptance", "Ngoài biểu: rút trước khi tiếp nhận", "outside the form: withdrawn before acceptance";
    /// Outside the form: two persons said that it should never have been accepted.
    AcceptanceVoided = "acceptance_voided", "Ngoài biểu: hủy tiếp nhận trong kỳ", "outside the form: acceptance voided in the period";
    /// Of (3): a recorded fact was put right.
    Corrected = "corrected", "Có dữ liệu đã đính chính", "with a fact put right";
    /// Of (3): a second supplement was asked for; QĐ 766 counts it as overdue.
    SecondSupplement = "second_supplement", "Yêu cầu bổ sung quá một lần", "a supplement asked for more than once";
    /// Of (3): index 3.6.
    FeeRequested = "fee_requested", "Có nghĩa vụ tài chính", "with a financial obligation";
    /// Of (3): index 3.6.
    PaidOnline = "paid_online", "Đã thanh toán trực tuyến", "paid online";
    /// Of (3).
    FeeWaived = "fee_waived", "Được miễn nghĩa vụ tài chính", "with an obligation waived";
    /// Of (3).
    FeeRefunded = "fee_refunded", "Được hoàn phí, lệ phí", "with a payment given back";
    /// Of (3): index 4.2.
    ComponentsDigitised = "components_digitised", "Có thành phần hồ sơ số hóa", "with digitised papers";
    /// Of (3).
    CertifiedCopies = "certified_copies", "Có bản sao chứng thực điện tử", "with certified electronic copies";
    /// Of (3): index 4.3.
    ComponentsReused = "components_reused", "Có tái sử dụng dữ liệu số hóa", "with reused data";
    /// Of (3): index 4.4.
    NationalStore = "national_store", "Lấy từ kho dữ liệu của Cổng dịch vụ công quốc gia", "with data from the national store";
    /// Of (3): index 4.5b.
    DatabaseUsed = "database_used", "Có khai thác cơ sở dữ liệu", "with data from a database";
    /// Of (7): index 4.1.
    ElectronicResult = "electronic_result", "Đã giải quyết: có kết quả điện tử", "ended: with an electronic result";
    /// Of (3).
    WithSubtasks = "with_subtasks", "Có lấy ý kiến hoặc liên thông", "with opinions or interlinked parts";
    /// Of (3): the parent's clock does not move.
    SubtaskOverdue = "subtask_overdue", "Có cơ quan phối hợp quá hạn", "with an agency that answered late";
    /// Of (7).
    DeliveredByPost = "delivered_by_post", "Đã giải quyết: trả kết quả qua bưu chính", "ended: result delivered by post";
    /// Of (7).
    DeliveryFailed = "delivery_failed", "Đã giải quyết: có lần phát không thành", "ended: with a failed delivery";
    /// Of (7).
    ResultBack = "result_back", "Đã giải quyết: bưu chính chuyển hoàn", "ended: result given back by the post";
    /// Of (3): indices 5.2 to 5.4.
    WithFeedback = "with_feedback", "Có phản ánh, kiến nghị", "with petitions or complaints";
    /// Of (3): the clock starts when the competent agency has it.
    BoundaryIndependent = "boundary_independent", "Nộp phi địa giới", "filed outside the agency's boundary";
    /// Of (3): the agency that had it ended.
    Succeeded = "succeeded", "Chuyển sang cơ quan kế thừa", "passed to a successor";
    /// Of (3): accepted in another system, which hoso took it over from.
    CarriedOver = "carried_over", "Chuyển tiếp từ hệ thống khác", "carried over from another system";
    /// Counted once: filed or accepted on two nodes.
    Duplicates = "duplicates", "Nộp trùng (chỉ tính một lần)", "submitted twice, counted once";
}

impl MemoRow {
    /// Whether the row counts a dossier placed there.
    pub fn counts(self, place: Placement) -> bool {
        let received =
            |channel| place.is_counted() && place.received() && place.channel() == Some(channel);
        let opening =
            |channel| place.is_counted() && !place.received() && place.channel() == Some(channel);
        let ended = place.is_counted() && place.state() == State::Ended;
        let waits = |wait| {
            place.is_counted() && place.state() != State::Ended && place.waiting() == Some(wait)
        };
        match self {
            Self::ReceivedDirect => received(0),
            Self::ReceivedOnline => received(1),
            Self::ReceivedPostal => received(2),
            Self::ReceivedAssisted => received(1) && place.has(bits::ASSISTED),
            Self::OpeningDirect => opening(0),
            Self::OpeningOnline => opening(1),
            Self::OpeningPostal => opening(2),
            Self::Granted => place.left() == Some(Left::Granted),
            Self::RefusedAfterExamination => place.left() == Some(Left::Refused),
            Self::Withdrawn => place.left() == Some(Left::Withdrawn),
            Self::Terminated => place.left() == Some(Left::Terminated),
            Self::Lapsed => place.left() == Some(Left::Lapsed),
            Self::EndedWithinDue => ended && within(place.class()),
            Self::EndedWithinOriginalDue => ended && within(place.original_class()),
            Self::AwaitingSupplement => waits(Waiting::Supplement),
            Self::AwaitingPayment => waits(Waiting::Payment),
            Self::Suspended => waits(Waiting::Suspended),
            Self::ProvisionalDue => place.is_counted() && place.has(bits::PROVISIONAL),
            Self::RecordedLate => {
                place.is_counted()
                    && (place.received() && place.has(bits::ACCEPTED_LATE)
                        || ended && place.has(bits::ENDED_LATE))
            }
            Self::Synthetic => place.is_counted() && place.has(bits::SYNTHETIC),
            Self::NoDueDate => place.outside() == Some(Outside::NoDueDate),
            Self::Unclassified => place.outside() == Some(Outside::Unclassified),
            Self::NeverAccepted => place.outside() == Some(Outside::NeverAccepted),
            Self::RefusedAtIntake => place.outside() == Some(Outside::RefusedAtIntake),
            Self::WithdrawnBeforeAcceptance => {
                place.outside() == Some(Outside::WithdrawnBeforeAcceptance)
            }
            Self::Duplicates => place.has(bits::DUPLICATE),
            Self::AcceptanceVoided => place.outside() == Some(Outside::Voided),
            Self::Corrected
            | Self::SecondSupplement
            | Self::FeeRequested
            | Self::PaidOnline
            | Self::FeeWaived
            | Self::FeeRefunded
            | Self::ComponentsDigitised
            | Self::CertifiedCopies
            | Self::ComponentsReused
            | Self::NationalStore
            | Self::DatabaseUsed
            | Self::ElectronicResult
            | Self::WithSubtasks
            | Self::SubtaskOverdue
            | Self::DeliveredByPost
            | Self::DeliveryFailed
            | Self::ResultBack
            | Self::WithFeedback
            | Self::BoundaryIndependent
            | Self::Succeeded
            | Self::CarriedOver => false,
        }
    }

    /// The mark the row counts; none for a row that is told by the placement alone.
    pub(crate) fn mark(self) -> Option<Mark> {
        let of_all = |bit| Some(Mark { bit, ended: false });
        let of_ended = |bit| Some(Mark { bit, ended: true });
        match self {
            Self::Corrected => of_all(marks::CORRECTED),
            Self::SecondSupplement => of_all(marks::SECOND_SUPPLEMENT),
            Self::FeeRequested => of_all(marks::FEE_REQUESTED),
            Self::PaidOnline => of_all(marks::PAID_ONLINE),
            Self::FeeWaived => of_all(marks::FEE_WAIVED),
            Self::FeeRefunded => of_all(marks::FEE_REFUNDED),
            Self::ComponentsDigitised => of_all(marks::DIGITISED),
            Self::CertifiedCopies => of_all(marks::CERTIFIED_COPY),
            Self::ComponentsReused => of_all(marks::REUSED),
            Self::NationalStore => of_all(marks::NATIONAL_STORE),
            Self::DatabaseUsed => of_all(marks::DATABASE),
            Self::ElectronicResult => of_ended(marks::ELECTRONIC_RESULT),
            Self::WithSubtasks => of_all(marks::SUBTASKS),
            Self::SubtaskOverdue => of_all(marks::SUBTASK_OVERDUE),
            Self::DeliveredByPost => of_ended(marks::DELIVERED_BY_POST),
            Self::DeliveryFailed => of_ended(marks::DELIVERY_FAILED),
            Self::ResultBack => of_ended(marks::RESULT_BACK),
            Self::WithFeedback => of_all(marks::FEEDBACK),
            Self::BoundaryIndependent => of_all(marks::BOUNDARY_INDEPENDENT),
            Self::Succeeded => of_all(marks::SUCCEEDED),
            Self::CarriedOver => of_all(marks::CARRIED_OVER),
            Self::ReceivedOnline
            | Self::ReceivedDirect
            | Self::ReceivedPostal
            | Self::ReceivedAssisted
            | Self::OpeningOnline
            | Self::OpeningDirect
            | Self::OpeningPostal
            | Self::Granted
            | Self::RefusedAfterExamination
            | Self::Withdrawn
            | Self::Terminated
            | Self::Lapsed
            | Self::EndedWithinDue
            | Self::EndedWithinOriginalDue
            | Self::AwaitingSupplement
            | Self::AwaitingPayment
            | Self::Suspended
            | Self::ProvisionalDue
            | Self::RecordedLate
            | Self::Synthetic
            | Self::NoDueDate
            | Self::Unclassified
            | Self::NeverAccepted
            | Self::RefusedAtIntake
            | Self::WithdrawnBeforeAcceptance
            | Self::AcceptanceVoided
            | Self::Duplicates => None,
        }
    }
}

/// A mark that a row counts: of all that column (3) counts, or of those in column (7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    bit: u32,
    ended: bool,
}

impl Mark {
    /// Its count among the marks that a scan counted.
    pub(crate) fn of(self, marked: &[[u64; 2]; marks::COUNT]) -> u64 {
        let at = usize::try_from(self.bit.trailing_zeros()).unwrap_or(usize::MAX);
        marked
            .get(at)
            .map_or(0, |[all, ended]| if self.ended { *ended } else { *all })
    }

    /// Whether it counts a dossier placed there, with these marks.
    pub(crate) fn counts(self, place: Placement, marks: u32) -> bool {
        place.is_counted()
            && marks & self.bit != 0
            && (!self.ended || place.state() == State::Ended)
    }
}

fn within(class: Class) -> bool {
    match class {
        Class::Early | Class::OnTime => true,
        Class::Overdue | Class::Unknown => false,
    }
}

/// The counts below the line; in JSON one object, in the order of [`MemoRow::ALL`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memo {
    counts: Vec<u64>,
    /// Procedures with at least one counted online dossier, carried-over ones included.
    pub procedures_with_online_dossiers: u64,
}

impl Memo {
    pub(crate) fn new(
        count: impl Fn(MemoRow) -> u64,
        procedures_with_online_dossiers: u64,
    ) -> Self {
        let counts = MemoRow::ALL.iter().map(|row| count(*row)).collect();
        Self {
            counts,
            procedures_with_online_dossiers,
        }
    }

    /// The count of a row.
    pub fn get(&self, row: MemoRow) -> u64 {
        self.rows()
            .find(|(of, _)| *of == row)
            .map_or(0, |(_, count)| count)
    }

    /// All rows with their counts, in the order shown.
    pub fn rows(&self) -> impl Iterator<Item = (MemoRow, u64)> {
        MemoRow::ALL
            .iter()
            .copied()
            .zip(self.counts.iter().copied())
    }
}

impl Serialize for Memo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(MemoRow::ALL.len() + 1))?;
        for (row, count) in self.rows() {
            map.serialize_entry(row.key(), &count)?;
        }
        map.serialize_entry(
            "procedures_with_online_dossiers",
            &self.procedures_with_online_dossiers,
        )?;
        map.end()
    }
}
