//! `hoso backup` and `hoso restore`: a copy of a role's log, taken further each time, and of its vault, apart.

use std::io;
use std::path::{Path, PathBuf};

use api::hoso::log::v1::log_service_client::LogServiceClient;
use api::hoso::log::v1::{ReadRecordsRequest, ReadRecordsResponse};
use api::hoso::vault::v1::vault_service_client::VaultServiceClient;
use api::hoso::vault::v1::{CopyVaultRequest, CopyVaultResponse};
use clap::Args as Arguments;
use eventlog::transfer::{self, Archive};
use eventlog::{LogId, Record, Role, format};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use vault::copy::CopyFolder;

use crate::client::Channel;
use crate::{Failure, client, logs, out, stack};

/// Answers that wait to be written.
const WAITING: usize = 2;
/// The largest answer that is taken: many records, each at most 64 KiB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// `hoso backup`.
#[derive(Debug, Arguments)]
pub struct Backup {
    /// Where the role listens; it goes on working.
    #[arg(long, value_name = "ADDR")]
    pub from: String,
    /// The folder to keep the copy in; what is there is taken further. Check it with `hoso log verify`.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Copy the vault instead of the log, into a folder of its own: personal data, encrypted; keep the master key elsewhere.
    #[arg(long)]
    pub vault: bool,
}

/// `hoso restore`.
#[derive(Debug, Arguments)]
pub struct Restore {
    /// The folder with the copy.
    pub backup: PathBuf,
    /// The role's data folder; its log (its vault with --vault) must not be there yet.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Restore the vault instead of the log.
    #[arg(long)]
    pub vault: bool,
    /// The log is reporting's copy of processing's.
    #[arg(long, conflicts_with = "vault")]
    pub replica: bool,
}

/// Takes a backup further.
pub async fn backup(backup: Backup) -> Result<(), Failure> {
    let channel = client::lasting(&backup.from).await?;
    if backup.vault {
        copy_vault(channel, &backup.to).await
    } else {
        copy_log(channel, &backup.to).await
    }
}

async fn copy_log(channel: Channel, to: &Path) -> Result<(), Failure> {
    let archive = Archive::open(to)?;
    let known = archive.end();
    let request = match known {
        Some((log, position, hash)) => ReadRecordsRequest {
            log_id: log.to_string(),
            after: position,
            chain_hash: hash.to_string(),
        },
        None => ReadRecordsRequest::default(),
    };
    let mut client = LogServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let answers = client.read_records(request).await;
    let mut answers = answers
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let first = answers
        .message()
        .await
        .map_err(|status| client::explain(&status))?
        .ok_or("the role answered nothing")?;
    let log = LogId(first.log_id.parse()?);
    let had = known.map_or(0, |(_, position, _)| position);
    let (give, take) = mpsc::channel(WAITING);
    let written = tokio::task::spawn_blocking(move || {
        let mut told = had;
        archive.extend(log, Records::new(take), |position| {
            logs::progress(&mut told, position);
        })
    });
    pass_on(first, answers, give).await;
    let archive = written.await??;
    let end = archive.end();
    let Some((log, position, hash)) = end else {
        out::print("nothing is in the log yet");
        return Ok(());
    };
    out::print(&format!(
        "đã sao lưu · backed up: log {log} positions {}–{position} new, {position} in all, chain hash {hash}",
        had + 1
    ));
    Ok(())
}

/// Gives the answers to whoever writes them, until there are no more or nobody writes.
async fn pass_on(
    first: ReadRecordsResponse,
    mut answers: Streaming<ReadRecordsResponse>,
    give: mpsc::Sender<Result<ReadRecordsResponse, Status>>,
) {
    let mut next = Ok(Some(first));
    loop {
        let (answer, over) = match next {
            Ok(Some(answer)) => (Ok(answer), false),
            Ok(None) => return,
            Err(status) => (Err(status), true),
        };
        if give.send(answer).await.is_err() || over {
            return;
        }
        next = answers.message().await;
    }
}

/// The records in the answers, one by one, on a thread that may block.
struct Records {
    answers: mpsc::Receiver<Result<ReadRecordsResponse, Status>>,
    records: std::vec::IntoIter<Vec<u8>>,
}

impl Records {
    fn new(answers: mpsc::Receiver<Result<ReadRecordsResponse, Status>>) -> Self {
        Self {
            answers,
            records: Vec::new().into_iter(),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, io::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(bytes) = self.records.next() {
                return Some(format::decode_record(&bytes).map_err(io::Error::other));
            }
            match self.answers.blocking_recv()? {
                Ok(answer) => self.records = answer.records.into_iter(),
                Err(status) => {
                    let why = client::explain(&status).to_string();
                    return Some(Err(io::Error::other(why)));
                }
            }
        }
    }
}

async fn copy_vault(channel: Channel, to: &Path) -> Result<(), Failure> {
    let mut client = VaultServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
    let answers = client.copy_vault(CopyVaultRequest {}).await;
    let mut answers = answers
        .map_err(|status| client::explain(&status))?
        .into_inner();
    let mut copy: Option<CopyFolder> = None;
    let (mut file, mut bytes) = (String::new(), 0);
    loop {
        let piece = answers.message().await;
        let piece = piece.map_err(|status| client::explain(&status))?;
        let Some(piece) = piece else {
            return Err("the copy was cut off; the one before is left as it is".into());
        };
        let CopyVaultResponse {
            vault_id,
            file: name,
            data,
            again,
            last,
        } = piece;
        if again {
            copy = None;
        }
        let folder = match &mut copy {
            Some(folder) => folder,
            none => {
                (file, bytes) = (String::new(), 0);
                none.insert(CopyFolder::begin(to, vault_id.parse()?)?)
            }
        };
        if name != file {
            folder.file(&name)?;
            file = name;
        }
        folder.add(&data)?;
        bytes += data.len();
        if last {
            break;
        }
    }
    if let Some(copy) = copy {
        copy.finish()?;
    }
    out::print(&format!(
        "đã sao lưu kho dữ liệu cá nhân · vault backed up: {bytes} bytes, encrypted; its master key is not among them"
    ));
    Ok(())
}

/// Makes a log, or a vault, out of a backup.
pub fn restore(restore: &Restore) -> Result<(), Failure> {
    stack::claim(&restore.to, stack::FolderKind::Real)?;
    if restore.vault {
        vault::copy::restore(&restore.backup, &restore.to.join("vault"))?;
        application::erasures::mark_restored(&restore.to)?;
        out::print(
            "đã khôi phục kho dữ liệu cá nhân · vault restored; what was erased since is erased again when the role starts",
        );
        return Ok(());
    }
    let files = Archive::open(&restore.backup)?.files();
    let role = if restore.replica {
        Role::Replica
    } else {
        Role::Origin
    };
    let mut told = 0;
    let verified = transfer::import_into(&restore.to.join("log"), role, &files, &[], |position| {
        logs::progress(&mut told, position);
    })?;
    logs::say_verified(&verified);
    Ok(())
}
