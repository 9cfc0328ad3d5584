"""Joins the JSON of `sepconv bench` and `sepconv verify` to the demo's table, for people to read."""
import json
import sys


def text(value, form):
    return "-" if value is None else form.format(value)


def main(bench_path, verify_path):
    with open(bench_path) as file:
        bench = json.load(file)
    with open(verify_path) as file:
        checked = {(row["layer"], row["target"]): row for row in json.load(file)["results"]}
    print(f"{bench['machine']['cpu']}, {bench['threads']} thread(s)")
    print(f"{'layer':<12} {'us':>9} {'GFLOP/s':>9} {'roofline':>9} {'error':>9} {'of bound':>9}")
    for row in bench["results"]:
        check = checked.get((row["layer"], row["target"]), {})
        error, bound = check.get("max_error"), check.get("bound")
        share = error / bound if error is not None and bound else None
        of_roofline = row["of_roofline"]
        status = check.get("status", "")
        if row["status"] != "ok":
            status += f", bench {row['status']}: {row['reason']}"
        print(
            f"{row['layer']:<12} {text(row['median_us'], '{:.1f}'):>9} "
            f"{text(row['gflops'], '{:.1f}'):>9} {text(of_roofline, '{:.0%}'):>9} "
            f"{text(error, '{:.2g}'):>9} {text(share, '{:.1%}'):>9}  {status}"
        )


main(*sys.argv[1:])
