"""Record the operations of a step, and replay them without Python: a CUDA graph for any device."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

# Operations whose result, or its shape, is needed on the host.
_WAITING = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::_unique2"}
# Operations that launch no kernel.
_FREE = {"alias", "as_strided", "detach", "empty", "expand", "permute", "select", "slice", "t"}
_FREE |= {"transpose", "unsqueeze", "squeeze", "view", "_unsafe_view", "empty_like", "split"}
_FREE |= {"new_empty", "new_empty_strided", "empty_strided", "unbind", "_reshape_alias"}


class RecordedStep(TorchDispatchMode):
    """Operations in the order in which they were called, with those that wait for the device.

    Attributes:
        calls: Each operation with its arguments and its result.
        waits: Names of operations between device and host.
    """

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        self.waits: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        """Call an operation, and keep it."""
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        name = function._schema.name
        tensors = [x for x in tree_leaves((args, kwargs, result)) if isinstance(x, Tensor)]
        # A number of the host without dimensions is passed with the launch of a kernel.
        on_host = any(x.device.type != self.device and x.dim() for x in tensors)
        on_device = any(x.device.type == self.device for x in tensors)
        if on_device and (on_host or name in _WAITING):
            self.waits.append(name)
        self.calls.append((function, args, kwargs, result))
        return result

    @property
    def kernels(self) -> int:
        """The number of operations that are not views or allocations."""
        names = [function._schema.name.removeprefix("aten::") for function, *_ in self.calls]
        return sum(name not in _FREE for name in names)

    def replay(self) -> None:
        """Repeat all operations; what Python decided in the recording stays as it was."""
        new: dict[int, Tensor] = {}

        def current(x: Any) -> Any:
            return new.get(id(x), x) if isinstance(x, Tensor) else x

        with torch.no_grad():
            for function, args, kwargs, result in self.calls:
                again = function(*tree_map(current, args), **tree_map(current, kwargs))
                for old, fresh in zip(tree_leaves(result), tree_leaves(again), strict=True):
                    if isinstance(old, Tensor) and old is not fresh:
                        new[id(old)] = fresh
