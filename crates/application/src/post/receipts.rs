//! Receipt numbers: leased to terminals in ranges, each number given once and used once.

use domain::event::{Event, FeeReceiptIssued, Occurrence, ReceiptRangeLeased};
use domain::ids::TerminalId;
use domain::rejection::Rejection;
use eventlog::{AppendError, Expected, Record, StreamId};

use super::By;
use crate::codec;
use crate::desk::Desk;
use crate::error::HandleError;
use crate::follow_up::TRIES_MAX;

/// How many numbers each node has in a series: those of node 3 begin at 30 000 001.
const NUMBERS_A_NODE: u64 = 10_000_000;

fn series_stream(desk: &Desk, series: &str) -> StreamId {
    super::stream(desk, "hoso receipt series v1", &[series.as_bytes()])
}

fn receipt_stream(desk: &Desk, series: &str, number: u64) -> StreamId {
    let parts: [&[u8]; 2] = [series.as_bytes(), &number.to_be_bytes()];
    super::stream(desk, "hoso receipt v1", &parts)
}

fn leased(record: &Record) -> Result<Option<ReceiptRangeLeased>, HandleError> {
    let event = codec::decode(record)?.event;
    if let Event::ReceiptRangeLeased(leased) = event {
        Ok(Some(leased))
    } else {
        Ok(None)
    }
}

impl Desk {
    /// Gives a terminal the next `count` numbers of a series; `node` is this node's digit.
    ///
    /// # Errors
    /// When the node's numbers in this series have run out, or it cannot be written.
    pub async fn lease_receipts(
        &self,
        terminal: &TerminalId,
        series: &str,
        count: u32,
        node: u8,
        by: &By,
    ) -> Result<(ReceiptRangeLeased, Record), HandleError> {
        let exhausted = || Rejection::ReceiptNumbersExhausted {
            series: series.into(),
        };
        let stream = series_stream(self, series);
        let base = NUMBERS_A_NODE * u64::from(node);
        for _ in 0..TRIES_MAX {
            if let Some(record) = super::answered(self, by.request)? {
                let leased = leased(&record)?.ok_or_else(exhausted)?;
                return Ok((leased, record));
            }
            super::may_write(self, by.now)?;
            let given = self.log().stream(stream)?;
            let last = match given.last() {
                Some(record) => leased(record)?.map_or(base, |it| it.last),
                None => base,
            };
            let range = ReceiptRangeLeased {
                series: series.into(),
                first: last + 1,
                last: last + u64::from(count),
                terminal: terminal.clone(),
            };
            if range.last >= base + NUMBERS_A_NODE {
                return Err(exhausted().into());
            }
            let expected = given.last().map_or(0, |record| record.revision);
            let happened = Occurrence {
                at: by.now,
                event: Event::ReceiptRangeLeased(range),
            };
            match super::append(self, stream, Expected::Exactly(expected), by, &happened).await {
                Ok(record) => return Ok((leased(&record)?.ok_or_else(exhausted)?, record)),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandleError::Contended)
    }

    /// Records a receipt.
    ///
    /// # Errors
    /// When another receipt has its number, or it cannot be written.
    pub async fn issue_receipt(
        &self,
        receipt: FeeReceiptIssued,
        by: &By,
    ) -> Result<Record, HandleError> {
        if let Some(record) = super::answered(self, by.request)? {
            return Ok(record);
        }
        super::may_write(self, by.now)?;
        let (series, number) = (receipt.series.clone(), receipt.number);
        let stream = receipt_stream(self, &series, number);
        let happened = Occurrence {
            at: by.now,
            event: Event::FeeReceiptIssued(receipt),
        };
        match super::append(self, stream, Expected::Exactly(0), by, &happened).await {
            Ok(record) => Ok(record),
            Err(AppendError::Conflict { .. }) => {
                Err(Rejection::ReceiptNumberUsed { series, number }.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
