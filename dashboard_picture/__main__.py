"""Draw the picture: ``python -m dashboard_picture``."""

from pathlib import Path

from .drawing import draw, save
from .example import example_template
from .template import alarm_states, dashboard_widgets

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "dashboard.png"


def main() -> None:
    """Synthesize the example, and draw what its dashboard would show."""
    template = example_template()
    save(draw(dashboard_widgets(template), alarm_states(template)), PICTURE)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
