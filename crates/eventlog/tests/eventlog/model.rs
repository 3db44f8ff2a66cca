//! The log against a model of it: random writes, reads and reopenings over many small segments.

use std::collections::HashMap;

use eventlog::{Append, AppendError, EventLog, Expected, Record, Request};
use proptest::prelude::*;

use crate::support::{check, event_of, key, small, stream};

#[derive(Clone, Debug)]
enum Step {
    Append {
        stream: u128,
        stale: bool,
        events: Vec<(u128, usize)>,
        request: Option<(u128, u8)>,
    },
    Reopen {
        clean: bool,
    },
    Read,
}

fn step() -> impl Strategy<Value = Step> {
    // Few streams, keys and requests, so that they meet; key 0 is no key.
    let event = (0..60_u128, 0..2500_usize);
    let events = prop::collection::vec(event, 1..5);
    let request = prop::option::weighted(0.3, (0..40_u128, 0..2_u8));
    prop_oneof![
        12 => (0..6_u128, prop::bool::weighted(0.1), events, request).prop_map(
            |(stream, stale, events, request)| Step::Append { stream, stale, events, request }
        ),
        1 => any::<bool>().prop_map(|clean| Step::Reopen { clean }),
        2 => Just(Step::Read),
    ]
}

/// What the log must hold.
#[derive(Default)]
struct Model {
    records: Vec<Record>,
    revisions: HashMap<u128, u32>,
    keys: HashMap<u128, u64>,
    requests: HashMap<u128, (u8, Vec<Record>)>,
}

impl Model {
    fn append(
        &mut self,
        log: &EventLog,
        wish: &Append,
        to: u128,
        keys: &[u128],
        request: Option<(u128, u8)>,
    ) {
        let result = log.append_blocking(wish.clone());
        if let Some((body, records)) = request.and_then(|(id, _)| self.requests.get(&id)) {
            if request.map(|(_, body)| body) == Some(*body) {
                let appended = result.unwrap();
                assert!(appended.replayed);
                assert_eq!(appended.records, *records);
            } else {
                let position = records[0].place.position;
                assert_eq!(result.unwrap_err(), AppendError::RequestReused { position });
            }
            return;
        }
        let actual = self.revisions.get(&to).copied().unwrap_or(0);
        if let Expected::Exactly(expected) = wish.expected
            && expected != actual
        {
            assert_eq!(
                result.unwrap_err(),
                AppendError::Conflict { expected, actual }
            );
            return;
        }
        let next = u64::try_from(self.records.len()).unwrap() + 1;
        let mut seen = self.keys.clone();
        for (name, position) in keys.iter().zip(next..) {
            if *name != 0
                && let Some(taken) = seen.insert(*name, position)
            {
                let error = AppendError::KeyTaken {
                    key: key(*name),
                    position: taken,
                };
                assert_eq!(result.unwrap_err(), error);
                return;
            }
        }
        let appended = result.unwrap();
        assert!(!appended.replayed);
        for (record, wished) in appended.records.iter().zip(&wish.events) {
            assert_eq!(record.event, *wished);
        }
        assert_eq!(appended.records.len(), wish.events.len());
        assert_eq!(appended.records[0].place.position, next);
        self.keys = seen;
        *self.revisions.entry(to).or_default() += u32::try_from(wish.events.len()).unwrap();
        if let Some((id, body)) = request {
            self.requests.insert(id, (body, appended.records.clone()));
        }
        self.records.extend(appended.records);
    }

    fn compare(&self, log: &EventLog) {
        assert_eq!(check(log), self.records);
        for name in 1..60 {
            assert_eq!(log.find(key(name)).unwrap(), self.keys.get(&name).copied());
        }
        for id in 0..40 {
            let found = log.find_request(key(1000 + id)).unwrap();
            assert_eq!(
                found.as_ref(),
                self.requests.get(&id).map(|(_, records)| records)
            );
        }
        let after = self.records.len() / 3;
        let read = log.read_after(u64::try_from(after).unwrap(), 7).unwrap();
        assert_eq!(
            read[..],
            self.records[after..self.records.len().min(after + 7)]
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_log_does_what_its_model_does(steps in prop::collection::vec(step(), 20..120)) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = EventLog::open(folder.path(), small()).unwrap();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Append { stream: to, stale, events, request } => {
                    let revision = model.revisions.get(&to).copied().unwrap_or(0);
                    let keys: Vec<_> = events.iter().map(|(name, _)| *name).collect();
                    let wish = Append {
                        stream: stream(to),
                        expected: if stale { Expected::Exactly(revision + 1) } else { Expected::Exactly(revision) },
                        request: request.map(|(id, body)| Request { key: key(1000 + id), body: [body; 16] }),
                        events: events.iter().map(|(name, bytes)| {
                            let keys = if *name == 0 { vec![] } else { vec![key(*name)] };
                            event_of(*name, &keys, *bytes)
                        }).collect(),
                    };
                    model.append(&log, &wish, to, &keys, request);
                }
                Step::Reopen { clean } => {
                    drop(log);
                    if !clean {
                        std::fs::remove_file(folder.path().join("stopped")).unwrap();
                    }
                    log = EventLog::open(folder.path(), small()).unwrap();
                    model.compare(&log);
                }
                Step::Read => model.compare(&log),
            }
        }
        model.compare(&log);
    }
}
