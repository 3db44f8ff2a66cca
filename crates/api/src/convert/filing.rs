//! What is filed and accepted at intake, from the wire.

use application::personal::Applicant;
use domain::command::{Accept, EarlierTime, Submit};
use domain::event::{ApplicantKind, Channel, PlaceKind, PresentedComponent};
use domain::identity;
use domain::ids::{
    ActorId, AgencyId, OrganisationId, PointId, ProcedureCode, SourceReference, VaultRef,
};

use super::values;
use crate::authority::caller;
use crate::faults::Faults;
use crate::hoso::{dossier::v1 as wire, intake::v1 as intake};
use crate::text;

/// A submission as it came: the applicant still has to go to the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filed {
    /// The applicant's personal data.
    pub applicant: Applicant,
    /// Who runs the place: the organisation acted for.
    pub operator: OrganisationId,
    /// The procedure asked for.
    pub procedure: ProcedureCode,
    agency: AgencyId,
    channel: Channel,
    assisted: bool,
    place: PlaceKind,
    /// The one-stop point where it is filed, if it is one.
    pub point: Option<PointId>,
    kind: ApplicantKind,
    components: Vec<PresentedComponent>,
    pub(super) source: Option<SourceReference>,
    boundary_independent: bool,
    synthetic: bool,
}

impl Filed {
    /// It says that its data are synthetic.
    pub fn is_synthetic(&self) -> bool {
        self.synthetic
    }

    /// The command, once the vault has the applicant.
    pub fn command(self, subject: VaultRef) -> Submit {
        Submit {
            procedure: self.procedure,
            agency: self.agency,
            channel: self.channel,
            assisted: self.assisted,
            place: self.place,
            point: self.point,
            operator: self.operator,
            applicant: self.kind,
            subject,
            components: self.components,
            source: self.source,
            boundary_independent: self.boundary_independent,
            synthetic: self.synthetic,
        }
    }
}

/// A submission from the wire, within the field `submission`.
pub fn submission(given: Option<&intake::Submission>, faults: &mut Faults) -> Option<Filed> {
    let Some(given) = given else {
        faults.note("submission", "must say what is filed");
        return None;
    };
    faults.within("submission", |faults| submitted(given, faults))
}

/// A submission from the wire, in a field that the caller is within.
pub fn submitted(given: &intake::Submission, faults: &mut Faults) -> Option<Filed> {
    let procedure = faults.take("procedure", text::identifier(&given.procedure, 64));
    let agency = faults.take("agency", text::identifier(&given.agency, 64));
    let channel = faults.take("channel", values::channel(given.channel));
    if given.assisted && channel.is_some_and(|channel| channel != Channel::Online) {
        faults.note("assisted", "goes with the online channel only");
    }
    let place = faults.take("place", values::place(given.place));
    let point = (!given.point.is_empty())
        .then(|| faults.take("point", text::identifier(&given.point, 64)))
        .flatten();
    let operator = faults.take("operator", text::identifier(&given.operator, 64));
    let person = applicant(given.applicant.as_ref(), faults);
    let components = values::components(&given.components, faults);
    let source = given
        .source
        .as_ref()
        .and_then(|source| values::source(source, faults));
    let (kind, applicant) = person?;
    Some(Filed {
        applicant,
        operator: OrganisationId::new(operator?),
        procedure: ProcedureCode::new(procedure?),
        agency: AgencyId::new(agency?),
        channel: channel?,
        assisted: given.assisted,
        place: place?,
        point: point.map(PointId::new),
        kind,
        components,
        source,
        boundary_independent: given.boundary_independent,
        synthetic: given.synthetic,
    })
}

