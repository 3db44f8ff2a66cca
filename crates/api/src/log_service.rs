//! The log service that every role answers: where its log ends, how the role is, and what a copy of the log lacks.

use std::pin::Pin;

use application::backup::{self, Known};
use application::log::{ChainHash, Head, LogId};
use application::losses::Declared;
use application::status::{Exchange, FollowedLog, RelayedLog, Source, Status as Now, VaultLine};
use domain::ids::DossierId;
use jiff::Timestamp;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::convert::values;
use crate::hoso::log::v1 as wire;
use crate::hoso::log::v1::log_service_server::{LogService, LogServiceServer};
use crate::hoso::log::v1::{
    GetHeadRequest, GetHeadResponse, GetStatusRequest, GetStatusResponse, ReadRecordsRequest,
    ReadRecordsResponse,
};
use crate::status::EdgeError;
use crate::{Faults, token};

/// Answers for one log.
#[derive(Clone, Debug)]
pub struct LogCalls {
    source: Source,
}

impl LogCalls {
    /// The service of this role.
    pub fn server(source: Source) -> LogServiceServer<Self> {
        LogServiceServer::new(Self { source })
    }
}

#[tonic::async_trait]
impl LogService for LogCalls {
    type ReadRecordsStream =
        Pin<Box<dyn Stream<Item = Result<ReadRecordsResponse, Status>> + Send>>;

    async fn get_head(
        &self,
        _: Request<GetHeadRequest>,
    ) -> Result<Response<GetHeadResponse>, Status> {
        let head = self.source.log.head();
        Ok(Response::new(GetHeadResponse {
            log_id: head.log.to_string(),
            epoch: head.epoch,
            position: head.position,
            chain_hash: head.hash.to_string(),
            recorded_at: time(head.recorded_at),
            token: token::write(&[head.into()]),
        }))
    }

    async fn get_status(
        &self,
        _: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        Ok(Response::new(status(self.source.now())))
    }

    async fn read_records(
        &self,
        request: Request<ReadRecordsRequest>,
    ) -> Result<Response<Self::ReadRecordsStream>, Status> {
        let known = known(&request.into_inner())?;
        let log_id = self.source.log.head().log.to_string();
        let parcels = backup::records(&self.source.log, known).map_err(EdgeError::from)?;
        let answers = ReceiverStream::new(parcels).map(move |parcel| {
            let parcel = parcel.map_err(EdgeError::from)?;
            Ok(ReadRecordsResponse {
                log_id: log_id.clone(),
                records: parcel.records,
                last: parcel.last,
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

/// What the caller has, if anything.
fn known(request: &ReadRecordsRequest) -> Result<Option<Known>, EdgeError> {
    let ReadRecordsRequest {
        log_id,
        after,
        chain_hash,
    } = request;
    if log_id.is_empty() && *after == 0 && chain_hash.is_empty() {
        return Ok(None);
    }
    let mut faults = Faults::default();
    let log = log_id
        .parse()
        .map(LogId)
        .map_err(|_| "a log's id is wanted");
    let log = faults.take("log_id", log);
    let hash = ChainHash::parse(chain_hash).ok_or("64 hexadecimal digits are wanted");
    let hash = faults.take("chain_hash", hash);
    let known = log.zip(hash).map(|(log, hash)| Known {
        log,
        position: *after,
        hash,
    });
    faults.finish(known.map(Some))
}

fn status(now: Now) -> GetStatusResponse {
    let Head {
        log,
        epoch,
        position,
        hash,
        recorded_at,
    } = now.head;
    let twice = now.folded.codes_given_twice.unwrap_or_default();
    GetStatusResponse {
        role: now.role.to_owned(),
        unable: now.unable.unwrap_or_default(),
        log_id: log.to_string(),
        epoch,
        position,
        chain_hash: hash.to_string(),
        recorded_at: time(recorded_at).filter(|_| position > 0),
        followed: now.followed.into_iter().map(followed).collect(),
        relay: now.relayed.map(|relayed| relay(relayed, position)),
        folded: now.folded.position,
        not_understood: now.folded.not_understood.unwrap_or_default(),
        disk_free_bytes: now.room.free,
        disk_free_bytes_min: now.room.min,
        waiting_writes: count(now.load.writes),
        waiting_bytes: count(now.load.bytes),
        now: time(now.now_us),
        held_filings: now.folded.held_filings.unwrap_or_default(),
        codes_given_twice: twice.count,
        newest_given_twice: twice.newest.into_iter().map(code_given_twice).collect(),
        vaults: now.vaults.into_iter().map(vault_line).collect(),
        master_key: now.exchange.and_then(exchange),
    }
}

fn code_given_twice((code, first, again): (String, DossierId, DossierId)) -> wire::CodeGivenTwice {
    wire::CodeGivenTwice {
        code,
        dossier_id: first.0.to_string(),
        again_dossier_id: again.0.to_string(),
    }
}

fn exchange(it: Exchange) -> Option<wire::MasterKeyExchange> {
    let file = |path: std::path::PathBuf| path.display().to_string();
    match it {
        Exchange::None => None,
        Exchange::UnderWay(it) => Some(wire::MasterKeyExchange {
            rewrapped: it.done.into(),
            subjects: it.of.into(),
            ..wire::MasterKeyExchange::default()
        }),
        Exchange::Done { old, new } => Some(wire::MasterKeyExchange {
            old_file: file(old),
            new_file: file(new),
            ..wire::MasterKeyExchange::default()
        }),
        Exchange::Waits(waiting) => Some(wire::MasterKeyExchange {
            waiting,
            ..wire::MasterKeyExchange::default()
        }),
    }
}

fn vault_line(it: VaultLine) -> wire::VaultLine {
    wire::VaultLine {
        log_id: it.log.to_string(),
        entries_wanted: count(it.entries_wanted),
        erasures_untold: count(it.erasures_untold),
        waiting: it.waiting.unwrap_or_default(),
        losses: it.losses.into_iter().map(loss).collect(),
        given_up: it.given_up,
    }
}

fn loss(it: Declared) -> wire::VaultLoss {
    wire::VaultLoss {
        actor: it.by.to_string(),
        declared_at: time(it.at_us),
        reason: it.reason.into(),
    }
}

fn followed(it: FollowedLog) -> wire::FollowedLog {
    let lag_ms = it.lag_us.unwrap_or_default() / 1_000;
    wire::FollowedLog {
        log_id: it.log.to_string(),
        position: it.have,
        upstream: it.upstream,
        lag_records: it.upstream.saturating_sub(it.have),
        lag_milliseconds: u64::try_from(lag_ms).unwrap_or_default(),
        waiting: it.waiting.unwrap_or_default(),
        duplicates: it.duplicates,
        repaired: it.repaired,
        foreign: it.foreign,
    }
}

fn relay(it: RelayedLog, head: u64) -> wire::Relay {
    wire::Relay {
        position: it.position,
        unrelayed: head.saturating_sub(it.position),
        waiting: it.waiting.unwrap_or_default(),
    }
}

fn time(micros: i64) -> Option<prost_types::Timestamp> {
    let time = Timestamp::from_microsecond(micros).ok()?;
    Some(values::timestamp(time))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
