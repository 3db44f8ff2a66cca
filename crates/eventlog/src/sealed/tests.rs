//! What is sealed is read back the same by every way in; what is damaged is refused, never wrong.

mod damage;
pub(crate) mod made;
mod measure;
mod properties;
