"""A graph in ONNX while nodes join it: the home of onnx.

Versions are pinned: opset 17 and ai.onnx.ml 3 in IR 8, which runtimes of 2022 and later read.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import EnvironmentFault
from mlptrain.system.installation import install_command

OPSET, ML_OPSET, IR = 17, 3, 8
ML = "ai.onnx.ml"


def library(name: str) -> ModuleType:
    """onnx or onnxruntime; EnvironmentFault where it is not installed."""
    try:
        if name == "onnx":
            import onnx

            return onnx
        import onnxruntime

        return onnxruntime
    except ImportError:
        raise EnvironmentFault(f"export --to onnx: needs {name}: {install_command('onnx')}") from None


class Onnx:
    """Nodes and arrays by name. `dtype` is that of the numbers of the next nodes.

    Names of ours begin with / so that no column has the same.
    """

    def __init__(self) -> None:
        self.library = library("onnx")
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []  # type: ignore[var-annotated]

    def input(self, name: str, *, text: bool) -> str:
        """A column (N, 1) of text or of float64."""
        self.inputs.append(self._value(name, "STRING" if text else "DOUBLE", ["N", 1]))
        return name

    def output(self, name: str, source: str, kind: str, shape: Sequence[str | int]) -> None:
        """A result under a name of its own."""
        self.nodes.append(self.library.helper.make_node("Identity", [source], [name]))
        self.outputs.append(self._value(name, kind, shape))

    def _value(self, name: str, kind: str, shape: Sequence[str | int]) -> Any:
        dtype = getattr(self.library.TensorProto, kind)
        return self.library.helper.make_tensor_value_info(name, dtype, shape)

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """An array that the graph holds."""
        name = f"/c{len(self.initializers)}"
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        self.initializers.append(self.library.numpy_helper.from_array(array, name))
        return name

    def add(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The output of a node."""
        name = f"/{len(self.nodes)}"
        self.nodes.append(
            self.library.helper.make_node(op, list(inputs), [name], domain=domain, **attributes)
        )
        return name

    def concat(self, parts: Sequence[str], axis: int = 1) -> str:
        """Values side by side."""
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=axis)

    def cast(self, x: str, dtype: Any) -> str:
        """The same numbers in another type."""
        kind = self.library.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.add("Cast", x, to=kind)

    def lookup(self, x: str, places: Mapping[str, int], default: int) -> str:
        """The number of each text."""
        numbers = list(places.values())
        return self.add(
            "LabelEncoder", x, domain=ML, keys_strings=list(places), values_int64s=numbers,
            default_int64=default,
        )  # fmt: skip

    def named(self, x: str, names: Sequence[str]) -> str:
        """The name of each number, "" for one that has none."""
        numbers = list(range(len(names)))
        return self.add(
            "LabelEncoder", x, domain=ML, keys_int64s=numbers, values_strings=list(names),
            default_string="",
        )  # fmt: skip

    def model(self, about: Mapping[str, str], doc: str) -> bytes:
        """The whole as bytes, checked by onnx."""
        helper = self.library.helper
        graph = helper.make_graph(
            self.nodes, "mlptrain", self.inputs, self.outputs, self.initializers, doc_string=doc
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="mlptrain")
        helper.set_model_props(made, dict(about))
        self.library.checker.check_model(made, full_check=True)
        data: bytes = made.SerializeToString()
        return data


def run(data: bytes, feed: Mapping[str, Array]) -> dict[str, Array]:
    """What onnxruntime makes of these columns, (N, 1) each."""
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feed)), strict=True))
