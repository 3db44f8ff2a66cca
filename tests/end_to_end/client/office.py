"""The one-stop software's side of the wire: the three services, well-formed requests, and what a refusal must look like."""

import base64
import datetime
import json
import os
import pathlib
import unittest
import uuid

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from contract import REPOSITORY, dossier, intake, intake_calls, log, log_calls
from contract import processing, processing_calls, reporting, reporting_calls

# Longer than the services wait for a position; a call that takes this long has failed.
DEADLINE_S = 10

# The department of the shipped catalogue, its counter run by the post, and its portal.
DEPARTMENT = "000.00.06.H20"
COUNTER = "TTPVHCC-DT"
POST = "VNPOST-DT"
PORTAL = "CONG-DVC-DT"
# Five working days; a result at once; thirty calendar days, and online only information about it.
FIVE_DAYS = "2.001616"
AT_ONCE = "1.008897"
INFORMATION_ONLY = "1.004528"

VIETNAM = datetime.timezone(datetime.timedelta(hours=7))

SERVICES = {
    "intake": intake.DESCRIPTOR.services_by_name["IntakeService"],
    "processing": processing.DESCRIPTOR.services_by_name["ProcessingService"],
    "reporting": reporting.DESCRIPTOR.services_by_name["ReportingService"],
}


class Office:
    """Connections to the three services; in the open, unless told how else."""

    def __init__(self, connect=grpc.insecure_channel):
        self.addresses = {name: os.environ[f"HOSO_{name.upper()}"] for name in SERVICES}
        # Python's gRPC limits what it receives, not what it sends: bad input may be as large as it likes.
        self.channels = {name: connect(address) for name, address in self.addresses.items()}
        self.intake = intake_calls.IntakeServiceStub(self.channels["intake"])
        self.processing = processing_calls.ProcessingServiceStub(self.channels["processing"])
        self.reporting = reporting_calls.ReportingServiceStub(self.channels["reporting"])
        self._logs = {name: log_calls.LogServiceStub(channel) for name, channel in self.channels.items()}

    def close(self):
        for channel in self.channels.values():
            channel.close()

    def head(self, service):
        """The newest synced record of a service's log."""
        return self._logs[service].GetHead(log.GetHeadRequest(), timeout=DEADLINE_S)

    def heads(self):
        """Where the three logs end."""
        return {name: self.head(name).position for name in SERVICES}

    def ask(self, service, rpc, request):
        """Calls an rpc by its name."""
        return getattr(getattr(self, service), rpc)(request, timeout=DEADLINE_S)

    def ask_in_bytes(self, service, rpc, request):
        """The same on bytes, both ways: exactly what went over the wire."""
        path = f"/{SERVICES[service].full_name}/{rpc}"
        call = self.channels[service].unary_unary(path, request_serializer=None, response_deserializer=None)
        return call(request, timeout=DEADLINE_S)


class Scenario(unittest.TestCase):
    """Tests that speak with one running program, one after the other."""

    @classmethod
    def setUpClass(cls):
        cls.office = Office()
        cls.addClassCleanup(cls.office.close)

    def refused(self, service, rpc, request, code, reason, field=None):
        """The call is refused with this status, and with everything a caller must be told. Returns the details."""
        with self.assertRaises(grpc.RpcError) as caught:
            if isinstance(request, bytes):
                self.office.ask_in_bytes(service, rpc, request)
            else:
                self.office.ask(service, rpc, request)
        return self.explained(caught.exception, code, reason, field)

    def explained(self, error, code, reason, field=None):
        """A refusal: exactly one ErrorInfo of ours, a sentence in Vietnamese, every faulty field by name."""
        self.assertEqual(error.code(), code, error.details())
        details = Details(error)
        self.assertEqual(len(details.infos), 1, f"{error.code()} {error.details()}")
        self.assertEqual(details.infos[0].domain, "hoso")
        self.assertEqual(details.infos[0].reason, reason, error.details())
        self.assertEqual([said.locale for said in details.localized], ["vi"])
        self.assertTrue(details.localized[0].message)
        if field is not None:
            self.assertIn(field, details.fields, error.details())
        return details


