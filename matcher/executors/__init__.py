"""Where work of a whole community is done: in this process, in processes beside it, or on a Dask cluster."""
