//! Keyed digests by label: under each the same input gives another.

use std::sync::{PoisonError, RwLock};

use crate::cipher::{Digests, Secret};

/// Labels stand in the program, so there are few; more than this are derived anew each time.
const KEPT_MAX: usize = 16;

/// The digests of a vault, under a key for each label that is derived from one root.
pub(crate) struct Fingerprints {
    pub(crate) root: Secret,
    kept: RwLock<Vec<(Box<str>, Digests)>>,
}

impl Fingerprints {
    pub(crate) fn new(root: Secret) -> Self {
        Self {
            root,
            kept: RwLock::default(),
        }
    }

    pub(crate) fn of(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, digests)) = kept.iter().find(|(of, _)| **of == *label) {
            return digests.of(bytes);
        }
        drop(kept);
        let digests = Digests::under(&self.root.derive(&[b"label ", label.as_bytes()]));
        let digest = digests.of(bytes);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // Two that asked at once derived the same.
        if kept.len() < KEPT_MAX && kept.iter().all(|(of, _)| **of != *label) {
            kept.push((label.into(), digests));
        }
        digest
    }
}
