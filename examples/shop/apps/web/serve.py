"""Starts the page. Its code stands in a module of its own, as Python caches the byte code of modules only."""
from web import main

main()
