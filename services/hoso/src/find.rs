//! `hoso dossier find` and `look-ups`: dossiers by an identity number, which never stands on the command line; and who looked.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use api::hoso::identity::v1::identity_service_client::IdentityServiceClient;
use api::hoso::identity::v1::{FindDossiersByIdentityRequest, LookUpPurpose};
use api::hoso::processing::v1::audit_service_client::AuditServiceClient;
use api::hoso::processing::v1::{IdentityLookUp, ListIdentityLookUpsRequest};
use api::identity_service::wire_purpose;
use clap::Args as Arguments;
use domain::event::LookUpPurpose as Purpose;
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Format, PROCESSING};
use crate::{Failure, client, lists, out, show, table};

/// More than any identity number, with its spaces and the end of its line.
const NUMBER_BYTES_MAX: u64 = 256;

/// `hoso dossier find`.
#[derive(Debug, Arguments)]
pub struct Find {
    /// For what: own_dossiers, duplicate_check, data_subject_rights, complaint or inspection.
    #[arg(long, value_name = "PURPOSE", value_parser = purpose)]
    pub purpose: LookUpPurpose,
    /// The number of the document that is the ground; written down with the look-up.
    #[arg(long, value_name = "NUMBER")]
    pub reference: Option<String>,
    /// The agency for which it is looked up.
    #[arg(long, value_name = "AGENCY")]
    pub agency: String,
    /// The acting account.
    #[arg(long, value_name = "ACCOUNT", default_value = "")]
    pub actor: String,
    /// The file that holds the identity number; standard input if not said. On the command line everybody could read it.
    #[arg(long, value_name = "FILE")]
    pub number_file: Option<PathBuf>,
    /// How many at most; 0: all. Each 500 are a look-up.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Where processing listens, for accepted dossiers; or an intake node, for those that it took in and are not accepted.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso dossier look-ups`.
#[derive(Debug, Arguments)]
pub struct LookUps {
    /// Only those that showed this dossier: its code, its id, or another system's number as SYSTEM:NUMBER.
    pub name: Option<String>,
    /// How many at most; 0: all.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn purpose(text: &str) -> Result<LookUpPurpose, String> {
    let named = Purpose::ALL.into_iter().find(|it| it.as_str() == text);
    named.map(wire_purpose).ok_or_else(|| {
        let names: Vec<_> = Purpose::ALL.iter().map(|it| it.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn label(purpose: LookUpPurpose) -> (&'static str, &'static str) {
    match purpose {
        LookUpPurpose::Unspecified => ("", ""),
        LookUpPurpose::OwnDossiers => ("công dân hỏi hồ sơ của mình", "own_dossiers"),
        LookUpPurpose::DuplicateCheck => ("kiểm tra trùng hồ sơ", "duplicate_check"),
        LookUpPurpose::DataSubjectRights => ("quyền của chủ thể dữ liệu", "data_subject_rights"),
        LookUpPurpose::Complaint => ("phản ánh, kiến nghị, khiếu nại, tố cáo", "complaint"),
        LookUpPurpose::Inspection => ("thanh tra, kiểm tra, điều tra", "inspection"),
    }
}

/// The number, from the file or standard input.
fn number(asked: &Find) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    match &asked.number_file {
        Some(file) => {
            let said = |error: io::Error| format!("{}: {error}", file.display());
            let opened = std::fs::File::open(file).map_err(said)?;
            let mut opened = opened.take(NUMBER_BYTES_MAX);
            opened.read_to_string(&mut text).map_err(said)?;
        }
        None if io::stdin().is_terminal() => {
            out::say("số định danh · identity number:");
            io::stdin().read_line(&mut text)?;
        }
        None => {
            let mut input = io::stdin().lock().take(NUMBER_BYTES_MAX);
            input.read_to_string(&mut text)?;
        }
    }
    Ok(text)
}

/// Looks up and prints.
///
/// # Errors
/// When the service does not answer, or refuses.
pub async fn find(asked: &Find) -> Result<(), Failure> {
    let number = number(asked)?;
    let mut identities = IdentityServiceClient::new(client::connect(&asked.server).await?);
    let mut request = FindDossiersByIdentityRequest {
        identity_number: number.to_string(),
        purpose: asked.purpose.into(),
        reference: asked.reference.clone().unwrap_or_default(),
        agency: asked.agency.clone(),
        actor: asked.actor.clone(),
        ..FindDossiersByIdentityRequest::default()
    };
    let mut left = most(asked.limit);
    let mut shown = 0;
    loop {
        request.page_size = i32::try_from(left.min(500)).unwrap_or(500);
        let answer = identities
            .find_dossiers_by_identity(request.clone())
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        if asked.format.is_json() {
            for dossier in &answer.dossiers {
                out::print(&show::object(dossier).to_string());
            }
        } else if !answer.dossiers.is_empty() {
            out::print(&lists::grid(&answer.dossiers).to_string());
        }
        shown += answer.dossiers.len();
        left = left.saturating_sub(answer.dossiers.len());
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() || left == 0 {
            if answer.incomplete {
                out::say(
                    "! dữ liệu cá nhân của một số hồ sơ chưa về đây hoặc không đọc được: có thể còn thiếu · \
                     personal data of some dossiers is not here yet or cannot be read: one may be missing",
                );
            }
            break;
        }
    }
    if !asked.format.is_json() {
        if shown == 0 {
            out::print("không có hồ sơ nào · none");
        }
        if !request.page_token.is_empty() {
            out::print("… còn nữa · there are more (--limit)");
        }
    }
    Ok(())
}

/// Lists look-ups and prints them.
///
/// # Errors
/// When processing does not answer, or refuses.
pub async fn look_ups(asked: &LookUps) -> Result<(), Failure> {
    let mut audit = AuditServiceClient::new(client::connect(&asked.server).await?);
    let mut request = ListIdentityLookUpsRequest {
        dossier: asked.name.as_deref().map(show::name),
        ..ListIdentityLookUpsRequest::default()
    };
    let mut left = most(asked.limit);
    loop {
        request.page_size = i32::try_from(left.min(500)).unwrap_or(500);
        let answer = audit
            .list_identity_look_ups(request.clone())
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        for look_up in &answer.look_ups {
            tell(look_up, asked.format);
        }
        left = left.saturating_sub(answer.look_ups.len());
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() || left == 0 {
            break;
        }
    }
    if !request.page_token.is_empty() && !asked.format.is_json() {
        out::print("… còn nữa · there are more (--limit)");
    }
    Ok(())
}

fn tell(it: &IdentityLookUp, format: Format) {
    let (vi, en) = label(it.purpose());
    if format.is_json() {
        let line = json!({
            "at": table::instant(it.at),
            "actor": it.actor,
            "account": it.account,
            "agency": it.agency,
            "purpose": en,
            "reference": it.reference,
            "dossier_ids": it.dossier_ids,
            "more": it.more,
            "log_id": it.log_id,
            "position": it.position,
        });
        out::print(&line.to_string());
        return;
    }
    let who = if it.account.is_empty() {
        it.actor.clone()
    } else {
        format!("{} ({})", it.actor, it.account)
    };
    let more = if it.more { "+" } else { "" };
    out::print(&format!(
        "{}  {who}  {}  {vi} · {en}  {}  {}{more} hồ sơ · dossiers",
        table::moment(it.at),
        it.agency,
        it.reference,
        it.dossier_ids.len(),
    ));
}

/// How many at most; 0 is all.
fn most(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}
