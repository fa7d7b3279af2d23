"""Requests through seven FIFO stages of SimPy's: no placement, no quota, no cost. Prints requests a second.

The stages, their workers and medians are those of src/workload.rs, and so is the rate: a create every 0.36 s, and as many
deletes, which pass by quota and scheduler.
"""

import math
import random
import time

import simpy

STAGES = [(2, 0.002), (2, 0.004), (2, 0.005), (2, 0.003), (2, 0.010), (400, 20.0), (2, 0.002)]
DELETE = [0, 1, 2, 5, 6]
REQUESTS = 20_000
GAP = 4 * 3600 / 40_000 / 2


def request(env, stages, route):
    for number in route:
        resource, median = stages[number]
        with resource.request() as turn:
            yield turn
            yield env.timeout(median * math.exp(random.gauss(0.0, 0.5)))


def source(env, stages):
    for number in range(REQUESTS):
        yield env.timeout(random.expovariate(1 / GAP))
        env.process(request(env, stages, range(7) if number % 2 == 0 else DELETE))


def main():
    random.seed(1)
    env = simpy.Environment()
    stages = [(simpy.Resource(env, capacity=workers), median) for workers, median in STAGES]
    env.process(source(env, stages))
    began = time.perf_counter()
    env.run()
    print(f"simpy_requests_per_s {REQUESTS / (time.perf_counter() - began):.0f}")


main()
