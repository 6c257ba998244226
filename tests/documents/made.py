"""Which blocks of which documents are made here."""

from . import catalogue, packages, questions, readings, tuned


def blocks() -> dict[str, dict[str, str]]:
    """Page -> block -> what stands between its marks."""
    return {
        "docs/questions.md": questions.answers(),
        "docs/lectures-run.md": readings.tables(),
        "docs/tuning.md": {name: tuned.quoted(name) for name in tuned.DATASETS},
        "docs/metrics.md": {"known": catalogue.known_images()},
        "docs/protocol.md": {"matched": catalogue.streams_matched()},
        "docs/models.md": {
            "models": catalogue.models(),
            "presets": catalogue.presets(),
            "backbones": catalogue.networks(),
        },
        "docs/design.md": {"rows": packages.listed()},
    }
