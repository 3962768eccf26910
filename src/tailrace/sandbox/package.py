"""The tiny package that a sandbox's fleet consumes: its source, and a release of it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping, Sequence

from packaging.version import Version

from tailrace.versions import is_version, parse

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{package}"
version = "{version}"
description = "The package that the sandbox's fleet consumes."
readme = "README.md"
requires-python = ">=3.9"

[project.scripts]
{package} = "{module}:main"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}"]
"""
_MODULE = '''\
"""The package that the sandbox's fleet consumes."""

from importlib.metadata import version


def main() -> None:
    """Say which version this is."""
    print(version("{package}"))
'''
#: The oldest time that a zip file can say.
_TIME = (1980, 1, 1, 0, 0, 0)


def source_files(package: str, version: str) -> dict[str, bytes]:
    """The source of the package, by path."""
    module = module_of(package)
    texts = {
        "README.md": f"# {package}\n\nConsumed by every repository of the sandbox's fleet.\n",
        "pyproject.toml": _PYPROJECT.format(package=package, module=module, version=version),
        f"src/{module}/__init__.py": _MODULE.format(package=package),
        ".gitignore": "dist/\n",
    }
    return {path: text.encode() for path, text in texts.items()}


def module_of(package: str) -> str:
    """What the package is imported by."""
    return re.sub(r"[^a-z0-9]+", "_", package.lower())


def wheel(package: str, version: str) -> tuple[str, bytes]:
    """A wheel of the package (its name and bytes), always the same for the same version."""
    module = module_of(package)
    info = f"{module}-{version}.dist-info"
    files: Mapping[str, bytes] = {
        f"{module}/__init__.py": _MODULE.format(package=package).encode(),
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nRequires-Python: >=3.9\n"
        ).encode(),
        f"{info}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: tailrace\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{info}/entry_points.txt": f"[console_scripts]\n{package} = {module}:main\n".encode(),
    }
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in files.items()]
    record = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path, _TIME), data)
    return f"{module}-{version}-py3-none-any.whl", made.getvalue()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def newest(pins: Sequence[str | None]) -> str:
    """The newest version that a fleet's pins say: what its index has to begin with."""
    words = [(pin or "").split("\n", maxsplit=1)[0].strip() for pin in pins]
    found: list[Version] = [v for w in words if is_version(w) and (v := parse(w)) is not None]
    return str(max(found)) if found else "0.1.0"
