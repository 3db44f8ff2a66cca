//! The rows of the table of errors for streams that end.

use tonic::Code;

use super::{Answer, LATER, SOON};
use crate::watching::WatchEnd;

pub(super) fn ended(end: &WatchEnd) -> Answer {
    match end {
        WatchEnd::Stopping => Answer::new(
            Code::Unavailable,
            "STOPPING",
            end,
            "Dịch vụ đang dừng, vui lòng kết nối lại từ vị trí cuối cùng.",
        )
        .retry(SOON),
        WatchEnd::TooSlow(_) => Answer::new(
            Code::ResourceExhausted,
            "WATCH_TOO_SLOW",
            end,
            "Bên nhận quá chậm, luồng theo dõi bị ngắt; vui lòng kết nối lại từ vị trí cuối cùng.",
        )
        .retry(SOON),
        WatchEnd::TooMany => Answer::new(
            Code::ResourceExhausted,
            "TOO_MANY_WATCHES",
            end,
            "Đã có quá nhiều luồng theo dõi, vui lòng thử lại sau.",
        )
        .retry(LATER),
        WatchEnd::AnotherHistory { position } => Answer::new(
            Code::FailedPrecondition,
            "POSITION_OF_ANOTHER_HISTORY",
            end,
            "Vị trí này không thuộc lịch sử hiện có; hãy đọc lại danh sách rồi theo dõi từ vị trí của trang đầu.",
        )
        .hint("read the list anew, and watch from the position of its first page")
        .with("position", position),
        WatchEnd::TooOld { position, .. } => Answer::new(
            Code::OutOfRange,
            "POSITION_TOO_OLD",
            end,
            "Vị trí này đã quá cũ; hãy theo dõi lại từ đầu.",
        )
        .hint("watch from the beginning, or read the list anew and watch from the position of its first page")
        .with("position", position),
    }
}
