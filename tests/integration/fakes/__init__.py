"""Stand-ins for services that cannot run here. They are fakes, written from the vendors' contracts.

Each one is an HTTP server on 127.0.0.1 that a test starts and stops.
"""
