"""Record activations of a network, and read the stores that `divergence precompute` makes of them.

    from neural_divergence.pytorch import record     # or .keras, .jax
    import neural_divergence as nd
    store = nd.open("Tiles/night")
"""

from .names import RecordingError

__all__ = ["Batches", "RecordingError", "open", "precompute"]


def __getattr__(name):
    # What a recording needs, h5py among it, is not needed for reading, and the other way round.
    if name == "Batches":
        from .recording import Batches

        return Batches
    if name in ("open", "Store"):
        from . import store

        return store.open_store if name == "open" else store.Store
    if name == "precompute":
        from .store import precompute

        return precompute
    raise AttributeError(name)
