//! Where the requests of filing and acceptance have what the rules name.

use domain::Catalogue;
use domain::ids::PointId;

/// A dossier is filed.
pub(crate) const FILING: [(&str, &str); 4] = [
    ("procedure", "submission.procedure"),
    ("agency", "submission.agency"),
    ("point", "submission.point"),
    ("operator", "submission.operator"),
];

/// A dossier is accepted.
pub(crate) const ACCEPTANCE: [(&str, &str); 4] = [
    ("point", "acceptance.point"),
    ("operator", "acceptance.operator"),
    ("hand_over_minute", "acceptance.hand_over_minute"),
    ("earlier", "acceptance.hand_over_minute.signed_at"),
];

/// A dossier is filed and accepted at once. Who names an unknown point may have named it for either.
pub(crate) fn of_both(
    catalogue: &Catalogue,
    filed_at: Option<&PointId>,
) -> [(&'static str, &'static str); 6] {
    let [procedure, agency, filed, _] = FILING;
    let [accepted, operator, minute, signed_at] = ACCEPTANCE;
    let known = filed_at.is_none_or(|point| catalogue.point(point).is_some());
    let point = if known { accepted } else { filed };
    [procedure, agency, point, operator, minute, signed_at]
}
