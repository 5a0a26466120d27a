"""The networks that a study can name, and what measures and initialises them."""

from cnn_ablate.models.attention import ATTENTION
from cnn_ablate.models.cnnnet import CNNNetOptions
from cnn_ablate.models.convnet import ConvNetOptions
from cnn_ablate.models.counter_dropout import Dropout, set_dropout_keys, with_dropout
from cnn_ablate.models.custom import user_model_options
from cnn_ablate.models.fashion_cnn import FashionCNNOptions
from cnn_ablate.models.initial_weights import INITS, initialise
from cnn_ablate.models.layers import ACTIVATIONS, NORMS
from cnn_ablate.models.lenet import LeNetOptions
from cnn_ablate.models.library_models import LIBRARIES, library_model_options
from cnn_ablate.models.model_options import ModelOptions
from cnn_ablate.models.preact_resnet import PreActResNetOptions
from cnn_ablate.models.resnet import ResNetOptions
from cnn_ablate.models.size import count_dead_parameters, find_dead_parameters, network_size

MODELS: dict[str, type[ModelOptions]] = {
    "cnnnet": CNNNetOptions,
    "lenet": LeNetOptions,
    "fashion_cnn": FashionCNNOptions,
    "convnet": ConvNetOptions,
    "resnet": ResNetOptions,
    "preact_resnet": PreActResNetOptions,
}


def named_model_options(name: str) -> type[ModelOptions]:
    """Return the options class of a network of a library, or of a user-defined one.

    Raises:
        UserError: there is none of that name, or it cannot be imported.
    """
    is_library = name.partition(":")[0] in LIBRARIES
    return library_model_options(name) if is_library else user_model_options(name)


__all__ = [
    "ACTIVATIONS",
    "ATTENTION",
    "INITS",
    "MODELS",
    "NORMS",
    "Dropout",
    "ModelOptions",
    "count_dead_parameters",
    "find_dead_parameters",
    "initialise",
    "named_model_options",
    "network_size",
    "set_dropout_keys",
    "with_dropout",
]
