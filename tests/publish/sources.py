"""Tiny source trees with a build backend of their own: builds that need no network."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tailrace.publish.artifact import Artifact, read_artifact

PACKAGE = "tiny-demo"
VERSION = "1.2.3"

#: PEP 517, of the standard library alone; it reads its knobs from knobs.json.
BACKEND = """\
import base64, gzip, hashlib, io, json, os, subprocess, sys, tarfile, tomllib, zipfile
from pathlib import Path

README = "# A tiny package\\n\\nThat the tests build.\\n"


def told():
    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    knobs = json.loads(Path("knobs.json").read_text())
    version = project.get("version") or knobs["version"]
    if knobs["version_file"]:
        version = Path(knobs["version_file"]).read_text().split('"')[1]
    return project["name"], version, knobs


def metadata(name, version):
    head = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\nSummary: Tiny.\\n"
    return (head + "Description-Content-Type: text/markdown\\n\\n" + README).encode()


def misbehave(knobs):
    print(knobs["says"] * knobs["times"])
    if knobs["tells_environment"]:
        print("\\n".join(f"{k}={v}" for k, v in os.environ.items()))
        Path(knobs["tells_environment"]).write_text(json.dumps(dict(os.environ)))
    if knobs["hangs"]:
        pipe = os.open(knobs["hangs"], os.O_WRONLY)
        os.set_inheritable(pipe, True)
        # A child that holds the pipe as well: its end is seen at the other end of it.
        child = subprocess.Popen(["sleep", "600"], close_fds=False)
        os.write(pipe, b"hanging\\n")
        child.wait()
    if knobs["fails"]:
        sys.exit(knobs["fails"])


def build_sdist(sdist_directory, config_settings=None):
    name, version, knobs = told()
    misbehave(knobs)
    stem = f"{name.replace('-', '_').lower()}-{version}"
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path in [*sorted(p for p in Path(".").rglob("*") if p.is_file()), "PKG-INFO"]:
            said = str(path)
            if said.startswith(("dist/", ".git/")) or "__pycache__" in said:
                continue
            data = metadata(name, version) if said == "PKG-INFO" else path.read_bytes()
            entry = tarfile.TarInfo(f"{stem}/{said}")
            entry.size = len(data)
            if knobs["clock"]:
                entry.mtime, entry.uid = int.from_bytes(os.urandom(3)), os.urandom(1)[0]
                entry.pax_headers = {"mtime": f"{entry.mtime}.5"}
            tar.addfile(entry, io.BytesIO(data))
    made = f"{stem}.tar.gz"
    packed = gzip.compress(raw.getvalue(), mtime=0)
    if knobs["random"]:
        packed = gzip.compress(raw.getvalue(), mtime=int.from_bytes(os.urandom(3)))
    Path(sdist_directory, made).write_bytes(packed)
    return made


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, version, knobs = told()
    version = knobs["wheel_version"] or version
    name = knobs["wheel_name"] or name
    stem = f"{name.replace('-', '_').lower()}-{version}"
    info = f"{stem}.dist-info"
    files = {path: text.encode() for path, text in knobs["modules"].items()}
    if knobs["random"]:
        files["tiny_random.py"] = repr(os.urandom(16)).encode()
    files[f"{info}/METADATA"] = metadata(name, version)
    tag = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/WHEEL"] = ("Wheel-Version: 1.0\\nGenerator: tiny\\n" + tag).encode()
    if knobs["scripts"]:
        lines = [f"{k} = {v}" for k, v in knobs["scripts"].items()]
        files[f"{info}/entry_points.txt"] = "\\n".join(["[console_scripts]", *lines, ""]).encode()
    rows = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(data)}")
    files[f"{info}/RECORD"] = "\\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    made = f"{stem}-py3-none-any.whl"
    if knobs["no_wheel"]:
        made = f"{stem}.txt"
    with zipfile.ZipFile(Path(wheel_directory, made), "w") as wheel:
        for path, data in files.items():
            wheel.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data)
    return made
"""

_MODULE = '''\
"""A tiny package."""

import sys


def main() -> None:
    """Say that it works, or end with the number that it is told."""
    print("tiny works")
    sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
'''


@dataclass(frozen=True)
class Knobs:
    """What a source tree is like, and how its build goes wrong."""

    package: str = PACKAGE
    version: str = "0.0.0"
    #: False: pyproject.toml states no version; the backend takes this one.
    static: bool = True
    #: A file that states the version between quotes.
    version_file: str = ""
    wheel_version: str = ""
    wheel_name: str = ""
    no_wheel: bool = False
    #: What the build ends with.
    fails: str = ""
    #: A named pipe: written to when it hangs, and at its end when nothing of it runs any more.
    hangs: str = ""
    says: str = ""
    times: int = 1
    #: A file for the environment of the build; it is printed as well.
    tells_environment: str = ""
    random: bool = False
    #: The sdist says when it was packed, and by whom, as setuptools' does.
    clock: bool = False
    modules: Mapping[str, str] = field(default_factory=lambda: {"tiny/__init__.py": _MODULE})
    scripts: Mapping[str, str] = field(default_factory=lambda: {"tiny-demo": "tiny:main"})


def make_source(folder: Path, **knobs: Any) -> Path:
    """A source tree in ``folder``, as these knobs say."""
    said = Knobs(**knobs)
    (folder / "backend").mkdir(parents=True)
    (folder / "backend" / "tiny_backend.py").write_text(BACKEND)
    (folder / "knobs.json").write_text(json.dumps(asdict(said)))
    (folder / "README.md").write_text("# A tiny package\n")
    version = f'version = "{said.version}"' if said.static else 'dynamic = ["version"]'
    (folder / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\n"
        'build-backend = "tiny_backend"\nbackend-path = ["backend"]\n\n'
        f'[project]\nname = "{said.package}"\n{version}\n'
    )
    if said.version_file:
        (folder / said.version_file).write_text(f'__version__ = "{said.version}"\n')
    return folder


def wheel_bytes(package: str = PACKAGE, version: str = VERSION, extra: bytes = b"") -> bytes:
    """A wheel of the package; ``extra`` gives it other bytes."""
    info = f"{package.replace('-', '_')}-{version}.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return zipped(
        {
            "tiny/__init__.py": b"# " + extra,
            f"{info}/METADATA": metadata(package, version),
            f"{info}/WHEEL": wheel.encode(),
            f"{info}/RECORD": b"",
        }
    )


def sdist_bytes(package: str = PACKAGE, version: str = VERSION) -> bytes:
    """A source distribution of the package."""
    stem = f"{package.replace('-', '_')}-{version}"
    files = {f"{stem}/PKG-INFO": metadata(package, version), f"{stem}/pyproject.toml": b""}
    return tarred(files)


def metadata(package: str = PACKAGE, version: str = VERSION) -> bytes:
    """A METADATA or PKG-INFO."""
    return f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n\ntiny\n".encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """A packed tar file of these, and of symbolic links."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, target in (links or {}).items():
            link = tarfile.TarInfo(path)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(made.getvalue(), mtime=0)


def write_artifacts(
    folder: Path, package: str = PACKAGE, version: str = VERSION, extra: bytes = b""
) -> Sequence[Artifact]:
    """A wheel and an sdist in ``folder``, made without a build."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{package.replace('-', '_')}-{version}"
    wheel, sdist = folder / f"{stem}-py3-none-any.whl", folder / f"{stem}.tar.gz"
    wheel.write_bytes(wheel_bytes(package, version, extra))
    sdist.write_bytes(sdist_bytes(package, version))
    return read_artifact(wheel), read_artifact(sdist)
