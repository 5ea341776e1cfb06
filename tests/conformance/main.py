"""Runs plans of the OpenID Foundation's conformance suite against a tenant; docs/conformance.md says how."""

import argparse
import collections
import ssl
import sys
import tempfile
import time
from pathlib import Path

import names  # noqa: F401 (names below localhost)
from person import ADDRESS, Person
from plans import HABITS, PICTURES, PLANS, Needs
from suite import Suite
from tenant import Tenant

GOOD = {"PASSED", "WARNING", "REVIEW", "SKIPPED"}
# Seconds that a module may take, and that nothing happens before it gets the picture it waits for.
LONGEST, QUIET = 420, 4


def main():
    asked = arguments()
    tls = ssl.create_default_context(cafile=asked.ca)
    suite = Suite(asked.suite, tls)
    print(f"suite {suite.version()}")
    counts = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="polder-conformance.") as folder:
        try:
            with Tenant(asked.tenant, Path(folder), asked.issuer, asked.listen) as tenant:
                tenant.ask("POST", "/users", {"email": ADDRESS, "name": "Ann Example", "locale": "en"})
                for plan in asked.plan or PLANS:
                    counts += run(plan, suite, tenant, asked, tls)
        finally:
            if counts.keys() - GOOD or sys.exc_info()[0]:
                print((Path(folder) / "log").read_text(), file=sys.stderr)
    sys.exit(1 if counts.keys() - GOOD else 0)


def run(plan, suite, tenant, asked, tls):
    """Runs a plan and prints a line per module; answers how many ended how."""
    name, variant = PLANS[plan]
    configuration = Needs(tenant, asked.suite, asked.loopback).configuration(plan)
    id, modules = suite.make_plan(name, variant, configuration)
    print(f"\n{name} {asked.suite}/plan-detail.html?plan={id}", flush=True)
    counts = collections.Counter()
    for module in modules:
        if asked.module and module["testModule"] not in asked.module:
            continue
        person = Person(tenant.issuer, tenant.mailbox, tls)
        test, result = drive(suite, id, module, person)
        page, times = PICTURES.get(module["testModule"], ("a known page", 1))
        if result == "REVIEW" and person.saw.count(page) != times:
            print(f"         saw {person.saw}, not {page} {times} times")
            result = "FAILED"
        counts[result] += 1
        print(f"{result:8} {module['testModule']} ({test})", flush=True)
        for entry in suite.log(test):
            if entry.get("result") in ("FAILURE", "WARNING"):
                print(f"         {entry['result']} {entry['src']}: {entry['msg']}", flush=True)
    print(" ".join(f"{result.lower()} {count}" for result, count in sorted(counts.items())), flush=True)
    return counts


def drive(suite, plan, module, person):
    """Starts a module and does what it asks a person to do; answers its id and result."""
    test = suite.start(plan, module)
    habits = list(HABITS.get(module["testModule"], []))
    began = quiet_since = time.monotonic()
    while (now := time.monotonic()) - began < LONGEST:
        info = suite.info(test)
        if info["status"] in ("FINISHED", "INTERRUPTED"):
            return test, info["result"] if info["status"] == "FINISHED" else "INTERRUPTED"
        waits = suite.to_visit(test) if info["status"] == "WAITING" else []
        if waits:
            url, method = waits[0]
            suite.visited(test, url)
            person.visit(url, method, habits.pop(0) if habits else "sign in")
            quiet_since = time.monotonic()
        elif info["status"] == "WAITING" and now - quiet_since > QUIET:
            for placeholder in pictures(suite, test):
                suite.fill_picture(test, placeholder)
            quiet_since = now
        time.sleep(0.2)
    return test, "INTERRUPTED"


def pictures(suite, test):
    """The pictures it waits for."""
    return [entry["upload"] for entry in suite.log(test) if entry.get("upload") and not entry.get("img")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", required=True, metavar="URL", help="the suite, such as https://suite.localhost:8443")
    parser.add_argument("--loopback", metavar="URL", help="the suite without TLS, such as http://127.0.0.1:8480")
    parser.add_argument("--issuer", required=True, metavar="URL", help="what the tenant is to be, such as https://op.localhost:9443")
    parser.add_argument("--listen", default="127.0.0.1:9480", metavar="ADDR", help="where what ends the issuer's TLS finds the tenant")
    parser.add_argument("--tenant", required=True, metavar="FILE", help="the program polder-tenant")
    parser.add_argument("--ca", metavar="FILE", help="the authority that signed both certificates")
    parser.add_argument("--plan", action="append", choices=PLANS, help="all unless given; may be given more than once")
    parser.add_argument("--module", action="append", metavar="NAME", help="these modules alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
