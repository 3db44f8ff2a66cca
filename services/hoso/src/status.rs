//! `hoso status`: how each role is, what it has from the others, and whether anything is wrong.

use std::process::ExitCode;
use std::time::Duration;

use api::hoso::log::v1::log_service_client::LogServiceClient;
use api::hoso::log::v1::{GetStatusRequest, GetStatusResponse, MasterKeyExchange};
use clap::Args as Arguments;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::args::{self, Format};
use crate::{Failure, client, out};

/// How long a role may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clocks that differ by more are said.
const SKEW_MAX_MS: i64 = 2_000;

/// `hoso status`.
#[derive(Debug, Arguments)]
pub struct Status {
    /// Where an intake node listens; several may be named.
    #[arg(long, value_name = "ADDR", default_values_t = [args::INTAKE.to_owned()])]
    pub intake: Vec<String>,
    /// Where processing listens.
    #[arg(long, value_name = "ADDR", default_value = args::PROCESSING)]
    pub processing: String,
    /// Where a reporting replica listens; several may be named.
    #[arg(long, value_name = "ADDR", default_values_t = [args::REPORTING.to_owned()])]
    pub reporting: Vec<String>,
    /// `json`: one object.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// A role as it answered, or why it did not.
struct Asked {
    role: &'static str,
    address: String,
    answer: Result<GetStatusResponse, String>,
    /// How far its clock is ahead of ours, in milliseconds.
    skew_ms: i64,
}

/// Asks every role; the exit code is 1 if anything is wrong.
pub async fn run(status: Status) -> Result<ExitCode, Failure> {
    let mut asked = Vec::new();
    for address in status.intake {
        asked.push(ask("intake", address).await);
    }
    asked.push(ask("processing", status.processing).await);
    for address in status.reporting {
        asked.push(ask("reporting", address).await);
    }
    let wrong: Vec<Vec<String>> = asked.iter().map(wrong).collect();
    if status.format.is_json() {
        let roles: Vec<_> = asked.iter().zip(&wrong).map(object).collect();
        let sound = wrong.iter().all(Vec::is_empty);
        out::print(&json!({ "sound": sound, "roles": roles }).to_string());
    } else {
        for (asked, wrong) in asked.iter().zip(&wrong) {
            tell(asked, wrong);
        }
    }
    let sound = wrong.iter().all(Vec::is_empty);
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn ask(role: &'static str, address: String) -> Asked {
    let question = async {
        let channel = client::connect(&address).await.map_err(|e| e.to_string())?;
        let answer = LogServiceClient::new(channel)
            .get_status(GetStatusRequest {})
            .await;
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| client::explain(&status).to_string())
    };
    let answer = tokio::time::timeout(PATIENCE, question).await;
    let answer = answer.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
    let here = chassis::Clock::system().now().as_millisecond();
    let skew_ms = answer
        .as_ref()
        .ok()
        .and_then(|answer| answer.now.as_ref())
        .map_or(0, |now| {
            now.seconds * 1_000 + i64::from(now.nanos / 1_000_000) - here
        });
    Asked {
        role,
        address,
        answer,
        skew_ms,
    }
}

/// Everything about a role that somebody must see to.
fn wrong(asked: &Asked) -> Vec<String> {
    let answer = match &asked.answer {
        Ok(answer) => answer,
        Err(reason) => return vec![reason.clone()],
    };
    let mut wrong = Vec::new();
    if answer.role != asked.role {
        wrong.push(format!("it is {}, not {}", answer.role, asked.role));
    }
    if !answer.unable.is_empty() {
        wrong.push(answer.unable.clone());
    }
    if answer.followed.is_empty() && answer.role == "reporting" {
        wrong.push(
            "it has found no processing to follow: is NATS there, and does processing run?"
                .to_owned(),
        );
    }
    if answer.followed.is_empty() && answer.role == "processing" {
        wrong.push(
            "it has found no intake node to follow: is NATS there, and does one run?".to_owned(),
        );
    }
    for log in &answer.followed {
        if !log.waiting.is_empty() && !is_given_up(answer, &log.log_id) {
            wrong.push(format!("waits for {}", of_log(&log.log_id, &log.waiting)));
        }
    }
    for vault in &answer.vaults {
        if !vault.waiting.is_empty() && !vault.given_up {
            let log = &vault.log_id;
            let what = format!("the vault beside log {log}");
            wrong.push(format!("waits for {}", of(&what, &vault.waiting)));
        }
    }
    if let Some(exchange) = &answer.master_key
        && !exchange.waiting.is_empty()
    {
        let why = &exchange.waiting;
        wrong.push(format!("the new master key is not taken into use: {why}"));
    }
    if let Some(relay) = &answer.relay
        && !relay.waiting.is_empty()
    {
        wrong.push(format!("its log is not published: {}", relay.waiting));
    }
    if answer.not_understood > 0 {
        let count = answer.not_understood;
        wrong.push(format!(
            "{count} records are not understood: see `hoso parked list`"
        ));
    }
    if answer.codes_given_twice > 0 {
        let count = answer.codes_given_twice;
        wrong.push(format!(
            "{count} codes belong to two dossiers each: give intake nodes digits of their own, and void one acceptance of each pair"
        ));
    }
    if asked.skew_ms.abs() > SKEW_MAX_MS {
        wrong.push(format!(
            "its clock is {} ms from the one here",
            asked.skew_ms
        ));
    }
    wrong
}

/// Something, and why it is waited for; where the reason says itself of what, it is not said twice.
fn of(what: &str, waiting: &str) -> String {
    if waiting.starts_with(what) {
        waiting.to_owned()
    } else {
        format!("{what}: {waiting}")
    }
}

fn of_log(id: &str, waiting: &str) -> String {
    of(&format!("log {id}"), waiting)
}

/// Whether two persons gave up the node with this log: nothing is waited for from it until it is heard of again.
fn is_given_up(answer: &GetStatusResponse, log: &str) -> bool {
    let mut vaults = answer.vaults.iter();
    vaults.any(|vault| vault.given_up && vault.log_id == log)
}

fn tell(asked: &Asked, wrong: &[String]) {
    let state = if wrong.is_empty() { "✓" } else { "✗" };
    out::print(&format!("{state} {} {}", asked.role, asked.address));
    for fault in wrong {
        out::print(&format!("    ! {fault}"));
    }
    let Ok(answer) = &asked.answer else { return };
    let hash = answer.chain_hash.get(..16).unwrap_or_default();
    out::print(&format!(
        "    nhật ký · log {} epoch {} position {} {hash}",
        answer.log_id, answer.epoch, answer.position
    ));
    for log in &answer.followed {
        out::print(&format!(
            "    từ · from {}: {} of {}, {} records and {} behind; {} repaired, {} duplicates, {} foreign",
            log.log_id,
            log.position,
            log.upstream,
            log.lag_records,
            duration(log.lag_milliseconds),
            log.repaired,
            log.duplicates,
            log.foreign,
        ));
        if is_given_up(answer, &log.log_id) {
            out::print(
                "        nút đã mất hẳn, không chờ nữa · its node is given up as gone for good",
            );
        }
    }
    for vault in &answer.vaults {
        out::print(&format!(
            "    kho · vault beside {}: {} entries not here yet, {} erasures it has not carried out yet",
            vault.log_id, vault.entries_wanted, vault.erasures_untold,
        ));
        for loss in &vault.losses {
            let (actor, reason) = (&loss.actor, &loss.reason);
            let so = if vault.given_up {
                "không chờ nữa · given up"
            } else {
                "cần thêm một người · a second person is needed"
            };
            out::print(&format!(
                "        mất hẳn · gone for good, {actor} declared: {reason}; {so}"
            ));
        }
    }
    if let Some(exchange) = &answer.master_key {
        tell_exchange(exchange);
    }
    if let Some(relay) = &answer.relay {
        let (position, left) = (relay.position, relay.unrelayed);
        out::print(&format!(
            "    phát · published to {position}, {left} records left"
        ));
    }
    for twice in &answer.newest_given_twice {
        let (code, first, again) = (&twice.code, &twice.dossier_id, &twice.again_dossier_id);
        out::print(&format!(
            "    mã hồ sơ trùng · code {code}: dossier {first}, and again {again}"
        ));
    }
    if answer.held_filings > 0 {
        let count = answer.held_filings;
        out::print(&format!(
            "    giấy tờ chờ hồ sơ · {count} filings wait for their dossier"
        ));
    }
    out::print(&format!(
        "    đĩa · disk {} free, writes refused below {}; {} writes wait",
        bytes(answer.disk_free_bytes),
        bytes(answer.disk_free_bytes_min),
        answer.waiting_writes,
    ));
}

fn tell_exchange(exchange: &MasterKeyExchange) {
    let (old, new) = (&exchange.old_file, &exchange.new_file);
    if !old.is_empty() {
        out::print(&format!(
            "    khóa chính đã thay · its vault is under the master key in {new}; once every role that uses it says so and no copy needs the old one: mv {new} {old}"
        ));
    } else if exchange.waiting.is_empty() {
        let (done, of) = (exchange.rewrapped, exchange.subjects);
        out::print(&format!(
            "    đang thay khóa chính · master key being exchanged, {done} of {of} keys wrapped anew: keep both files"
        ));
    }
}

fn duration(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1_000, ms % 1_000)
}

