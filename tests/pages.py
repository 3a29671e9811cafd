"""What a page holds, read back from it."""

import base64
import gzip
import json
import re
from typing import Any


def shown(html: str) -> dict[str, dict[str, Any]]:
    """By ticker what the page shows when it is chosen."""
    scripts = re.findall(r'<script type="application/gzip;base64" class="ticker"[^>]*>([^<]*)</script>', html)
    tickers = [json.loads(gzip.decompress(base64.b64decode(script))) for script in scripts]
    return {ticker["name"]: ticker for ticker in tickers}


def parsed(html: str, name: str) -> Any:
    """The page's JSON of this id."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def outside_scripts(html: str) -> str:
    return re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
