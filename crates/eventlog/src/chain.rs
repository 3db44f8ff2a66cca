//! The hash chain over records: whoever knows one hash can tell whether anything before it was altered.

use sha2::{Digest, Sha256};

use crate::record::ChainHash;

/// h(n) = SHA-256(h(n−1) ‖ canonical bytes of record n).
pub fn next(previous: ChainHash, canonical: &[u8]) -> ChainHash {
    let mut hasher = Sha256::new();
    hasher.update(previous.0);
    hasher.update(canonical);
    ChainHash(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_depends_on_every_record_and_on_their_order() {
        let a = next(ChainHash::default(), b"a");
        let ab = next(a, b"b");
        let ba = next(next(ChainHash::default(), b"b"), b"a");
        assert_ne!(ab, ba);
        assert_ne!(a, ab);
        // SHA-256 of 32 zero bytes: the chain starts from zeros, as other programs can check.
        assert_eq!(
            next(ChainHash::default(), b"").to_string(),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }
}
