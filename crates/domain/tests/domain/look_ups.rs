//! Samples of look-ups by an identity number.

use domain::event::*;
use domain::ids::*;
use uuid::Uuid;

/// Each with what the sample shows besides its kind.
pub(super) fn samples() -> Vec<(&'static str, Event)> {
    vec![
        (
            "",
            Event::IdentityLookedUp(IdentityLookedUp {
                purpose: LookUpPurpose::DataSubjectRights,
                reference: Some("12/CV-SVHTTDL".into()),
                account: Some(ActorId::new("mot-cua")),
                dossiers: vec![DossierId(Uuid::from_u128(5)), DossierId(Uuid::from_u128(6))],
                more: true,
            }),
        ),
        (
            "nothing",
            Event::IdentityLookedUp(IdentityLookedUp {
                purpose: LookUpPurpose::OwnDossiers,
                reference: None,
                account: None,
                dossiers: Vec::new(),
                more: false,
            }),
        ),
    ]
}
