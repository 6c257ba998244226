"""Hostile input: whatever is written ends in success or in one line that says what is wrong."""

import ast
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import tomli_w
from click.testing import CliRunner, Result
from fake_results import fake
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.catalog import DATASETS, EXTRACTORS
from bench.cli import main
from bench.errors import InputError, printable
from bench.findings import Findings
from bench.parsing import parse_images, parse_models, parse_seeds, parse_set
from bench.plan import Plan, from_dict
from bench.planning import plan_from
from bench.prose import text_of
from bench.records import Results
from bench.report import page
from bench.settings import resolve
from bench.trial import Contestant
from gan_zoo import catalog as zoo
from gan_zoo.base import MOST, DataSpec
