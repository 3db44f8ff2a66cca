//! Wire → domain, with all field faults at once; domain → wire.
//!
//! * [`filing`]: what is filed and accepted at intake
//! * [`change`]: what is wished of an accepted dossier; [`beyond`]: what goes beyond the straight way
//! * [`duplicate`]: a dossier's other histories, outwards
//! * [`brought`]: what people bring later, from the wire and back
//! * [`post`]: what a postal terminal says; [`post_outward`]: what it is told
//! * [`carried`]: what another system recorded, from the wire
//! * [`dossier`]: dossiers and receipts, outwards
//! * [`history`]: events in words, outwards
//! * [`values`]: the small things both directions share

pub mod beyond;
pub mod brought;
pub mod carried;
mod carried_since;
pub mod change;
pub mod dossier;
pub mod duplicate;
pub mod filing;
pub mod history;
pub mod post;
pub mod post_outward;
pub mod values;
