//! `hoso vault give-up`: a vault is gone for good, says a person; with a second one, erasures do not wait for it any more.

use api::hoso::processing::v1::GiveUpVaultRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use clap::{Args as Arguments, Subcommand};
use serde_json::json;
use uuid::Uuid;

use crate::args::{Format, PROCESSING};
use crate::{Failure, client, out};

/// `hoso vault`.
#[derive(Debug, Arguments)]
pub struct Vault {
    /// What to do with it.
    #[command(subcommand)]
    pub act: VaultAct,
}

/// What to do with a vault.
#[derive(Debug, Subcommand)]
pub enum VaultAct {
    /// Declare the vault of an intake node gone for good (its disk scrapped, say). Two persons do; erasures then do not wait for
    /// it, and histories name it as left out. When the node is heard again, it is waited for again and told all it missed.
    GiveUp(GiveUp),
}

/// `hoso vault give-up`.
#[derive(Debug, Arguments)]
pub struct GiveUp {
    /// The intake node's log, as `hoso status` has it.
    #[arg(value_name = "LOG")]
    pub home: Uuid,
    /// What became of the vault, in one line, without personal data.
    #[arg(long)]
    pub reason: String,
    /// The acting account.
    #[arg(long, value_name = "ACCOUNT")]
    pub actor: String,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Declares it and prints how it is then.
///
/// # Errors
/// When processing refuses or does not answer.
pub async fn run(told: Vault) -> Result<(), Failure> {
    let VaultAct::GiveUp(told) = told.act;
    let request = GiveUpVaultRequest {
        request_id: Uuid::new_v4().to_string(),
        actor: told.actor,
        log_id: told.home.to_string(),
        reason: told.reason,
    };
    let channel = client::connect(&told.server).await?;
    let answer = ProcessingServiceClient::new(channel)
        .give_up_vault(request)
        .await
        .map_err(|status| client::explain(&status))?
        .into_inner();
    if told.format.is_json() {
        let (given_up, by) = (answer.given_up, answer.declared_by);
        out::print(
            &json!({ "log": told.home, "given_up": given_up, "declared_by": by }).to_string(),
        );
        return Ok(());
    }
    let by = answer.declared_by.join(", ");
    out::print(&if answer.given_up {
        format!("✓ không chờ kho này nữa · given up, as {by} declared: erasures do not wait for it")
    } else {
        format!(
            "… {by} đã xác nhận, cần thêm một người · declared by {by}; a second person is needed"
        )
    });
    Ok(())
}
