//! `hoso dossier erase`: the personal data of one dossier is erased in every vault, and it is said which have not done so yet.

use api::hoso::processing::v1::{Change, EraseSubjectRequest};
use serde_json::json;
use uuid::Uuid;

use crate::args::EraseDossier;
use crate::{Failure, client, out, show};

/// Asks processing and prints how far it is.
pub async fn run(erase: &EraseDossier) -> Result<(), Failure> {
    let request = EraseSubjectRequest {
        change: Some(Change {
            dossier: Some(show::name(&erase.one.name)),
            // Asking again is no second erasure: the dossier is erased once, whoever asks how often.
            request_id: Uuid::new_v4().to_string(),
            actor: erase.actor.clone(),
            ..Change::default()
        }),
        reason_code: erase.ground.clone(),
    };
    let answer = show::processing(&erase.one)
        .await?
        .erase_subject(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    if erase.one.format.is_json() {
        out::print(
            &json!({
                "dossier_id": answer.dossier.unwrap_or_default().dossier_id,
                "erased": answer.erased,
                "waiting_for": answer.waiting_for,
                "left_out": answer.left_out,
            })
            .to_string(),
        );
        return Ok(());
    }
    if answer.erased {
        out::print("✓ đã xóa ở mọi kho · erased in every vault that had it");
        for log in &answer.left_out {
            out::print(&format!(
                "    trừ kho không còn · but for the vault beside log {log}, given up as gone for good"
            ));
        }
        return Ok(());
    }
    out::print(
        "… đã xóa tại đây, các kho khác sẽ xóa ngay khi trả lời · erased here; the other vaults erase it as soon as they answer",
    );
    for log in &answer.waiting_for {
        out::print(&format!("    chưa · not yet: the vault beside log {log}"));
    }
    Ok(())
}
