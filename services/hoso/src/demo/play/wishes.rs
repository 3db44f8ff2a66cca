//! What each planned act says on the wire: the same bytes every time, so that a folder can be played again.

use api::convert::values;
use api::hoso::dossier::v1::{Channel, Component, PlaceKind, Reason, SourceReference};
use api::hoso::intake::v1::{Acceptance, HandOverMinute, Submission};
use api::hoso::processing::v1::{Change, DossierName, dossier_name};
use domain::catalogue::Procedure;

use crate::demo::people;
use crate::demo::plan::diary::Moment;
use crate::demo::plan::dice::Dice;
use crate::demo::plan::life::{Act, Life, Way};

/// The one-stop software that all calls come from.
const SYSTEM: &str = "motcua.dongthap.demo";
const PORTAL: &str = "CONG-DVC-DT";
const CENTRE: &str = "TTPVHCC-DT";
/// Staff of the Post runs the centre's counters.
const POST: &str = "VNPOST-DT";

/// The id of the n-th request about a dossier.
pub(super) fn request_id(life: &Life, n: usize) -> String {
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    Dice::uuid(0x686F_736F << 32 ^ u64::from(life.number) << 8 ^ n).to_string()
}

/// What is filed; `complete` with every paper that is required.
pub(super) fn submission(life: &Life, procedure: &Procedure, complete: bool) -> Submission {
    let (place, point, operator) = match life.way {
        Way::Online { assisted: false } => (PlaceKind::Online, PORTAL, life.agency.as_str()),
        Way::Online { assisted: true } | Way::Direct => (PlaceKind::Counter, CENTRE, POST),
        Way::Postal => (PlaceKind::PostOffice, "", POST),
    };
    let channel = match life.way {
        Way::Online { .. } => Channel::Online,
        Way::Direct => Channel::Direct,
        Way::Postal => Channel::Postal,
    };
    let mut components = papers(procedure);
    if !complete {
        components.pop();
    }
    Submission {
        procedure: procedure.code.to_string(),
        agency: life.agency.to_string(),
        channel: channel.into(),
        assisted: life.way == (Way::Online { assisted: true }),
        place: place.into(),
        point: point.to_owned(),
        operator: operator.to_owned(),
        applicant: Some(people::applicant(life.number, &procedure.name)),
        components,
        source: Some(SourceReference {
            system: SYSTEM.to_owned(),
            reference: format!("MAU-{:06}", life.number),
        }),
        synthetic: true,
        boundary_independent: false,
    }
}

/// One original of each required paper.
fn papers(procedure: &Procedure) -> Vec<Component> {
    procedure
        .components
        .iter()
        .filter(|paper| paper.required)
        .map(|paper| Component {
            code: paper.code.to_string(),
            originals: 1,
            ..Component::default()
        })
        .collect()
}

/// The paper that was missing.
pub(super) fn missing(procedure: &Procedure) -> Vec<Component> {
    papers(procedure).pop().into_iter().collect()
}

/// Its code.
pub(super) fn missing_codes(procedure: &Procedure) -> Vec<String> {
    missing(procedure)
        .into_iter()
        .map(|paper| paper.code)
        .collect()
}

/// Who accepts, where, and on what ground.
pub(super) fn acceptance(life: &Life, minute: Option<Moment>) -> Acceptance {
    let (point, operator) = match life.way {
        Way::Online { .. } => (PORTAL, life.agency.as_str()),
        Way::Direct => (CENTRE, POST),
        Way::Postal => (CENTRE, life.agency.as_str()),
    };
    Acceptance {
        point: point.to_owned(),
        operator: operator.to_owned(),
        hand_over_minute: minute.map(|signed| HandOverMinute {
            number: format!("BBGN-{:04}", life.number),
            signed_at: Some(values::timestamp(signed.instant())),
        }),
        receipt_wanted: false,
    }
}

