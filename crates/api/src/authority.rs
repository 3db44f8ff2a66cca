//! Who may do what: one row for each call, and nowhere else.
//!
//! * [`table`]: every call of every service and every address of the side doors, with the scopes that open it and its matter
//! * [`scope`]: what a token may be good for
//! * [`matter`]: what a call is about: an agency's dossiers, a counter, one dossier, counts
//! * [`caller`]: who calls, and which agencies, units, points and offices are theirs

pub mod caller;
pub mod matter;
pub mod scope;
pub mod table;

pub use caller::Caller;
pub use matter::Matter;
pub use scope::Scope;
