"""``python -m broker.egress SETTINGS.json``."""

import sys

from broker.egress.app import main

raise SystemExit(main(sys.argv[1:]))
