//! The data of form 01 (*giấy tiếp nhận hồ sơ và hẹn trả kết quả*): what the counter prints.

use api::convert::values;
use api::hoso::dossier::v1 as wire;
use application::{Answer, Desk};
use domain::dossier::{Case, Filing};

/// The receipt of an accepted dossier; its anchor proves later what was known when it was issued.
pub fn receipt(desk: &Desk, answer: &Answer, filing: &Filing, case: &Case) -> wire::Receipt {
    let catalogue = desk.catalogue();
    let place = answer.record.place;
    wire::Receipt {
        code: case.code.to_string(),
        agency_name: catalogue
            .agency(&case.agency)
            .map_or_else(String::new, |agency| agency.name.to_string()),
        point_name: catalogue
            .point(&case.point)
            .map_or_else(String::new, |point| point.name.to_string()),
        procedure_name: catalogue
            .procedure(&case.procedure)
            .map_or_else(String::new, |procedure| procedure.name.to_string()),
        components: filing
            .components
            .iter()
            .map(values::wire_component)
            .collect(),
        limit: case.limit.map(values::wire_limit),
        accepted_at: Some(values::timestamp(case.accepted_at)),
        due: case.original_due.map(values::wire_due),
        law: case.law.to_string(),
        anchor: format!("{}/{}/{}", place.log, place.epoch, place.position),
    }
}
