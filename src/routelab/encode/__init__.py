"""Text → vectors. Knows of texts only, never of arms."""

from routelab.encode.batch import QueryBatch, normalise
from routelab.encode.encoders import (
    AnyEncoder,
    Encoder,
    HashedNgrams,
    StaticEmbedding,
    TextLength,
    TextSignals,
    Verbatim,
    texts_of,
    unit_rows,
)
from routelab.encode.reduce import AsIs, Reduction, Standardise, TfidfSvd

__all__ = [
    "AnyEncoder",
    "AsIs",
    "Encoder",
    "HashedNgrams",
    "QueryBatch",
    "Reduction",
    "Standardise",
    "StaticEmbedding",
    "TextLength",
    "TextSignals",
    "TfidfSvd",
    "Verbatim",
    "normalise",
    "texts_of",
    "unit_rows",
]
