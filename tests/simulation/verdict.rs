//! What must hold once everything has come to rest, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::DossierId;
use eventlog::{ChainHash, EventLog, LogId, Record, StreamId, chain, epoch, format};
use reporting::figures::Figures;
use statistics::{AsOf, Period, Question, ii06a};

use crate::client::{Clients, Life};
use crate::ledger::Tear;
use crate::model;
use crate::node::{Node, catalogue};
use crate::secrets;
use crate::world::World;

/// All records of a log, held against every promise that reading can check.
fn whole(log: &EventLog) -> Vec<Record> {
    let blocks = log.scan(1).collect::<Result<Vec<_>, _>>();
    let records = blocks.expect("it reads").concat();
    let mut hash = ChainHash::default();
    let mut revisions: BTreeMap<StreamId, u32> = BTreeMap::new();
    let mut keys = BTreeMap::new();
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.place.position, position, "positions are gapless");
        // A history that was overtaken is a rival from there on.
        let before = if record.rival { record.revision - 1 } else { 0 };
        let revision = revisions.entry(record.listed()).or_insert(before);
        *revision += 1;
        assert_eq!(record.revision, *revision, "revisions are gapless");
        let mut bytes = Vec::new();
        format::canonical(record, &mut bytes).expect("it was written once");
        hash = chain::next(hash, &bytes);
        for key in &record.event.keys {
            let first = *keys.entry(key.0).or_insert(position);
            assert_eq!(log.find(*key).expect("it reads"), Some(first));
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
pub(crate) fn pass(world: &World) -> String {
    let (nodes, intakes, clients) = (&world.nodes, world.intakes, &world.clients);
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
    secrets::hold(offices, &all, &clients.erasures);
    let lives: Vec<_> = clients
        .lives
        .iter()
        .map(|life| as_it_stands(life, fronts, processing, &all))
        .collect();
    for counter in counters {
        assert!(
            whole(counter.log()) == all,
            "{} is not processing's copy",
            counter.machine.name
        );
        assert!(
            counter.is_copy_of(processing.log()),
            "{} ends elsewhere",
            counter.machine.name
        );
        figures(counter, &lives, world);
    }
    heads(nodes)
}

/// Each log is whole, and nobody who had what one of the two histories told has let go of it.
pub(crate) fn torn(nodes: &[Node], tear: &Tear) -> String {
    for node in nodes {
        whole(node.log());
    }
    for told in &tear.elsewhere {
        let record = told.record.at_origin();
        let after = record.place.position - 1;
        let has = |node: &Node| {
            let records = node.log().records_of(tear.log, after, 0, 1);
            records.expect("it reads").0 == [record.clone()]
        };
        assert!(
            nodes.iter().any(has),
            "what was told at {} is with nobody any more, after: {}",
            record.place.position,
            tear.reason
        );
    }
    heads(nodes)
}

fn heads(nodes: &[Node]) -> String {
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
    // What hoso does by itself has requests of its own.
    let asked = |record: &&Record| &*record.event.actor != "hoso" && !epoch::opens(record);
    for record in all.iter().filter(asked) {
        let request = record.request.expect("every record has one");
        by_request.entry(request.key.0).or_default().push(record);
    }
    for told in &clients.told {
        let found = by_request.get(&told.request.key.0);
        let found = found.expect("what was acknowledged is there");
        let writer = told.record.writer();
        let here = found.iter().filter(|record| record.writer() == writer);
        let found: Vec<_> = here.collect();
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
    by_request.retain(|key, _| !clients.lost.contains(key));
    for told in &clients.told {
        by_request.remove(&told.request.key.0);
    }
    assert!(
        by_request.is_empty(),
        "{} requests happened that nobody was told of",
        by_request.len()
    );
    let codes: Vec<_> = clients
        .told
        .iter()
        .filter_map(|told| told.code.as_ref())
        .collect();
    let different: BTreeSet<_> = codes.iter().collect();
    assert_eq!(different.len(), codes.len(), "no code is given twice");
}

/// A dossier that was filed at several nodes is one all the same: which acceptance counts is for processing to say, but it
/// must be one that a home has given, and the other homes are noted.
fn as_it_stands(life: &Life, fronts: &[Node], processing: &Node, all: &[Record]) -> Life {
    let mut life = life.clone();
    let load = |node: &Node| {
        let desk = node.desk().expect("it is alive");
        desk.load(life.id).expect("it is understood").dossier
    };
    let dossier = load(processing);
    let rivals = rivals(life.id, all);
    let Some(case) = dossier.case().filter(|_| life.homes.len() > 1) else {
        return life;
    };
    let duplicates = dossier.filing().map(|filing| &filing.duplicates);
    let noted = duplicates
        .into_iter()
        .flatten()
        .map(|noted| LogId(noted.other_home.0));
    let noted: Vec<_> = noted.collect();
    assert_eq!(noted.len(), rivals.len(), "each other home is noted once");
    assert_eq!(noted.into_iter().collect::<BTreeSet<_>>(), rivals);
    let given = fronts.iter().filter_map(|front| {
        let home = load(front);
        let given = home.case().filter(|given| given.code == case.code)?;
        Some((given.accepted_at, given.due))
    });
    let given: Vec<_> = given.collect();
    let [(accepted, due)] = given[..] else {
        panic!("{} homes have given the code {}", given.len(), case.code)
    };
    life.known.accepted = Some(accepted);
    if !life.went_on {
        life.known.due = due;
    }
    life
}

/// The logs whose history of a dossier does not stand, or not to its end.
fn rivals(dossier: DossierId, all: &[Record]) -> BTreeSet<LogId> {
    let of_it = all.iter().filter(|record| record.stream.0 == dossier.0);
    let rivals = of_it.filter(|record| record.rival);
    rivals.map(Record::writer).collect()
}

/// The figures are those of a fold from zero, bit for bit, and those that the clients would count.
fn figures(counter: &Node, lives: &[Life], world: &World) {
    let now = world.now();
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
        let counted = model::count(lives, &question);
        assert_eq!(report.total, counted, "{from} – {to}, as of {now}");
    }
}
