"""JUnit XML: a test case for each file, a failure for each finding."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tailrace.lint.engine import Linted
from tailrace.lint.finding import Severity
from tailrace.report.escape import for_xml


def lint_to_junit(linted: Linted, paths: Sequence[str]) -> bytes:
    """The document. A file without findings is a case that passed."""
    every = sorted({*paths, *(finding.path for finding in linted.findings)})
    failing = [one for one in linted.findings if one.severity is not Severity.INFO]
    suite = ET.Element(
        "testsuite",
        name="tailrace lint",
        tests=str(len(every) + len(linted.not_checked)),
        failures=str(len({one.path for one in failing})),
        skipped=str(len(linted.not_checked)),
    )
    for path in every:
        case = ET.SubElement(suite, "testcase", classname="workflows", name=for_xml(path))
        found = [one for one in failing if one.path == path]
        if found:
            first = found[0]
            message = f"{first.rule} at line {first.start.line}: {first.message}"
            failure = ET.SubElement(case, "failure", type=first.rule, message=for_xml(message))
            failure.text = for_xml(
                "\n".join(
                    f"{one.start.line}:{one.start.column} {one.rule} {one.message}; {one.step}"
                    for one in found
                )
            )
    for skipped in linted.not_checked:
        case = ET.SubElement(suite, "testcase", classname="rules", name=skipped.rule)
        ET.SubElement(case, "skipped", message=for_xml(f"not checked: {skipped.reason}"))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data
