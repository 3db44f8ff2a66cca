//! What calls are about, and which claims of a token open each, stated apart from the code that judges it.

use crate::scene::{CENTRE, ELSEWHERE, OTHER, OWN, POST, STRANGERS};

/// A claim, and what it must name: `*` is everything of its kind.
pub(crate) type Named = (&'static str, &'static str);
/// What a message says of one thing: its fields, by the ends of their paths; and the claims that open that, any of these. A value
/// with `@` stands for what the scene has, `@none` for a field that is not there.
pub(crate) type Said = (&'static [Named], &'static [&'static [Named]]);
/// One thing that a call is about: first as one's own, then as another's, everybody's or nobody's.
pub(crate) type Thing = &'static [Said];
const NOTHING: &[Named] = &[];

pub(crate) const AGENCY: Thing = &[
    (&[("agency", OWN)], &[&[("agency", OWN)]]),
    (&[("agency", OTHER)], &[&[("agency", OTHER)]]),
    (&[("agency", "")], &[&[("agency", "*")]]),
];
/// Whatever the message says, it is about every agency.
pub(crate) const ALL_AGENCIES: Thing = &[(NOTHING, &[&[("agency", "*")]])];
pub(crate) const COUNTER: Thing = &[
    (
        &[("point", CENTRE), ("operator", POST)],
        &[&[("point", CENTRE)]],
    ),
    (
        &[("point", ELSEWHERE), ("operator", POST)],
        &[&[("point", ELSEWHERE)]],
    ),
    (&[("point", ""), ("operator", POST)], &[&[("office", POST)]]),
    (
        &[("point", ""), ("operator", STRANGERS)],
        &[&[("office", STRANGERS)]],
    ),
];
pub(crate) const FILED_AT: Thing = &[
    (
        &[("submission.point", CENTRE), ("submission.operator", POST)],
        &[&[("point", CENTRE)]],
    ),
    (
        &[
            ("submission.point", ELSEWHERE),
            ("submission.operator", POST),
        ],
        &[&[("point", ELSEWHERE)]],
    ),
    (
        &[("submission.point", ""), ("submission.operator", STRANGERS)],
        &[&[("office", STRANGERS)]],
    ),
];
pub(crate) const ACCEPTED_AT: Thing = &[
    (
        &[("acceptance.point", CENTRE), ("acceptance.operator", POST)],
        &[&[("point", CENTRE)]],
    ),
    (
        &[
            ("acceptance.point", ELSEWHERE),
            ("acceptance.operator", POST),
        ],
        &[&[("point", ELSEWHERE)]],
    ),
    (
        &[("acceptance.point", ""), ("acceptance.operator", STRANGERS)],
        &[&[("office", STRANGERS)]],
    ),
];
pub(crate) const OFFICE: Thing = &[
    (&[("operator", POST)], &[&[("office", POST)]]),
    (&[("operator", STRANGERS)], &[&[("office", STRANGERS)]]),
];
/// A dossier at intake, decided there: its agency's. Once a unit may have it, that too.
pub(crate) const FILED: Thing = &[
    (&[("dossier_id", "@own.filed")], &[&[("agency", OWN)]]),
    (&[("dossier_id", "@other.filed")], &[&[("agency", OTHER)]]),
    (
        &[("dossier_id", "@own.accepted")],
        &[&[("agency", OWN), ("unit", "*")]],
    ),
    (
        &[("dossier_id", "@nowhere")],
        &[&[("agency", "*"), ("unit", "*")]],
    ),
];
/// An accepted dossier, worked on: for the agency and the unit that have it, in the name of one's own.
pub(crate) const WORKED_ON: Thing = &[
    (
        &[("dossier_id", "@own.accepted"), ("organisation", OWN)],
        &[&[("agency", OWN), ("unit", "p1")]],
    ),
    (
        &[("dossier_id", "@own.accepted"), ("organisation", "")],
        &[&[("agency", OWN), ("unit", "p1")]],
    ),
    (
        &[("dossier_id", "@own.accepted"), ("organisation", POST)],
        &[
            &[("agency", OWN), ("unit", "p1"), ("office", POST)],
            &[("agency", "*"), ("unit", "p1")],
        ],
    ),
    (
        &[("dossier_id", "@own.accepted"), ("organisation", OTHER)],
        &[
            &[("agency", OWN), ("unit", "p1"), ("agency", OTHER)],
            &[("agency", OWN), ("unit", "p1"), ("office", OTHER)],
        ],
    ),
    (
        &[("dossier_id", "@other.accepted"), ("organisation", "")],
        &[&[("agency", OTHER), ("unit", "*")]],
    ),
    // Who was asked for a part of it does not have it.
    (
        &[
            ("dossier_id", "@asked"),
            ("number", "1"),
            ("organisation", ""),
        ],
        &[&[("agency", OTHER), ("unit", "*")]],
    ),
    (
        &[("dossier_id", "@nowhere"), ("organisation", "")],
        &[&[("agency", "*"), ("unit", "*")]],
    ),
];
/// The same, or one's own part of it.
pub(crate) const ANSWERED: Thing = &[
    (
        &[("dossier_id", "@own.accepted"), ("organisation", OWN)],
        &[&[("agency", OWN), ("unit", "p1")]],
    ),
    (
        &[("dossier_id", "@own.accepted"), ("organisation", OTHER)],
        &[
            &[("agency", OWN), ("unit", "p1"), ("agency", OTHER)],
            &[("agency", OWN), ("unit", "p1"), ("office", OTHER)],
        ],
    ),
    (
        &[
            ("dossier_id", "@asked"),
            ("number", "1"),
            ("organisation", ""),
        ],
        &[&[("agency", OWN)], &[("agency", OTHER), ("unit", "*")]],
    ),
    (
        &[
            ("dossier_id", "@asked"),
            ("number", "2"),
            ("organisation", ""),
        ],
        &[&[("agency", OTHER), ("unit", "*")]],
    ),
    (
        &[
            ("dossier_id", "@other.accepted"),
            ("number", "1"),
            ("organisation", ""),
        ],
        &[&[("agency", OTHER), ("unit", "*")]],
    ),
];
/// An accepted dossier, looked at: by its agencies and those that were asked for a part.
pub(crate) const READ: Thing = &[
    (&[("dossier_id", "@own.accepted")], &[&[("agency", OWN)]]),
    (
        &[("dossier_id", "@other.accepted")],
        &[&[("agency", OTHER)]],
    ),
    (
        &[("dossier_id", "@asked")],
        &[&[("agency", OWN)], &[("agency", OTHER)]],
    ),
    (&[("dossier_id", "@nowhere")], &[&[("agency", "*")]]),
];
/// The same; without one it is about all.
pub(crate) const READ_OR_ALL: Thing = &[
    (&[("dossier_id", "@own.accepted")], &[&[("agency", OWN)]]),
    (
        &[("dossier_id", "@other.accepted")],
        &[&[("agency", OTHER)]],
    ),
    (&[("dossier_id", "@none")], &[&[("agency", "*")]]),
];
pub(crate) const FILED_READ: Thing = &[
    (&[("dossier_id", "@own.filed")], &[&[("agency", OWN)]]),
    (&[("dossier_id", "@other.filed")], &[&[("agency", OTHER)]]),
    (&[("dossier_id", "@nowhere")], &[&[("agency", "*")]]),
];
/// What was brought: read where it was received, and by whom its dossier concerns.
pub(crate) const FILING: Thing = &[
    (
        &[("filing_id", "@brought.here.for.other")],
        &[&[("office", POST)], &[("agency", OTHER)]],
    ),
    (
        &[("filing_id", "@brought.there.for.own")],
        &[&[("office", STRANGERS)], &[("agency", OWN)]],
    ),
    (
        &[("filing_id", "@brought.there.for.other")],
        &[&[("office", STRANGERS)], &[("agency", OTHER)]],
    ),
    (&[("filing_id", "@nowhere")], &[&[("agency", "*")]]),
];
pub(crate) const TERMINAL: Thing = &[
    (&[("terminal_id", "MAY-1")], &[&[("terminal", "MAY-1")]]),
    (&[("terminal_id", "MAY-2")], &[&[("terminal", "MAY-2")]]),
    (&[("terminal_id", "NO-SUCH")], &[&[("terminal", "*")]]),
];
pub(crate) const UPLOADS_FOR: Thing = &[
    (&[("office", POST)], &[&[("office", POST)]]),
    (&[("office", STRANGERS)], &[&[("office", STRANGERS)]]),
];
pub(crate) const MINUTE: Thing = &[
    (
        &[("number", "BB-1")],
        &[&[("terminal", "MAY-1")], &[("point", CENTRE)]],
    ),
    (
        &[("number", "BB-2")],
        &[&[("terminal", "MAY-2")], &[("office", STRANGERS)]],
    ),
    (
        &[("number", "NO-SUCH")],
        &[&[("office", "*"), ("point", "*")]],
    ),
];
pub(crate) const MINUTE_TO_SIGN: Thing = &[
    (&[("number", "BB-1")], &[&[("point", CENTRE)]]),
    (&[("number", "BB-2")], &[&[("office", STRANGERS)]]),
    (
        &[("number", "NO-SUCH")],
        &[&[("office", "*"), ("point", "*")]],
    ),
];
pub(crate) const HOLDER: Thing = &[
    (
        &[("holder", CENTRE)],
        &[
            &[("point", CENTRE)],
            &[("terminal", "*")],
            &[("office", "*")],
        ],
    ),
    (
        &[("holder", "MAY-1")],
        &[
            &[("terminal", "MAY-1")],
            &[("point", "*")],
            &[("office", "*")],
        ],
    ),
    (
        &[("holder", POST)],
        &[&[("office", POST)], &[("terminal", "*")], &[("point", "*")]],
    ),
    (
        &[("holder", STRANGERS)],
        &[
            &[("office", STRANGERS)],
            &[("terminal", "*")],
            &[("point", "*")],
        ],
    ),
    (&[("holder", "")], &[&[("office", "*"), ("point", "*")]]),
];
/// Figures with small cells are for whoever signs them.
pub(crate) const CELLS: Thing = &[
    (&[("small_cells_min", "5")], &[NOTHING]),
    (&[("small_cells_min", "4")], &[&[("scope", "read-report")]]),
];
