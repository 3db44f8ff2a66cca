"""What every gRPC tool expects of a server: health and reflection."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from google.protobuf import descriptor_pb2

from office import DEADLINE_S, SERVICES, Scenario

OWN = {name: [service.full_name, "hoso.log.v1.LogService"] for name, service in SERVICES.items()}
for follower in ["processing", "reporting"]:
    OWN[follower].append("hoso.log.v1.ParkedService")
OWN["processing"].append("hoso.processing.v1.WatchService")
VERSIONS = ["grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection"]


class Health(Scenario):
    def check(self, name, service):
        stub = health_pb2_grpc.HealthStub(self.office.channels[name])
        return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE_S).status

    def test_the_whole_and_each_service_are_serving(self):
        for name, services in OWN.items():
            for service in ["", *services]:
                with self.subTest(f"{name}: {service}"):
                    self.assertEqual(self.check(name, service), health_pb2.HealthCheckResponse.SERVING)

    def test_a_service_that_is_elsewhere_is_unknown(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.check("intake", "hoso.reporting.v1.ReportingService")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_a_watch_tells_the_state_at_once(self):
        stub = health_pb2_grpc.HealthStub(self.office.channels["processing"])
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=DEADLINE_S)
        self.assertEqual(next(watch).status, health_pb2.HealthCheckResponse.SERVING)
        watch.cancel()


class Reflection(Scenario):
    def ask(self, name, version, request):
        # Both versions have the same messages under another package; v1 has no package for Python of its own.
        call = self.office.channels[name].stream_stream(
            f"/{version}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        return next(call(iter([request]), timeout=DEADLINE_S))

    def test_both_versions_list_the_services(self):
        for name, services in OWN.items():
            for version in VERSIONS:
                with self.subTest(f"{name}: {version}"):
                    request = reflection_pb2.ServerReflectionRequest(list_services="")
                    listed = self.ask(name, version, request).list_services_response.service
                    listed = {service.name for service in listed}
                    self.assertLessEqual({*services, "grpc.health.v1.Health"}, listed)

    def test_both_versions_give_the_contract(self):
        for name, services in OWN.items():
            for version in VERSIONS:
                with self.subTest(f"{name}: {version}"):
                    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=services[0])
                    answer = self.ask(name, version, request).file_descriptor_response
                    files = [
                        descriptor_pb2.FileDescriptorProto.FromString(raw) for raw in answer.file_descriptor_proto
                    ]
                    defined = {f"{file.package}.{service.name}" for file in files for service in file.service}
                    self.assertIn(services[0], defined)

    def test_the_older_stub_works_as_it_is(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.office.channels["intake"])
        request = reflection_pb2.ServerReflectionRequest(file_by_filename="hoso/intake/v1/intake.proto")
        answer = next(stub.ServerReflectionInfo(iter([request]), timeout=DEADLINE_S))
        self.assertTrue(answer.file_descriptor_response.file_descriptor_proto)
