"""Side-by-side measurements of the log and its peers; every figure is worth only as much as its neighbours."""