/// An applicant from the wire, within the field `applicant`.
pub fn applicant(
    given: Option<&wire::Applicant>,
    faults: &mut Faults,
) -> Option<(ApplicantKind, Applicant)> {
    let Some(given) = given else {
        faults.note("applicant", "must say who the applicant is");
        return None;
    };
    faults.within("applicant", |faults| {
        let kind = faults.take("kind", values::applicant_kind(given.kind));
        let name = faults.take("name", text::name(&given.name));
        let identity_number = faults.take(
            "identity_number",
            identity_number(given.identity_number.trim()),
        );
        let phone = faults.take("phone", phone(given.phone.trim()));
        let email = faults.take("email", email(given.email.trim()));
        let address = faults.take("address", text::line(&given.address, 300));
        let submitter_name = if given.submitter_name.is_empty() {
            Some(String::new())
        } else {
            faults.take("submitter_name", text::name(&given.submitter_name))
        };
        let request_content =
            faults.take("request_content", text::prose(&given.request_content, 1000));
        Some((
            kind?,
            Applicant {
                name: name?,
                identity_number: identity_number?,
                phone: phone?,
                email: email?,
                address: address?,
                submitter_name: submitter_name?,
                request_content: request_content?,
            },
        ))
    })
}

/// A number of a person or a firm.
///
/// # Errors
/// A sentence about what is wrong.
pub(super) fn identity_number(number: &str) -> Result<String, &'static str> {
    let known = number.is_empty()
        || identity::Cccd::parse(number).is_ok()
        || identity::Cmnd::parse(number).is_ok()
        || identity::Mst::parse(number).is_ok();
    known.then(|| number.to_owned()).ok_or(
        "must be a CCCD (12 digits), a CMND (9 digits) or a tax code with a right check digit",
    )
}

/// The number that is looked up, as it was kept: people write it with spaces.
///
/// # Errors
/// A sentence about what is wrong; it never repeats the number.
pub fn looked_up_number(given: &str) -> Result<String, &'static str> {
    if given.len() > 64 {
        return Err("must be one identity number");
    }
    let number: String = given.split_whitespace().collect();
    if number.is_empty() {
        return Err("must not be empty");
    }
    identity_number(&number)
}

/// A telephone number, or none.
///
/// # Errors
/// A sentence about what is wrong.
pub(super) fn phone(number: &str) -> Result<String, &'static str> {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let right = number.is_empty()
        || ((8..=15).contains(&digits)
            && number.len() <= 24
            && number
                .bytes()
                .all(|b| b.is_ascii_digit() || b"+ .-()".contains(&b)));
    right
        .then(|| number.to_owned())
        .ok_or("must be a telephone number of 8 to 15 digits")
}

fn email(address: &str) -> Result<String, &'static str> {
    let right = address.is_empty()
        || (address.len() <= 254
            && address
                .split_once('@')
                .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
            && address.bytes().all(|byte| byte.is_ascii_graphic()));
    right
        .then(|| address.to_owned())
        .ok_or("must be an e-mail address")
}

/// An acceptance from the wire, within the field `acceptance`.
pub fn acceptance(given: Option<&intake::Acceptance>, faults: &mut Faults) -> Option<Accept> {
    let Some(given) = given else {
        faults.note("acceptance", "must say who accepts, and where");
        return None;
    };
    faults.within("acceptance", |faults| {
        let point = faults.take("point", text::identifier(&given.point, 64));
        let operator = faults.take("operator", text::identifier(&given.operator, 64));
        let earlier = match &given.hand_over_minute {
            None => Some(None),
            Some(minute) => faults.within("hand_over_minute", |faults| {
                let number = faults.take("number", text::identifier(&minute.number, 64));
                let signed_at = faults.take(
                    "signed_at",
                    minute
                        .signed_at
                        .ok_or_else(|| "must say when both sides signed".to_owned())
                        .and_then(values::instant),
                );
                Some(Some(EarlierTime::HandOverMinute {
                    number: number?.into(),
                    signed_at: signed_at?,
                }))
            }),
        };
        Some(Accept {
            point: PointId::new(point?),
            operator: OrganisationId::new(operator?),
            earlier: earlier?,
            receipt_issued: given.receipt_wanted,
        })
    })
}

/// The acting account: the token's own; where the token may name another, or none was asked for, the one on the wire.
pub fn actor(given: &str, faults: &mut Faults) -> Option<ActorId> {
    if let Some(own) = caller::current().acts() {
        return Some(ActorId::new(own));
    }
    faults
        .take("actor", text::identifier(given, 128))
        .map(ActorId::new)
}
