"""Runs every check against one server."""

import sys
import unittest
from pathlib import Path

from .server import server


def main():
    server.start()
    folder = Path(__file__).parent
    suite = unittest.defaultTestLoader.discover(str(folder), top_level_dir=str(folder.parent))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    status = server.stop()
    if status != 0:
        print(f"octet ended with {status}", file=sys.stderr)
    sys.exit(0 if result.wasSuccessful() and status == 0 else 1)


if __name__ == "__main__":
    main()