/// What every change of an accepted dossier says besides its own matter.
pub(super) fn change(
    life: &Life,
    n: usize,
    act: Act,
    dossier_id: &str,
    min_position: &str,
) -> Change {
    Change {
        request_id: request_id(life, n),
        dossier: Some(DossierName {
            name: Some(dossier_name::Name::DossierId(dossier_id.to_owned())),
        }),
        expected_revision: 0,
        actor: actor(life, act),
        organisation: String::new(),
        min_position: min_position.to_owned(),
    }
}

/// The account that acts.
pub(super) fn actor(life: &Life, act: Act) -> String {
    match act {
        Act::Submit | Act::SupplementSubmission | Act::WithdrawSubmission => match life.way {
            Way::Online { assisted: false } => "cong-dvc".to_owned(),
            Way::Online { assisted: true } | Way::Direct | Way::Postal => counter(life),
        },
        Act::SubmitAndAccept { .. }
        | Act::RequestIntakeSupplement
        | Act::RefuseIntake
        | Act::Accept
        | Act::Transfer
        | Act::Deliver(_)
        | Act::ReceiveSupplement
        | Act::Pay(_)
        | Act::Withdraw => match life.way {
            // The agency's own officer signs the hand-over minute with the Post.
            Way::Online { .. } | Way::Postal => "cb.motcua.01".to_owned(),
            Way::Direct => counter(life),
        },
        Act::Assign => "lanh-dao-phong".to_owned(),
        Act::RequestSupplement
        | Act::RequestFee
        | Act::Extend(_)
        | Act::Suspend
        | Act::Resume
        | Act::Resolve
        | Act::RefuseAfterExamination => officer(life),
    }
}

fn counter(life: &Life) -> String {
    format!("bd.quay.{:02}", 1 + life.number % 3)
}

/// The officer who works on it.
pub(super) fn officer(life: &Life) -> String {
    let field = life
        .field
        .as_str()
        .rsplit('-')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    format!("cv.{field}.{:02}", 1 + life.number % 2)
}

/// The unit that works on it.
pub(super) fn unit(life: &Life) -> String {
    let field = life.field.as_str().rsplit('-').next().unwrap_or_default();
    format!("Phòng chuyên môn {field}")
}

/// A fee in đồng.
pub(super) fn amount(life: &Life) -> u64 {
    100_000 * u64::from(1 + life.number % 15)
}

/// Why, where a reason is said.
pub(super) fn reason(act: Act) -> Option<Reason> {
    let (code, text) = match act {
        Act::RequestIntakeSupplement => (
            "missing_component",
            "Hồ sơ nộp chưa đủ thành phần theo quy định.",
        ),
        Act::RefuseIntake => (
            "not_eligible",
            "Hồ sơ không thuộc đối tượng thực hiện thủ tục này.",
        ),
        Act::WithdrawSubmission => (
            "applicant_wish",
            "Người nộp không có nhu cầu thực hiện nữa.",
        ),
        Act::RequestSupplement => (
            "needs_clarification",
            "Cần làm rõ và bổ sung một thành phần hồ sơ.",
        ),
        Act::Extend(_) => (
            "waiting_for_opinion",
            "Chờ ý kiến của cơ quan phối hợp; cơ quan xin lỗi và hẹn lại.",
        ),
        Act::Suspend => ("on_site_check", "Tạm dừng để kiểm tra thực tế."),
        Act::RefuseAfterExamination => (
            "conditions_not_met",
            "Qua thẩm định, hồ sơ không đủ điều kiện.",
        ),
        Act::Withdraw => ("applicant_wish", "Người nộp đề nghị rút hồ sơ."),
        Act::Submit
        | Act::SubmitAndAccept { .. }
        | Act::SupplementSubmission
        | Act::Accept
        | Act::Transfer
        | Act::Assign
        | Act::ReceiveSupplement
        | Act::RequestFee
        | Act::Pay(_)
        | Act::Resume
        | Act::Resolve
        | Act::Deliver(_) => return None,
    };
    Some(Reason {
        code: code.to_owned(),
        text: text.to_owned(),
    })
}
