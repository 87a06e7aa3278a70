"""The config: read from YAML, checked against a schema, written back with every default.

This is the only place that knows pydantic and PyYAML.
"""

from mlptrain.config.choices import Choice
from mlptrain.config.dump import dump
from mlptrain.config.load import load_config, resolved
from mlptrain.config.reference import json_schema, reference
from mlptrain.config.schema import Config

__all__ = ["Choice", "Config", "dump", "json_schema", "load_config", "reference", "resolved"]
