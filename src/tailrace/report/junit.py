"""JUnit XML: one test case per downstream."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tailrace.model import State, Verdict
from tailrace.report.divergence import got_word
from tailrace.report.escape import for_xml
from tailrace.report.words import NOT_CONVERGED, counts, seconds
from tailrace.runs import Report


def to_junit(report: Report) -> bytes:
    """The report as a JUnit XML document, UTF-8."""
    found = counts(report)
    suite = ET.Element(
        "testsuite",
        name=for_xml(f"tailrace {report.command} {report.release}"),
        tests=str(len(report.verdicts)),
        failures=str(sum(found[state] for state in NOT_CONVERGED)),
        errors=str(found[State.UNKNOWN]),
        skipped=str(found[State.SKIPPED]),
        time=f"{seconds(report):.3f}",
        timestamp=report.started_at.isoformat(timespec="seconds"),
    )
    if report.skip is not None:
        case = ET.SubElement(suite, "testcase", classname="tailrace", name=report.command)
        ET.SubElement(case, "skipped", message=for_xml(report.skip.reason))
        suite.set("tests", "1")
        suite.set("skipped", "1")
    for verdict in report.verdicts:
        _case(suite, report, verdict)
    root = ET.Element("testsuites")
    root.append(suite)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _case(suite: ET.Element, report: Report, verdict: Verdict) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=for_xml(report.release.package),
        name=for_xml(verdict.downstream.name),
    )
    evidence = verdict.evidence
    if evidence is not None:
        properties = ET.SubElement(case, "properties")
        for key, value in (
            ("repository", str(evidence.repository)),
            ("branch", evidence.branch),
            ("commit", evidence.commit or ""),
            *((f"blob {path}", sha or "") for path, sha in evidence.blobs.items()),
            ("observed_at", evidence.observed_at.isoformat()),
        ):
            ET.SubElement(properties, "property", name=key, value=for_xml(value))
    if verdict.state in NOT_CONVERGED:
        message = f"{verdict.state}: got {got_word(verdict)}, want {verdict.want}"
        failure = ET.SubElement(case, "failure", type=verdict.state, message=for_xml(message))
        failure.text = for_xml(verdict.detail)
    elif verdict.state is State.UNKNOWN:
        kind = verdict.failure.kind if verdict.failure else "unknown"
        error = ET.SubElement(case, "error", type=kind, message="could not be read")
        error.text = for_xml(verdict.detail)
    elif verdict.state is State.SKIPPED:
        ET.SubElement(case, "skipped", message=for_xml(verdict.detail))
