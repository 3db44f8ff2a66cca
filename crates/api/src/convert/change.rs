//! What is wished of an accepted dossier, from the wire.

use application::desk::Name;
use application::log::Revision;
use application::personal::Applicant;
use domain::Command;
use domain::command::ReplaceSubject;
use domain::event::{DeliveryMode, PaymentMethod, Reason};
use domain::ids::{ActorId, DossierCode, DossierId, OrganisationId, VaultRef};
use uuid::Uuid;

use super::values::ReasonGiven;
use super::{filing, values};
use crate::faults::Faults;
use crate::hoso::{dossier::v1 as wire, intake::v1 as intake, processing::v1 as processing};
use crate::status::EdgeError;
use crate::token::{self, Point};
use crate::{edge, text};

/// What every mutation says besides its own matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marks {
    /// The request's id.
    pub request_id: Uuid,
    /// The revision the caller saw, if it must still be so.
    pub expected: Option<Revision>,
    /// The acting account.
    pub actor: ActorId,
    /// The organisation acted for, if the caller said.
    pub organisation: Option<OrganisationId>,
    /// What to wait for.
    pub min_position: Vec<Point>,
}

/// Makes a command from where its words are.
pub type Build = Box<dyn Fn(&[VaultRef]) -> Command + Send + Sync>;

/// A change: its command, once its words are in the vault.
pub struct Wished {
    /// The words, at most one text.
    pub secrets: Vec<Vec<u8>>,
    /// Makes the command from where the words are.
    pub build: Build,
}

impl std::fmt::Debug for Wished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wished({} secrets)", self.secrets.len())
    }
}

impl Wished {
    /// A command without words.
    pub fn plain(command: Command) -> Self {
        Self {
            secrets: Vec::new(),
            build: Box::new(move |_| command.clone()),
        }
    }

    /// A command with a reason.
    ///
    /// # Errors
    /// When words cannot be written for the vault, which no words can cause.
    pub fn because(
        why: ReasonGiven,
        build: impl Fn(Reason) -> Command + Send + Sync + 'static,
    ) -> Result<Self, EdgeError> {
        Ok(Self {
            secrets: edge::words(Some(&why))?,
            build: Box::new(move |kept| build(edge::reason(&why, kept))),
        })
    }
}

impl Wished {
    /// Who the applicant really is: the whole of it goes to the vault.
    ///
    /// # Errors
    /// When it cannot be written for the vault, which no words can cause.
    pub fn replacing(person: &Applicant, reason: Box<str>) -> Result<Self, EdgeError> {
        Ok(Self {
            secrets: vec![edge::secret(person)?],
            build: Box::new(move |kept| {
                Command::ReplaceSubject(ReplaceSubject {
                    subject: edge::only(kept),
                    reason: Reason {
                        code: reason.clone(),
                        text: None,
                    },
                })
            }),
        })
    }
}

/// A reason that is a code alone, in the field `reason_code`.
pub fn reason_code(given: &str, faults: &mut Faults) -> Option<Box<str>> {
    faults
        .take("reason_code", text::reason_code(given))
        .map(Into::into)
}

/// The marks of an intake mutation.
pub fn marks(
    request_id: &str,
    expected_revision: u32,
    actor: &str,
    min_position: &str,
    faults: &mut Faults,
) -> Option<Marks> {
    let request_id = faults.take("request_id", text::uuid(request_id));
    let actor = filing::actor(actor, faults);
    let min_position = faults.take("min_position", token::read(min_position));
    Some(Marks {
        request_id: request_id?,
        expected: (expected_revision > 0).then_some(expected_revision),
        actor: actor?,
        organisation: None,
        min_position: min_position?,
    })
}

/// The marks and the dossier of a processing mutation, within the field `change`.
pub fn change(
    given: Option<&processing::Change>,
    min_position: &str,
    faults: &mut Faults,
) -> Option<(Name, Marks)> {
    let Some(given) = given else {
        faults.note("change", "must name the dossier and the request");
        return None;
    };
    faults.within("change", |faults| {
        let name = name(given.dossier.as_ref(), faults);
        let marks = marks(
            &given.request_id,
            given.expected_revision,
            &given.actor,
            min_position,
            faults,
        );
        let organisation = (!given.organisation.is_empty())
            .then(|| faults.take("organisation", text::identifier(&given.organisation, 64)))
            .flatten();
        Some((
            name?,
            Marks {
                organisation: organisation.map(OrganisationId::new),
                ..marks?
            },
        ))
    })
}

