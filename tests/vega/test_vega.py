"""The script can be part of a page, and is the same each time."""

from pathlib import Path

from pipeline.vega.__main__ import main
from tests.conftest import vega


def test_the_script_can_be_part_of_a_page(project: Path) -> None:
    main()
    content = (project / "reports/vega.js").read_bytes()
    assert content == vega()
    script = content.decode()
    assert "vegaEmbed" in script
    assert "</script" not in script.lower()
    assert len(script) < 2_000_000
