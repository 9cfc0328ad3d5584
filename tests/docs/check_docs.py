#!/usr/bin/env python3
"""Checks README and docs against the tool: layer files, names, verbs and flags, and links.
Usage: check_docs.py <sepconv> <repository>"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"\b(?:dw|pw|dwpw|ir|conv)_f32_n\d[a-z0-9_]*")
# A command ends where prose or another command begins.
COMMAND = re.compile(r"\bsepconv +([a-z]+)\b([^`|;#>]*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def run(tool, *arguments):
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def code(text):
    """Fenced blocks without a prose language, and inline code."""
    blocks = [body for language, body in FENCE.findall(text) if language in ("", "sh")]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return [block.replace("\\\n", " ") for block in blocks] + inline


def check_layer_files(tool, text):
    found = 0
    for language, body in FENCE.findall(text):
        if language != "json":
            continue
        found += 1
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "layers.json"
            path.write_text(body)
            outcome = run(tool, "inspect", "--layers", str(path), "--json")
        if outcome.returncode != 0:
            yield f"a layer file is refused: {outcome.stderr}"
        elif len(json.loads(outcome.stdout)["layers"]) != len(json.loads(body)["layers"]):
            yield "inspect lists other layers than the file"
    check_layer_files.found += found


check_layer_files.found = 0


def check_names(tool, text):
    for name in sorted(set(NAME.findall(text))):
        outcome = run(tool, "inspect", name)
        if outcome.returncode != 0:
            yield f"{name} is refused: {outcome.stderr}"


def check_commands(tool, helps, text):
    for block in code(text):
        for line in block.splitlines():
            for verb, rest in COMMAND.findall(line):
                if verb not in helps:
                    helps[verb] = run(tool, verb, "--help")
                if helps[verb].returncode != 0:
                    yield f"there is no verb {verb}: {line.strip()}"
                    continue
                for flag in re.findall(r"--[a-z-]+", rest):
                    if not re.search(re.escape(flag) + r"\b(?!-)", helps[verb].stdout):
                        yield f"{verb} has no flag {flag}: {line.strip()}"


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def check_links(path, text):
    for link in LINK.findall(FENCE.sub("", text)):
        if "://" in link:
            continue
        file, _, fragment = link.partition("#")
        target = path.parent / file if file else path
        if not target.exists():
            yield f"the link {link} leads nowhere"
        elif fragment:
            headings = re.findall(r"^#+ (.*)$", FENCE.sub("", target.read_text()), re.M)
            if fragment not in map(anchor, headings):
                yield f"the link {link} names no heading"


def check_flags_are_documented(tool, text):
    verbs = re.findall(r"^## ([a-z, ]+)$", text, re.M)
    for verb in (word.strip() for line in verbs for word in line.split(",")):
        for flag in set(re.findall(r"--[a-z][a-z-]+", run(tool, verb, "--help").stdout)):
            if flag != "--help" and not re.search(re.escape(flag) + r"\b(?!-)", text):
                yield f"{flag} of {verb} is not documented"


def check_statuses(root, text):
    header = (root / "runtime/include/sepconv/sepconv.h").read_text()
    for status in re.findall(r"^  (SEPCONV_[A-Z_]+) = [1-9]", header, re.M):
        if f"`{status}`" not in text:
            yield f"{status} is not documented"


def check_knobs(tool, text):
    for name in ("ir_f32_n1h8w8c16_e32_o16_k3s1p1_relu_relu_none", "conv_f32_n1h8w8c16_o16_k3s1p1_none",
                 "dw_f32_n1h8w8c16_k3s1p1_none_nchw"):
        shown = run(tool, "inspect", name, "--emit", "schedule").stdout
        knobs = re.findall(r"^  (\w+) = ", shown, re.M)
        if not knobs:
            yield f"inspect shows no knobs of {name}"
        for knob in knobs:
            general = re.sub(r"^(ex|pw|cv)_", "<p>_", knob)
            if f"`{knob}`" not in text and f"`{general}`" not in text:
                yield f"the knob {knob} is not documented"


def main(tool, root):
    root = pathlib.Path(root)
    paths = [root / "README.md", root / "NOTICE.md", *sorted((root / "docs").glob("*.md"))]
    helps, problems = {}, []
    for path in paths:
        text = path.read_text()
        found = [
            *check_layer_files(tool, text),
            *check_names(tool, text),
            *check_commands(tool, helps, text),
            *check_links(path, text),
        ]
        if path.name == "cli.md":
            found += check_flags_are_documented(tool, text)
        if path.name == "troubleshooting.md":
            found += check_statuses(root, text)
        if path.name == "schedules.md":
            found += check_knobs(tool, text)
        problems += [f"{path.relative_to(root)}: {problem}" for problem in found]
    if check_layer_files.found < 3 or len(helps) < 5:
        problems.append("the documents hold fewer examples than this test was written for")
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main(*sys.argv[1:]))
