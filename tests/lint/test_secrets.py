"""Secrets in added lines: found by look or context, never printed; and .gitleaks.toml."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tailrace.errors import ConfigurationError
from tailrace.lint.engine import lint
from tailrace.lint.finding import Finding
from tailrace.lint.gitleaks import SecretRules, read_gitleaks
from tailrace.lint.rules.sc001 import RULE
from tailrace.lint.target import parse_target
from tailrace.lint.tree import AddedLine, Tree

HEX = "0f1e2d3c4b" * 4
MIXED = "a8F3k9Q2m7Z1x5W0" * 6
TARGET = parse_target("gitea@1.22.6")


def findings(
    line: str, known: SecretRules | None = None, path: str = "a.py"
) -> tuple[Finding, ...]:
    tree = Tree(TARGET, (), added=(AddedLine(path, 7, line),), secrets=known)
    return lint(tree, [RULE]).findings


def kinds(line: str, known: SecretRules | None = None, path: str = "a.py") -> list[str]:
    return [one.message.partition("(")[2].rstrip(")") for one in findings(line, known, path)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("-----BEGIN " + "RSA PRIVATE KEY-----", "private-key"),
        ("-----BEGIN " + "PGP PRIVATE KEY BLOCK-----", "private-key"),
        ("key: AKIA" + "QWERTYUIOPASDFGH", "aws-access-token"),
        ("aws_secret_access_key = " + MIXED[:40], "aws-secret"),
        ("x = 'ghp_" + MIXED[:36] + "'", "github-pat"),
        ("token: ghs_" + MIXED[:36], "github-pat"),
        ("github_pat_" + MIXED[:82], "github-fine-grained-pat"),
        ("glpat-" + MIXED[:20], "gitlab-pat"),
        ("xoxb-" + MIXED[:30], "slack-token"),
        ("https://hooks.slack.com/services/" + MIXED[:44], "slack-webhook-url"),
        ("sk_live_" + MIXED[:24], "stripe-access-token"),
        ("pypi-Ag" + MIXED[:60], "pypi-upload-token"),
        ("eyJ" + MIXED[:20] + ".eyJ" + MIXED[:20] + "." + MIXED[:20], "jwt"),
        ("Authorization: token " + HEX, "gitea-token"),
        ("GITEA_TOKEN=" + HEX, "gitea-token"),
        ('"token": "' + HEX + '"', "gitea-token"),
        ("u?access_token=" + HEX, "gitea-token"),
        ("https://" + HEX + "@git.example.com/a.git", "gitea-url"),
        ("https://bot:" + HEX + "@git.example.com/a.git", "gitea-url"),
        ("postgres://app:" + MIXED[:9] + "@db/x", "url-password"),
        ('password = "' + MIXED[:14] + '"', "generic-api-key"),
        ("api_key: '" + MIXED[:14] + "'", "generic-api-key"),
        ("export DB_PASSWORD=" + MIXED[:14], "generic-api-key"),
    ],
)
def test_found(line: str, kind: str) -> None:
    found = findings("ü " + line if not line.startswith("export") else line)
    assert [(one.rule, one.start.line) for one in found] == [("SC001", 7)]
    assert kinds(line) == [kind]
    assert "rotate" in found[0].step


@pytest.mark.parametrize(
    "line",
    [
        "uses: actions/checkout@" + HEX,
        "uses: https://gitea.com/actions/checkout@" + HEX,
        "commit " + HEX,
        "sha1: " + HEX,
        "token_hash = '" + MIXED[:40] + "'",
        "key: AKIA" + "IOSFODNN7EXAMPLE",
        "password = 'correct-horse-battery'",
        "password = 'aaaaaaaa1111'",
        'password = "${DB_PASSWORD_1}"',
        "token: ${{ secrets.TOKEN_1 }}",
        "password = settings.PASSWORD_1x9",
        "secret: 'changeme-123abcXYZ'",
        "postgres://app:${PASSWORD}@db/x",
        "postgres://postgres:postgres@db/x",
        "https://user@host/path:9/x@y",
        "-----BEGIN PUBLIC KEY-----",
        'password = "' + MIXED[:14] + '" # gitleaks:allow',
        "sk_test_" + MIXED[:24],
        "",
    ],
)
def test_not_found(line: str) -> None:
    assert kinds(line) == []


def test_places_are_code_points() -> None:
    (found,) = findings("üü ghp_" + MIXED[:36])
    assert (found.start.column, found.end.column) == (4, 44)


def test_two_on_one_line_and_no_more_than_enough() -> None:
    assert len(findings("ghp_" + MIXED[:36] + " glpat-" + MIXED[:20])) == 2
    assert len(findings(("glpat-" + MIXED[:20] + " ") * 100)) == 20


ALPHABET = string.ascii_letters + string.digits


@given(
    st.sampled_from(["ghp_{}", "glpat-{}", 'password = "{}"', "postgres://a:{}@b", "GH_TOKEN={}"]),
    st.text(ALPHABET, min_size=36, max_size=60),
)
@settings(max_examples=200, deadline=None)
def test_no_value_is_ever_printed(around: str, secret: str) -> None:
    rules = read_gitleaks(b"[[rules]]\nid = 'all'\nregex = '[A-Za-z0-9]{36,}'")
    found = findings(around.format(secret), rules)
    assert found
    for one in found:
        said = f"{one.message} {one.step} {one.path} {one.edits}"
        assert not any(secret[at : at + 8] in said for at in range(len(secret) - 7))


TOML = r"""
title = "x"
[extend]
useDefault = true
disabledRules = ["jwt"]
[[rules]]
id = "acme"
regex = '''(acme)_([0-9a-f]{8})'''
secretGroup = 2
keywords = ["ACME_"]
entropy = 2.0
path = '''\.py$'''
[[rules.allowlists]]
stopwords = ["beef"]
[[rules]]
id = "github-pat"
[[rules.allowlists]]
condition = "AND"
paths = ['''^docs/''']
regexes = ['''^ghp_a8''']
[[allowlists]]
targetRules = ["gitlab-pat"]
regexTarget = "line"
regexes = ['''# fake$''']
[allowlist]
paths = ['''^vendor/''']
commits = ["abc"]
"""


@pytest.mark.parametrize(
    ("line", "path", "found"),
    [
        ("acme_01234567", "a.py", ["acme"]),
        ("acme_01234567", "a.md", []),
        ("acme_01234567", "vendor/a.py", []),
        ("acme_00000000", "a.py", []),
        ("acme_0123beef", "a.py", []),
        ("ghp_" + MIXED[:36], "a.py", ["github-pat"]),
        ("ghp_" + MIXED[:36], "docs/a.py", []),
        ("ghp_" + MIXED[1:37], "docs/a.py", ["github-pat"]),
        ("glpat-" + MIXED[:20] + " # fake", "a.py", []),
        ("ghp_" + MIXED[:36] + " # fake", "a.py", ["github-pat"]),
        ("eyJ" + MIXED[:20] + ".eyJ" + MIXED[:20] + "." + MIXED[:20], "a.py", []),
    ],
)
def test_gitleaks(line: str, path: str, found: list[str]) -> None:
    assert kinds(line, read_gitleaks(TOML.encode()), path) == found


def test_what_is_not_read_is_said() -> None:
    known = read_gitleaks(TOML.encode() + b"\n[[rules]]\nid = 'p'\npath = 'x'")
    assert known.unread == ("rules.p: a path without a regex", "allowlist.commits")
    assert read_gitleaks(b"[extend]\npath = 'x'").unread == ("extend.path",)
    assert read_gitleaks(b"") == SecretRules()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nid = 'mine'\nregex = '(?=a)'", "'mine'"),
        ("[[rules]]\nid = 'mine'\nregex = 3", "'mine'"),
        ("[[rules]]\nid = 'mine'\nregex = 'a'\nsecretGroup = 1", "secretGroup"),
        ("[[rules]]\nid = 'mine'\nregex = 'a'\nentropy = 'b'", "entropy"),
        ("[[rules]]\nid = 'mine'\nregex = 'a'\nkeywords = 'b'", "keywords"),
        ("[[rules]]\nregex = 'a'", "no id"),
        ("rules = 3", "rules"),
        ("[[allowlists]]\npaths = ['(?!x)']", "an allow list"),
        ("a = ", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
        ("a" * 1_100_000, "bytes"),
    ],
)
def test_a_file_that_cannot_be_used(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_gitleaks(text.encode())


@pytest.mark.parametrize(
    "piece", ["a", "token = '", "://a:", "eyJ", "xoxb-", "password=", "=", " "]
)
def test_a_very_long_line_ends(piece: str) -> None:
    begun = time.monotonic()
    findings(piece * (1_000_000 // len(piece)))
    assert time.monotonic() - begun < 20
