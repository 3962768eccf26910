"""A project's page of a simple index, HTML or JSON, into what it lists."""

from __future__ import annotations

import json
import re
from typing import Any

from packaging.utils import canonicalize_name

from tailrace.index.base import IndexBadAnswer, IndexFile, Project
from tailrace.wire import shown

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")


def project_of(
    package: str, url: str, content_type: str, body: bytes, charset: str | None
) -> Project:
    """The project on the page. Raises `IndexBadAnswer` for a page that is none of an index's."""
    from pypi_simple import ProjectPage

    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == _JSON:
            page = ProjectPage.from_json_data(json.loads(body), base_url=url)
        elif kind in _HTML:
            text = body.decode(charset or "utf-8", errors="replace")
            page = ProjectPage.from_html(package, text, base_url=url)
        else:
            page = None
    except (Exception, RecursionError) as error:
        # Whatever a hostile page made the parser do: it was no page of an index.
        raise _no_index(url, f"answers what cannot be read ({type(error).__name__})") from error
    if page is None:
        raise _no_index(url, f"answers {shown(kind, 60) or 'without a content type'}")
    files = tuple(
        _file(found)
        for found in page.packages
        if found.version is not None
        and found.package_type in ("wheel", "sdist")
        and canonicalize_name(found.project or "") == canonicalize_name(package)
    )
    if kind in _HTML and page.packages and not files and page.repository_version is None:
        title = re.search(r"<title[^>]*>([^<]{0,200})", body[:20_000].decode(errors="replace"))
        said = f" ({shown(title.group(1), 60)!r})" if title else ""
        raise _no_index(url, f"answers an HTML page that lists no file of {package}{said}")
    return Project(package, files)


def _file(found: Any) -> IndexFile:
    return IndexFile(
        filename=found.filename,
        url=found.url,
        version=found.version,
        is_wheel=found.package_type == "wheel",
        hashes={str(k).lower(): str(v).lower() for k, v in (found.digests or {}).items()},
        requires_python=found.requires_python,
        yanked=bool(found.is_yanked),
        yanked_reason=shown(found.yanked_reason or "", 100),
    )


def _no_index(url: str, fact: str) -> IndexBadAnswer:
    return IndexBadAnswer(
        f"{shown(url, 200)}: {fact}; that is no simple index"
        "\n  next: correct `url` in [index]: it ends with /simple/ on most"
    )
