//! `hoso terminal`: a reference terminal for the public post. It works without a line: what is keyed in is on its own disk,
//! encrypted, before anybody is told, and is uploaded when it can be.
//!
//! * [`args`]: the command line; [`keyed`]: what is keyed in, as entries of the journal
//! * [`spool`]: the journal on the disk; [`seal`]: how it is encrypted
//! * [`sync`]: the upload; [`mod@line`]: what it goes over; [`queue`]: what waits and what was refused, for a person
//! * [`looks`]: what the office looks at; [`check`]: whether a server keeps every promise of the protocol

pub mod args;
mod check;
mod keyed;
mod line;
mod looks;
mod queue;
mod seal;
mod spool;
mod sync;

use std::process::ExitCode;

use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{EnrolTerminalRequest, LeaseReceiptRangeRequest};

use self::args::{Act, Terminal};
use self::check::Example;
use self::spool::{Identity, Receipts, Spool};
use crate::{Failure, client, out};

/// Does what a terminal was told.
///
/// # Errors
/// When it cannot be done; what is on the disk stays there.
pub async fn run(told: Terminal) -> Result<ExitCode, Failure> {
    let dir = told.dir;
    match told.act {
        Act::Enrol {
            terminal,
            office,
            operator,
            server,
            actor,
        } => {
            let mut identity = Identity {
                terminal,
                office,
                operator,
                server,
                node: None,
            };
            // Before the node hears of it.
            Spool::may_make(&dir, &identity)?;
            identity.node = Some(enrol(&identity, actor).await?);
            Spool::make(&dir, &identity)?;
            // The welcome says by which checklists papers are counted, from now on without a line too.
            if let Err(error) = sync::sync(&Spool::open(&dir)?).await {
                out::say(&format!(
                    "chưa có danh mục thành phần hồ sơ · no checklists yet ({error}): `hoso terminal sync`"
                ));
            }
            out::print(&format!("{} · {}", identity.terminal, dir.display()));
        }
        Act::Lease {
            series,
            count,
            actor,
        } => lease(&Spool::open(&dir)?, series, count, actor).await?,
        Act::Collect(told) => keyed::collect(&Spool::open(&dir)?, told)?,
        Act::HandOver(told) => keyed::hand_over(&Spool::open(&dir)?, told)?,
        Act::Receipt(told) => keyed::receipt(&Spool::open(&dir)?, told)?,
        Act::Deliver(told) => keyed::deliver(&Spool::open(&dir)?, &told)?,
        Act::Attempt(told) => keyed::attempt(&Spool::open(&dir)?, told)?,
        Act::Return(told) => keyed::give_back(&Spool::open(&dir)?, &told)?,
        Act::Queue { format } => queue::print(&Spool::open(&dir)?, format)?,
        Act::Dismiss { sequence } => Spool::open(&dir)?.dismiss(sequence)?,
        Act::Sync => {
            let spool = Spool::open(&dir)?;
            let outcome = sync::sync(&spool).await?;
            out::print(&sync::told(outcome));
            // A refused entry is a person's to see to.
            if !spool.refused()?.is_empty() {
                return Ok(ExitCode::from(2));
            }
        }
        Act::Legs(told) => {
            // Somebody has to ask where they are.
            if looks::legs(&told).await? > 0 {
                return Ok(ExitCode::from(2));
            }
        }
        Act::Answers(told) => looks::answers(&told).await?,
        Act::Checklist(told) => looks::checklists(&told).await?,
        Act::Check {
            server,
            operator,
            procedure,
            agency,
            point,
            processing,
            second_token_file,
        } => {
            let example = Example {
                operator,
                procedure,
                agency,
                point,
                processing,
                second_token_file,
            };
            return check::run(&server, example).await;
        }
        Act::Run { every } => sync::run(&Spool::open(&dir)?, every).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the terminal known; the digit of the node to which it belongs from now on.
async fn enrol(identity: &Identity, actor: String) -> Result<u32, Failure> {
    let mut calls = TerminalServiceClient::new(client::connect(&identity.server).await?);
    let request = EnrolTerminalRequest {
        request_id: sync::request_id(),
        terminal_id: identity.terminal.clone(),
        office: identity.office.clone(),
        operator: identity.operator.clone(),
        actor,
        min_position: String::new(),
    };
    let answer = calls.enrol_terminal(request).await;
    let answer = answer.map_err(|status| client::explain(&status))?;
    let terminal = answer.into_inner().terminal;
    Ok(terminal
        .ok_or("the server did not say whose the terminal is")?
        .node)
}

async fn lease(spool: &Spool, series: String, count: u32, actor: String) -> Result<(), Failure> {
    let server = &spool.identity.server;
    let mut calls = TerminalServiceClient::new(client::connect(server).await?);
    let request = LeaseReceiptRangeRequest {
        request_id: sync::request_id(),
        terminal_id: spool.identity.terminal.clone(),
        series,
        count,
        actor,
        min_position: String::new(),
    };
    let answer = calls.lease_receipt_range(request).await;
    let range = answer
        .map_err(|status| client::explain(&status))?
        .into_inner()
        .range
        .ok_or("the server gave no numbers")?;
    out::print(&format!(
        "biên lai · receipts {}/{}–{}",
        range.series, range.first, range.last
    ));
    spool.change(|state| {
        state.receipts.push(Receipts {
            series: range.series,
            next: range.first,
            last: range.last,
        });
        Ok(())
    })
}
