"""The job `generate` with clean input only: no deletions, no unusual posts, only hashtags that are folded already.

What a contender makes of a deletion, of text after the JSON or of an upper-case sharp s is a question of correctness,
which `verify` and the fault matrix ask the product; here it would only make the baselines wrong.
Start it as `python -m tests.benchmark.clean_generator`, with the arguments of `generate`.
"""

import re
from copy import deepcopy
from pathlib import Path

from jobs import generate
from jobs.cli import run
from streaming.producers.synthetic.config import GeneratorConfig, read_generator_config
from streaming.producers.synthetic.expected_tags import fold_tag


def read_clean_config(folder: Path) -> GeneratorConfig:
    """The generator's configuration, changed so that every post is valid, new and plain."""
    config = read_generator_config(folder)
    parameters = deepcopy(config.parameters)
    parameters["posts"] |= {"hostile": 0.0, "deletions": 0.0}
    topics = {
        topic: {language: [tag for tag in tags if is_plain(tag)] for language, tags in by_language.items()}
        for topic, by_language in config.topics.items()
    }
    return GeneratorConfig(parameters, topics, config.factory)


def is_plain(tag: str) -> bool:
    """Whether lower-casing it is all that folding does, and Python's and Java's idea of a word both hold it whole."""
    return fold_tag(tag) == tag.lower() == tag and re.fullmatch(r"\w+", tag) is not None


if __name__ == "__main__":
    generate.read_generator_config = read_clean_config
    run(generate.main)
