//! What waits on a terminal, and what was refused, for a person; nobody's name, nobody's words.

use api::hoso::dossier::v1::{Filing, filing};
use api::hoso::intake::v1::{
    EntryRefusal, FeeReceipt, JournalEntry, fee_receipt, journal_entry::Item,
};
use serde_json::json;

use super::spool::Spool;
use crate::args::Format;
use crate::{Failure, out, table};

/// Prints what waits, what was refused and what is damaged.
///
/// # Errors
/// When the folder cannot be read.
pub fn print(spool: &Spool, format: Format) -> Result<(), Failure> {
    let waiting = spool.waiting()?;
    let refused = spool.refused()?;
    for sequence in &waiting {
        match spool.entry(*sequence) {
            Ok(entry) => line(format, "waiting", *sequence, &entry, None),
            Err(damage) => spoilt(format, *sequence, &damage.to_string()),
        }
    }
    for sequence in &refused {
        match spool.refusal(*sequence) {
            Ok(it) => line(
                format,
                "refused",
                *sequence,
                &it.entry,
                it.answer.refusal.as_ref(),
            ),
            Err(damage) => spoilt(format, *sequence, &damage.to_string()),
        }
    }
    for sequence in spool.damaged()? {
        spoilt(
            format,
            sequence,
            "it could not be read any more; it was told to be lost",
        );
    }
    if !format.is_json() {
        out::print(&format!(
            "{} chờ gửi · wait, {} bị từ chối · refused",
            waiting.len(),
            refused.len()
        ));
    }
    Ok(())
}

fn line(
    format: Format,
    state: &str,
    sequence: u32,
    entry: &JournalEntry,
    refusal: Option<&EntryRefusal>,
) {
    let what = what(entry);
    if format.is_json() {
        let faults = refusal.map(|it| it.faults.as_slice()).unwrap_or_default();
        let faults: Vec<_> = faults
            .iter()
            .map(|it| json!({"field": it.field, "description": it.description}))
            .collect();
        let object = json!({
            "sequence": sequence,
            "state": state,
            "command_id": entry.command_id,
            "keyed_in_at": table::instant(entry.device_time),
            "actor": entry.actor,
            "what": what,
            "reason": refusal.map(|it| it.reason.as_str()),
            "message": refusal.map(|it| it.message.as_str()),
            "faults": faults,
        });
        out::print(&object.to_string());
        return;
    }
    let mark = if refusal.is_some() { "✗" } else { "…" };
    let at = table::moment(entry.device_time);
    out::print(&format!("{mark} {sequence:>6}  {at}  {what}"));
    if let Some(refusal) = refusal {
        out::print(&format!(
            "          {} ({})",
            refusal.message, refusal.reason
        ));
        for fault in &refusal.faults {
            out::print(&format!("          {}: {}", fault.field, fault.description));
        }
    }
}

fn spoilt(format: Format, sequence: u32, why: &str) {
    if format.is_json() {
        out::print(&json!({"sequence": sequence, "state": "damaged", "reason": why}).to_string());
    } else {
        out::print(&format!("! {sequence:>6}  hỏng · damaged: {why}"));
    }
}

/// What an entry is, by its numbers alone.
fn what(entry: &JournalEntry) -> String {
    match &entry.item {
        Some(Item::Collected(it)) => format!("phiếu gửi {}", it.slip),
        Some(Item::HandOver(it)) => format!("biên bản {}, {} hồ sơ", it.number, it.papers.len()),
        Some(Item::FeeReceipt(it)) => receipt(it),
        Some(Item::Filing(it)) => brought(it),
        Some(Item::Lost(_)) => "mục đã mất".to_owned(),
        None => "mục không rõ".to_owned(),
    }
}

fn receipt(it: &FeeReceipt) -> String {
    let of = match &it.dossier {
        Some(fee_receipt::Dossier::Slip(slip)) => slip,
        Some(fee_receipt::Dossier::Code(code)) => code,
        None => "",
    };
    format!(
        "biên lai {}/{}, {} đồng, {of}",
        it.series, it.number, it.amount_vnd
    )
}

fn brought(it: &Filing) -> String {
    let of = match &it.dossier {
        Some(filing::Dossier::Code(code)) => code.as_str(),
        Some(filing::Dossier::DossierId(id)) => id,
        Some(filing::Dossier::Source(source)) => &source.reference,
        None => "",
    };
    let what = match &it.brought {
        Some(filing::Brought::Delivery(_)) => "phát thành công",
        Some(filing::Brought::DeliveryFailure(_)) => "phát không thành công",
        Some(filing::Brought::GivenBack(_)) => "chuyển hoàn",
        Some(filing::Brought::Supplement(_)) => "giấy tờ bổ sung",
        Some(filing::Brought::Payment(_)) => "chứng từ nộp tiền",
        Some(filing::Brought::Withdrawal(_)) => "đơn rút hồ sơ",
        Some(filing::Brought::Authorisation(_)) => "giấy ủy quyền",
        None => "giấy tờ nộp sau",
    };
    format!("{what} {of}")
}
