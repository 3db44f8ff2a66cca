//! The points between two steps of a machine's work at which it may die.

use vault::Content;

/// Where a machine may die: each is a point between two steps of writing, closing, sealing or opening.
pub(crate) const POINTS: [&str; 27] = [
    "writer::takes",
    "writer::write",
    "writer::sync",
    "writer::synced",
    "checkpoint::settle",
    "checkpoint::flush",
    "checkpoint::sync",
    "checkpoint::synced",
    "roll::begin",
    "roll::created",
    "roll::done",
    "manifest::write",
    "manifest::written",
    "seal::begin",
    "seal::record",
    "seal::written",
    "seal::done",
    "epoch::begin",
    "epoch::noted",
    "epoch::written",
    "epoch::numbered",
    "vault::write_manifest",
    "vault::write_keys",
    "vault::write_entries",
    "vault::sync_manifest",
    "vault::sync_keys",
    "vault::sync_entries",
];

/// The vault is about to do this.
pub(crate) fn vault_point(step: vault::Step) -> &'static str {
    match step {
        vault::Step::Write(Content::Manifest) => "vault::write_manifest",
        vault::Step::Write(Content::Keys) => "vault::write_keys",
        vault::Step::Write(Content::Entries) => "vault::write_entries",
        vault::Step::Sync(Content::Manifest) => "vault::sync_manifest",
        vault::Step::Sync(Content::Keys) => "vault::sync_keys",
        vault::Step::Sync(Content::Entries) => "vault::sync_entries",
    }
}
