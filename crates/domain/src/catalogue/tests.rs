//! A catalogue is whole, or every fault in it is named with file and line.

mod broken;
mod shipped;

use super::*;

const AGENCIES: &str = r#"[[hours]]
name = "usual"
morning = ["07:30", "11:30"]
afternoon = ["13:00", "17:00"]

[[agency]]
id = "000.00.06.H20"
name = "Sở Văn hóa"
parent = "000.00.00.H20"
level = "department"
code_prefix = "000.00.06.H20"
valid_from = 2018-06-21
hours = "usual"

[[agency]]
id = "000.00.00.H20"
name = "Ủy ban nhân dân tỉnh"
level = "province"
code_prefix = "000.00.00.H20"
valid_from = 2018-06-21
hours = "usual"

[[agency]]
id = "000.00.07.H20"
name = "Sở cũ"
level = "department"
code_prefix = "000.00.07.H20"
valid_from = 2018-06-21
valid_to = 2025-06-30
successor = "000.00.06.H20"
hours = "usual"
"#;

const POINTS: &str = r#"[[point]]
id = "MOT-CUA"
name = "Bộ phận Một cửa"
place = "counter"
serves = ["000.00.06.H20", "000.00.07.H20"]
operators = ["000.00.06.H20", "VNPOST-DT"]
valid_from = 2018-06-21
"#;

const FIELDS: &str = r#"[[field]]
code = "H20-VH"
name = "Văn hóa"
"#;

const PROCEDURES: &str = r#"[[procedure]]
code = "1.003654"
name = "Cấp giấy phép"
field = "H20-VH"
level = "department"
agencies = ["000.00.06.H20"]
online = "full"
limit = { amount = 10, unit = "working_days" }
limit_online = { amount = 8, unit = "working_days" }
fee_bearing = true
fee_online = true
valid_from = 2018-06-21
[[procedure.component]]
code = "DON"
name = "Đơn đề nghị"
required = true

[[procedure]]
code = "1.003655"
name = "Thông tin"
field = "H20-VH"
level = "department"
agencies = ["000.00.06.H20"]
online = "information_only"
valid_from = 2018-06-21
synthetic = true
"#;

const CALENDAR: &str = include_str!("../../../../deploy/catalogue/calendar.csv");
const LAW: &str = include_str!("../../../../deploy/catalogue/law.toml");

/// A small whole catalogue, with some of its files replaced.
fn files<'a>(replaced: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let whole = Catalogue::FILES
        .into_iter()
        .zip([AGENCIES, POINTS, FIELDS, PROCEDURES, CALENDAR, LAW]);
    whole
        .map(|(name, text)| {
            replaced
                .iter()
                .find(|(other, _)| *other == name)
                .copied()
                .unwrap_or((name, text))
        })
        .collect()
}

fn small() -> Catalogue {
    Catalogue::parse(&files(&[])).expect("whole")
}

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

#[test]
fn everything_is_found_by_its_name() {
    let catalogue = small();
    let agency = catalogue.agency(&AgencyId::new("000.00.06.H20")).unwrap();
    assert_eq!(
        (&*agency.name, agency.level),
        ("Sở Văn hóa", Level::Department)
    );
    assert_eq!(agency.parent, Some(AgencyId::new("000.00.00.H20")));
    assert_eq!(
        catalogue.hours(&agency.id).per_day(),
        jiff::SignedDuration::from_hours(8)
    );
    let nobody = AgencyId::new("000.00.99.H20");
    assert!(catalogue.agency(&nobody).is_none());
    assert_eq!(catalogue.hours(&nobody), &WorkingHours::STANDARD);

    let point = catalogue.point(&PointId::new("MOT-CUA")).unwrap();
    assert_eq!(point.place, PlaceKind::Counter);
    assert_eq!(point.operators[1], OrganisationId::new("VNPOST-DT"));
    assert_eq!(
        &*catalogue.field(&FieldCode::new("H20-VH")).unwrap().name,
        "Văn hóa"
    );
    assert!(catalogue.law(&LawId::new("nd61-2018")).is_some());
    assert_eq!(catalogue.procedures().len(), 2);
    assert_eq!(
        catalogue.agencies().map(|it| it.id.as_str()).next(),
        Some("000.00.06.H20")
    );
}

#[test]
fn a_procedure_has_its_time_by_channel() {
    let catalogue = small();
    let procedure = catalogue
        .procedure(&ProcedureCode::new("1.003654"))
        .unwrap();
    let days = |channel| procedure.limit_for(channel).map(|limit| limit.amount);
    assert_eq!(days(Channel::Direct), Some(10));
    assert_eq!(days(Channel::Postal), Some(10));
    assert_eq!(days(Channel::Online), Some(8));
    assert!(
        procedure
            .component(&ComponentCode::new("DON"))
            .unwrap()
            .required
    );
    assert!(procedure.component(&ComponentCode::new("KHAC")).is_none());
    let other = catalogue
        .procedure(&ProcedureCode::new("1.003655"))
        .unwrap();
    assert_eq!(other.limit_for(Channel::Online), None);
    assert!(other.synthetic);
}

