"""Builds the wheel and the sdist by PEP 517 with the standard library alone: pure Python needs no more."""

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "multimail"
EPOCH = (1980, 1, 1, 0, 0, 0)


def _read(*parts):
    with open(os.path.join(HERE, *parts), "rb") as file:
        return file.read()


def _project(name):
    """A text of the `[project]` table. Python 3.9 has no reader of TOML."""
    table = _read("pyproject.toml").decode().split("[project]", 1)[1]
    match = re.search(r'^%s = "([^"]*)"$' % re.escape(name), table, re.MULTILINE)
    if match is None:
        raise RuntimeError("pyproject.toml does not say " + name)
    return match.group(1)


def _metadata():
    head = [
        "Metadata-Version: 2.1",
        "Name: " + _project("name"),
        "Version: " + _project("version"),
        "Summary: " + _project("description"),
        "License: Apache-2.0",
        "Requires-Python: " + _project("requires-python"),
        "Description-Content-Type: text/markdown",
        "Classifier: Typing :: Typed",
        "",
    ]
    return "\n".join(head).encode() + b"\n" + _read("README.md")


def _sources():
    names = sorted(os.listdir(os.path.join(HERE, PACKAGE)))
    return [name for name in names if name.endswith((".py", ".typed"))]


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel and answers its file name. The same sources make the same bytes."""
    version = _project("version")
    info = "%s-%s.dist-info" % (PACKAGE, version)
    files = [("%s/%s" % (PACKAGE, name), _read(PACKAGE, name)) for name in _sources()]
    files.append((info + "/METADATA", _metadata()))
    files.append((info + "/licenses/LICENSE", _read("LICENSE")))
    wheel = "Wheel-Version: 1.0\nGenerator: multimail\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files.append((info + "/WHEEL", wheel.encode()))
    lines = []
    for path, content in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append("%s,sha256=%s,%d\n" % (path, digest, len(content)))
    lines.append(info + "/RECORD,,\n")
    files.append((info + "/RECORD", "".join(lines).encode()))
    name = "%s-%s-py3-none-any.whl" % (PACKAGE, version)
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return name


def build_sdist(sdist_directory, config_settings=None):
    """Writes the source archive and answers its file name."""
    base = "%s-%s" % (PACKAGE, _project("version"))
    files = [("PKG-INFO", _metadata())]
    files += [(name, _read(name)) for name in ("README.md", "LICENSE", "pyproject.toml", "wheel_backend.py")]
    files += [("%s/%s" % (PACKAGE, name), _read(PACKAGE, name)) for name in _sources()]
    with tarfile.open(os.path.join(sdist_directory, base + ".tar.gz"), "w:gz") as archive:
        for path, content in files:
            entry = tarfile.TarInfo(base + "/" + path)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return base + ".tar.gz"
