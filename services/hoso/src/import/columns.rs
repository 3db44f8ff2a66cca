//! The columns of a file to be imported: what they are called, what they say, and which field of the request each becomes.

/// The columns, for `hoso import --help`.
pub(super) const HELP: &str = "\
COLUMNS (in any order; those marked * must be there and filled)
  source_reference *  the other system's own number of the dossier
  code *              its dossier code there, which it keeps
  procedure *         the procedure's national code, as in the catalogue
  agency *            the agency that decides it, as in the catalogue
  channel *           how it came: direct, online or postal
  assisted            yes: filed online with a clerk's help
  accepted_at *       when it was accepted: 2026-10-05T09:12 (in Vietnam), 05/10/2026 09:12, or with an offset
  filed_at            when it was filed, if that was recorded
  due                 when its result is due: a day, or a moment for procedures measured in hours. It is kept as it is,
                      also where hoso would have counted otherwise; `hoso dossier explain` then tells both
  law                 the law version of the catalogue that governs it; left out: the one in force on the day of acceptance
  point *             the one-stop point where it was accepted, as in the catalogue
  operator *          who ran that point: an agency's id or a firm's code
  applicant_kind *    citizen, business, state_agency or other_organisation
  applicant_name *    personal data, as the five that follow: kept in the vault, erasable
  identity_number, phone, email, address, submitter_name, request_content
  synthetic           yes: for training and demonstrations

Only dossiers that are still being processed are carried over: ended ones stay in the other system. One that waits for
something there is imported with its due date, and made to wait here. Its acceptance may lie as far back as the
catalogue has a law version. Codes in the form of those that another intake node gives out are imported at that node.

Nothing is imported while any line has a fault. Run again after it was broken off, or with lines added, it takes over what
is missing and doubles nothing. An example: deploy/examples/carried-over.csv";

/// Column names that may be there.
pub(super) const COLUMNS: [&str; 20] = [
    "source_reference",
    "code",
    "procedure",
    "agency",
    "channel",
    "assisted",
    "accepted_at",
    "filed_at",
    "due",
    "law",
    "point",
    "operator",
    "applicant_kind",
    "applicant_name",
    "identity_number",
    "phone",
    "email",
    "address",
    "submitter_name",
    "request_content",
];
/// The same, of a generated file.
pub(super) const SYNTHETIC: &str = "synthetic";

/// The column behind a field of the request.
pub(super) fn column(field: &str) -> &str {
    match field.rsplit('.').next().unwrap_or(field) {
        "kind" => "applicant_kind",
        "name" => "applicant_name",
        "reference" | "source" => "source_reference",
        "system" => "--system",
        "due_on" | "due_at" => "due",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_that_the_help_tells() {
        for column in COLUMNS.iter().chain([&SYNTHETIC]) {
            assert!(HELP.contains(column), "{column}");
        }
    }

    #[test]
    fn intakes_fields_are_told_as_columns() {
        assert_eq!(column("submission.applicant.name"), "applicant_name");
        assert_eq!(column("carried_over.due_on"), "due");
        assert_eq!(column("procedure"), "procedure");
    }
}
