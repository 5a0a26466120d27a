"""Data sets, their loading, splitting and augmentation; `DATASETS` has those a study can name."""

from cnn_ablate.data.augment.views import TTA_VIEWS, TtaViews, View, views
from cnn_ablate.data.cache import has_changed, load
from cnn_ablate.data.custom import user_data_options
from cnn_ablate.data.dataset_options import DataSet, KnownDataSet, OnDownload
from cnn_ablate.data.embedded import FashionMnistSample
from cnn_ablate.data.folder import ImageFolder
from cnn_ablate.data.image_table import ImageTable
from cnn_ablate.data.image_tensors import Images, matches_fingerprint
from cnn_ablate.data.loader import Batch, Loader
from cnn_ablate.data.published_datasets import Cifar10, Cifar100, FashionMnist, KMnist, Mnist, Svhn
from cnn_ablate.data.split import split

DATASETS: dict[str, type[DataSet]] = {
    "cifar10": Cifar10,
    "cifar100": Cifar100,
    "fashion_mnist": FashionMnist,
    "fashion_mnist_sample": FashionMnistSample,
    "image_folder": ImageFolder,
    "image_table": ImageTable,
    "kmnist": KMnist,
    "mnist": Mnist,
    "svhn": Svhn,
}

__all__ = [
    "DATASETS",
    "TTA_VIEWS",
    "Batch",
    "DataSet",
    "Images",
    "KnownDataSet",
    "Loader",
    "OnDownload",
    "TtaViews",
    "View",
    "has_changed",
    "load",
    "matches_fingerprint",
    "split",
    "user_data_options",
    "views",
]
