"""Times multiprocessing.Pool(2).map, one job for each line of its input: `numbers 1000`, or `work 1000 25.5`.

`work` takes the microseconds of each task: a Python loop, calibrated once, as the tasks of the other
contenders are loops of theirs. Prints the milliseconds of each job in a line.
"""

import multiprocessing
import sys
import time

THREADS = 2
PROBES = 5
PROBE_LOOPS = 100_000


def same(item):
    return item


def work(loops):
    x = 123_456_789
    for _ in range(loops):
        x = (x * 5 + 1) & 0xFFFFFFFF
    return x


def loops_per_microsecond():
    fastest = float("inf")
    for _ in range(PROBES):
        start = time.perf_counter()
        work(PROBE_LOOPS)
        fastest = min(fastest, time.perf_counter() - start)
    return PROBE_LOOPS / (fastest * 1e6)


MAKE = {
    "numbers": lambda n: n,
    "strings": lambda n: f"{n:020d}",
    "objects": lambda n: {"id": n, "name": f"item {n}", "v": n / 2},
}


def serve(pool):
    pace = loops_per_microsecond()
    made = {}
    print("ready", flush=True)
    for line in sys.stdin:
        job, count, *microseconds = line.split()
        count = int(count)
        if job == "work":
            function, items = work, [round(float(microseconds[0]) * pace)] * count
        else:
            if (job, count) not in made:
                made = {(job, count): [MAKE[job](n) for n in range(count)]}
            function, items = same, made[job, count]
        start = time.perf_counter()
        results = pool.map(function, items)
        taken = time.perf_counter() - start
        assert len(results) == count
        print(taken * 1e3, flush=True)


if __name__ == "__main__":
    with multiprocessing.Pool(THREADS) as pool:
        serve(pool)
