//! What must hold once everything has come to rest, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::{ChainHash, EventLog, Record, StreamId, chain, format};
use jiff::Timestamp;
use reporting::figures::Figures;
use statistics::{AsOf, Period, Question, ii06a};

use crate::client::Clients;
use crate::model;
use crate::node::{Node, catalogue};

/// All records of a log, held against every promise that reading can check.
fn whole(log: &EventLog) -> Vec<Record> {
    let blocks = log.scan(1).collect::<Result<Vec<_>, _>>();
    let records = blocks.expect("it reads").concat();
    let mut hash = ChainHash::default();
    let mut revisions: BTreeMap<StreamId, u32> = BTreeMap::new();
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.place.position, position, "positions are gapless");
        let revision = revisions.entry(record.stream).or_default();
        *revision += 1;
        assert_eq!(record.revision, *revision, "revisions are gapless");
        let mut bytes = Vec::new();
        format::canonical(record, &mut bytes).expect("it was written once");
        hash = chain::next(hash, &bytes);
        for key in &record.event.keys {
            assert_eq!(log.find(*key).expect("it reads"), Some(position));
        }
    }
    let head = log.head();
    assert_eq!(
        (head.position, head.hash),
        (records.len() as u64, hash),
        "the chain is that of the records"
    );
    for (stream, revision) in revisions {
        assert_eq!(log.revision(stream).expect("it reads"), revision);
    }
    records
}

/// Every log holds what was acknowledged, once and in order; the figures follow from it. Gives what the heads are.
pub(crate) fn pass(nodes: &[Node], intakes: usize, clients: &Clients, now: Timestamp) -> String {
    let (offices, counters) = nodes.split_at(intakes + 1);
    let (fronts, processing) = (&offices[..intakes], &offices[intakes]);
    let all = whole(processing.log());
    for front in fronts {
        let own = whole(front.log());
        let head = front.log().head();
        let imported = all
            .iter()
            .filter(|record| record.origin.is_some_and(|place| place.log == head.log));
        let imported: Vec<Record> = imported.map(Record::at_origin).collect();
        assert!(
            imported == own,
            "{} has {} records, of which processing has {}, or others",
            front.machine.name,
            own.len(),
            imported.len()
        );
        let mark = processing.log().watermark(head.log);
        let mark = mark.map(|mark| (mark.epoch, mark.position, mark.hash));
        let end = (head.position > 0).then_some((head.epoch, head.position, head.hash));
        assert_eq!(mark, end, "the watermark of {}", front.machine.name);
    }
    acknowledged(nodes, &all, clients);
    for counter in counters {
        assert!(
            whole(counter.log()) == all,
            "{} is not processing's copy",
            counter.machine.name
        );
        assert_eq!(counter.log().head(), processing.log().head());
        figures(counter, clients, now);
    }
    let heads = nodes.iter().map(|node| {
        let head = node.log().head();
        format!(
            "{} ends at {} {}\n",
            node.machine.name, head.position, head.hash
        )
    });
    heads.collect()
}

/// What clients were told is there exactly once, and nothing else is.
fn acknowledged(nodes: &[Node], all: &[Record], clients: &Clients) {
    let mut by_request: BTreeMap<[u8; 16], Vec<&Record>> = BTreeMap::new();
    for record in all {
        let request = record.request.expect("every record has one");
        by_request.entry(request.key.0).or_default().push(record);
    }
    for told in &clients.told {
        let found = by_request.remove(&told.request.key.0);
        let found = found.expect("what was acknowledged is there");
        let last = found.last().expect("one at least");
        assert_eq!(
            last.at_origin(),
            told.record.at_origin(),
            "what was acknowledged is there as it was told"
        );
        let events: BTreeSet<_> = found.iter().map(|record| record.event.event_id).collect();
        assert_eq!(events.len(), found.len(), "no event is there twice");
        let desk = nodes[told.at].desk().expect("it is alive");
        let again = desk.answered(told.request).expect("it reads");
        assert_eq!(
            again.map(|answer| answer.record).as_ref(),
            Some(&told.record),
            "the same request gets its first answer"
        );
    }
    assert!(
        by_request.is_empty(),
        "{} requests happened that nobody was told of",
        by_request.len()
    );
    let codes: BTreeSet<_> = clients.codes.iter().collect();
    assert_eq!(codes.len(), clients.codes.len(), "no code is given twice");
}

/// The figures are those of a fold from zero, bit for bit, and those that the clients would count.
fn figures(counter: &Node, clients: &Clients, now: Timestamp) {
    let mut rebuilt = Figures::new(catalogue(), counter.log()).expect("it reads");
    let position = rebuilt.catch_up(counter.log(), 0).expect("it reads");
    let figures = counter.figures().expect("it is alive");
    figures.read(|figures, at| {
        assert_eq!(at, position);
        assert_eq!(figures.parked.records(), 0);
        assert!(
            figures.facts == rebuilt.facts,
            "the figures are those of a fold from zero"
        );
        assert!(figures.facts.snapshot() == rebuilt.facts.snapshot());
    });
    let day = |text: &str| text.parse().expect("a date");
    for (from, to) in [
        ("2022-12-15", "2023-06-14"),
        ("2022-12-19", "2022-12-23"),
        ("2022-12-21", "2023-01-31"),
    ] {
        let period = Period::new(day(from), day(to)).expect("a period");
        let question = Question::new(period, AsOf { position, at: now });
        let report = ii06a(&rebuilt.facts, &question);
        assert!(report.holds(), "{from} – {to}: {:?}", report.checks);
        let counted = model::count(&clients.lives, &question);
        assert_eq!(report.total, counted, "{from} – {to}, as of {now}");
    }
}
