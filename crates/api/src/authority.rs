//! Who may do what: one row for each call, and nowhere else.
//!
//! * [`table`]: every call of every service and every address of the side doors, with the scopes that open it and its matter
//! * [`scope`]: what a token may be good for; [`roles`]: the scopes that go together
//! * [`matter`]: what a call is about: an agency's dossiers, a counter, one dossier, counts
//! * [`caller`]: who calls, and which agencies, units, points and offices are theirs
//! * [`entry`]: how a role is entered; [`guard`]: the one place where a call is let in or refused, and where an open stream ends
//!   with its token, what is answered (`outlived`) and what is said (`said`); [`judge`]: whether what it is about is the caller's

mod ahead;
pub mod caller;
pub mod entry;
pub mod guard;
pub mod judge;
pub mod matter;
mod outlived;
pub mod roles;
mod said;
pub mod scope;
pub mod table;

pub use caller::Caller;
pub use entry::Entry;
pub use guard::Guard;
pub use judge::Judge;
pub use matter::Matter;
pub use scope::Scope;
