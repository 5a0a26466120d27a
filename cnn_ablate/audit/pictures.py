"""Images from which nothing can be learnt, or that a test already knows from training."""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import torch
from torch import Tensor

from cnn_ablate.audit.subject import Subject, canonical
from cnn_ablate.audit.words import count, percent
from cnn_ablate.data import Images
from cnn_ablate.data.split import Split, split
from cnn_ablate.schema import Finding
from cnn_ablate.settings import options_of