/// A dossier's name, within the field `dossier`.
pub fn name(given: Option<&processing::DossierName>, faults: &mut Faults) -> Option<Name> {
    use processing::dossier_name::Name as Wire;
    faults.within("dossier", |faults| {
        match given.and_then(|given| given.name.as_ref()) {
            Some(Wire::DossierId(id)) => by_id(id, faults),
            Some(Wire::Code(code)) => by_code(code, faults),
            Some(Wire::Source(source)) => by_source(source, faults),
            None => unnamed(faults),
        }
    })
}

/// A dossier's name as intake is asked.
pub fn submission_name(
    given: Option<&intake::get_submission_request::Name>,
    faults: &mut Faults,
) -> Option<Name> {
    use intake::get_submission_request::Name as Wire;
    match given {
        Some(Wire::DossierId(id)) => by_id(id, faults),
        Some(Wire::Code(code)) => by_code(code, faults),
        Some(Wire::Source(source)) => by_source(source, faults),
        None => unnamed(faults),
    }
}

pub(super) fn by_id(id: &str, faults: &mut Faults) -> Option<Name> {
    dossier_id(id, faults).map(Name::Id)
}

pub(super) fn by_code(code: &str, faults: &mut Faults) -> Option<Name> {
    faults
        .take("code", text::identifier(code, 64))
        .map(|code| Name::Code(DossierCode::new(code)))
}

pub(super) fn by_source(source: &wire::SourceReference, faults: &mut Faults) -> Option<Name> {
    values::source(source, faults).map(Name::Source)
}

pub(super) fn unnamed(faults: &mut Faults) -> Option<Name> {
    faults.note("", "must name the dossier by id, code or source reference");
    None
}

/// A dossier's own id, in the field `dossier_id`.
pub fn dossier_id(id: &str, faults: &mut Faults) -> Option<DossierId> {
    faults.take("dossier_id", text::uuid(id)).map(DossierId)
}

/// The largest amount: more than the whole economy handles in a day, and far from overflowing anything.
const AMOUNT_MAX_VND: u64 = 1_000_000_000_000_000;

/// An amount of money, in the field `amount_vnd`.
pub fn amount(given: u64, faults: &mut Faults) -> Option<u64> {
    if given == 0 || given > AMOUNT_MAX_VND {
        faults.note("amount_vnd", "must be between 1 and 10^15 đồng");
        return None;
    }
    Some(given)
}

/// How a fee was paid, from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn payment_method(value: i32) -> Result<PaymentMethod, &'static str> {
    match processing::PaymentMethod::try_from(value) {
        Ok(processing::PaymentMethod::Cash) => Ok(PaymentMethod::Cash),
        Ok(processing::PaymentMethod::Transfer) => Ok(PaymentMethod::Transfer),
        Ok(processing::PaymentMethod::Online) => Ok(PaymentMethod::Online),
        Ok(processing::PaymentMethod::Post) => Ok(PaymentMethod::Post),
        Ok(processing::PaymentMethod::Unspecified) | Err(_) => {
            Err("must be cash, transfer, online or post")
        }
    }
}

/// How a result was handed over, from the wire.
///
/// # Errors
/// A sentence about what is wrong.
pub fn delivery_mode(value: i32) -> Result<DeliveryMode, &'static str> {
    match processing::DeliveryMode::try_from(value) {
        Ok(processing::DeliveryMode::Counter) => Ok(DeliveryMode::Counter),
        Ok(processing::DeliveryMode::Post) => Ok(DeliveryMode::Post),
        Ok(processing::DeliveryMode::Electronic) => Ok(DeliveryMode::Electronic),
        Ok(processing::DeliveryMode::Unspecified) | Err(_) => {
            Err("must be counter, post or electronic")
        }
    }
}