class Details:
    """What a status says besides its code (AIP-193)."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        trailers = dict(error.trailing_metadata() or ())
        raw = trailers.get("grpc-status-details-bin", b"")
        status = status_pb2.Status.FromString(raw)
        self.infos = self._all(status, error_details_pb2.ErrorInfo)
        self.localized = self._all(status, error_details_pb2.LocalizedMessage)
        self.retries = self._all(status, error_details_pb2.RetryInfo)
        bad = self._all(status, error_details_pb2.BadRequest)
        self.fields = [violation.field for request in bad for violation in request.field_violations]
        self.text = f"{error.details()} {status}"

    @staticmethod
    def _all(status, kind):
        found = []
        for detail in status.details:
            message = kind()
            if detail.Unpack(message):
                found.append(message)
        return found


# --- well-formed requests; every keyword changes a field of what they return


def request_id():
    return str(uuid.uuid4())


def applicant(**changes):
    given = {
        "kind": dossier.APPLICANT_KIND_CITIZEN,
        "name": "Lê Văn Thử",
        "identity_number": "087190001234",
        "phone": "0277 385 1234",
        "address": "Phường Cao Lãnh, Đồng Tháp",
        "request_content": "Cấp lại giấy phép",
    }
    return dossier.Applicant(**{**given, **changes})


def online(**changes):
    """A submission through the portal."""
    given = {
        "procedure": FIVE_DAYS,
        "agency": DEPARTMENT,
        "channel": dossier.CHANNEL_ONLINE,
        "place": dossier.PLACE_KIND_ONLINE,
        "operator": DEPARTMENT,
        "applicant": applicant(),
        "components": [dossier.Component(code="DON", originals=1)],
        "synthetic": True,
    }
    return intake.Submission(**{**given, **changes})


def direct(**changes):
    """A submission at the centre's counter."""
    given = {
        "channel": dossier.CHANNEL_DIRECT,
        "place": dossier.PLACE_KIND_COUNTER,
        "point": COUNTER,
        "operator": POST,
    }
    return online(**{**given, **changes})


def postal(**changes):
    """A submission that travelled by the public post."""
    given = {"channel": dossier.CHANNEL_POSTAL, "place": dossier.PLACE_KIND_POST_OFFICE, "operator": POST}
    return online(**{**given, **changes})


def at_portal():
    return intake.Acceptance(point=PORTAL, operator=DEPARTMENT)


def at_counter():
    return intake.Acceptance(point=COUNTER, operator=POST)


def submit(submission=None, **changes):
    given = {"request_id": request_id(), "submission": submission or online(), "actor": "portal"}
    return intake.SubmitDossierRequest(**{**given, **changes})


def accept(dossier_id, **changes):
    given = {"request_id": request_id(), "dossier_id": dossier_id, "acceptance": at_portal(), "actor": "clerk-1"}
    return intake.AcceptDossierRequest(**{**given, **changes})


def submit_and_accept(submission=None, **changes):
    given = {
        "request_id": request_id(),
        "submission": submission or direct(),
        "acceptance": at_counter(),
        "actor": "clerk-1",
    }
    return intake.SubmitAndAcceptDossierRequest(**{**given, **changes})


def reason(code="thieu_giay_to", text="Thiếu bản chính của đơn."):
    return dossier.Reason(code=code, text=text)


def named(dossier_id):
    return processing.DossierName(dossier_id=dossier_id)


def change(dossier_id, **changes):
    given = {"request_id": request_id(), "dossier": named(dossier_id), "actor": "officer-1"}
    return processing.Change(**{**given, **changes})


# --- days, counted without the system under test


def today():
    return datetime.datetime.now(VIETNAM).date()


def day_of(timestamp):
    return timestamp.ToDatetime(datetime.timezone.utc).astimezone(VIETNAM).date()


def at(when):
    """A moment on the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(when)
    return stamp


class Calendar:
    """The shipped calendar, read and counted by hand."""

    def __init__(self):
        self.days = {}
        self.published = set()
        for line in (REPOSITORY / "deploy/catalogue/calendar.csv").read_text(encoding="utf-8").splitlines():
            if line.startswith("# published:"):
                for span in line.removeprefix("# published:").split(","):
                    first, _, last = span.strip().partition("..")
                    self.published.update(range(int(first), int(last or first) + 1))
            elif line[:4].isdigit():
                day, kind, _ = line.split(",", 2)
                self.days[datetime.date.fromisoformat(day)] = kind

    def works(self, day):
        return self.days.get(day, "off" if day.weekday() >= 5 else "worked") == "worked"

    def after(self, day, working_days):
        """The last of so many working days after this one."""
        while working_days:
            day += datetime.timedelta(days=1)
            working_days -= self.works(day)
        return day


def report_question(first, last=None, **changes):
    given = {"to": (last or first).isoformat(), "grouping": reporting.GROUPING_FIELD}
    return reporting.ReportQuestion(**{"from": first.isoformat(), **given, **changes})


# --- word from one scenario to the next


def leave_word(word):
    pathlib.Path(os.environ["HOSO_STATE"]).write_text(json.dumps(word), encoding="utf-8")


def word_left():
    return json.loads(pathlib.Path(os.environ["HOSO_STATE"]).read_text(encoding="utf-8"))


def text_of(raw):
    return base64.b64encode(raw).decode()


def bytes_of(text):
    return base64.b64decode(text)
