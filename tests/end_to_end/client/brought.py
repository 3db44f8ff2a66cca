"""What people bring later, from outside: to a dossier that intake still has, and what the post tells of a result."""

import time

import grpc

from beyond import PATIENCE_S, Beyond
from contract import dossier, intake, processing
from office import POST, direct, named, reason, request_id, submit

INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT


class Brought(Beyond):
    def brings(self, dossier_id, **brought):
        """Takes it in at intake; the receipt."""
        filing = dossier.Filing(dossier_id=dossier_id, **brought)
        asked = intake.ReceiveFilingRequest(request_id=request_id(), filing=filing, operator=POST, actor="postman-1")
        answer = self.office.ask("intake", "ReceiveFiling", asked)
        self.position = answer.position
        return answer.filing

    def outcome(self, receipt):
        """What processing says of it once it is decided."""
        until = time.monotonic() + PATIENCE_S
        while True:
            asked = processing.GetFilingRequest(filing_id=receipt.filing_id, min_position=self.position)
            told = self.office.ask("processing", "GetFiling", asked)
            if told.state != processing.FILING_STATE_HELD:
                return told
            self.assertLess(time.monotonic(), until, "the filing stays held")
            time.sleep(0.05)

    def decided(self, receipt, kind):
        told = self.outcome(receipt)
        self.assertEqual((told.state, told.event.kind), (processing.FILING_STATE_DECIDED, kind), told.reason)
        return told

    def now(self, dossier_id):
        asked = processing.GetDossierRequest(dossier=named(dossier_id), min_position=self.position)
        return self.office.ask("processing", "GetDossier", asked).dossier


class BeforeAcceptance(Brought):
    def test_intake_decides_at_once_what_is_brought_for_a_dossier_it_still_has(self):
        filed = self.office.ask("intake", "SubmitDossier", submit(direct())).dossier.dossier_id
        asked = intake.RequestIntakeSupplementRequest(
            request_id=request_id(), dossier_id=filed, reason=reason(), components=["DON"], actor="clerk-1"
        )
        self.office.ask("intake", "RequestIntakeSupplement", asked)
        papers = dossier.BroughtSupplement(components=[dossier.Component(code="DON", originals=1)])
        receipt = self.brings(filed, supplement=papers)
        question = intake.GetSubmissionRequest(dossier_id=filed)
        now = self.office.ask("intake", "GetSubmission", question)
        self.assertEqual(now.dossier.phase, dossier.PHASE_SUBMITTED)
        self.decided(receipt, "intake_supplement_received")
        unasked = self.outcome(self.brings(filed, supplement=papers))
        self.assertEqual(unasked.reason, "INTAKE_SUPPLEMENT_NOT_REQUESTED")
        back = self.brings(filed, withdrawal=dossier.BroughtWithdrawal(), words="Gia đình chuyển đi nơi khác")
        self.decided(back, "dossier_withdrawn")
        now = self.office.ask("intake", "GetSubmission", question)
        self.assertEqual(now.dossier.phase, dossier.PHASE_WITHDRAWN)
        again = self.outcome(self.brings(filed, withdrawal=dossier.BroughtWithdrawal()))
        self.assertEqual(again.reason, "ALREADY_WITHDRAWN")


class ByThePost(Brought):
    def test_two_failed_attempts_then_handed_to_whoever_is_authorised(self):
        life = self.taken_in().dossier_id
        until = "2099-12-31"
        person = dossier.AuthorisedPerson(name="Trần Thị Ủy", identity_number="087190001234", phone="0277 385 9999")
        paper = dossier.BroughtAuthorisation(to=dossier.AUTHORISED_TO_COLLECT, person=person, until=until)
        receipt = self.brings(life, authorisation=paper, words="Bản chính, có chứng thực")
        self.assertEqual(receipt.filing.authorisation.person, person)
        self.assertEqual(receipt.filing.words, "Bản chính, có chứng thực")
        told = self.decided(receipt, "authorisation_recorded")
        self.assertNotIn("Trần", told.event.data_json)
        known = self.now(life).authorisations
        self.assertEqual([(it.until, it.filing_id) for it in known], [(until, receipt.filing_id)])
        item = {"postal_item": "EE123456785VN"}
        early = self.outcome(self.brings(life, delivery=dossier.BroughtDelivery(**item)))
        self.assertEqual(early.reason, "NOT_RESOLVED")
        self.does("ResolveDossier", life, result="GP-9")
        for _ in range(2):
            nobody = dossier.BroughtDeliveryFailure(reason_code="vang_nha", **item)
            self.decided(self.brings(life, delivery_failure=nobody, words="Cửa đóng"), "delivery_failed")
        self.decided(self.brings(life, given_back=dossier.BroughtReturn(**item)), "result_returned_to_agency")
        self.assertEqual(self.now(life).failed_deliveries, 2)
        handed = dossier.BroughtDelivery(to_authorised=True, **item)
        self.decided(self.brings(life, delivery=handed, words="Ký nhận"), "result_delivered")
        now = self.now(life)
        self.assertEqual(now.phase, dossier.PHASE_RETURNED)
        self.assertNotIn("delivered_without_authorisation", now.flags)

    def test_every_wrong_field_is_named(self):
        wrong = dossier.BroughtAuthorisation(person=dossier.AuthorisedPerson(identity_number="1"), until="soon")
        asked = intake.ReceiveFilingRequest(
            request_id=request_id(),
            filing=dossier.Filing(code="X", authorisation=wrong),
            operator=POST,
            actor="postman-1",
        )
        details = self.refused("intake", "ReceiveFiling", asked, INVALID_ARGUMENT, "INVALID_FIELD")
        for field in ["to", "until", "person.name", "person.identity_number"]:
            self.assertIn(f"filing.authorisation.{field}", details.fields)
