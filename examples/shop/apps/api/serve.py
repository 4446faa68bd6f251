"""Starts the API. Its code stands in a module of its own, as Python caches the byte code of modules only."""
from api import main

main()
