"""What installing may know of this machine: how to reach a package index, and no other secret."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

INSTALL_VARIABLES = re.compile(
    r"""(?ix)
    (https?|all|no|ftp)_proxy
    | SSL_CERT_(FILE|DIR) | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | NODE_EXTRA_CA_CERTS
    | UV_(DEFAULT_|EXTRA_)?INDEX(_[A-Z0-9_]+)? | UV_FIND_LINKS | UV_NO_INDEX
    | UV_INSECURE_HOST | UV_NATIVE_TLS | UV_SYSTEM_CERTS
    | UV_HTTP_[A-Z_]+ | UV_CONCURRENT_[A-Z_]+ | UV_REQUEST_TIMEOUT | UV_OFFLINE | UV_CONSTRAINT | UV_OVERRIDE
    | PIP_(EXTRA_)?INDEX_URL | PIP_FIND_LINKS | PIP_NO_INDEX | PIP_TRUSTED_HOST | PIP_CERT | PIP_PROXY
    | PIP_DEFAULT_TIMEOUT | PIP_TIMEOUT | PIP_RETRIES
    | npm_config_(registry|proxy|https_proxy|noproxy|cafile|strict_ssl)
    | GOPROXY | GONOPROXY | GOSUMDB | GONOSUMDB | GOINSECURE
    | CARGO_(REGISTRIES|SOURCE|HTTP|NET)_[A-Z0-9_]+
    """
)
"""The variables of the daemon that an install job sees. Those with an index's password are among them: no code of a
project runs while installing."""

_CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
)
_FILES = (
    "/etc/resolv.conf",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls",
    "/etc/pki/ca-trust/extracted",
)
_CONFIGURATION = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/uv", "/etc/npmrc", "/etc/ca-certificates")
_HOME_CONFIGURATION = (".config/pip", ".config/uv", ".pip")
_NPM_SECRET = re.compile(r"_auth|_password|token|username|email|certfile|keyfile", re.IGNORECASE)
_LOCAL_PATH = re.compile(r"(?:file://)?(/[^\s\"',;\[\]#]+)")
_LOCAL_SETTING = re.compile(r"find[-_]links|index|file://", re.IGNORECASE)
_REMOTE = re.compile(r"\b(?!file:)\w+://\S+")


def install_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if INSTALL_VARIABLES.fullmatch(name)}


def install_files(variables: Mapping[str, str], home: str = "/tmp/home") -> dict[str, Path]:  # noqa: S108 - inside
    """Place inside -> file or folder of this machine: name resolution, certificates, index configuration."""
    named = [variables[name] for name in _CERTIFICATE_VARIABLES if name in variables]
    found = {path: Path(path).resolve() for path in (*_FILES, *_CONFIGURATION, *named)}
    found |= {f"{home}/{name}": Path.home() / name for name in _HOME_CONFIGURATION}
    return {place: path for place, path in found.items() if path.exists() and not place.startswith("/usr/")}


def install_texts(home: str = "/tmp/home") -> dict[str, str]:  # noqa: S108 - inside
    """Place inside -> content, of files that hold more than may be shown."""
    try:
        lines = (Path.home() / ".npmrc").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {f"{home}/.npmrc": "".join(f"{line}\n" for line in lines if not _NPM_SECRET.search(line))}


def hosts() -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return Path("/etc/hosts").read_text(encoding="utf-8")
    return "127.0.0.1 localhost\n::1 localhost\n"


def local_indexes(variables: Mapping[str, str]) -> list[Path]:
    """Folders of packages that variables or configuration files name."""
    settings = [value for name, value in install_variables(variables).items() if _LOCAL_SETTING.search(name + value)]
    texts = [*settings, *_configured_lines(variables)]
    found = {Path(match) for text in texts for match in _LOCAL_PATH.findall(_REMOTE.sub("", text))}
    return sorted(path for path in found if path.is_dir() and path != Path("/"))


def _configured_lines(variables: Mapping[str, str]) -> Iterator[str]:
    for path in install_files(variables).values():
        for file in [path] if path.is_file() else (*path.glob("*.conf"), *path.glob("*.toml")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                yield from (
                    line for line in file.read_text(encoding="utf-8").splitlines() if _LOCAL_SETTING.search(line)
                )
