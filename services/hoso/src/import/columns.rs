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
  original_due        the day that was given at acceptance, where something moved it since. With extensions it must be filled;
                      with other waits left out: counted here. What moved it since is counted here as the law version says, and
                      where `due` is another day, `hoso dossier explain` tells both
  extensions          apologies with new dates, the earliest first, as TOLD>NEW_DAY, with spaces between:
                      2026-10-12>2026-10-19 2026-10-16T09:00>2026-10-23. Kept as they are, flagged where the law did not allow them
  supplements         those asked for after acceptance and not awaited any more, as ASKED>BROUGHT, with spaces between; more of it
                      behind bars: 2026-10-07T09:00>2026-10-12T10:30|reason=thieu|papers=DON+GPCU|until=2026-10-20.
                      ASKED>ENDED|not_brought: nobody brought it, and processing went on
  suspensions         those that are over, as FROM>UNTIL or FROM>UNTIL|reason=CODE, with spaces between
  fees                those paid, as ASKED>PAID|notice=NO|amount=DONG|method=METHOD|receipt=NO with a method of cash, transfer,
                      online or post, or waived, as ASKED>WAIVED|notice=NO|amount=DONG|waived=REASON; ASKED may be left out:
                      the clock did not wait for it then
  waits               what it waits for: supplement, suspension or payment; left out: nothing. It goes on waiting here; `due` is the
                      due date from before that
  waits_since         since when; must be filled with waits
  waits_reason        why, as a code
  waits_papers        the codes of the papers that a supplement is to bring, with spaces between
  waits_until         the last day for bringing them; left out: as the law version says
  waits_notice        the number of the notice of the payment
  waits_amount        how much is to be paid, in đồng; whether the clock stands still, the procedure says
  papers              the papers that were handed in, as CODE or CODE:ORIGINALS:CERTIFIED:COPIES, with spaces between
  law                 the law version of the catalogue that governs it; left out: the one in force on the day of acceptance
  point *             the one-stop point where it was accepted, as in the catalogue
  operator *          who ran that point: an agency's id or a firm's code
  applicant_kind *    citizen, business, state_agency or other_organisation
  applicant_name *    personal data, as the five that follow: kept in the vault, erasable
  identity_number, phone, email, address, submitter_name, request_content
  synthetic           yes: for training and demonstrations

Only dossiers that are still being processed are carried over: ended ones stay in the other system. Their acceptance may lie
as far back as the catalogue has a law version. Codes in the form of those that another intake node gives out are imported at
that node. What was paid before acceptance counts from the acceptance.

Nothing is imported while any line has a fault. Run again after it was broken off, or with lines added, it takes over what
is missing and doubles nothing. In JSON Lines, what has spaces between may be a list. Examples in deploy/examples:
carried-over.csv, carried-over-waiting.jsonl with papers, waits and extensions, carried-over-lived.jsonl with what is over";

/// Column names that may be there.
pub(super) const COLUMNS: [&str; 33] = [
    "source_reference",
    "code",
    "procedure",
    "agency",
    "channel",
    "assisted",
    "accepted_at",
    "filed_at",
    "due",
    "original_due",
    "extensions",
    "supplements",
    "suspensions",
    "fees",
    "waits",
    "waits_since",
    "waits_reason",
    "waits_papers",
    "waits_until",
    "waits_notice",
    "waits_amount",
    "papers",
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
    if let Some((_, of_wait)) = field.split_once("wait.") {
        return match of_wait.split(['.', '[']).next().unwrap_or(of_wait) {
            "since" => "waits_since",
            "reason_code" => "waits_reason",
            "components" => "waits_papers",
            "lapses_on" => "waits_until",
            "notice" => "waits_notice",
            "amount_vnd" => "waits_amount",
            _ => "waits",
        };
    }
    let lists = ["extensions", "supplements", "suspensions", "fees"];
    if let Some(list) = lists.into_iter().find(|list| field.contains(list)) {
        return list;
    }
    if field.contains("submission.components") {
        return "papers";
    }
    match field.rsplit('.').next().unwrap_or(field) {
        "kind" => "applicant_kind",
        "name" => "applicant_name",
        "reference" | "source" => "source_reference",
        "system" => "--system",
        "due_on" | "due_at" => "due",
        "original_due_on" => "original_due",
        "since" => "waits_since",
        "lapses_on" => "waits_until",
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
        assert_eq!(column("carried_over.wait.components[1]"), "waits_papers");
        assert_eq!(column("carried_over.wait.kind"), "waits");
        assert_eq!(column("since"), "waits_since");
        assert_eq!(column("carried_over.extensions[0].new_date"), "extensions");
        assert_eq!(column("carried_over.original_due_on"), "original_due");
        assert_eq!(
            column("carried_over.supplements[0].brought[1].code"),
            "supplements"
        );
        assert_eq!(column("fees"), "fees");
        assert_eq!(column("carried_over.wait.amount_vnd"), "waits_amount");
        assert_eq!(column("submission.components[0].code"), "papers");
    }
}
