"""What the tests of inspection share."""

from tests.compose.conftest import one_thread  # noqa: F401
