//! The roles as separate processes over a real nats-server: killed at any moment, nothing acknowledged is lost or doubled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed set-up fails the test"
)]

#[path = "roles/acks.rs"]
mod acks;
#[path = "roles/authority.rs"]
mod authority;
#[path = "roles/backups.rs"]
mod backups;
#[path = "roles/beginnings.rs"]
mod beginnings;
#[path = "roles/brought.rs"]
mod brought;
#[path = "roles/calendars.rs"]
mod calendars;
#[path = "roles/chance.rs"]
mod chance;
#[path = "roles/clerk.rs"]
mod clerk;
#[path = "roles/clocks.rs"]
mod clocks;
#[path = "roles/conformance.rs"]
mod conformance;
#[path = "roles/dial.rs"]
mod dial;
#[path = "roles/disks.rs"]
mod disks;
#[path = "roles/entrances.rs"]
mod entrances;
#[path = "roles/epochs.rs"]
mod epochs;
#[path = "roles/faults.rs"]
mod faults;
#[path = "roles/floods.rs"]
mod floods;
#[path = "roles/guarded_line.rs"]
mod guarded_line;
#[path = "roles/homes.rs"]
mod homes;
#[path = "roles/identity.rs"]
mod identity;
#[path = "roles/issuer.rs"]
mod issuer;
#[path = "roles/keyed_in.rs"]
mod keyed_in;
#[path = "roles/keys.rs"]
mod keys;
#[path = "roles/lines.rs"]
mod lines;
#[path = "roles/lists.rs"]
mod lists;
#[path = "roles/load.rs"]
mod load;
#[path = "roles/look_ups.rs"]
mod look_ups;
#[path = "roles/losses.rs"]
mod losses;
#[path = "roles/matrix.rs"]
mod matrix;
#[path = "roles/messages.rs"]
mod messages;
#[path = "roles/office.rs"]
mod office;
#[path = "roles/offline.rs"]
mod offline;
#[path = "roles/operations.rs"]
mod operations;
#[path = "roles/outlived.rs"]
mod outlived;
#[path = "roles/own_terminals.rs"]
mod own_terminals;
#[path = "roles/parked.rs"]
mod parked;
#[path = "roles/process.rs"]
mod process;
#[path = "roles/province.rs"]
mod province;
#[path = "../../../crates/messaging/tests/feed/proxy.rs"]
mod proxy;
#[path = "roles/putting_right.rs"]
mod putting_right;
#[path = "roles/raw.rs"]
mod raw;
#[path = "roles/record.rs"]
mod record;
#[path = "roles/retried.rs"]
mod retried;
#[path = "roles/rights.rs"]
mod rights;
#[path = "roles/running.rs"]
mod running;
#[path = "roles/scene.rs"]
mod scene;
#[path = "../../../crates/messaging/tests/feed/server.rs"]
mod server;
#[path = "roles/side_door.rs"]
mod side_door;
#[path = "roles/streams.rs"]
mod streams;
#[path = "roles/subjects.rs"]
mod subjects;
#[path = "roles/terminals.rs"]
mod terminals;
#[path = "roles/things.rs"]
mod things;
#[path = "roles/two_persons.rs"]
mod two_persons;
