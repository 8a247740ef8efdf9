"""What holds for every test: the seed of what has none, the threads, and no limits of time."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

# How long an example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Importing it registers a selector: only the test that wants it does so, in a process of its own.
collect_ignore = ["selection/toy.py"]


@pytest.hookimpl(tryfirst=True)  # before the fixtures
def pytest_runtest_setup():
    """Have what draws without a seed draw the same in every run, and in whatever order."""
    np.random.seed(0)


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """On a busy machine, the threads of numerical libraries wait for each other long."""
    with threadpool_limits(1):
        yield
