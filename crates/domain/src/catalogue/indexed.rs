//! Things in the order of their file, found by their identifier.

use std::collections::HashMap;
use std::hash::Hash;

#[derive(Clone, Debug)]
pub(super) struct Indexed<K, V> {
    items: Vec<V>,
    places: HashMap<K, usize>,
}

impl<K: Eq + Hash, V> Indexed<K, V> {
    pub(super) fn new(items: Vec<V>, key: impl Fn(&V) -> K) -> Self {
        let mut places = HashMap::new();
        for (place, item) in items.iter().enumerate() {
            // Of two with one name, a fault, the first stands, as in the message about the second.
            places.entry(key(item)).or_insert(place);
        }
        Self { items, places }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.items.get(*self.places.get(key)?)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, V> {
        self.items.iter()
    }
}
