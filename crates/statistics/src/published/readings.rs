//! When (3) ≠ (7) + (11): the three things that can have happened, and what each implies for the other figures.

use super::{Finding, Published, Severity};
use crate::ratio::Ratio;

/// Readings A, B and C, in this order.
pub(super) fn readings(published: &Published, computed: u64, left: u64) -> [Finding; 3] {
    [
        as_printed(computed, left),
        total_contains_opening(published, left),
        another_exit(computed, left),
    ]
}

/// A: every figure means what its column says. Then the form does not close.
fn as_printed(computed: u64, left: u64) -> Finding {
    let gap = computed.abs_diff(left);
    Finding::new(
        "reading_A",
        Severity::Error,
        format!(
            "Cách hiểu A (đúng như đã in): (3) = {computed}, (7)+(11) = {left}: biểu không cân, lệch {gap}"
        ),
        format!(
            "Reading A (as printed): (3) = {computed}, (7)+(11) = {left}: the form does not close, by {gap}"
        ),
        &[("c3", computed), ("left", left), ("difference", gap)],
    )
}

/// B: the printed total is column (3) already, and its two parts split everything handled, carried-over ones included.
fn total_contains_opening(published: &Published, left: u64) -> Finding {
    let received = &published.received;
    let (total, opening) = (received.total, received.opening);
    let parts = received.online.saturating_add(received.direct_or_postal);
    if total != left || parts != total || opening > total {
        return Finding::new(
            "reading_B",
            Severity::Note,
            format!(
                "Cách hiểu B (số tiếp nhận {total} đã là cột (3)): biểu vẫn không cân với (7)+(11) = {left}"
            ),
            format!(
                "Reading B (the {total} received already are column (3)): it does not close with (7)+(11) = {left} either"
            ),
            &[
                ("c3", total),
                ("left", left),
                ("difference", total.abs_diff(left)),
            ],
        );
    }
    // Of the opening, at least what the other channels cannot hold was online, and at most all of it.
    let online_least = opening.saturating_sub(received.direct_or_postal);
    let online_most = opening.min(received.online);
    let in_period = total - opening;
    let c4 = (
        received.online - online_most,
        received.online - online_least,
    );
    let c5 = (in_period - c4.1, in_period - c4.0);
    let share = [c4.0, c4.1].map(|c4| Ratio::new(c4, in_period));
    let printed = Ratio::new(received.online, total);
    let [least_vi, most_vi] = share.map(Ratio::percent_vi);
    let [least_en, most_en] = share.map(Ratio::percent_en);
    let vi = format!(
        "Cách hiểu B (số {total} đã là cột (3)): tiếp nhận trong kỳ {in_period} = {total} − {opening}, biểu cân: {total} = {left}. \
         Khi đó (4) từ {} đến {}, (5) từ {} đến {}; tỷ lệ trực tuyến từ {least_vi} đến {most_vi}, không xác định được là {}",
        c4.0,
        c4.1,
        c5.0,
        c5.1,
        printed.percent_vi(),
    );
    let en = format!(
        "Reading B (the {total} already are column (3)): {in_period} = {total} − {opening} came in the period, and the form closes: \
         {total} = {left}. Then (4) lies between {} and {}, (5) between {} and {}; the online share lies between {least_en} and \
         {most_en}, and {} cannot be told",
        c4.0,
        c4.1,
        c5.0,
        c5.1,
        printed.percent_en(),
    );
    let bp = |ratio: Ratio| {
        ratio
            .half_up(2)
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0)
    };
    Finding::new(
        "reading_B",
        Severity::Note,
        vi,
        en,
        &[
            ("c3", total),
            ("received_in_period", in_period),
            ("opening", opening),
            ("c4_least", c4.0),
            ("c4_most", c4.1),
            ("c5_least", c5.0),
            ("c5_most", c5.1),
            ("online_share_least_bp", bp(share[0])),
            ("online_share_most_bp", bp(share[1])),
        ],
    )
}

/// C: what is missing left in a way the form has no column for, or came in one.
fn another_exit(computed: u64, left: u64) -> Finding {
    let gap = computed.abs_diff(left);
    let (vi, en) = if computed > left {
        (
            format!(
                "Cách hiểu C: {gap} hồ sơ đã ra theo lối khác (rút, từ chối, dừng, chuyển) mà biểu không có cột; trùng hợp khó tin"
            ),
            format!(
                "Reading C: {gap} dossiers left by another exit (withdrawn, refused, stopped, transferred) that the form has no column for; an unlikely coincidence"
            ),
        )
    } else {
        (
            format!("Cách hiểu C: {gap} hồ sơ đã vào theo lối khác mà biểu không có cột"),
            format!("Reading C: {gap} dossiers came in a way that the form has no column for"),
        )
    };
    Finding::new("reading_C", Severity::Note, vi, en, &[("other", gap)])
}