fn bytes(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} B"),
        mib @ 1..10_240 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib >> 10),
    }
}

fn object((asked, wrong): (&Asked, &Vec<String>)) -> Value {
    let mut object = json!({
        "role": asked.role,
        "address": asked.address,
        "sound": wrong.is_empty(),
        "wrong": wrong,
    });
    if let Ok(answer) = &asked.answer {
        object["status"] = fields(answer, asked.skew_ms);
    }
    object
}

fn fields(answer: &GetStatusResponse, skew_ms: i64) -> Value {
    let followed = answer.followed.iter().map(|log| {
        json!({
            "log": log.log_id,
            "position": log.position,
            "upstream": log.upstream,
            "lag_records": log.lag_records,
            "lag_seconds": Duration::from_millis(log.lag_milliseconds).as_secs_f64(),
            "waiting": log.waiting,
            "given_up": is_given_up(answer, &log.log_id),
            "duplicates": log.duplicates,
            "repaired": log.repaired,
            "foreign": log.foreign,
        })
    });
    let followed: Vec<_> = followed.collect();
    let vaults = answer.vaults.iter().map(|vault| {
        json!({
            "log": vault.log_id,
            "entries_wanted": vault.entries_wanted,
            "erasures_untold": vault.erasures_untold,
            "waiting": vault.waiting,
            "given_up": vault.given_up,
            "declared_gone_by": vault.losses.iter().map(|loss| &loss.actor).collect::<Vec<_>>(),
        })
    });
    let vaults: Vec<_> = vaults.collect();
    let exchange = answer.master_key.as_ref().map(|exchange| {
        json!({
            "rewrapped": exchange.rewrapped,
            "subjects": exchange.subjects,
            "old_file": exchange.old_file,
            "new_file": exchange.new_file,
            "waiting": exchange.waiting,
        })
    });
    let relay = answer.relay.as_ref().map(|relay| {
        json!({
            "position": relay.position,
            "unrelayed": relay.unrelayed,
            "waiting": relay.waiting,
        })
    });
    let time = |time: Option<&prost_types::Timestamp>| {
        let time = Timestamp::new(time?.seconds, time?.nanos).ok()?;
        Some(time.to_string())
    };
    let twice: Vec<_> = answer
        .newest_given_twice
        .iter()
        .map(|twice| {
            json!({
                "code": twice.code,
                "dossier": twice.dossier_id,
                "again": twice.again_dossier_id,
            })
        })
        .collect();
    json!({
        "unable": answer.unable,
        "log": answer.log_id,
        "epoch": answer.epoch,
        "position": answer.position,
        "hash": answer.chain_hash,
        "recorded_at": time(answer.recorded_at.as_ref()),
        "followed": followed,
        "relay": relay,
        "vaults": vaults,
        "master_key": exchange,
        "folded": answer.folded,
        "not_understood": answer.not_understood,
        "held_filings": answer.held_filings,
        "codes_given_twice": answer.codes_given_twice,
        "newest_given_twice": twice,
        "disk_free_bytes": answer.disk_free_bytes,
        "disk_free_bytes_min": answer.disk_free_bytes_min,
        "waiting_writes": answer.waiting_writes,
        "waiting_bytes": answer.waiting_bytes,
        "now": time(answer.now.as_ref()),
        "clock_ahead_ms": skew_ms,
    })
}
