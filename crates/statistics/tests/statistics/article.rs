//! The department's published figures of the first half of 2023, checked: exactly this is what is wrong with them.

use statistics::published::{Finding, Published, Severity};

const ARTICLE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/examples/dong-thap-2023-h1.toml"
));

fn findings() -> Vec<Finding> {
    Published::parse(ARTICLE).unwrap().findings()
}

fn finding(id: &str) -> Finding {
    findings()
        .into_iter()
        .find(|finding| finding.id == id)
        .unwrap()
}

fn numbers(finding: &Finding) -> Vec<(&str, u64)> {
    finding
        .numbers
        .iter()
        .map(|(name, value)| (*name, *value))
        .collect()
}

#[test]
fn the_findings_are_these_in_this_order() {
    use Severity::{Error, Holds, Note, Warning};
    let found: Vec<(&str, Severity)> = findings()
        .iter()
        .map(|finding| (finding.id, finding.severity))
        .collect();
    let expected = [
        ("C1", Holds),
        ("C2", Holds),
        ("C3", Holds),
        ("C4", Error),
        ("reading_A", Error),
        ("reading_B", Note),
        ("reading_C", Note),
        ("C7", Holds),
        ("C7", Holds),
        ("C7", Holds),
        ("C7", Warning),
        ("C7_mixed", Warning),
        ("total", Holds),
        ("total", Holds),
        ("total", Holds),
        ("C9", Warning),
        ("fees", Note),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_form_does_not_close_by_47_which_is_the_opening_stock() {
    let finding = finding("C4");
    assert_eq!(
        numbers(&finding),
        [("difference", 47), ("left", 475), ("right", 428)]
    );
    assert_eq!(
        finding.en,
        "(3) = (4)+(5)+(6): 475 ≠ (7)+(11): 428, by 47; the difference equals the opening stock (6) = 47: (4)+(5) probably \
         already contain it"
    );
    assert!(
        finding.vi.contains("lệch 47") && finding.vi.contains("từ kỳ trước chuyển qua (6) = 47")
    );
}

#[test]
fn as_printed_47_are_missing() {
    assert_eq!(
        numbers(&finding("reading_A")),
        [("c3", 475), ("difference", 47), ("left", 428)]
    );
}

#[test]
fn if_428_is_column_3_the_online_share_is_only_known_between_two_bounds() {
    let finding = finding("reading_B");
    assert_eq!(
        numbers(&finding),
        [
            ("c3", 428),
            ("c4_least", 306),
            ("c4_most", 353),
            ("c5_least", 28),
            ("c5_most", 75),
            ("online_share_least_bp", 8031),
            ("online_share_most_bp", 9265),
            ("opening", 47),
            ("received_in_period", 381),
        ]
    );
    assert!(
        finding.en.contains(
            "the online share lies between 80.31 % and 92.65 %, and 82.48 % cannot be told"
        )
    );
    assert!(finding.vi.contains("từ 80,31 % đến 92,65 %"));
}

#[test]
fn or_47_left_by_an_exit_that_has_no_column() {
    assert_eq!(numbers(&finding("reading_C")), [("other", 47)]);
}

#[test]
fn one_percentage_is_truncated_while_others_are_rounded() {
    let truncated = findings()
        .into_iter()
        .find(|finding| finding.id == "C7" && finding.severity == Severity::Warning);
    let truncated = truncated.unwrap();
    assert_eq!(
        numbers(&truncated),
        [("denominator", 110), ("numerator", 48)]
    );
    assert!(
        truncated
            .en
            .ends_with("43,63 % is 48/110 truncated; rounded half-up it is 43.64 %")
    );
    assert_eq!(
        finding("C7_mixed").en,
        "rounding is mixed: 43,63 % is truncated, 82,48 % is rounded half-up"
    );
    assert_eq!(
        finding("C7_mixed").vi,
        "làm tròn không thống nhất: 43,63 % bị cắt bớt, 82,48 % làm tròn nửa lên"
    );
}

#[test]
fn the_hundred_percent_claim_has_no_single_denominator() {
    assert!(
        finding("C9")
            .en
            .ends_with("there is no single denominator: 118 or 130 or 152?")
    );
}

#[test]
fn the_figures_of_reading_b_balance() {
    let balanced = ARTICLE
        .replace("total = 428", "total = 381")
        .replace("online = 353", "online = 314")
        .replace("direct_or_postal = 75", "direct_or_postal = 67");
    let findings = Published::parse(&balanced).unwrap().findings();
    let identities: Vec<Severity> = findings
        .iter()
        .filter(|finding| finding.id.starts_with("C4"))
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(identities, [Severity::Holds]);
    assert!(
        findings
            .iter()
            .all(|finding| !finding.id.starts_with("reading"))
    );
}

#[test]
fn a_gap_that_is_not_the_opening_stock_is_not_explained_by_it() {
    let other = ARTICLE.replace("opening = 47", "opening = 40");
    let findings = Published::parse(&other).unwrap().findings();
    let c4 = findings.iter().find(|finding| finding.id == "C4").unwrap();
    assert_eq!(
        numbers(c4),
        [("difference", 40), ("left", 468), ("right", 428)]
    );
    let fewer = ARTICLE.replace("total = 17", "total = 12");
    let findings = Published::parse(&fewer).unwrap().findings();
    let b = findings
        .iter()
        .find(|finding| finding.id == "reading_B")
        .unwrap();
    assert_eq!(numbers(b), [("c3", 428), ("difference", 5), ("left", 423)]);
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let broken = "title = 5\n[period]\nfrom = 2023-06-14\nto = 2022-12-15\n[received]\ntotal = -1\nonlin = 3\n[resolved]\ntotal = 1\n\
                  early = 1\non_time = 0\noverdue = 0\n[[percentage]]\nname = \"x\"\nprinted = \"many\"\nnumerator = 1\ndenominator = 2\n";
    let faults = Published::parse(broken).unwrap_err();
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    let expected = [
        "title",
        "period",
        "received.onlin",
        "received.total",
        "received.online",
        "received.direct_or_postal",
        "received.opening",
        "pending",
        "percentage[1].printed",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let faults = Published::parse("title = \"x\"\n[period\n").unwrap_err();
    assert_eq!(faults[0].key, "line 2");
}
