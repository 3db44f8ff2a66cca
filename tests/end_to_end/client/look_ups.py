"""Dossiers found by an identity number: at intake until they are accepted, at processing then, and never without a record."""

import time

import grpc

from contract import audit, audit_calls, dossier, identity, identity_calls, intake, processing
from office import (
    DEADLINE_S,
    DEPARTMENT,
    POST,
    Scenario,
    accept,
    applicant,
    change,
    direct,
    named,
    request_id,
    submit,
    submit_and_accept,
)

MINE = "087190222333"
RIGHT = "082195444555"
DEPUTY = "001099666777"
FIRM = "0100109106"
PATIENCE_S = 60


class LookUps(Scenario):
    def find(self, service, number, **changes):
        given = {
            "identity_number": number,
            "purpose": identity.LOOK_UP_PURPOSE_OWN_DOSSIERS,
            "agency": DEPARTMENT,
            "actor": "clerk-1",
        }
        calls = identity_calls.IdentityServiceStub(self.office.channels[service])
        asked = identity.FindDossiersByIdentityRequest(**{**given, **changes})
        return calls.FindDossiersByIdentity(asked, timeout=DEADLINE_S)

    def ids(self, service, number, **changes):
        return [one.dossier_id for one in self.find(service, number, **changes).dossiers]

    def whole(self, number, position):
        """What processing finds once the personal data has come there."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = self.find("processing", number, min_position=position)
            if not found.incomplete:
                return [one.dossier_id for one in found.dossiers]
            self.assertLess(time.monotonic(), until, "personal data does not come")
            time.sleep(0.05)

    def look_ups(self, **changes):
        calls = audit_calls.AuditServiceStub(self.office.channels["processing"])
        return calls.ListIdentityLookUps(audit.ListIdentityLookUpsRequest(**changes), timeout=DEADLINE_S)


class Found(LookUps):
    def test_a_dossier_is_found_by_whom_it_names_from_filing_to_erasure(self):
        ask = self.office.ask
        filed = ask("intake", "SubmitDossier", submit(direct(applicant=applicant(identity_number=MINE))))
        mine = filed.dossier.dossier_id
        firm = applicant(kind=dossier.APPLICANT_KIND_BUSINESS, identity_number=FIRM)
        ask("intake", "SubmitDossier", submit(direct(applicant=firm)))
        self.assertEqual(self.ids("intake", MINE), [mine])
        self.assertEqual(self.ids("intake", "087 190 222 333"), [mine])
        self.assertEqual(len(self.ids("intake", FIRM)), 1)
        self.assertEqual(self.ids("intake", RIGHT), [])
        self.assertEqual(self.ids("processing", MINE, min_position=filed.position), [])

        position = ask("intake", "AcceptDossier", accept(mine)).position
        self.assertEqual(self.ids("intake", MINE), [], "it is processing's now")
        self.assertEqual(self.whole(MINE, position), [mine])
        second = ask("intake", "SubmitAndAcceptDossier", submit_and_accept(direct(applicant=applicant(identity_number=MINE))))
        both = [second.dossier.dossier_id, mine]
        self.assertEqual(self.whole(MINE, second.position), both)
        first = self.find("processing", MINE, page_size=1)
        rest = self.find("processing", MINE, page_size=1, page_token=first.next_page_token)
        self.assertEqual([one.dossier_id for page in (first, rest) for one in page.dossiers], both)
        self.assertEqual((bool(first.next_page_token), rest.next_page_token), (True, ""))

        # Somebody may act for the applicant.
        person = dossier.AuthorisedPerson(name="Đinh Thị Cà Na", identity_number=DEPUTY)
        paper = dossier.BroughtAuthorisation(to=dossier.AUTHORISED_TO_ACT, person=person)
        filing = dossier.Filing(dossier_id=mine, authorisation=paper)
        received = intake.ReceiveFilingRequest(request_id=request_id(), filing=filing, operator=POST, actor="postman-1")
        position = ask("intake", "ReceiveFiling", received).position
        until = time.monotonic() + PATIENCE_S
        while self.whole(DEPUTY, position) != [mine]:
            self.assertLess(time.monotonic(), until, "who may act is not found")
            time.sleep(0.05)

        # The wrong number misses, the right one hits.
        right = processing.CorrectApplicantRequest(
            change=change(mine), applicant=applicant(identity_number=RIGHT), reason_code="sai_so"
        )
        position = ask("processing", "CorrectApplicant", right).position
        self.assertEqual(self.whole(MINE, position), both[:1])
        self.assertEqual(self.whole(RIGHT, position), [mine])

        erased = processing.EraseSubjectRequest(change=change(mine), reason_code="data_subject_request")
        position = ask("processing", "EraseSubject", erased).position
        self.assertEqual(self.whole(RIGHT, position), [])
        self.assertEqual(self.whole(DEPUTY, position), [])
        self.assertEqual(self.whole(MINE, position), both[:1])

        # Who looked this dossier up.
        told = self.look_ups(dossier=named(mine)).look_ups
        self.assertGreater(len(told), 3)
        for one in told:
            self.assertIn(mine, one.dossier_ids)
            self.assertEqual((one.actor, one.agency), ("clerk-1", DEPARTMENT))
            self.assertEqual(one.purpose, identity.LOOK_UP_PURPOSE_OWN_DOSSIERS)
        times = [(one.at.seconds, one.position) for one in told]
        self.assertEqual([at for _, at in times], sorted((at for _, at in times), reverse=True), "the newest first")

    def test_every_answer_has_its_record_before_it(self):
        before = self.look_ups(page_size=500)
        answer = self.find("processing", MINE, purpose=identity.LOOK_UP_PURPOSE_INSPECTION, reference="7/QD-TTr")
        after = self.look_ups(page_size=500, min_position=answer.position)
        self.assertEqual(len(after.look_ups), len(before.look_ups) + 1)
        newest = after.look_ups[0]
        self.assertEqual((newest.purpose, newest.reference), (identity.LOOK_UP_PURPOSE_INSPECTION, "7/QD-TTr"))
        self.assertEqual(list(newest.dossier_ids), [one.dossier_id for one in answer.dossiers])


class Kept(LookUps):
    """After a kill, and on a disk that is too full to write on."""

    def test_who_cannot_be_written_down_is_not_answered_and_what_was_written_is_kept(self):
        kept = self.look_ups(page_size=500)
        self.assertGreater(len(kept.look_ups), 10)
        for service in ("intake", "processing"):
            with self.assertRaises(grpc.RpcError) as caught:
                self.find(service, MINE)
            self.explained(caught.exception, grpc.StatusCode.RESOURCE_EXHAUSTED, "DISK_NEARLY_FULL")
        self.assertEqual(self.look_ups(page_size=500), kept)
