//! Any calls in any order, against a map: the vault and the map agree, also after reopening and after being killed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;
use vault::{GetError, Mark, PutError, Settings, Vault};

use crate::support::{copy, master, settings, subject, wait};

#[derive(Clone, Debug)]
enum Call {
    Put(u8, Vec<Vec<u8>>),
    Erase(u8),
    /// Takes a mark for the next sweep.
    Mark,
    /// Keeps what the predicate over the entry's place in the model says.
    Sweep(u8),
    Rotate,
    /// Closes and opens.
    Reopen,
    /// Opens a copy of the folder as it is now: what a killed process leaves.
    Kill,
}

fn call() -> impl Strategy<Value = Call> {
    let text = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        12 => (0..8_u8, prop::collection::vec(text, 1..4)).prop_map(|(n, texts)| Call::Put(n, texts)),
        2 => (0..8_u8).prop_map(Call::Erase),
        2 => Just(Call::Mark),
        1 => (1..4_u8).prop_map(Call::Sweep),
        1 => Just(Call::Rotate),
        2 => Just(Call::Reopen),
        2 => Just(Call::Kill),
    ]
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    Kept(Vec<u8>),
    Erased,
    Swept,
}

struct World {
    folders: Vec<TempDir>,
    vault: Option<Vault>,
    key: u8,
    order: Vec<Uuid>,
    entries: HashMap<Uuid, (u8, State)>,
    erased: HashSet<u8>,
    mark: Option<(Mark, usize)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            folders: vec![tempfile::tempdir().unwrap()],
            vault: None,
            key: 1,
            order: Vec::new(),
            entries: HashMap::new(),
            erased: HashSet::new(),
            mark: None,
        };
        world.open();
        world
    }

    fn folder(&self) -> PathBuf {
        self.folders.last().unwrap().path().to_owned()
    }

    fn open(&mut self) {
        let small = Settings {
            file_bytes_max: 3_000,
            ..settings()
        };
        self.vault = Some(Vault::open(&self.folder(), master(self.key), small).unwrap());
    }

    fn vault(&self) -> Vault {
        self.vault.clone().unwrap()
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Put(n, texts) => self.put(n, texts),
            Call::Erase(n) => {
                wait(self.vault().erase(subject(n.into()))).unwrap();
                self.erased.insert(n);
                for (of, state) in self.entries.values_mut() {
                    if *of == n && *state != State::Swept {
                        *state = State::Erased;
                    }
                }
            }
            Call::Mark => self.mark = Some((self.vault().mark(), self.order.len())),
            Call::Sweep(every) => {
                let Some((mark, older)) = self.mark else {
                    return;
                };
                let gone: HashSet<Uuid> = self.order[..older]
                    .iter()
                    .copied()
                    .step_by(every.into())
                    .collect();
                let count = wait(self.vault().sweep(|entry| !gone.contains(&entry), mark)).unwrap();
                let mut expected = 0;
                for entry in gone {
                    let (_, state) = self.entries.get_mut(&entry).unwrap();
                    if matches!(state, State::Kept(_)) {
                        *state = State::Swept;
                        expected += 1;
                    }
                }
                assert_eq!(count, expected);
            }
            Call::Rotate => {
                self.key += 1;
                wait(self.vault().rotate(master(self.key))).unwrap();
            }
            Call::Reopen => {
                self.vault = None;
                self.open();
            }
            Call::Kill => {
                let next = tempfile::tempdir().unwrap();
                copy(&self.folder(), next.path());
                self.vault = None;
                self.folders.push(next);
                self.open();
            }
        }
    }

    fn put(&mut self, n: u8, texts: Vec<Vec<u8>>) {
        let put = wait(self.vault().put_many(subject(n.into()), texts.clone()));
        if self.erased.contains(&n) {
            assert_eq!(
                put.unwrap_err(),
                PutError::Erased {
                    subject: subject(n.into())
                }
            );
            return;
        }
        for (sealed, text) in put.unwrap().into_iter().zip(texts) {
            self.order.push(sealed.entry);
            assert!(
                self.entries
                    .insert(sealed.entry, (n, State::Kept(text)))
                    .is_none()
            );
        }
    }

    fn check(&self) {
        let vault = self.vault();
        for n in 0..8 {
            assert_eq!(vault.is_erased(subject(n.into())), self.erased.contains(&n));
        }
        for (entry, (_, state)) in &self.entries {
            let entry = *entry;
            assert_eq!(vault.has(entry), matches!(state, State::Kept(_)));
            match state {
                State::Kept(text) => assert_eq!(*vault.get(entry).unwrap(), *text),
                State::Erased => {
                    assert_eq!(vault.get(entry).unwrap_err(), GetError::Erased { entry });
                }
                State::Swept => {
                    assert_eq!(vault.get(entry).unwrap_err(), GetError::Unknown { entry });
                }
            }
        }
        assert_eq!(vault.status().damage, []);
        assert_eq!(vault.failed(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_in_any_order_agree_with_a_map(calls in prop::collection::vec(call(), 1..40)) {
        let mut world = World::new();
        for call in calls {
            world.call(call);
            world.check();
        }
        world.call(Call::Kill);
        world.check();
    }
}
