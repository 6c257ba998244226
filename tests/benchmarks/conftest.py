"""What a stored run says of where it was made."""

from typing import Any

from bench.environment import environment


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Versions, processor and cores as in any environment.json; not the machine's name."""
    machine_info.clear()
    machine_info.update(environment())