#[test]
fn an_agency_that_ended_is_known_and_its_dossiers_are_with_its_successor() {
    let catalogue = small();
    let ended = AgencyId::new("000.00.07.H20");
    assert!(catalogue.agency_valid(&ended, day("2025-06-30")));
    assert!(!catalogue.agency_valid(&ended, day("2025-07-01")));
    assert!(!catalogue.agency_valid(&ended, day("2018-06-20")));
    let in_charge = |on| {
        catalogue
            .agency_in_charge(&ended, day(on))
            .map(|it| it.id.as_str())
    };
    assert_eq!(in_charge("2025-06-30"), Some("000.00.07.H20"));
    assert_eq!(in_charge("2025-07-01"), Some("000.00.06.H20"));
    assert_eq!(in_charge("2010-01-01"), None);
}

#[test]
fn the_law_is_the_one_in_force_on_the_day() {
    let catalogue = small();
    let law = |on| catalogue.law_on(day(on)).map(|law| law.id.as_str());
    assert_eq!(law("2018-06-20"), None);
    assert_eq!(law("2018-06-21"), Some("nd61-2018"));
    assert_eq!(law("2025-06-30"), Some("nd61-2018"));
    assert_eq!(law("2025-07-01"), Some("nd118-2025"));
    assert_eq!(law("2026-11-24"), Some("nd118-2025"));
}

#[test]
fn a_law_version_says_how_certain_each_parameter_is() {
    use crate::law::{Certainty, SupplementRule};

    let catalogue = small();
    let old = catalogue.law(&LawId::new("nd61-2018")).unwrap();
    assert_eq!(old.on_supplement.value, SupplementRule::Restart);
    assert_eq!(old.on_supplement.certainty, Certainty::Official);
    assert!(old.on_supplement.source.contains("Đ.19.4"));
    assert_eq!(old.transfer_cutoff.value, jiff::civil::time(15, 0, 0, 0));
    assert_eq!(old.online_answer_working_hours.value, 8);
    assert_eq!(old.supplement_lapses_after_working_days.value, None);
    let new = catalogue.law(&LawId::new("nd118-2025")).unwrap();
    assert_eq!(new.on_supplement.certainty, Certainty::NotEstablished);
    for (word, certainty) in Certainty::NAMES {
        assert_eq!(certainty.as_str(), *word);
    }
}

#[test]
fn the_version_is_that_of_the_content_whatever_the_order() {
    let one = small();
    let mut reversed = files(&[]);
    reversed.reverse();
    assert_eq!(
        Catalogue::parse(&reversed).unwrap().version(),
        one.version()
    );
    assert_eq!(one.version().as_str().len(), 16);
    let in_folder: Vec<_> = files(&[])
        .iter()
        .map(|(name, text)| (format!("deploy/catalogue/{name}"), *text))
        .collect();
    let in_folder: Vec<_> = in_folder
        .iter()
        .map(|(name, text)| (&**name, *text))
        .collect();
    assert_eq!(
        Catalogue::parse(&in_folder).unwrap().version(),
        one.version()
    );

    let renamed = FIELDS.replace("Văn hóa", "Văn hoá");
    let other = Catalogue::parse(&files(&[("fields.toml", &renamed)])).unwrap();
    assert_ne!(other.version(), one.version());
    assert_eq!(
        other.calendar().version(),
        one.calendar().version(),
        "the calendar is the same"
    );
}

#[test]
fn a_published_calendar_takes_the_place_of_the_one_in_the_files_and_loses_no_year() {
    let one = small();
    let more = format!("{CALENDAR}2026-12-31,off,Nghỉ hoán đổi,official\n");
    let other = one.with_calendar(&more).unwrap();
    assert!(!other.calendar().working(day("2026-12-31")));
    assert_ne!(other.version(), one.version());
    assert_eq!(
        other.version(),
        one.with_calendar(&more).unwrap().version(),
        "the same calendar, the same version"
    );
    assert_eq!(
        one.with_calendar(CALENDAR).unwrap().version(),
        one.version()
    );
    let fewer = CALENDAR.replace("# published: 2021..2026", "# published: 2021..2025");
    let faults = one.with_calendar(&fewer).unwrap_err();
    assert!(faults[0].to_string().contains("no longer publishes 2026"));
    assert!(one.with_calendar("date,kind\n").is_err());
}
