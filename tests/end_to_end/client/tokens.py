"""Tokens over TLS: each role comes in, does what it may, and is refused the rest with the same words for everything."""

import http.client
import json
import os
import ssl

import grpc

from contract import intake, log, processing, reporting
from office import DEPARTMENT, Office, Scenario, change, named, postal, report_question
from office import submit, submit_and_accept, today, word_left


class Roles(Scenario):
    @classmethod
    def setUpClass(cls):
        word = word_left()
        with open(word["ca"], "rb") as file:
            cls.tls = grpc.ssl_channel_credentials(root_certificates=file.read())
        cls.context = ssl.create_default_context(cafile=word["ca"])
        cls.tokens = word["tokens"]

    def acting(self, role=None):
        """From now on this role speaks; nobody whose name is known without one."""

        def connect(address):
            if role is None:
                return grpc.secure_channel(address, self.tls)
            call = grpc.access_token_call_credentials(self.tokens[role])
            return grpc.secure_channel(address, grpc.composite_channel_credentials(self.tls, call))

        self.office = Office(connect)
        self.addCleanup(self.office.close)
        return self.office

    def not_allowed(self, service, rpc, request):
        return self.refused(service, rpc, request, grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")

    def get(self, path, role=None):
        line = http.client.HTTPSConnection(os.environ["HOSO_REPORTING_HTTP"], timeout=30, context=self.context)
        try:
            headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
            line.request("GET", path, headers=headers)
            response = line.getresponse()
            return response.status, response.headers, response.read()
        finally:
            line.close()

    def test_a_day_of_a_province(self):
        software = self.acting("one-stop")
        accepted = software.intake.SubmitAndAcceptDossier(submit_and_accept())
        ident, position = accepted.dossier.dossier_id, accepted.position
        software.processing.GetDossier(
            processing.GetDossierRequest(dossier=named(ident), min_position=position)
        )

        officer = self.acting("officer")
        resolved = officer.processing.ResolveDossier(
            processing.ResolveDossierRequest(change=change(ident, actor="somebody-else"), result="QD-1")
        )
        self.not_allowed("intake", "SubmitDossier", submit())
        self.not_allowed("processing", "ListDossiers", processing.ListDossiersRequest())
        self.not_allowed("processing", "ProposeVoid", processing.ProposeVoidRequest(change=change(ident)))

        auditor = self.acting("auditor")
        history = auditor.processing.GetHistory(processing.GetHistoryRequest(dossier=named(ident)))
        self.assertEqual([event.actor for event in history.events], ["clerk-1", "clerk-1", "officer"])
        self.not_allowed("processing", "GetDossier", processing.GetDossierRequest(dossier=named(ident)))

        centre = self.acting("ioc")
        question = report_question(today())
        request = reporting.GetReportRequest(question=question, min_position=resolved.position, small_cells_min=5)
        self.assertFalse(centre.reporting.GetReport(request).HasField("total"), "of one dossier nothing is told")
        request.small_cells_min = 4
        self.not_allowed("reporting", "GetReport", request)
        cell = reporting.ListCellDossiersRequest(question=question, row="total", column=3)
        self.not_allowed("reporting", "ListCellDossiers", cell)

        self.acting("head")
        self.not_allowed("reporting", "ListCellDossiers", cell)
        cell.question.agency = DEPARTMENT
        behind = self.office.reporting.ListCellDossiers(cell)
        self.assertEqual([one.dossier_id for one in behind.dossiers], [ident])

    def test_a_terminal_takes_in_for_its_own_office_only(self):
        terminal = self.acting("terminal")
        filed = terminal.intake.SubmitDossier(submit(postal()))
        self.assertTrue(filed.dossier.dossier_id)
        self.not_allowed("intake", "SubmitDossier", submit(postal(operator="VNPOST-AG")))
        self.not_allowed("intake", "SubmitAndAcceptDossier", submit_and_accept())
        self.not_allowed("intake", "ListSubmissions", intake.ListSubmissionsRequest(agency=DEPARTMENT))

    def test_nobody_comes_in_without_a_token(self):
        self.acting()
        self.refused("intake", "SubmitDossier", submit(), grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        with self.assertRaises(grpc.RpcError) as caught:
            self.office.head("intake")
        self.explained(caught.exception, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        self.assertIsInstance(self.acting("operator").head("intake"), log.GetHeadResponse)

    def test_the_side_door_asks_too(self):
        report = f"/v1/reports/ii06a?from={today()}&to={today()}"
        status, headers, body = self.get(report)
        self.assertEqual((status, json.loads(body)["reason"]), (401, "UNAUTHENTICATED"))
        self.assertTrue(headers["www-authenticate"].startswith("Bearer"))
        self.assertEqual(self.get(report, "ioc")[0], 200)
        self.assertEqual(self.get(report, "terminal")[0], 403)
        self.assertEqual(self.get("/metrics", "ioc")[0], 403)
        self.assertEqual(self.get("/metrics", "operator")[0], 200)
        self.assertEqual(self.get("/livez")[0], 200)
