"""A public tile server on comparable tiles: TiTiler (rio-tiler, GDAL) on a cloud-optimised GeoTIFF of the same counts.

The plane [neuron, bin] is a picture 256 wide and as high as the layer has neurons. It is laid on the web map's grid so that at
one zoom a tile of 256 x 256 pixels is exactly a tile of 256 neurons: 262,144 neurons are zoom 10. Answers are 8-bit PNG.

    python rival_tiles.py STORE RASTER.tif     # makes the picture
    RASTER=RASTER.tif uvicorn rival_tiles:app  # serves it
"""

import os
import sys

HALF = 20037508.342789244  # of the web map's square, metres


def make(store, raster, group=1):
    import numpy as np
    import rasterio
    import zarr
    from rasterio.shutil import copy
    from rasterio.transform import from_origin

    root = zarr.open_group(store, mode="r")
    counts = root[f"layers/{root.attrs['layers'][0]['id']}/shared/256"][group]
    metres = 2 * HALF / counts.shape[0]
    profile = {
        "driver": "GTiff", "width": 256, "height": counts.shape[0], "count": 1, "dtype": "uint16", "crs": "EPSG:3857",
        "transform": from_origin(-HALF, HALF, metres, metres), "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with rasterio.open(raster + ".plain", "w", **profile) as file:
        file.write(counts.astype("uint16")[np.newaxis])
    copy(raster + ".plain", raster, driver="COG", compress="LZW", blocksize=256, overviews="AUTO", resampling="average")
    os.remove(raster + ".plain")


def application():
    from fastapi import FastAPI
    from titiler.core.factory import TilerFactory

    app = FastAPI()
    app.include_router(TilerFactory(path_dependency=lambda: os.environ["RASTER"]).router)
    return app


if __name__ == "__main__":
    make(*sys.argv[1:3])
elif "RASTER" in os.environ:
    app = application()
