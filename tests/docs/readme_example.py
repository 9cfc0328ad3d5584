#!/usr/bin/env python3
"""Builds and runs the example of the README as it stands there.
Usage: readme_example.py <repository> <folder of sepconvConfig.cmake> <sepconv> <empty folder>"""
import pathlib
import re
import shutil
import subprocess
import sys


def main(root, package, tool, folder):
    text = (pathlib.Path(root) / "README.md").read_text()
    out = pathlib.Path(folder)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", text, re.M | re.S)
    for name, body in files:
        (out / name).write_text(body)
    assert {name for name, _ in files} == {"layers.json", "CMakeLists.txt", "main.cpp"}, files
    for command in (
        ["cmake", "-S", out, "-B", out / "build", "-G", "Ninja", f"-Dsepconv_DIR={package}",
         f"-DSEPCONV_EXECUTABLE={tool}"],
        ["cmake", "--build", out / "build"],
        [out / "build" / "app"],
    ):
        subprocess.run(command, check=True)


main(*sys.argv[1:])
