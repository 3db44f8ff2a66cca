"""The report against what the client itself has counted."""

import datetime
import json

import grpc

from contract import REPOSITORY, dossier, intake, processing, reporting
from office import (
    AT_ONCE,
    DEPARTMENT,
    FIVE_DAYS,
    INFORMATION_ONLY,
    VIETNAM,
    Calendar,
    Scenario,
    accept,
    at_portal,
    change,
    direct,
    online,
    postal,
    reason,
    report_question,
    request_id,
    submit,
    submit_and_accept,
    today,
)

COLUMNS = [f"c{number}" for number in range(3, 14)]
GROUPINGS = [
    reporting.GROUPING_FIELD,
    reporting.GROUPING_PROCEDURE,
    reporting.GROUPING_AGENCY,
    reporting.GROUPING_CHANNEL,
]


def cells(row):
    return {column: getattr(row, column) for column in COLUMNS}


class HalfYear(Scenario):
    """A little stock of dossiers, every one counted by hand as it is made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A run across midnight is still one period.
        cls.first = today()
        cls.online, cls.counter = [], []
        cls.ended = {}
        cls.position = ""
        for _ in range(6):
            filed = cls.ask("intake", "SubmitDossier", submit()).dossier
            cls.online.append(cls.ask("intake", "AcceptDossier", accept(filed.dossier_id)).dossier.dossier_id)
        for submission in (direct(), direct(), postal()):
            cls.counter.append(cls.counted("SubmitAndAcceptDossier", submit_and_accept(submission)).dossier_id)
        at_once = submit_and_accept(direct(procedure=AT_ONCE), immediate_result="40/TB")
        at_once = cls.counted("SubmitAndAcceptDossier", at_once)
        cls.at_once = at_once.dossier_id
        # Due within the day; on the next working day when it came after three or on a day off, and then it is early.
        when = at_once.accepted_at.ToDatetime(datetime.timezone.utc).astimezone(VIETNAM)
        in_time = when.time() <= datetime.time(15, 0)
        cls.at_once_early = 0 if Calendar().works(when.date()) and in_time else 1
        # Outside the form: submitted only, refused at intake.
        cls.ask("intake", "SubmitDossier", submit())
        refused = cls.ask("intake", "SubmitDossier", submit()).dossier.dossier_id
        cls.ask(
            "intake",
            "RefuseDossier",
            intake.RefuseDossierRequest(
                request_id=request_id(), dossier_id=refused, reason=reason(), actor="clerk-1"
            ),
        )
        cls.before_ends = cls.report()
        cls.end(cls.online[0], "ResolveDossier", result="41/GP")
        cls.end(cls.online[1], "ResolveDossier", result="42/GP")
        cls.end(cls.counter[0], "RefuseAfterExamination", reason=reason())
        cls.end(cls.online[2], "WithdrawDossier")
        cls.end(cls.counter[1], "TerminateProcessing", reason=reason())
        cls.end(cls.online[3], "SuspendProcessing", reason=reason())

    @classmethod
    def ask(cls, service, rpc, request):
        written = cls.office.ask(service, rpc, request)
        cls.position = f"{written.position}"
        return written

    @classmethod
    def counted(cls, rpc, request):
        return cls.ask("intake", rpc, request).dossier

    @classmethod
    def end(cls, life, rpc, **fields):
        mark = change(life, min_position=cls.office.head("intake").token)
        cls.ask("processing", rpc, getattr(processing, f"{rpc}Request")(change=mark, **fields))

    @classmethod
    def question(cls, **changes):
        return report_question(cls.first, cls.first + datetime.timedelta(days=1), **changes)

    @classmethod
    def report(cls, **changes):
        asked = reporting.GetReportRequest(question=cls.question(**changes), min_position=cls.position)
        return cls.office.ask("reporting", "GetReport", asked)

    def cell(self, row, column, **changes):
        """Every dossier behind a cell, two a page."""
        found, token = [], ""
        while True:
            asked = reporting.ListCellDossiersRequest(
                question=self.question(**changes),
                row=row,
                column=column,
                page_size=2,
                page_token=token,
                min_position=self.position,
            )
            page = self.office.ask("reporting", "ListCellDossiers", asked)
            found += page.dossiers
            token = page.next_page_token
            if not token:
                self.assertEqual(page.total, len(found))
                return [behind.dossier_id for behind in found]

    def test_it_says_what_the_client_counted(self):
        expected = {
            "c3": 10,  # all that was accepted
            "c4": 6,
            "c5": 4,
            "c6": 0,
            "c7": 6,  # two granted, one refused after examination, withdrawn, terminated, and the one at once
            "c8": 3 + self.at_once_early,  # days before the due date: granted twice, refused after examination
            "c9": 3 - self.at_once_early,  # on the day itself: the one at once; and the withdrawn and terminated ones
            "c10": 0,
            "c11": 4,
            "c12": 4,
            "c13": 0,
        }
        self.assertEqual(cells(self.report().total), expected)

    def test_it_balances_and_every_check_holds(self):
        report = self.report()
        failed = [check for check in report.checks if not check.holds]
        self.assertEqual(failed, [])
        self.assertGreaterEqual(len(report.checks), 4)
        for row in [*report.rows, report.total]:
            self.assertEqual(row.c3, row.c4 + row.c5 + row.c6)
            self.assertEqual(row.c7, row.c8 + row.c9 + row.c10)
            self.assertEqual(row.c11, row.c12 + row.c13)
            self.assertEqual(row.c3, row.c7 + row.c11)

    def test_rows_add_up_to_the_total_however_they_are_grouped(self):
        total = cells(self.report().total)
        keys = {}
        for grouping in GROUPINGS:
            report = self.report(grouping=grouping)
            self.assertEqual(cells(report.total), total)
            for column in COLUMNS:
                self.assertEqual(sum(getattr(row, column) for row in report.rows), total[column])
            self.assertTrue(all(row.name for row in report.rows))
            keys[grouping] = {row.key for row in report.rows if any(cells(row).values())}
        self.assertEqual(keys[reporting.GROUPING_PROCEDURE], {FIVE_DAYS, AT_ONCE})
        self.assertEqual(keys[reporting.GROUPING_AGENCY], {DEPARTMENT})
        self.assertEqual(keys[reporting.GROUPING_FIELD], {"H20-LH", "H20-TV"})
        self.assertEqual(len(keys[reporting.GROUPING_CHANNEL]), 3)

    def test_it_can_be_narrowed(self):
        self.assertEqual(self.report(procedure=AT_ONCE).total.c3, 1)
        self.assertEqual(self.report(field="H20-LH").total.c3, 9)
        self.assertEqual(self.report(channel=3).total.c3, 1)
        self.assertEqual(self.report(agency="000.00.14.H20").total.c3, 0)

    def test_every_cell_can_be_drilled_down_to_its_dossiers(self):
        report = self.report()
        for row in [*report.rows, report.total]:
            for number in range(3, 14):
                behind = self.cell(row.key, number)
                self.assertEqual(len(behind), getattr(row, f"c{number}"), f"row {row.key}, column {number}")
                self.assertEqual(len(set(behind)), len(behind))
        self.assertEqual(sorted(self.cell("total", 4)), sorted(self.online))
        self.assertEqual(sorted(self.cell("total", 5)), sorted([*self.counter, self.at_once]))
        waiting = [*self.online[3:], self.counter[2]]
        self.assertEqual(sorted(self.cell("total", 12)), sorted(waiting))

    def test_as_known_earlier_it_says_what_it_said_earlier(self):
        earlier = self.before_ends
        self.assertEqual(earlier.total.c7, 1)
        again = self.report(as_of=earlier.as_of)
        self.assertEqual(again.total, earlier.total)
        self.assertEqual(list(again.rows), list(earlier.rows))
        self.assertEqual((again.log_position, again.chain_hash), (earlier.log_position, earlier.chain_hash))
        self.assertNotEqual(again.log_position, self.report().log_position)

    def test_before_anything_happened_there_is_nothing_and_it_balances_too(self):
        empty = self.office.ask(
            "reporting",
            "GetReport",
            reporting.GetReportRequest(
                question=report_question(datetime.date(2023, 1, 1), datetime.date(2023, 6, 30))
            ),
        )
        self.assertFalse(any(cells(empty.total).values()))
        self.assertTrue(all(check.holds for check in empty.checks))

    def test_the_memo_shows_what_the_form_hides(self):
        memo = {line.key: line.value for line in self.report().memo}
        self.assertEqual(memo["received_online"], 6)
        self.assertEqual(memo["received_direct"], 3)
        self.assertEqual(memo["received_postal"], 1)
        self.assertEqual(memo["withdrawn"], 1)
        self.assertEqual(memo["terminated"], 1)
        self.assertEqual(memo["suspended"], 1)
        self.assertEqual(memo["refused_after_examination"], 1)
        self.assertEqual(memo["synthetic"], 10)

    def test_the_json_is_the_same_report(self):
        report = self.report()
        given = json.loads(report.json)
        self.assertEqual(given["period"], {"from": report.__getattribute__("from"), "to": report.to})
        self.assertEqual(given["position"], report.log_position)
        self.assertEqual({column: given["total"][column] for column in COLUMNS}, cells(report.total))
        self.assertEqual(
            [(row["key"], {column: row[column] for column in COLUMNS}) for row in given["rows"]],
            [(row.key, cells(row)) for row in report.rows],
        )
        self.assertEqual({check["id"]: check["holds"] for check in given["checks"]}, {c.id: c.holds for c in report.checks})

    def test_a_question_that_makes_no_sense_is_refused(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        for changes, field in (
            ({"from": "2023-02-30"}, "question.from"),
            ({"to": "9999-12-31"}, "question.to"),
            ({"from": "15/12/2022"}, "question.from"),
            ({"from": "2023-06-15", "to": "2022-12-15"}, "question.to"),
            ({"grouping": 99}, "question.grouping"),
            ({"pending_rule": 99}, "question.pending_rule"),
            ({"channel": 4}, "question.channel"),
        ):
            with self.subTest(str(changes)):
                question = report_question(self.first, self.first)
                for name, value in changes.items():
                    setattr(question, name, value)
                asked = reporting.GetReportRequest(question=question)
                self.refused("reporting", "GetReport", asked, invalid, "INVALID_FIELD", field)
        for column in (0, 2, 14, 2**32 - 1):
            asked = reporting.ListCellDossiersRequest(question=self.question(), row="total", column=column)
            self.refused("reporting", "ListCellDossiers", asked, invalid, "INVALID_FIELD", "column")
        asked = reporting.ListCellDossiersRequest(question=self.question(), row="total", column=3, page_size=-5)
        self.refused("reporting", "ListCellDossiers", asked, invalid, "INVALID_FIELD", "page_size")


class FiledWhereOnlyInformationIsGiven(Scenario):
    def test_it_is_recorded_and_flagged(self):
        filed = self.office.ask("intake", "SubmitDossier", submit(online(procedure=INFORMATION_ONLY))).dossier
        self.assertIn("online_for_information_only", filed.flags)
        accepted = self.office.ask("intake", "AcceptDossier", accept(filed.dossier_id, acceptance=at_portal()))
        self.assertEqual(accepted.dossier.phase, dossier.PHASE_ACCEPTED)


class Published(Scenario):
    """What a department published, checked."""

    def check(self, text):
        return self.office.ask("reporting", "CheckFigures", reporting.CheckFiguresRequest(figures_toml=text))

    def test_the_article_does_not_balance_by_the_opening_stock(self):
        text = (REPOSITORY / "deploy/examples/dong-thap-2023-h1.toml").read_text(encoding="utf-8")
        found = self.check(text)
        self.assertFalse(found.balances)
        errors = [finding for finding in found.findings if finding.severity == "error"]
        self.assertTrue(any("47" in finding.text_en and "47" in finding.text_vi for finding in errors))
        severities = [finding.severity for finding in found.findings]
        self.assertEqual(severities, sorted(severities, key=["error", "warning", "note", "holds"].index))
        everything = " ".join(finding.text_en for finding in found.findings)
        for telling in ("80.31", "92.65", "43"):
            self.assertIn(telling, everything)
        self.assertTrue(all(finding.id and finding.text_vi for finding in found.findings))

    def test_text_that_holds_no_figures_is_refused(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        for text in ("", "Không phải TOML", "[received]\ntotal = -1\n", "x" * 70_000, "title = 'a'\n" * 3):
            asked = reporting.CheckFiguresRequest(figures_toml=text)
            self.refused("reporting", "CheckFigures", asked, invalid, "INVALID_FIELD", "figures_toml")
