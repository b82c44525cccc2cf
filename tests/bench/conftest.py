"""Makes the bench importable however pytest is started: it is a folder of the checkout, not an installed package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
