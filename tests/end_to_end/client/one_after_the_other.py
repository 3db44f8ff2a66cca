"""Durable writes on one connection, each sent when the one before was answered: first with personal data, then without."""

from office import Scenario, accept, submit

# The test that watches the program's system calls counts on it.
WRITES = 12


class OneAfterTheOther(Scenario):
    def test_every_write_is_answered(self):
        filed = [self.office.ask("intake", "SubmitDossier", submit()) for _ in range(WRITES)]
        for written in filed:
            accepted = self.office.ask("intake", "AcceptDossier", accept(written.dossier.dossier_id))
            self.assertTrue(accepted.dossier.code)
