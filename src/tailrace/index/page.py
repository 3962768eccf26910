"""A project's page of a simple index, HTML or JSON, into what it lists. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import msgspec
from packaging.utils import canonicalize_name

from tailrace.index.base import IndexBadAnswer, IndexFile, Project
from tailrace.index.html import Links, links_of
from tailrace.versions import parse
from tailrace.wire import bare, shown

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")
#: pip's own list; what it would install from.
_ARCHIVES = (".tar.gz", ".zip", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz")
#: No file system holds a longer name.
_LONGEST_NAME = 255
#: The rule is "sha256="; Gitea and Forgejo wrote "sha256-" for years (forgejo 3189).
_HASH = re.compile(r"(?:^|&)(md5|sha1|sha224|sha256|sha384|sha512)[=-]([0-9a-fA-F]+)(?=&|$)")


class _Meta(msgspec.Struct):
    api_version: str = msgspec.field(name="api-version")


class _File(msgspec.Struct):
    filename: str
    url: str
    hashes: dict[str, str] | None = None
    requires_python: str | None = msgspec.field(name="requires-python", default=None)
    yanked: bool | str | None = None


class _Page(msgspec.Struct):
    meta: _Meta
    files: list[_File]


def project_of(package: str, url: str, content_type: str, body: bytes) -> Project:
    """The project on the page. Raises `IndexBadAnswer` for a page that is none of an index's."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == _JSON:
            return Project(package, tuple(_of_json(package, url, body)))
        if kind in _HTML:
            # What matters in it is ASCII, whatever its charset.
            links = links_of(body.decode(errors="replace"))
            _check_version(links.repository_version)
            files = tuple(_of_html(package, url, links))
        else:
            raise _no_index(url, f"answers {shown(kind, 60) or 'without a content type'}")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _no_index(url, f"answers what cannot be read ({shown(str(error), 80)})") from error
    said_so = links.repository_version is not None
    if not files and not said_so and (links.links or links.is_for_people):
        title = shown(links.title, 60)
        said = f" ({title!r})" if title else ""
        raise _no_index(url, f"answers an HTML page that lists no file of {package}{said}")
    return Project(package, files)


def _of_json(package: str, url: str, body: bytes) -> Iterator[IndexFile]:
    page = msgspec.json.decode(body, type=_Page)
    _check_version(page.meta.api_version)
    for row in page.files:
        yield from _file(
            package,
            row.filename,
            _joined(url, row.url) or row.url,
            {name.lower(): digest.lower() for name, digest in (row.hashes or {}).items()},
            row.requires_python,
            yanked=row.yanked,
        )


def _of_html(package: str, url: str, links: Links) -> Iterator[IndexFile]:
    base = url if links.base is None else _joined(url, links.base) or url
    for link in links.links:
        joined = _joined(base, link["href"].strip())
        if joined is None:
            continue
        there, fragment = urldefrag(joined)
        # As pip: a file is called what its address ends with, whatever the link's text is.
        filename = unquote(urlsplit(there).path).rstrip("/").rpartition("/")[2]
        yield from _file(
            package,
            filename,
            there,
            {name: digest.lower() for name, digest in _HASH.findall(fragment)},
            link.get("data-requires-python"),
            # An empty reason is one as well.
            yanked=link.get("data-yanked"),
        )


def _joined(base: str, url: str) -> str | None:
    try:
        return urljoin(base, url)
    except ValueError:
        return None


def _check_version(text: str | None) -> None:
    """PEP 629: another major version means something else by the same words."""
    version = None if text is None else parse(text)
    if text is not None and (version is None or version.major != 1):
        raise ValueError(f"version {text[:20]} of the simple API")


def _file(
    package: str,
    filename: str,
    url: str,
    hashes: Mapping[str, str],
    requires_python: str | None,
    *,
    yanked: bool | str | None,
) -> Iterator[IndexFile]:
    """The file, where it is one that a pip could install the package from."""
    version = _version(package, filename)
    if version is None:
        return
    yield IndexFile(
        filename=filename,
        url=url,
        version=version,
        is_wheel=filename.endswith(".whl"),
        hashes=hashes,
        requires_python=requires_python or None,
        yanked=yanked is not None and yanked is not False,
        yanked_reason=shown(yanked, 100) if isinstance(yanked, str) else "",
    )


def _version(package: str, filename: str) -> str | None:
    """The version in the file's name; None where it is no wheel and no source of the package."""
    if len(filename) > _LONGEST_NAME or not filename.isprintable():
        return None
    wanted = canonicalize_name(package)
    if filename.endswith(".whl"):
        parts = filename.removesuffix(".whl").split("-")
        fits = len(parts) in (5, 6) and canonicalize_name(parts[0]) == wanted
        return parts[1] if fits else None
    ending = next((ending for ending in _ARCHIVES if filename.lower().endswith(ending)), None)
    if ending is None:
        return None
    # "a-b-1.0-2": which "-" it is, only the package's name tells.
    stem = filename[: -len(ending)]
    dashes = (at for at, letter in enumerate(stem) if letter == "-")
    at = next((at for at in dashes if canonicalize_name(stem[:at]) == wanted), None)
    return None if at is None else stem[at + 1 :]


def _no_index(url: str, fact: str) -> IndexBadAnswer:
    return IndexBadAnswer(
        f"{shown(bare(url), 200)}: {fact}; that is no simple index"
        "\n  next: correct `url` in [index]: it ends with /simple/ on most"
    )
