"""Runs one scenario, a module or a class in one, and fails unless every test in it ran and passed."""

import faulthandler
import sys
import unittest

# Every call has a deadline of its own; should one hang all the same, this says where, and no process stays behind.
faulthandler.dump_traceback_later(120, exit=True)

suite = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
if result.testsRun == 0 or result.skipped:
    sys.exit("a scenario without tests, or with tests put aside, proves nothing")
sys.exit(0 if result.wasSuccessful() else 1)
