//! The catalogue that is shipped is whole and has the shape of the article that the shipped example comes from.

use super::*;

fn shipped() -> Catalogue {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/catalogue");
    let files = Catalogue::FILES.map(|name| {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).expect("a shipped file");
        (name, text)
    });
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    Catalogue::parse(&files).unwrap_or_else(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        panic!("the shipped catalogue is broken:\n{}", faults.join("\n"))
    })
}

#[test]
fn the_shipped_procedures_have_the_shape_of_the_article() {
    let catalogue = shipped();
    let count =
        |test: &dyn Fn(&Procedure) -> bool| catalogue.procedures().filter(|it| test(it)).count();
    assert_eq!(catalogue.procedures().len(), 152);
    assert_eq!(count(&|it| it.level == Level::Department), 130);
    assert_eq!(count(&|it| it.level == Level::District), 15);
    assert_eq!(count(&|it| it.level == Level::Commune), 7);
    let of_department = |online| count(&|it| it.level == Level::Department && it.online == online);
    assert_eq!(of_department(OnlineLevel::Full), 110);
    assert_eq!(of_department(OnlineLevel::Partial), 8);
    assert_eq!(of_department(OnlineLevel::InformationOnly), 12);
    assert_eq!(count(&|it| it.fee_bearing), 53);
    assert_eq!(count(&|it| it.fee_online), 24);
}

#[test]
fn every_shipped_procedure_can_be_filed_at_the_end_of_the_articles_period() {
    let catalogue = shipped();
    let on = day("2023-06-14");
    for procedure in catalogue.procedures() {
        let code = &procedure.code;
        assert!(procedure.valid_on(on), "{code}");
        // Agencies of after 2025 are listed too.
        let accepted_for = |agency: &AgencyId| {
            catalogue
                .points()
                .any(|it| it.valid_on(on) && it.serves.contains(agency))
        };
        let mut deciding = procedure
            .agencies
            .iter()
            .filter(|agency| catalogue.agency_valid(agency, on))
            .peekable();
        assert!(deciding.peek().is_some(), "nobody decides {code}");
        assert!(deciding.all(accepted_for), "nobody accepts {code}");
    }
}

#[test]
fn both_law_versions_are_shipped_and_the_calendar_up_to_2026() {
    let catalogue = shipped();
    assert!(
        catalogue
            .laws()
            .map(|law| law.id.as_str())
            .eq(["nd61-2018", "nd118-2025"])
    );
    assert!(catalogue.calendar().published_years().eq(2021..=2026));
}
