"""So that stock nbgrader works from here, safely.

The settings are those of course_admin/settings.py; to change one, do it below the call.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from course_admin.settings import configure  # noqa: E402

c = get_config()  # noqa: F821  (nbgrader provides it)
configure(c, ROOT)
