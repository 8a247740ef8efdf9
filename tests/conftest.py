"""One thread for numerical libraries: on a busy machine theirs wait for each other long."""

import pytest
from threadpoolctl import threadpool_limits

# Importing it registers a selector: only the test that wants it does so, in a process of its own.
collect_ignore = ["selection/toy.py"]


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    with threadpool_limits(1):
        yield
